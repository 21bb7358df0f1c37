"""How much of a workload runs on average: pods of services, and pods of runs by their number and length."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from paddock.analysis.money import HOURS_A_MONTH, Span
from paddock.analysis.prices import exact
from paddock.analysis.schedules import firings
from paddock.model import Workload
from paddock.quantity import seconds

Json = Any
LASTING = ("inference", "service")
"""Types whose pods run until the workload is removed."""


def pods(workload: Workload, part: Workload) -> Span | str:
    """Pods (training: nodes) of a workload, or of one step of a pipeline, that run on average over a month; or why
    nobody knows."""
    if workload.type in LASTING:
        return _replicas(workload)
    often = _runs(workload)
    if isinstance(often, str):
        return often
    long = _hours(workload, part)
    if isinstance(long, str):
        return long
    run = workload.data["run"]
    most = None
    if isinstance(run, Mapping) and run.get("concurrencyPolicy") != "Allow":
        most = Fraction(HOURS_A_MONTH)  # the next run waits for the last one, or takes its place
    nodes = part.data.get("nodes", 1)
    hours = often * long
    return Span.each(lambda case: nodes * (hours[case] if most is None else min(hours[case], most)) / HOURS_A_MONTH)


def estimate(stated: Json) -> Span:
    """An estimate of a spec: a number, or one with its least and its most."""
    if not isinstance(stated, Mapping):
        return Span.of(exact(stated))
    expected = exact(stated["expected"])
    return Span(
        minimum=exact(stated["min"]) if "min" in stated else expected,
        expected=expected,
        maximum=exact(stated["max"]) if "max" in stated else expected,
    )


def _ordered(one: Span) -> Span:
    """An estimate whose least is not above what is expected, nor that above the most: a reversed one has a finding
    (estimate-reversed), and its bill must add up all the same."""
    return Span(minimum=min(one.minimum, one.expected), expected=one.expected, maximum=max(one.maximum, one.expected))


def _replicas(workload: Workload) -> Span:
    """From min to max; expected is what is stated, else halfway."""
    least = Fraction(workload.data["replicas"]["min"])
    most = max(least, Fraction(workload.data["replicas"].get("max", least)))
    stated = workload.data["cost"].get("expectedReplicas")
    expected = (least + most) / 2 if stated is None else min(max(exact(stated), least), most)
    return Span(minimum=least, expected=expected, maximum=most)


def _runs(workload: Workload) -> Span | str:
    """Runs a month: as stated, else as the schedule fires."""
    stated = workload.data["cost"].get("runsPerMonth")
    if stated is not None:
        return _ordered(estimate(stated))
    run = workload.data["run"]
    if not isinstance(run, Mapping):
        return "no cost.runsPerMonth is stated"
    found = firings(run["schedule"])
    if found is None:
        return f'schedule "{run["schedule"]}" cannot be read, and no cost.runsPerMonth is stated'
    return Span(minimum=Fraction(found.fewest), expected=found.average, maximum=Fraction(found.most))


def _hours(workload: Workload, part: Workload) -> Span | str:
    """Hours of a run, or of a step in it, until it is stopped."""
    if "hoursPerRun" not in part.data["cost"]:
        return "no cost.hoursPerRun is stated"
    stated = part.data["cost"]["hoursPerRun"]
    found = _ordered(estimate(stated))
    if "activeDeadline" not in part.data:
        return found
    deadline = Fraction(seconds(part.data["activeDeadline"]), 3600)
    open_end = not (isinstance(stated, Mapping) and "max" in stated)
    return Span(
        minimum=min(found.minimum, deadline),
        expected=min(found.expected, deadline),
        maximum=deadline if open_end else min(found.maximum, deadline),
    )
