"""Diagnostics for programs: one JSON document; its shape is schemas/report.schema.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from paddock.diagnostics import Diagnostic, Suppressed
from paddock.report.outcome import Outcome


def render(outcome: Outcome) -> str:
    """The document, with sorted keys."""
    document = {
        "version": 1,
        "summary": {
            "errors": outcome.errors,
            "warnings": outcome.warnings,
            "suppressed": len(outcome.suppressed),
            "skipped": outcome.skipped,
        },
        "diagnostics": [_diagnostic(one) for one in outcome.diagnostics],
        "suppressed": [_suppressed(one) for one in outcome.suppressed],
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _suppressed(one: Suppressed) -> dict[str, Any]:
    accepted = {"by": one.by, "reason": one.reason, "location": asdict(one.location)}
    return {"diagnostic": _diagnostic(one.diagnostic), "accepted": accepted}


def _diagnostic(one: Diagnostic) -> dict[str, Any]:
    return {
        "id": one.id,
        "severity": str(one.severity),
        "message": one.message,
        "location": asdict(one.location),
        "label": one.label,
        "related": [
            {"message": note.message, "location": asdict(note.location) if note.location else None}
            for note in one.related
        ],
        "help": one.help,
    }
