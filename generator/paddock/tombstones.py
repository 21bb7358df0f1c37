"""Tombstones written into environment.yaml, with its comments and layout kept. The one module that edits a spec.

ruamel.yaml reads and writes the file: it is the library that keeps what a person wrote around the data.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

Tombstone = tuple[str, str]
"""Kind and name, as `spec.removed` has them."""


def with_tombstones(content: bytes, tombstones: Sequence[Tombstone], reason: str) -> bytes:
    """An environment's file with `spec.removed` entries added; a valid file stays as it is everywhere else."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString
    from ruamel.yaml.util import load_yaml_guess_indent

    text = content.decode()
    _, sequence, offset = load_yaml_guess_indent(text)
    editor = YAML(typ="rt", pure=True)
    editor.preserve_quotes = True
    editor.width = 4096  # no line of the author's is folded
    editor.indent(mapping=2, sequence=sequence or 4, offset=offset if sequence else 2)
    document = editor.load(text)
    removed = document["spec"].setdefault("removed", CommentedSeq())
    if not removed:
        removed.fa.set_block_style()
    known = {(one["kind"], one["name"]) for one in removed}
    for kind, name in tombstones:
        if (kind, name) not in known:
            entry = CommentedMap({"kind": kind, "name": name, "reason": DoubleQuotedScalarString(reason)})
            entry.fa.set_flow_style()
            removed.append(entry)
    stream = io.StringIO()
    editor.dump(document, stream)
    return stream.getvalue().encode()
