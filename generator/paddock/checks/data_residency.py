"""Recorded data stays where the environment allows its class, and no longer: buckets, and workloads that mount them.

Nothing here knows what day it is: a date is compared with dates of specs only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock import backups, buckets, dates, file_systems, volumes
from paddock.buckets import Bucket
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.wording import counted

IDS = ("bucket-outside-residency", "retention-too-long", "retention-after-deletion-date")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each bucket of each team, each mount of each workload and each FSx repository, in each environment."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            for bucket in buckets.team_buckets(environment, team):
                yield from _bucket(environment, team, bucket)
        for workload in environment.workloads.values():
            yield from _mounts(environment, workload)
        for cluster in environment.clusters.values():
            yield from _repositories(environment, cluster)
            yield from _backups(environment, cluster)
            yield from _file_systems(environment, cluster)


def _bucket(environment: Environment, team: Team, bucket: Bucket) -> Iterator[Problem]:
    place = team.place("buckets", bucket.short_name)
    what = f'bucket "{bucket.short_name}" of team "{team.name}" in environment "{environment.name}"'
    if "cluster" in team.data["buckets"][bucket.short_name]:
        place = team.place("buckets", bucket.short_name, "cluster")
    if bucket.cluster is not None:
        where = f'{what} lies in {bucket.cluster.region}, the region of cluster "{bucket.cluster.name}"'
        help = "let it lie beside a cluster of a legal region: cluster: <name>"
        yield from _outside(environment, bucket, bucket.cluster.region, where, place, help)
        yield from _replica(environment, team, bucket, what)
    rule = environment.data["dataResidency"].get(bucket.data_class)
    if rule is not None and bucket.cluster is not None and not bucket.legal_hold:
        yield from _retention(environment, team, bucket, what, rule)
        yield from _deletion(environment, team, bucket, what, rule)


def _replica(environment: Environment, team: Team, bucket: Bucket, what: str) -> Iterator[Problem]:
    """A second copy is the same data."""
    if bucket.replication is not None:
        place = team.place("buckets", bucket.short_name, "replication", "region")
        where = f"{what} is replicated to {bucket.replication.region}"
        help = "replicate it to another legal region, or not at all"
        yield from _outside(environment, bucket, bucket.replication.region, where, place, help)


def _mounts(environment: Environment, workload: Workload) -> Iterator[Problem]:
    """Pods that read a bucket hold its data: in memory, in caches, in checkpoints."""
    for name, mount in workload.data.get("mounts", {}).items():
        bucket = buckets.find(environment, workload.team, mount["bucket"]) if "bucket" in mount else None
        for cluster in (environment.clusters.get(one) for one in workload.clusters):
            if bucket is not None and cluster is not None:
                where = f'workload "{workload.name}" mounts bucket "{mount["bucket"]}" on cluster "{cluster.identity}" '
                where += f"in {cluster.region}"
                place = workload.place("mounts", name, "bucket")
                help = "run it on a cluster of a legal region, or mount a bucket of derived data"
                yield from _outside(environment, bucket, cluster.region, where, place, help)


def _repositories(environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    """A file system that begins with a bucket's objects holds copies of them."""
    use = cluster.components.get(volumes.FSX)
    for name, stated in (use.settings.get("repositories", {}) if use else {}).items():
        bucket = buckets.find(environment, "", stated["bucket"])
        if bucket is not None:
            where = f'file systems of class "fsx-lustre-{name}" copy bucket "{stated["bucket"]}" to {cluster.region}'
            place = cluster.place("components", volumes.FSX, "settings", "repositories", name, "bucket")
            help = "link it on a cluster of a legal region, or link a bucket of derived data"
            yield from _outside(environment, bucket, cluster.region, where, place, help)


def _file_systems(environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    """A file system holds what is in the bucket that it is linked to, whichever of them had it first."""
    for one in file_systems.file_systems(cluster):
        for repository in one.repositories:
            bucket = buckets.find(environment, "", repository.bucket)
            if (
                bucket is not None and bucket.region != cluster.region
            ):  # the bucket's own region is a finding of its own
                where = f'file system "{one.name}" in {cluster.region} shares {repository.folder} with bucket '
                where += f'"{repository.bucket}"'
                place = cluster.place("eks", "fileSystems", one.name, "repositories", repository.folder, "bucket")
                help = "link it on a cluster of a legal region, or link a bucket of derived data"
                yield from _outside(environment, bucket, cluster.region, where, place, help)


def _backups(environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    """A copy of a backup is the same data."""
    for rule in backups.rules(cluster):
        for bucket in backups.held(environment, cluster, rule) if rule.copy else ():
            region = rule.copy.region if rule.copy else ""
            what = f'bucket "{bucket.short_name}" of team "{bucket.team}"'
            where = f'backups "{rule.name}" of cluster "{cluster.identity}" copy {what} to {region}'
            place = cluster.place("eks", "backup", "rules", rule.name, "copy", "region")
            help = f"copy to a legal region, or take {bucket.purpose} out of bucketPurposes of the rule"
            yield from _outside(environment, bucket, region, where, place, help)


def _outside(
    environment: Environment, bucket: Bucket, region: str, where: str, place: Place, help: str
) -> Iterator[Problem]:
    for legal, why in _legal(environment, bucket):
        if region not in legal:
            yield Problem(
                id="bucket-outside-residency",
                message=f"{where}; legal for {why[0]}: {', '.join(sorted(legal))}",
                place=place,
                related=(Note(message="the legal regions", place=why[1]),),
                help=help,
            )
            return


def _legal(environment: Environment, bucket: Bucket) -> Iterator[tuple[Sequence[str], tuple[str, Place]]]:
    """Lists of legal regions, each with what it is about and where it stands."""
    rule = environment.data["dataResidency"].get(bucket.data_class)
    if rule is not None:
        place = environment.place("dataResidency", bucket.data_class, "regions")
        yield rule["regions"], (f"{bucket.data_class} data", place)
    team = environment.teams[bucket.team]
    stated = team.data["buckets"][bucket.short_name].get("residency")
    if stated is not None:
        yield stated, ("this bucket", team.place("buckets", bucket.short_name, "residency"))


def _retention(environment: Environment, team: Team, bucket: Bucket, what: str, rule: Json) -> Iterator[Problem]:
    longest = rule.get("maxRetentionDays")
    if longest is None:
        return
    days = bucket.last_version_days
    lock = bucket.object_lock_days or 0
    if days is not None and days <= longest and lock <= longest:
        return
    pointer: tuple[str, ...] = ("retention", "objectLockDays") if lock > longest else ("lifecycle", "expireAfterDays")
    yield Problem(
        id="retention-too-long",
        message=f"{what} keeps objects {_length(bucket)}; {bucket.data_class} data may be kept for "
        f"{counted(longest, 'day')}",
        place=team.place("buckets", bucket.short_name, *pointer),
        related=(Note(message="the rule", place=environment.place("dataResidency", bucket.data_class)),),
        help=_shorten(bucket, longest),
    )


def _length(bucket: Bucket) -> str:
    if bucket.object_lock_days and bucket.object_lock_days > (bucket.last_version_days or bucket.object_lock_days - 1):
        return f"locked for {counted(bucket.object_lock_days, 'day')}"
    if bucket.last_version_days is not None:
        if bucket.last_version_days == bucket.expire_after_days:
            return f"for {counted(bucket.expire_after_days, 'day')}"
        days, more = bucket.expire_after_days or 0, bucket.noncurrent_expire_after_days
        return f"for {counted(days, 'day')} and their versions for {more} more"
    if bucket.expire_after_days is None:
        return "for ever"
    return f"for {counted(bucket.expire_after_days, 'day')} and their versions for ever"


def _shorten(bucket: Bucket, longest: int) -> str:
    if bucket.object_lock_days and bucket.object_lock_days > longest:
        return f"write objectLockDays: {longest} or less"
    versions = bucket.noncurrent_expire_after_days or 1 if bucket.versioning else 0
    if versions >= longest:
        return f"let expireAfterDays and noncurrentExpireAfterDays add up to at most {longest}"
    also = " with noncurrentExpireAfterDays: 1" if bucket.versioning and not bucket.noncurrent_expire_after_days else ""
    return f"write lifecycle.expireAfterDays: {longest - versions} or less{also}"


def _deletion(environment: Environment, team: Team, bucket: Bucket, what: str, rule: Json) -> Iterator[Problem]:
    """An expired object of a bucket with versioning lives on as a version: these count."""
    limit = rule.get("deleteBy")
    if limit is None:
        return
    versions = bucket.noncurrent_expire_after_days if bucket.versioning else 0
    if bucket.delete_by is not None and versions is not None and dates.shifted(bucket.delete_by, versions) <= limit:
        return
    has = f"is deleted on {bucket.delete_by}" if bucket.delete_by else "has no date of deletion"
    if bucket.delete_by and versions != 0:
        has += f" and its versions {counted(versions, 'day')} later" if versions else " and its versions never"
    also = "" if versions is not None else " and a number of days as lifecycle.noncurrentExpireAfterDays"
    yield Problem(
        id="retention-after-deletion-date",
        message=f"{what} {has}; {bucket.data_class} data must be gone by {limit}",
        place=team.place("buckets", bucket.short_name, "retention", "deleteBy"),
        related=(Note(message="the rule", place=environment.place("dataResidency", bucket.data_class, "deleteBy")),),
        help=f'write retention.deleteBy: "{dates.shifted(limit, -(versions or 0))}" or an earlier date{also}',
    )
