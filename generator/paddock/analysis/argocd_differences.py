"""Paths of ignoreDifferences as steps, whether they reach into a list, and whether a schema requires the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Json = Any

_STEP = re.compile(r"""\.([A-Za-z_][A-Za-z0-9_]*)|\.?\[?"([^"]+)"\]?|(\[[^\]"]*\])""")


def pointer_steps(pointer: str) -> tuple[str, ...]:
    """Steps of a JSON pointer (RFC 6901)."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def jq_steps(path: str) -> tuple[str, ...] | None:
    """Steps of a jq path; `[]` for any element of a list. None for one that is more than a path."""
    steps: list[str] = []
    at = 0
    text = path.strip().replace("?", "")
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            return None
        key = match.group(1) or match.group(2)
        steps.append(key if key is not None else "[]")
        at = match.end()
    return tuple(steps)


def enters_list(path: str, *, jq: bool) -> bool:
    """Whether a path ends at or goes through an element of a list: an index of a pointer, brackets in jq."""
    if jq:
        return "[]" in (jq_steps(path) or ()) or bool(re.search(r"\[\s*\]|\[[0-9]|select\(|map\(", path))
    return any(step.isdecimal() or step == "-" for step in pointer_steps(path))


def is_required(schema: Json, steps: tuple[str, ...]) -> bool:
    """Whether a field is required where it stands, under a bundled schema whose references are `#/$defs/…`."""
    nodes = [schema]
    for at, step in enumerate(steps):
        parts = [part for node in nodes for part in _parts(node, schema)]
        if at == len(steps) - 1:
            return any(step in part.get("required", ()) for part in parts)
        nodes = [inner for part in parts for inner in _inside(part, step)]
    return False


def _parts(node: Json, root: Json) -> list[Mapping[str, Json]]:
    if not isinstance(node, dict):
        return []
    found: list[Mapping[str, Json]] = [node]
    if "$ref" in node:
        found += _parts(root["$defs"].get(node["$ref"].rpartition("/")[2]), root)
    return found + [part for inner in node.get("allOf", ()) for part in _parts(inner, root)]


def _inside(part: Mapping[str, Json], step: str) -> list[Json]:
    if step == "[]" or step.isdecimal():
        return [part["items"]] if "items" in part else []
    return [part["properties"][step]] if step in part.get("properties", {}) else []
