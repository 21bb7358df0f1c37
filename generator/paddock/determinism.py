"""Whether a chart renders the same twice: some of its values decide, and component.yaml names them (charts.md 2b).

Argo CD renders a chart again and again; one that differs each time is out of sync for ever, or rotates a key each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paddock.schema import Fault

Json = Any

_EMPTY: tuple[Json, ...] = (None, "", [], {})
"""Values that a chart takes for none: Helm's `if` and `default` do."""


def faults(rules: Sequence[Mapping[str, Json]], values: Mapping[str, Json]) -> Iterator[Fault]:
    """What is wrong with the Helm values of a chart by the rules of its component.yaml (`deterministic`).

    A rule has `path` (keys), one of `value`, `notValue`, `contains` and `present`, and `reason`. A fault points at the
    value; where it is absent, at the nearest map above it, and names it in `missing`.
    """
    for rule in rules:
        found, pointer = _look_up(values, rule["path"])
        if not _holds(rule, found):
            yield Fault(
                id="not-deterministic",
                message=f"{name(rule)} {_is(found)}; two renders of the chart are equal only if it {condition(rule)}",
                pointer=pointer,
                missing=rule["path"][-1] if found is None else "",
                help=f"mend the setting; where it is right, the template. {rule['reason'].removesuffix('.')}",
            )


def name(rule: Mapping[str, Json]) -> str:
    """The path of a rule as text; a key that has dots stands in quotes."""
    return ".".join(json.dumps(key) if "." in key else key for key in rule["path"])


def condition(rule: Mapping[str, Json]) -> str:
    """What a rule asks for, after the name of the value."""
    if "value" in rule:
        return f"is {json.dumps(rule['value'])}"
    if "notValue" in rule:
        return f"is not {json.dumps(rule['notValue'])}"
    if "contains" in rule:
        return f"contains {json.dumps(rule['contains'])}"
    return "is set" if rule["present"] else "is not set"


def _look_up(values: Json, path: Sequence[str]) -> tuple[Json, tuple[str, ...]]:
    """The value at a path, None if it is absent; and the pointer to it or to the nearest map above it."""
    node = values
    for depth, key in enumerate(path):
        if not isinstance(node, Mapping) or key not in node:
            return None, tuple(path[:depth])
        node = node[key]
    return node, tuple(path)


def _holds(rule: Mapping[str, Json], found: Json) -> bool:
    if "value" in rule:
        return _same(found, rule["value"])
    if "notValue" in rule:
        return not _same(found, rule["notValue"])
    if "contains" in rule:
        return isinstance(found, list) and any(_same(one, rule["contains"]) for one in found)
    return (found not in _EMPTY) is bool(rule["present"])


def _same(left: Json, right: Json) -> bool:
    return type(left) is type(right) and bool(left == right)


def _is(found: Json) -> str:
    return "is not set" if found is None else f"is {json.dumps(found, ensure_ascii=False)[:100]}"
