"""What can be wrong and where: problems as checks state them, and diagnostics as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Pointer = tuple[str | int, ...]
"""Keys and indices from the root of a document to a node."""


class Severity(StrEnum):
    """How bad it is: any error keeps the tree from being written."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node of a file, before its line is known. With `line` (1-based) the position is given instead: a column of it,
    or the whole line; with `text`, the first line from there that holds it, where one does. `inside` is a line and
    column (1-based) in the text of the node, for languages within YAML."""

    path: str
    pointer: Pointer = ()
    key: bool = False
    line: int | None = None
    column: int = 1
    whole_line: bool = False
    text: str = ""
    inside: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A range of a file; lines and columns are 1-based, the end column is exclusive."""

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A related fact, with a place if it has one."""

    message: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A fault as a check states it; its place is resolved to a line only when it is reported."""

    id: str
    message: str
    place: Place
    severity: Severity = Severity.ERROR
    label: str = ""
    related: tuple[Note, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A related fact with its location."""

    message: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A fault as it is reported. `source` is the text of the line the location begins in, without its newline."""

    id: str
    severity: Severity
    message: str
    location: Location
    label: str = ""
    related: tuple[Related, ...] = ()
    help: str = ""
    source: str = ""

    def sort_key(self) -> tuple[Location, str, str]:
        """Diagnostics are reported by path, line, column and id."""
        return self.location, self.id, self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """A diagnostic that does not count, with what accepts it (comment, exception or baseline), why and where."""

    diagnostic: Diagnostic
    by: str
    reason: str
    location: Location


def has_errors(found: list[Problem] | list[Diagnostic]) -> bool:
    """Whether any of them is an error."""
    return any(one.severity is Severity.ERROR for one in found)
