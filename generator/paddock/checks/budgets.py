"""Budgets of teams and environments against what is expected (analysis.cost), and the estimates that this rests on.

Without a budget nobody asked, and nothing is said. That the maximum is above a budget is nothing to report: a maximum
is what limits allow, and a limit is no plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from paddock.analysis import running
from paddock.analysis.cost import Costs, Line, Missing, grouped
from paddock.analysis.cost_fleet import costs
from paddock.analysis.money import MICRO, usd
from paddock.analysis.prices import exact
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Cluster, Environment, Fleet, Json, Spec, Workload
from paddock.quantity import seconds

IDS = ("budget-exceeded", "budget-nearly-spent", "unknown-price")
ESTIMATE_IDS = ("estimate-reversed",)
SHOWN = 3
"""Of what costs most, how much a finding names."""


def check(fleet: Fleet, as_of: str) -> Iterator[Problem]:
    """Each environment with a budget, of its own or of a team."""
    for environment in fleet.environments.values():
        teams = [one for one in environment.teams.values() if "budget" in one.data]
        if "budget" not in environment.data and not teams:
            continue
        found = costs(fleet, [environment], as_of=as_of)
        yield from _unknown_prices(environment, found)
        if "budget" in environment.data:
            yield from _budget(environment, f'environment "{environment.name}"', found.lines, "team")
        for team in teams:
            lines = [one for one in found.lines if one.team == team.name]
            yield from _budget(team, f'team "{team.name}" in environment "{environment.name}"', lines, "workload")


def estimates(fleet: Fleet) -> Iterator[Problem]:
    """The estimates of each workload and each step."""
    yield from merged(_estimates(fleet))


def _budget(spec: Spec, who: str, lines: Sequence[Line], by: str) -> Iterator[Problem]:
    stated = spec.data["budget"]
    budget = exact(stated["monthlyUSD"]) * MICRO
    expected = sum(one.amount.expected for one in lines)
    if expected <= budget and expected * 100 < budget * stated["warnAt"]:
        return
    if not expected:
        return
    exceeded = expected > budget
    cents = usd(expected, 0) == usd(budget, 0)  # whole dollars would not show the difference
    percent = f", {int(expected * 100 / budget)}% of it" if budget else ""
    yield Problem(
        id="budget-exceeded" if exceeded else "budget-nearly-spent",
        severity=Severity.ERROR if exceeded else Severity.WARNING,
        message=f"{who} has a budget of {_money(budget, cents=cents)} a month, and "
        f"{_money(expected, cents=cents)} are expected{percent}",
        place=spec.place("budget", "monthlyUSD"),
        related=_dearest(lines, by),
        help=f"ask for less, or raise it; see paddock cost --by {by}"
        if exceeded
        else f"raise it in time, ask for less, or warn later than at {stated['warnAt']}% (warnAt)",
    )


def _dearest(lines: Sequence[Line], by: str) -> tuple[Note, ...]:
    """What most of the money goes to."""
    sums = sorted(grouped(lines, by).items(), key=lambda one: (-one[1].expected, one[0]))
    return tuple(Note(message=f"{name}: {_money(amount.expected)}") for name, amount in sums[:SHOWN] if amount.expected)


def _money(micro: int | Fraction, *, cents: bool = False) -> str:
    """Whole dollars, with cents where they are wanted and below a hundred."""
    text = usd(micro, 2 if cents or micro < 100 * MICRO else 0)
    whole, dot, rest = text.partition(".")
    return f"${int(whole):,}{dot}{rest}"


def _unknown_prices(environment: Environment, found: Costs) -> Iterator[Problem]:
    """Each pool and node group with types without a price on which a budget depends: the environment's, or that of a
    team with workloads there."""
    lacking: dict[tuple[str, str, tuple[str, ...]], list[Missing]] = {}
    for gap in found.missing:
        if gap.instance:
            lacking.setdefault((gap.cluster, gap.pool, gap.at), []).append(gap)
    for (name, pool, _), gaps in lacking.items():
        if "budget" in environment.data or (pool and _teams(found, name, pool) & _with_budget(environment)):
            yield _unknown_price(environment.clusters[name], gaps)


def _teams(found: Costs, cluster: str, pool: str) -> set[str]:
    """Teams with something on a pool, counted or not."""
    on: list[Line | Missing] = [*found.lines, *found.missing]
    return {one.team for one in on if (one.cluster, one.pool) == (cluster, pool) and one.team}


def _with_budget(environment: Environment) -> set[str]:
    return {name for name, team in environment.teams.items() if "budget" in team.data}


def _unknown_price(cluster: Cluster, gaps: Sequence[Missing]) -> Problem:
    first = gaps[0]
    stated: Json = cluster.data
    for key in first.at:
        stated = stated[key]
    known = [stated.index(one.instance) for one in gaps if one.instance in stated]
    blocks = all(one.field == "capacityBlock" for one in gaps)
    what = f"{'capacity blocks of ' if blocks else ''}{', '.join(sorted({one.instance for one in gaps}))}"
    return Problem(
        id="unknown-price",
        severity=Severity.WARNING,
        message=f"no price of {what} in {cluster.region} is known: no budget counts these nodes of {first.subject} of "
        f'cluster "{cluster.identity}"',
        place=cluster.place(*first.at, *([min(known)] if known else [])),
        help=f"state it in platform.yaml: prices.regions.{cluster.region}.instances.{first.instance}.{first.field}",
    )


def _estimates(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            if workload.type in running.LASTING:
                continue
            if "runsPerMonth" in workload.data["cost"]:
                yield from _order(workload, "runsPerMonth")
            for part in workload.parts():
                if "hoursPerRun" in part.data["cost"]:
                    yield from _order(part, "hoursPerRun")
                    yield from _deadline(part)


def _order(part: Workload, field: str) -> Iterator[Problem]:
    found = running.estimate(part.data["cost"][field])
    if not found.minimum <= found.expected <= found.maximum:
        stated = part.data["cost"][field]
        numbers = ", ".join(f"{name} {stated[name]}" for name in ("min", "expected", "max") if name in stated)
        text = f"{part.title} states {field} in no order: {numbers}"
        yield _reversed(text, part.place("cost", field), "let min be at most expected, and expected at most max")


def _deadline(part: Workload) -> Iterator[Problem]:
    """A run that is expected to be stopped would never end well. An overlay that only stops it earlier, as development
    does with shorter runs, says nothing of how long it is expected to take."""
    deadline = part.data.get("activeDeadline")
    if part.place("cost", "hoursPerRun").path != part.place("activeDeadline").path:
        return
    expected = running.estimate(part.data["cost"]["hoursPerRun"]).expected
    if deadline is not None and expected * 3600 > seconds(deadline):
        hours = part.data["cost"]["hoursPerRun"]
        number = hours["expected"] if isinstance(hours, Mapping) else hours
        text = f"{part.title} is expected to run for {number} hours, and is stopped after {deadline}"
        place = part.place("cost", "hoursPerRun")
        yield _reversed(text, place, f"expect at most {deadline}, or let it run for longer")


def _reversed(message: str, place: Place, help: str) -> Problem:
    return Problem(id="estimate-reversed", severity=Severity.WARNING, message=message, place=place, help=help)
