"""Findings about faults of paddock itself."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "CONTRIBUTING.md"

EXPLANATIONS = {
    "check-crashed": explain(
        "A check met a bug of paddock.",
        "What it would have found is unknown.",
        "Report it with the specs.",
        example="error[check-crashed]: the check of unknown-team met a bug of paddock: KeyError: 'x'",
    ),
    "render-crashed": explain(
        "A view-model met a bug of paddock.",
        "The spec could not be rendered.",
        "Report it with the spec.",
        example="error[render-crashed]: rendering this spec met a bug of paddock: KeyError: 'x' (in view, line 12)",
    ),
}
