"""What a run found, as reporters get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddock.diagnostics import Diagnostic, Severity, Suppressed
from paddock.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Sorted diagnostics, those that somebody accepted, and the number of specs and units that were skipped because of
    the first."""

    diagnostics: Sequence[Diagnostic]
    suppressed: Sequence[Suppressed] = ()
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
        found = f"found {counted(self.errors, 'error')}, {counted(self.warnings, 'warning')}"
        parts = [found if self.diagnostics or self.skipped else "no findings"]
        if self.suppressed:
            parts.append(f"{len(self.suppressed)} suppressed")
        if self.skipped:
            parts.append(f"{self.skipped} skipped")
        return ", ".join(parts)
