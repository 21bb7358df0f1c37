"""Backups that AWS Backup cannot make, that outlive the data they are of, or that end before it may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock import backups, dates
from paddock.backups import POINT_IN_TIME, Rule
from paddock.buckets import Bucket
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Cluster, Environment, Fleet, Json
from paddock.wording import counted, quoted

IDS = ("backup-without-versioning", "backup-outlives-data", "backup-below-retention", "backup-copy-in-same-region")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each rule of each cluster, with each bucket that it backs up."""
    yield from merged(_all(fleet))


def rule_place(cluster: Cluster, rule: Rule, *field: str) -> Place:
    """Where a rule's field stands; the continuous backup has only days."""
    if rule.name == POINT_IN_TIME:
        return cluster.place("eks", "backup", "pointInTime", "days")
    return cluster.place("eks", "backup", "rules", rule.name, *field)


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            rules = backups.rules(cluster)
            by_bucket: dict[str, tuple[Bucket, list[Rule]]] = {}
            for rule in rules:
                yield from _copy(cluster, rule)
                for bucket in backups.held(environment, cluster, rule):
                    by_bucket.setdefault(bucket.name, (bucket, []))[1].append(rule)
                    yield from _outlives(environment, cluster, rule, bucket)
            for bucket, its in by_bucket.values():
                yield from _versions(environment, cluster, bucket, its)
                yield from _below(environment, cluster, bucket, its)


def _copy(cluster: Cluster, rule: Rule) -> Iterator[Problem]:
    if rule.copy is not None and rule.copy.region == cluster.region:
        yield Problem(
            id="backup-copy-in-same-region",
            message=f'backups "{rule.name}" of cluster "{cluster.identity}" lie in {cluster.region}, and so would '
            "their copies",
            place=rule_place(cluster, rule, "copy", "region"),
            help="name another region, or remove copy",
        )


def _what(environment: Environment, bucket: Bucket) -> str:
    return f'bucket "{bucket.short_name}" of team "{bucket.team}" in environment "{environment.name}"'


def _versions(environment: Environment, cluster: Cluster, bucket: Bucket, its: Sequence[Rule]) -> Iterator[Problem]:
    """AWS Backup refuses a bucket without versioning (AWS Backup developer guide, "Amazon S3 backups")."""
    if bucket.versioning:
        return
    team = environment.teams[bucket.team]
    names = quoted(rule.name for rule in its)
    yield Problem(
        id="backup-without-versioning",
        message=f"{_what(environment, bucket)} has no versioning, without which {names} of cluster "
        f'"{cluster.identity}" cannot back it up',
        place=team.place("buckets", bucket.short_name, "versioning"),
        related=(Note(message="the backup", place=rule_place(cluster, its[0], "bucketPurposes")),),
        help=f"set versioning: true, or take {bucket.purpose} out of bucketPurposes",
    )


def _outlives(environment: Environment, cluster: Cluster, rule: Rule, bucket: Bucket) -> Iterator[Problem]:
    """What was in a bucket on its last day is in a backup of that day until the backup is gone."""
    law: Json = environment.data["dataResidency"].get(bucket.data_class)
    if law is None or bucket.legal_hold:
        return
    for too_long, limit, room in (_days(rule, bucket, law), _date(rule, bucket, law)):
        if too_long:
            yield Problem(
                id="backup-outlives-data",
                message=f'backups "{rule.name}" of cluster "{cluster.identity}" keep {_what(environment, bucket)} '
                f"{too_long}; {bucket.data_class} data {limit}",
                place=rule_place(cluster, rule, *_longest(rule)),
                related=(
                    Note(message="the rule", place=environment.place("dataResidency", bucket.data_class)),
                    Note(
                        message="the bucket", place=environment.teams[bucket.team].place("buckets", bucket.short_name)
                    ),
                ),
                help=f"keep backups for at most {counted(room, 'day')}, or take {bucket.purpose} out of bucketPurposes"
                if room > 0
                else f"take {bucket.purpose} out of bucketPurposes, or let objects of the bucket expire earlier",
            )
            return


def _longest(rule: Rule) -> tuple[str, ...]:
    """The field that says how long the last of a backup and its copy is kept."""
    in_copy = (
        rule.copy is not None and rule.delete_after_days is not None and rule.longest_days != rule.delete_after_days
    )
    return ("copy", "deleteAfterDays") if in_copy else ("deleteAfterDays",)


def _days(rule: Rule, bucket: Bucket, law: Json) -> tuple[str, str, int]:
    """How long too long, the law, and the days that it leaves for backups."""
    most, own = law.get("maxRetentionDays"), bucket.last_version_days
    if most is None or own is None:  # for ever: a finding of the bucket
        return "", "", 0
    kept, limit = rule.longest_days, f"may be kept for {counted(most, 'day')}"
    if kept is None:
        return "for ever", limit, most - own
    return (f"for {counted(own, 'day')} and {kept} more" if own + kept > most else ""), limit, most - own


def _date(rule: Rule, bucket: Bucket, law: Json) -> tuple[str, str, int]:
    last, by = law.get("deleteBy"), bucket.delete_by
    versions = bucket.noncurrent_expire_after_days if bucket.versioning else 0
    if last is None or by is None or versions is None:
        return "", "", 0
    gone, kept, limit = dates.shifted(by, versions), rule.longest_days, f"must be gone by {last}"
    room = dates.ordinal(last) - dates.ordinal(gone)
    if kept is None:
        return "for ever", limit, room
    return (f"until {dates.shifted(gone, kept)}" if kept > room else ""), limit, room


def _below(environment: Environment, cluster: Cluster, bucket: Bucket, its: Sequence[Rule]) -> Iterator[Problem]:
    """A copy of what must not be lost is gone while it still must not be lost. When a hold with a date ends is known
    only on that day, so it is left to people."""
    team = environment.teams[bucket.team]
    hold = team.data["buckets"][bucket.short_name].get("retention", {}).get("legalHold", {"until": ""})
    kept = [rule.longest_days for rule in its]
    longest = None if None in kept else max(one for one in kept if one is not None)
    lock = bucket.object_lock_days
    if longest is None or ("until" in hold and (lock is None or lock <= longest)):
        return
    field, must = (
        ("legalHold", "is on legal hold")
        if "until" not in hold
        else ("objectLockDays", f"locks for {counted(lock or 0, 'day')}")
    )
    yield Problem(
        id="backup-below-retention",
        message=f'{_what(environment, bucket)} {must}, but the last of its backups of cluster "{cluster.identity}" is '
        f"gone after {counted(longest, 'day')}",
        place=team.place("buckets", bucket.short_name, "retention", field),
        severity=Severity.WARNING,
        related=(Note(message="the backup", place=rule_place(cluster, its[0], "deleteAfterDays")),),
        help=f"add a rule for {bucket.purpose} "
        + (f"with deleteAfterDays: {lock}" if field == "objectLockDays" else "without deleteAfterDays"),
    )
