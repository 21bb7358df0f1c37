"""Findings about faults of paddock itself."""

from __future__ import annotations

from paddock.explanations.explanation import explain

EXPLANATIONS = {
    "check-crashed": explain(
        "A check met a bug of paddock.", "What it would have found is unknown.", "Report it with the specs."
    ),
    "render-crashed": explain(
        "A view-model met a bug of paddock.", "The spec could not be rendered.", "Report it with the spec."
    ),
}
