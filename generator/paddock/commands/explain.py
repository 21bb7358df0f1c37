"""`paddock explain`: what a finding means."""

from __future__ import annotations

import difflib
import sys
import textwrap

from paddock.errors import OK, USAGE, Fatal
from paddock.explanations import EXPLANATIONS


def run(id: str | None) -> int:
    """Print one explanation, or all ids. An unknown id is a usage error."""
    if id is None:
        width = max(len(name) for name in EXPLANATIONS)
        for name, one in EXPLANATIONS.items():
            sys.stdout.write(f"{name:<{width}}  {one.what}\n")
        return OK
    if id not in EXPLANATIONS:
        near = difflib.get_close_matches(id, EXPLANATIONS, n=3)
        help = f"did you mean {' or '.join(near)}?" if near else "paddock explain lists all"
        raise Fatal(f'there is no finding "{id}"', help=help, code=USAGE)
    one = EXPLANATIONS[id]
    sys.stdout.write(f"{id}\n\n")
    for title, text in (("What", one.what), ("Why", one.why), ("Fix", one.fix)):
        sys.stdout.write(textwrap.fill(text, 100, initial_indent=f"{title:<5} ", subsequent_indent="      ") + "\n")
    return OK
