"""Reporters: diagnostics to text. One function each; the registry is literal."""

from __future__ import annotations

from collections.abc import Callable

from paddock.report import github, json, junit, sarif, text
from paddock.report.outcome import Outcome

Reporter = Callable[[Outcome], str]

REPORTERS: dict[str, Reporter] = {
    "github": github.render,
    "json": json.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "text": text.render,
}
