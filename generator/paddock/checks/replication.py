"""Replicas of buckets that S3 would refuse, or that would be lost together with their source."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import buckets
from paddock.arns import partition
from paddock.buckets import Replication
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Environment, Fleet, Team

IDS = ("replication-without-versioning", "replica-in-same-region", "replica-in-other-partition")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each bucket of each team, and the artifact bucket of each MLflow."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            for name in team.data["buckets"]:
                yield from _team(environment, team, name)
        for cluster in environment.clusters.values():
            mlflow = cluster.components.get("mlflow")
            copy = buckets.replication(mlflow.settings["artifacts"]) if mlflow and mlflow.valid else None
            if copy is not None:
                pointer = ("components", "mlflow", "settings", "artifacts", "replication", "region")
                what = f'the artifact bucket of MLflow on cluster "{cluster.identity}"'
                yield from _region(what, copy, cluster.region, cluster.place(*pointer))


def _team(environment: Environment, team: Team, name: str) -> Iterator[Problem]:
    bucket = buckets.bucket(environment, team, name)
    if bucket.replication is None:
        return
    what = f'bucket "{name}" of team "{team.name}" in environment "{environment.name}"'
    if not bucket.versioning:
        yield Problem(
            id="replication-without-versioning",
            message=f"{what} is replicated, but has no versioning",
            place=team.place("buckets", name, "replication", key=True),
            related=(Note(message="versioning", place=team.place("buckets", name, "versioning")),),
            help="set versioning: true: S3 replicates versions",
        )
    if bucket.region is not None:
        place = team.place("buckets", name, "replication", "region")
        yield from _region(what, bucket.replication, bucket.region, place)


def _region(what: str, copy: Replication, region: str, place: Place) -> Iterator[Problem]:
    if copy.region == region:
        yield Problem(
            id="replica-in-same-region",
            message=f'{what} lies in {region}, and so would its replica "{copy.bucket}"',
            place=place,
            help="name another region: versions already protect within one",
        )
    elif partition(copy.region) != partition(region):
        yield Problem(
            id="replica-in-other-partition",
            message=f"{what} lies in {region} (partition {partition(region)}), from which S3 cannot replicate to "
            f"{copy.region} (partition {partition(copy.region)})",
            place=place,
            help=f"name a region of the partition {partition(region)}",
        )
