"""Buckets of teams as the infrastructure has them: the cluster that owns each, its region and its effective lifecycle.

Specs state what differs; the defaults by purpose and what a legal hold takes away are decided here, in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddock.model import Cluster, Environment, Json, Team

NONCURRENT_DAYS: dict[str, int | None] = {"artifacts": 30, "checkpoints": 3, "data": 30, "models": None}
"""Days that noncurrent versions are kept by purpose; None for ever. A checkpoint is overwritten every few minutes and
as large as the model, while a model that serves must never vanish, whatever is written over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A move of objects of this age in days to another storage class."""

    after_days: int
    storage_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """Where S3 copies new objects of a bucket: a bucket of this name in another region."""

    bucket: str
    region: str
    delete_markers: bool
    storage_class: str | None
    """Class in which replicas begin and stay; None: that of the source, and its moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket of a team in an environment; `cluster` is None where it has none to lie beside. None of days: never."""

    team: str
    short_name: str
    name: str
    purpose: str
    data_class: str
    cluster: Cluster | None
    versioning: bool
    transitions: tuple[Transition, ...]
    expire_after_days: int | None
    noncurrent_expire_after_days: int | None
    abort_incomplete_upload_after_days: int
    delete_by: str | None
    object_lock_days: int | None
    legal_hold: bool
    read_only_teams: tuple[str, ...]
    replication: Replication | None

    @property
    def region(self) -> str | None:
        """The region it lies in: that of its cluster."""
        return self.cluster.region if self.cluster else None

    @property
    def last_version_days(self) -> int | None:
        """Days from writing an object to the end of its last version; None if that never comes.

        With versioning an expired object only becomes noncurrent, and its version lives on (Amazon S3 user guide,
        "Lifecycle configuration elements", expiration of versioned buckets).
        """
        if self.expire_after_days is None or not self.versioning:
            return self.expire_after_days
        if self.noncurrent_expire_after_days is None:
            return None
        return self.expire_after_days + self.noncurrent_expire_after_days


def team_buckets(environment: Environment, team: Team) -> Iterator[Bucket]:
    """The team's buckets in an environment, by short name."""
    for short_name in sorted(team.data["buckets"]):
        yield bucket(environment, team, short_name)


def bucket(environment: Environment, team: Team, short_name: str) -> Bucket:
    """A bucket of a team. On legal hold nothing expires, whatever the lifecycle says or defaults to."""
    stated = team.data["buckets"][short_name]
    lifecycle, retention = stated["lifecycle"], stated.get("retention", {})
    held = "legalHold" in retention
    return Bucket(
        team=team.name,
        short_name=short_name,
        name=stated["name"],
        purpose=stated["purpose"],
        data_class=stated["dataClass"],
        cluster=environment.clusters.get(owner(team, stated) or ""),
        versioning=stated["versioning"],
        transitions=tuple(_transition(one) for one in lifecycle["transitions"]),
        expire_after_days=None if held else lifecycle.get("expireAfterDays"),
        noncurrent_expire_after_days=None if held else _noncurrent(stated["purpose"], lifecycle),
        abort_incomplete_upload_after_days=lifecycle["abortIncompleteUploadAfterDays"],
        delete_by=None if held else retention.get("deleteBy"),
        object_lock_days=retention.get("objectLockDays"),
        legal_hold=held,
        read_only_teams=tuple(sorted(stated["access"]["readOnlyTeams"])),
        replication=replication(stated),
    )


def replication(stated: Json) -> Replication | None:
    """The field `replication` of a bucket's spec, or of the artifact bucket in the settings of mlflow."""
    one = stated.get("replication")
    if one is None:
        return None
    return Replication(
        bucket=one["bucket"],
        region=one["region"],
        delete_markers=one["deleteMarkers"],
        storage_class=one.get("storageClass"),
    )


def owner(team: Team, stated: Json) -> str | None:
    """Name of the cluster that a bucket's spec names, else the first of its team's; None if the team has none."""
    name: str | None = stated.get("cluster", min(team.clusters, default=None))
    return name


def reference(team: str, text: str) -> tuple[str, str]:
    """Team and short name of a bucket as another spec of `team` names it: `<bucket>` or `<team>/<bucket>`."""
    other, _, name = text.rpartition("/")
    return other or team, name


def find(environment: Environment, team: str, text: str) -> Bucket | None:
    """The bucket that a spec of `team` refers to by `text`; None if there is none."""
    other, name = reference(team, text)
    found = environment.teams.get(other)
    return bucket(environment, found, name) if found and name in found.data["buckets"] else None


def _transition(stated: Json) -> Transition:
    return Transition(after_days=stated["afterDays"], storage_class=stated["storageClass"])


def _noncurrent(purpose: str, lifecycle: Json) -> int | None:
    stated = lifecycle.get("noncurrentExpireAfterDays", NONCURRENT_DAYS[purpose])
    return None if stated == "Never" else stated
