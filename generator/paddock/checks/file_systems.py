"""File systems that FSx for Lustre would refuse to make or to link, and their use by the CSI driver's settings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from paddock import buckets, file_systems, storage_classes, volumes
from paddock.buckets import Bucket
from paddock.checks.workload_references import merged, unknown
from paddock.diagnostics import Note, Place, Problem
from paddock.file_systems import FileSystem, Repository
from paddock.model import Cluster, Environment, Fleet
from paddock.quantity import parse

IDS = (
    "unknown-team",
    "unknown-bucket",
    "zone-without-subnet",
    "fsx-size-not-offered",
    "repository-in-other-region",
    "repository-overlap",
    "backup-of-linked-file-system",
    "bucket-not-shared",
    "file-system-capacity",
)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each file system of each cluster."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            for one in file_systems.file_systems(cluster):
                yield from _size(cluster, one)
                yield from _zone(cluster, one)
                yield from _backup(cluster, one)
                yield from _overlap(cluster, one)
                for repository in one.repositories:
                    yield from _repository(fleet, environment, cluster, one, repository)
                yield from _use(environment, cluster, one)


def _place(cluster: Cluster, one: FileSystem, *pointer: str, key: bool = False) -> Place:
    return cluster.place("eks", "fileSystems", one.name, *pointer, key=key)


def _size(cluster: Cluster, one: FileSystem) -> Iterator[Problem]:
    offered = storage_classes.fsx_size(one.capacity)
    if parse(one.capacity) != offered * storage_classes.GI:
        smaller = storage_classes.fsx_smaller(offered)
        yield Problem(
            id="fsx-size-not-offered",
            message=f'file system "{one.name}" of cluster "{cluster.identity}" has {one.capacity}, which FSx for '
            "Lustre does not offer",
            place=_place(cluster, one, "capacity"),
            related=(Note(message="FSx offers 1200Gi and multiples of 2400Gi"),),
            help=f"write {offered}Gi" + (f", or {smaller}Gi" if smaller else ""),
        )


def _zone(cluster: Cluster, one: FileSystem) -> Iterator[Problem]:
    network = cluster.data["network"]
    known = sorted(network["vpc"]["zones"] if "vpc" in network else network.get("subnetIds", {}))
    if known and one.zone not in known:
        yield Problem(
            id="zone-without-subnet",
            message=f'file system "{one.name}" wants zone {one.zone}, in which cluster "{cluster.identity}" has no '
            "subnet",
            place=_place(cluster, one, "zone"),
            help=f"legal: {', '.join(known)}",
        )


def _backup(cluster: Cluster, one: FileSystem) -> Iterator[Problem]:
    stated = cluster.data["eks"]["fileSystems"][one.name].get("backupRetentionDays")
    if stated and one.repositories:
        yield Problem(
            id="backup-of-linked-file-system",
            message=f'file system "{one.name}" of cluster "{cluster.identity}" is linked to a bucket, and FSx makes no '
            "backups of such a file system",
            place=_place(cluster, one, "backupRetentionDays"),
            related=(Note(message="the links", place=_place(cluster, one, "repositories", key=True)),),
            help="remove backupRetentionDays; what autoExport writes is kept by the bucket",
        )


def _overlap(cluster: Cluster, one: FileSystem) -> Iterator[Problem]:
    """FSx for Lustre API, CreateDataRepositoryAssociation: FileSystemPath and DataRepositoryPath."""
    for first, second in combinations(one.repositories, 2):
        same = first.bucket == second.bucket and _inside(first.prefix, second.prefix)
        if same or _inside(first.folder, second.folder):
            what = (
                f"objects of {_objects(first)} and {_objects(second)}"
                if same
                else f"folders {first.folder} and {second.folder}"
            )
            yield Problem(
                id="repository-overlap",
                message=f'file system "{one.name}" of cluster "{cluster.identity}" links {what}, of which one holds '
                "the other",
                place=_place(cluster, one, "repositories", second.folder, key=True),
                related=(
                    Note(message="the other", place=_place(cluster, one, "repositories", first.folder, key=True)),
                ),
                help="give each folder a prefix of its own that lies in no other"
                if same
                else "link folders of which none lies in another",
            )


def _inside(first: str, second: str) -> bool:
    """Whether one of two paths is the other or lies in it; the empty one holds all."""
    short, long = sorted((first, second), key=len)
    return short == "" or f"{long}/".startswith(f"{short}/")


def _objects(one: Repository) -> str:
    return f"{one.bucket}:{one.prefix}" if one.prefix else one.bucket


def _repository(
    fleet: Fleet, environment: Environment, cluster: Cluster, one: FileSystem, repository: Repository
) -> Iterator[Problem]:
    place = _place(cluster, one, "repositories", repository.folder, "bucket")
    team, short_name = buckets.reference("", repository.bucket)
    owner = environment.teams.get(team)
    if owner is None:
        if ("Team", environment.name, team) not in fleet.unread:
            yield unknown("unknown-team", "team", team, environment.teams, place)
        return
    if short_name not in owner.data["buckets"]:
        where = f' of team "{team}" in environment "{environment.name}"'
        yield unknown("unknown-bucket", "bucket", short_name, owner.data["buckets"], place, where=where)
        return
    region = buckets.bucket(environment, owner, short_name).region
    # Only automatic import is bound to one region (FSx for Lustre user guide, "Region and account support for linked S3
    # buckets").
    if repository.imports and region is not None and region != cluster.region:
        yield Problem(
            id="repository-in-other-region",
            message=f'file system "{one.name}" of cluster "{cluster.identity}" lies in {cluster.region}, bucket '
            f'"{repository.bucket}" in {region}, and FSx imports changes within a region only',
            place=place,
            help=f"link a bucket that lies in {cluster.region}, or write autoImport: []",
        )


def _use(environment: Environment, cluster: Cluster, one: FileSystem) -> Iterator[Problem]:
    """The settings of the CSI driver by the same name: who mounts it sees the linked buckets."""
    stated = volumes.file_systems(cluster).get(one.name)
    if stated is None:
        return
    pointer = ("components", volumes.FSX, "settings", "fileSystems", one.name)
    if parse(stated["capacity"]) != parse(one.capacity):
        yield Problem(
            id="file-system-capacity",
            message=f'file system "{one.name}" of cluster "{cluster.identity}" has {one.capacity}, but '
            f"{stated['capacity']} in the settings of {volumes.FSX}",
            place=cluster.place(*pointer, "capacity"),
            related=(Note(message="its size", place=_place(cluster, one, "capacity")),),
            help=f"write {one.capacity}",
        )
    for repository in one.repositories:
        bucket = buckets.find(environment, "", repository.bucket)
        if bucket is not None and not _may(stated["team"], bucket, repository):
            verb = "write to" if repository.exports else "read"
            yield Problem(
                id="bucket-not-shared",
                message=f'team "{stated["team"]}" mounts file system "{one.name}" of cluster "{cluster.identity}" and '
                f'so would {verb} bucket "{bucket.short_name}" of team "{bucket.team}", which it may not',
                place=cluster.place(*pointer, "team"),
                related=(
                    Note(message="the link", place=_place(cluster, one, "repositories", repository.folder, key=True)),
                ),
                help=f'let team "{bucket.team}" mount it'
                + (
                    ", or remove autoExport"
                    if repository.exports
                    else f', or ask it to add "{stated["team"]}" to access.readOnlyTeams of the bucket'
                ),
            )


def _may(team: str, bucket: Bucket, repository: Repository) -> bool:
    return team == bucket.team or (not repository.exports and team in bucket.read_only_teams)
