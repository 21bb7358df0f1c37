"""FSx for Lustre file systems that a cluster's infrastructure makes, and the buckets that they are linked to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddock import buckets, volumes
from paddock.buckets import Bucket
from paddock.model import Cluster, Environment, Json

BACKUP_DAYS = 7
"""Days that FSx keeps backups where the spec says nothing; none of a file system that is linked to a bucket (FSx for
Lustre user guide, "Using data repositories", note)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A folder that is linked to a bucket of a team, or to the objects below a prefix."""

    folder: str
    bucket: str
    """<team>/<bucket>."""
    prefix: str
    """Without a slash at either end; empty for the whole bucket."""
    imports: tuple[str, ...]
    exports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system of type PERSISTENT_2."""

    name: str
    capacity: str
    throughput: int
    zone: str
    compression: bool
    backup_days: int
    repositories: tuple[Repository, ...]


def file_systems(cluster: Cluster) -> Iterator[FileSystem]:
    """Those of the cluster's spec, by name."""
    for name, stated in sorted(cluster.data["eks"]["fileSystems"].items()):
        linked = tuple(_repository(folder, one) for folder, one in sorted(stated["repositories"].items()))
        yield FileSystem(
            name=name,
            capacity=stated["capacity"],
            throughput=stated["perUnitStorageThroughput"],
            zone=stated["zone"],
            compression=stated["compression"],
            backup_days=0 if linked else stated.get("backupRetentionDays", BACKUP_DAYS),
            repositories=linked,
        )


def linked(environment: Environment, cluster: Cluster) -> list[Bucket]:
    """Buckets beside a cluster that a file system of any cluster of the environment is linked to, by name: those of
    specs, and those that the CSI driver makes."""
    names = {
        text
        for one in environment.clusters.values()
        for text in (
            *(repository.bucket for made in file_systems(one) for repository in made.repositories),
            *(stated["bucket"] for stated in _dynamic(one).values()),
        )
    }
    found = {bucket.name: bucket for text in names if (bucket := buckets.find(environment, "", text)) is not None}
    return [one for _, one in sorted(found.items()) if one.cluster is not None and one.cluster.name == cluster.name]


def _dynamic(cluster: Cluster) -> dict[str, Json]:
    use = cluster.components.get(volumes.FSX)
    return dict(use.settings.get("repositories", {})) if use and use.valid else {}


def _repository(folder: str, stated: Json) -> Repository:
    return Repository(
        folder=folder,
        bucket=stated["bucket"],
        prefix=stated.get("prefix", ""),
        imports=tuple(sorted(stated["autoImport"])),
        exports=tuple(sorted(stated["autoExport"])),
    )
