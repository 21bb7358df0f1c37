"""Logs are kept as long as they must be, and for numbers of days that their sink has."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import logs
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Environment, Fleet, Team
from paddock.wording import counted, quoted

IDS = ("log-retention-below-minimum", "log-retention-not-offered", "log-retention-under-legal-hold")


def check(fleet: Fleet) -> Iterator[Problem]:
    """The retention of each environment, and of each team in it."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        yield from _minimum(environment, None)
        yield from _offered(environment, None)
        for team in environment.teams.values():
            if "legalHold" in team.data["logs"]:
                yield from _hold(environment, team)
            elif "retention" in team.data["logs"]:
                yield from _minimum(environment, team)
                yield from _offered(environment, team)


def _minimum(environment: Environment, team: Team | None) -> Iterator[Problem]:
    minimum, kept = environment.data["logs"].get("minimum"), logs.retention(environment, team)
    if minimum is None or kept is None or kept >= logs.days(minimum["retention"]):
        return
    yield Problem(
        id="log-retention-below-minimum",
        message=f"{_whose(team)} in environment {quoted([environment.name])} are kept for {counted(kept, 'day')}, and "
        f"{minimum['retention'].removesuffix('d')} is the least",
        place=_place(environment, team),
        related=(
            Note(
                message=f"the minimum: {minimum['reason']}",
                place=environment.place("logs", "minimum", "retention"),
            ),
        ),
        help=f"write {minimum['retention']} or more",
    )


def _offered(environment: Environment, team: Team | None) -> Iterator[Problem]:
    """Only where CloudWatch gets the logs: OpenSearch keeps an index for any number of days."""
    kept = logs.retention(environment, team)
    clusters = [
        one.identity
        for one in environment.clusters.values()
        if "cloudWatch" in logs.sinks(one) and (team is None or one.name in team.clusters)
    ]
    if kept is None or kept in logs.CLOUDWATCH_DAYS or not clusters:
        return
    below = max((one for one in logs.CLOUDWATCH_DAYS if one < kept), default=None)
    above = min((one for one in logs.CLOUDWATCH_DAYS if one > kept), default=None)
    near = " or ".join(f"{one}d" for one in (above, below) if one is not None)
    yield Problem(
        id="log-retention-not-offered",
        message=f"{_whose(team)} in environment {quoted([environment.name])} go to CloudWatch from "
        f"{', '.join(clusters)}, which offers no retention of {counted(kept, 'day')}",
        place=_place(environment, team),
        related=(Note(message=f"legal: {', '.join(map(str, logs.CLOUDWATCH_DAYS))}"),),
        help=f"write {near}",
    )


def _hold(environment: Environment, team: Team) -> Iterator[Problem]:
    if "retention" in team.data["logs"]:
        yield Problem(
            id="log-retention-under-legal-hold",
            message=f"{_whose(team)} in environment {quoted([environment.name])} are on legal hold, and yet they are "
            f"deleted after {team.data['logs']['retention'].removesuffix('d')} days",
            place=team.place("logs", "retention"),
            related=(Note(message="the hold", place=team.place("logs", "legalHold")),),
            help="remove the retention; state it again when the hold is lifted",
        )


def _whose(team: Team | None) -> str:
    return f'logs of team "{team.name}"' if team else "logs"


def _place(environment: Environment, team: Team | None) -> Place:
    return team.place("logs", "retention") if team else environment.place("logs", "retention")
