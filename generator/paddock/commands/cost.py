"""`paddock cost`: what environments cost, by workload, team, pool, cluster or environment. It renders nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from paddock import git
from paddock.analysis.cost import Costs, Missing, grouped
from paddock.analysis.cost_fleet import costs
from paddock.analysis.money import MICRO
from paddock.analysis.prices import exact
from paddock.commands.session import Session
from paddock.diagnostics import Severity
from paddock.errors import OK, USAGE, Fatal
from paddock.locating import locate
from paddock.model import Environment
from paddock.report.cost import FORMATS, Report, Row


def run(session: Session, *, by: str, teams: Sequence[str], form: str, hourly: bool) -> int:
    """Print the costs; where specs have faults, the findings instead."""
    loaded, gathered, problems = session.load()
    errors = [one for one in problems if one.severity is Severity.ERROR]
    if errors or loaded.fleet is None:
        return session.report(locate(errors, gathered), loaded.skipped)
    fleet = loaded.fleet
    wanted = session.environments or tuple(fleet.environments)
    chosen = [one for name, one in fleet.environments.items() if name in wanted]
    _known_teams(chosen, teams)
    as_of = session.as_of or git.commit_date(session.root)
    found = costs(fleet, chosen, as_of=as_of)
    report = Report(
        by=by,
        rows=list(_rows(chosen, found, by, teams)),
        missing=_of_teams(found.missing, teams),
        hourly=hourly,
        as_of=as_of,
        several=len(chosen) > 1,
    )
    sys.stdout.write(FORMATS[form](report))
    return OK


def _known_teams(environments: Sequence[Environment], teams: Sequence[str]) -> None:
    known = sorted({name for one in environments for name in one.teams})
    for name in teams:
        if name not in known:
            raise Fatal(f'there is no team "{name}"', help=f"legal: {', '.join(known)}", code=USAGE)


def _of_teams(missing: Sequence[Missing], teams: Sequence[str]) -> list[Missing]:
    """What is not counted of some teams. Of all if none is named: prices of pools concern each."""
    return [one for one in missing if not teams or one.team in teams or (not one.team and one.pool)]


def _rows(environments: Sequence[Environment], found: Costs, by: str, teams: Sequence[str]) -> Iterator[Row]:
    for environment in environments:
        lines = [one for one in found.lines if one.environment == environment.name and (not teams or one.team in teams)]
        for name, amount in grouped(lines, by).items():
            budget = None if teams and by == "environment" else _budget(environment, by, name)
            yield Row(environment=environment.name, name=name, amount=amount, budget=budget)


def _budget(environment: Environment, by: str, name: str) -> int | None:
    """The budget of a group in millionths of a dollar a month."""
    if by == "environment":
        stated = environment.data.get("budget")
    elif by == "team" and name in environment.teams:
        stated = environment.teams[name].data.get("budget")
    else:
        stated = None
    return int(exact(stated["monthlyUSD"]) * MICRO) if stated else None
