"""What a run found, as reporters get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddock.diagnostics import Diagnostic, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Sorted diagnostics, and the numbers of specs and units that were skipped because of them."""

    diagnostics: Sequence[Diagnostic]
    skipped: int = 0
    color: bool = False

    @property
    def errors(self) -> int:
        return sum(one.severity is Severity.ERROR for one in self.diagnostics)

    @property
    def warnings(self) -> int:
        return sum(one.severity is Severity.WARNING for one in self.diagnostics)

    def last_line(self) -> str:
        """The line that counts."""
        parts = [_count(self.errors, "error"), _count(self.warnings, "warning")]
        if self.skipped:
            parts.append(f"{self.skipped} skipped")
        return f"found {', '.join(parts)}" if self.diagnostics or self.skipped else "no findings"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
