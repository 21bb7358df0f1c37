"""What each finding looks like: an example out of the cases of tests/findings, its severities, and the issues behind
the rule. `data/findings.json` is written by `make docs` from these cases and docs/rules.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from paddock.acceptance import COMMENT, EXCEPTION
from paddock.explanations import EXPLANATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A finding as it is printed, the severities it comes with, and the issues of other projects that taught it."""

    text: str
    severities: tuple[str, ...] = ("error",)
    issues: tuple[str, ...] = ()


@cache
def examples() -> Mapping[str, Example]:
    """The example of each id."""
    data = json.loads((files("paddock") / "data" / "findings.json").read_text("utf-8"))
    found = {
        id: Example(text=one["text"], severities=tuple(one["severities"]), issues=tuple(one["issues"]))
        for id, one in data.items()
    }
    return {id: found.get(id, Example(text=one.example)) for id, one in EXPLANATIONS.items()}


def acceptance(id: str) -> str:
    """Who may accept a finding, in words."""
    if id in COMMENT:
        return f"a comment at the line: # allow: {id} -- <reason>"
    if id in EXCEPTION:
        return "the platform team, in environments/exceptions.yaml"
    return "nobody"


def sources(id: str) -> tuple[str, ...]:
    """Pages and issues behind a finding."""
    return (EXPLANATIONS[id].source, *examples()[id].issues)
