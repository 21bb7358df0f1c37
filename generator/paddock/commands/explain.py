"""`paddock explain`: what a finding means, looks like and is mended by."""

from __future__ import annotations

import difflib
import sys
import textwrap

from paddock.errors import OK, USAGE, Fatal
from paddock.explanations import EXPLANATIONS

_WIDTH = 100
_INDENT = 10


def run(id: str | None) -> int:
    """Print one explanation, or all ids. An unknown id is a usage error."""
    if id is None:
        width = max(len(name) for name in EXPLANATIONS)
        for name, one in sorted(EXPLANATIONS.items()):
            sys.stdout.write(f"{name:<{width}}  {one.what}\n")
        return OK
    if id not in EXPLANATIONS:
        near = difflib.get_close_matches(id, EXPLANATIONS, n=3)
        help = f"did you mean {' or '.join(near)}?" if near else "paddock explain lists all"
        raise Fatal(f'there is no finding "{id}"', help=help, code=USAGE)
    sys.stdout.write(_explained(id))
    return OK


def _explained(id: str) -> str:
    from paddock.examples import acceptance, examples, sources

    one, example = EXPLANATIONS[id], examples()[id]
    parts = [f"{id} ({' or '.join(example.severities)})\n"]
    parts += [_filled(title, text) for title, text in (("What", one.what), ("Why", one.why))]
    parts.append(f"Example\n{textwrap.indent(example.text.rstrip(), '    ')}\n")
    parts += [_filled("Fix", one.fix), _filled("Accepted", f"by {acceptance(id)}")]
    parts.append("\n".join(f"{'Source' if not index else '':<{_INDENT}}{url}" for index, url in enumerate(sources(id))))
    return "\n".join(parts) + "\n"


def _filled(title: str, text: str) -> str:
    indent = " " * _INDENT
    return textwrap.fill(text, _WIDTH, initial_indent=f"{title:<{_INDENT}}", subsequent_indent=indent)
