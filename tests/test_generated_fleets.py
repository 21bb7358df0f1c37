"""The fleets that `paddock bench` measures are clean, so that a new check never makes them unmeasurable."""

from __future__ import annotations

from paddock import fleets
from repositories import run


def test_a_generated_fleet_has_no_findings() -> None:
    result = run(fleets.fleet("S"), as_of="2026-11-25")
    assert not result.diagnostics
    assert len([ref for refs in result.objects.values() for ref in refs]) > 1000
