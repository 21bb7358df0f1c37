"""Dates of buckets that are past on the day for which it is asked: what they say no longer means the same."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Fleet, Team

IDS = ("deletion-date-passed", "legal-hold-over")


def check(fleet: Fleet, as_of: str) -> Iterator[Problem]:
    """Each bucket of each team: the day itself still counts as before."""
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            yield from _holds(team, as_of)
            yield from _deletions(team, as_of)


def _holds(team: Team, as_of: str) -> Iterator[Problem]:
    """Without a clock in what is rendered, a hold stays until its field is removed (paddock.buckets)."""
    for name, bucket in sorted(team.data["buckets"].items()):
        until = bucket.get("retention", {}).get("legalHold", {}).get("until")
        if until is not None and until < as_of:
            yield Problem(
                id="legal-hold-over",
                severity=Severity.WARNING,
                message=f'the legal hold on bucket "{name}" of team "{team.name}" was until {until}, and still nothing '
                "is deleted",
                place=team.place("buckets", name, "retention", "legalHold", "until"),
                related=(Note(message=f"judged as of {as_of}"),),
                help="remove legalHold, so that lifecycle and retention hold again; or write the date to which it was "
                "extended",
            )


def _deletions(team: Team, as_of: str) -> Iterator[Problem]:
    """A rule with a date stays in force after it, for what is written then, too (Amazon S3 User Guide, "Lifecycle
    configuration elements")."""
    for name, bucket in sorted(team.data["buckets"].items()):
        retention = bucket.get("retention", {})
        by = retention.get("deleteBy")
        if by is not None and by < as_of and "legalHold" not in retention:
            yield Problem(
                id="deletion-date-passed",
                severity=Severity.WARNING,
                message=f'whatever is in bucket "{name}" of team "{team.name}" was to be deleted by {by}: S3 also '
                "deletes within a day what is written to it now",
                place=team.place("buckets", name, "retention", "deleteBy"),
                related=(Note(message=f"judged as of {as_of}"),),
                help="remove the bucket once it is empty, or deleteBy if new data may stay",
            )
