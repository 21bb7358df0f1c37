"""Diagnostics for people: the fault, the line it is on, what belongs to it and what to do."""

from __future__ import annotations

import unicodedata

from paddock.diagnostics import Diagnostic, Severity
from paddock.report.outcome import Outcome

_RED, _YELLOW, _BLUE, _BOLD, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"
_WIDTH = 160


def render(outcome: Outcome) -> str:
    """All diagnostics and the line that counts them."""
    parts = [_diagnostic(one, color=outcome.color) for one in outcome.diagnostics]
    return "\n".join([*parts, outcome.last_line()]) + "\n"


def render_one(one: Diagnostic) -> str:
    """One diagnostic without colours."""
    return _diagnostic(one, color=False)


def _diagnostic(one: Diagnostic, *, color: bool) -> str:
    def paint(code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if color else text

    severity = _RED if one.severity is Severity.ERROR else _YELLOW
    location = one.location
    number = str(location.line)
    bar = paint(_BLUE, " " * len(number) + " |")
    lines = [
        f"{paint(severity + _BOLD, f'{one.severity}[{one.id}]')}: {paint(_BOLD, printable(one.message))}",
        f"{' ' * len(number)}{paint(_BLUE, '-->')} {printable(location.path)}:{location.line}:{location.column}",
    ]
    if one.source.strip():
        text, start, end = _window(one.source.rstrip("\r\n"), location.column, location.end_column)
        underline = " " * start + paint(
            severity, "^" * (end - start) + (f" {printable(one.label)}" if one.label else "")
        )
        lines += [bar, f"{paint(_BLUE, number + ' |')} {text}", f"{bar} {underline}"]
    for note in one.related:
        where = f" ({printable(note.location.path)}:{note.location.line})" if note.location else ""
        lines.append(f"{' ' * len(number)} = {printable(note.message)}{where}")
    if one.help:
        lines.append(f"{' ' * len(number)} = help: {printable(one.help)}")
    return "\n".join(lines) + "\n"


def _window(source: str, column: int, end_column: int) -> tuple[str, int, int]:
    """The part of a long line around a range, and the range in display columns."""
    offset = max(0, column - 1 - _WIDTH // 2) if len(source) > _WIDTH else 0
    shown = printable(source[offset : offset + _WIDTH], keep_width=True)
    start = _width(shown[: column - 1 - offset])
    end = _width(shown[: min(end_column - 1 - offset, len(shown))])
    return shown, start, max(end, start + 1)


def _width(text: str) -> int:
    """Columns of a text in a terminal: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def printable(text: str, *, keep_width: bool = False) -> str:
    """Text without characters that a terminal would act on: a spec must not be able to move the cursor."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else (" " if keep_width else char.encode("unicode_escape", "surrogatepass").decode())
        for char in text
    )
