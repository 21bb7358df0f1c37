"""Lifecycles that S3 would refuse, or that contradict what the same bucket promises: locks, holds, dates."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import buckets
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Environment, Fleet, Team
from paddock.wording import counted

IDS = (
    "transitions-out-of-order",
    "expiry-under-legal-hold",
    "object-lock-without-versioning",
    "expiry-before-lock-ends",
)

# Objects only move down this list (Amazon S3 user guide, "Transitioning objects", supported transitions).
_WATERFALL = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_UNSUPPORTED = {("ONEZONE_IA", "GLACIER_IR")}
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
INFREQUENT_DAYS = 30
"""Objects stay this long in STANDARD before they move to an infrequent-access class, and as long in that class before
they move on (Amazon S3 API reference, Transition; user guide, "Transitioning objects", constraints)."""


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each bucket of each team, in each environment."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            for name in team.data["buckets"]:
                yield from _transitions(team, name)
                yield from _legal_hold(team, name)
                yield from _lock(environment, team, name)


def _transitions(team: Team, name: str) -> Iterator[Problem]:
    lifecycle = team.data["buckets"][name]["lifecycle"]
    before, days = "STANDARD", 0
    for index, one in enumerate(lifecycle["transitions"]):
        place = team.place("buckets", name, "lifecycle", "transitions", index)
        yield from _move(name, before, days, one["storageClass"], one["afterDays"], place)
        before, days = one["storageClass"], one["afterDays"]
    expiry = lifecycle.get("expireAfterDays")
    if expiry is not None and before != "STANDARD" and expiry <= days:
        yield _out_of_order(
            f'objects of bucket "{name}" expire after {counted(expiry, "day")}, but move to {before} after {days}',
            team.place("buckets", name, "lifecycle", "expireAfterDays"),
            f"let them expire after at least {days + 1} days, or remove the move",
        )


def _move(name: str, before: str, days: int, after: str, after_days: int, place: Place) -> Iterator[Problem]:
    """The first fault of a move from one storage class to the next."""
    move = f'bucket "{name}" moves objects from {before} (day {days}) to {after} (day {after_days})'
    least = 0 if before == "STANDARD" else days + (INFREQUENT_DAYS if before in INFREQUENT else 1)
    least = max(least, INFREQUENT_DAYS if after in INFREQUENT else 0)
    order = ("STANDARD", *_WATERFALL)
    if order.index(after) <= order.index(before) or (before, after) in _UNSUPPORTED:
        legal = [one for one in order[order.index(before) + 1 :] if (before, one) not in _UNSUPPORTED]
        help = f"choose of: {', '.join(legal)}" if legal else f"remove the move: {before} is the last class"
        yield _out_of_order(f"{move}, which S3 does not support", place, help)
    elif after_days < least:
        yield _out_of_order(f"{move}; the earliest is day {least}", place, f"write afterDays: {least} or more")


def _out_of_order(message: str, place: Place, help: str) -> Problem:
    return Problem(id="transitions-out-of-order", message=message, place=place, help=help)


def _legal_hold(team: Team, name: str) -> Iterator[Problem]:
    """What the spec says about deletion while a hold says that nothing is deleted."""
    stated = team.data["buckets"][name]
    retention, lifecycle = stated.get("retention", {}), stated["lifecycle"]
    hold = retention.get("legalHold")
    if hold is None:
        return
    until, by = hold.get("until"), retention.get("deleteBy")
    fields = [("lifecycle", field) for field in ("expireAfterDays", "noncurrentExpireAfterDays")]
    found = [one for one in fields if lifecycle.get(one[1], "Never") != "Never"]
    if by is not None and (until is None or by <= until):
        found.append(("retention", "deleteBy"))
    for field in found:
        end = f"until {until}" if until else "without an end"
        yield Problem(
            id="expiry-under-legal-hold",
            message=f'bucket "{name}" of team "{team.name}" is on legal hold {end}, but states {field[1]}',
            place=team.place("buckets", name, *field),
            related=(Note(message="the hold", place=team.place("buckets", name, "retention", "legalHold")),),
            help=f"remove {field[1]}; state it again when the hold is lifted",
        )


def _lock(environment: Environment, team: Team, name: str) -> Iterator[Problem]:
    bucket = buckets.bucket(environment, team, name)
    if bucket.object_lock_days is None:
        return
    place = team.place("buckets", name, "retention", "objectLockDays")
    if not bucket.versioning:
        yield Problem(
            id="object-lock-without-versioning",
            message=f'bucket "{name}" of team "{team.name}" locks objects, but has no versioning',
            place=place,
            related=(Note(message="versioning", place=team.place("buckets", name, "versioning")),),
            help="set versioning: true: Object Lock protects versions",
        )
    elif bucket.last_version_days is not None and bucket.last_version_days < bucket.object_lock_days:
        yield Problem(
            id="expiry-before-lock-ends",
            message=f'objects of bucket "{name}" of team "{team.name}" are gone '
            f"{counted(bucket.last_version_days, 'day')} after they were written by its lifecycle, but are locked for "
            f"{bucket.object_lock_days}",
            place=place,
            related=(Note(message="the lifecycle", place=team.place("buckets", name, "lifecycle", "expireAfterDays")),),
            help=f"lock them for at most {counted(bucket.last_version_days, 'day')}, or let them expire later: no "
            "lifecycle deletes a locked version",
        )
