"""Words that messages have in common: names in quotes, endings of plurals, and what somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


def quoted(names: Iterable[str], *, link: str = ", ") -> str:
    """Names in double quotes, in their order; "" of none."""
    return link.join(f'"{name}"' for name in names)


def ending(number: int) -> str:
    """What a noun ends with of which there are so many."""
    return "" if number == 1 else "s"


def counted(number: int, noun: str) -> str:
    """So many of a noun, e.g. 1 day, 2 days."""
    return f"{number} {noun}{ending(number)}"


def more_objects(number: int) -> str:
    """The note of a finding that stands for further objects."""
    return f"and {counted(number, 'more object')}"


def nearest(name: str, known: Collection[str], *, cutoff: float = 0.6) -> str:
    """The known name that is most like another, by difflib's ratio; "" if none is alike."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)), "")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """The question whether the nearest name was meant, with a space for what follows; "" if none is alike."""
    near = nearest(name, known)
    return f'did you mean "{near}"? ' if near else ""


def instead(name: str, known: Collection[str]) -> str:
    """A help for an unknown name: the nearest one, and all that are legal."""
    return f"{did_you_mean(name, known)}legal: {', '.join(sorted(known)) or 'none'}"
