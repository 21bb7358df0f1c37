"""What AWS Backup keeps of a cluster: its rules, and the buckets that each of them backs up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddock import buckets
from paddock.buckets import Bucket
from paddock.model import Cluster, Environment, Json

POINT_IN_TIME = "point-in-time"
"""What the continuous backup is called among the rules."""
_ARTIFACTS = "artifacts"
_DAYS_OF_WEEK = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of each backup in another region; None of days: for ever."""

    region: str
    delete_after_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Backups at fixed times, or `continuous`; None of days: for ever."""

    name: str
    schedule: str
    delete_after_days: int | None
    databases: bool
    bucket_purposes: tuple[str, ...]
    copy: Copy | None = None
    continuous: bool = False

    @property
    def artifacts(self) -> bool:
        """Whether it backs up MLflow's bucket."""
        return _ARTIFACTS in self.bucket_purposes

    @property
    def longest_days(self) -> int | None:
        """Days until the last copy of a backup is gone; None if never."""
        days = [self.delete_after_days, *([self.copy.delete_after_days] if self.copy else [])]
        return None if None in days else max(one for one in days if one is not None)


def rules(cluster: Cluster) -> tuple[Rule, ...]:
    """The rules of a cluster by name, the continuous backup last; none where the spec says nothing of backups."""
    stated = cluster.data["eks"].get("backup")
    if stated is None:
        return ()
    found = [_rule(name, one) for name, one in sorted(stated["rules"].items())]
    continuous = stated["pointInTime"]
    if continuous["days"]:
        found.append(
            Rule(
                name=POINT_IN_TIME,
                # How often AWS Backup looks whether it goes on; it must be more often than the days it keeps.
                schedule="0 6 * * *",
                delete_after_days=continuous["days"],
                # RDS would take its retention from AWS Backup, against what the database's own spec says.
                databases=False,
                bucket_purposes=tuple(sorted(continuous["bucketPurposes"])),
                continuous=True,
            )
        )
    return tuple(found)


def held(environment: Environment, cluster: Cluster, rule: Rule) -> Iterator[Bucket]:
    """The buckets of teams that a rule backs up: those beside the cluster that are of its purposes."""
    for team in environment.teams.values():
        for bucket in buckets.team_buckets(environment, team):
            beside = bucket.cluster is not None and bucket.cluster.name == cluster.name
            if beside and bucket.purpose in rule.bucket_purposes:
                yield bucket


def cron(schedule: str) -> str:
    """A schedule of five fields as AWS has it: six fields, of which one of the two days is "?", and names of days, for
    its numbers begin at 1 (Amazon EventBridge user guide, "Cron expressions")."""
    minute, hour, day, month, weekday = schedule.split()
    if weekday == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    names = ",".join(_DAYS_OF_WEEK[int(one)] for one in weekday.split(","))
    return f"cron({minute} {hour} ? {month} {names} *)"


def _rule(name: str, stated: Json) -> Rule:
    days: int | None = stated.get("deleteAfterDays")
    copy = stated.get("copy")
    return Rule(
        name=name,
        schedule=stated["schedule"],
        delete_after_days=days,
        databases=stated["databases"],
        bucket_purposes=tuple(sorted(stated["bucketPurposes"])),
        copy=Copy(region=copy["region"], delete_after_days=copy.get("deleteAfterDays", days)) if copy else None,
    )
