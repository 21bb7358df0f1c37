"""What is said about one finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the fault is, why it matters, and how to mend it. `source` is the page that the rule follows where it is
    another one than its module's; `example` is one where no case under tests/findings can show it."""

    what: str
    why: str
    fix: str
    source: str = ""
    example: str = ""


def explain(what: str, why: str, fix: str, *, source: str = "", example: str = "") -> Explanation:
    """One explanation, in the order in which it is read."""
    return Explanation(what=what, why=why, fix=fix, source=source, example=example)
