"""What buckets name exists: their cluster and their readers; and no name is given to two buckets of the platform."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import merged, unknown
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Environment, Fleet, Team

IDS = ("unknown-cluster", "unknown-team", "bucket-name-taken")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each bucket of each team, and the artifact bucket of each MLflow."""
    yield from merged(_references(fleet))
    yield from merged(_names(fleet))


def _references(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            for name, stated in team.data["buckets"].items():
                yield from _cluster(fleet, environment, team, name)
                for index, reader in enumerate(stated["access"]["readOnlyTeams"]):
                    if reader in environment.teams or ("Team", environment.name, reader) in fleet.unread:
                        continue
                    place = team.place("buckets", name, "access", "readOnlyTeams", index)
                    yield unknown("unknown-team", "team", reader, environment.teams, place)


def _cluster(fleet: Fleet, environment: Environment, team: Team, name: str) -> Iterator[Problem]:
    cluster = team.data["buckets"][name].get("cluster")
    if cluster is None or cluster in environment.clusters or ("Cluster", environment.name, cluster) in fleet.unread:
        return
    where = f' in environment "{environment.name}"'
    yield unknown(
        "unknown-cluster", "cluster", cluster, environment.clusters, team.place("buckets", name, "cluster"), where=where
    )


def _names(fleet: Fleet) -> Iterator[Problem]:
    """S3 has one space of bucket names for all accounts and regions (Amazon S3 user guide, bucket naming rules)."""
    seen: dict[str, tuple[str, Place]] = {}
    for name, what, place in _buckets(fleet):
        first = seen.setdefault(name, (what, place))
        if first == (what, place):
            continue
        yield Problem(
            id="bucket-name-taken",
            message=f'{what} has the name "{name}", which {first[0]} has already',
            place=place,
            related=(Note(message=first[0], place=first[1]),),
            help="rename one of them, e.g. with the environment and the team in its name: no two buckets of AWS share "
            "a name",
        )


def _buckets(fleet: Fleet) -> Iterator[tuple[str, str, Place]]:
    """Name, description and place of every bucket there will be.

    A bucket that a base spec names is one in each environment of the team, so it is named with its environment.
    """
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            for name, stated in team.data["buckets"].items():
                if team.clusters:
                    what = f'bucket "{name}" of team "{team.name}" in environment "{environment.name}"'
                    yield stated["name"], what, team.place("buckets", name, "name")
                    if "replication" in stated:
                        place = team.place("buckets", name, "replication", "bucket")
                        yield stated["replication"]["bucket"], f"the replica of {what}", place
        for cluster in environment.clusters.values():
            mlflow = cluster.components.get("mlflow")
            artifacts = mlflow.settings.get("artifacts", {}) if mlflow else {}
            what = f'the artifact bucket of MLflow on cluster "{cluster.identity}"'
            pointer = ("components", "mlflow", "settings", "artifacts")
            if "bucket" in artifacts:
                yield artifacts["bucket"], what, cluster.place(*pointer, "bucket")
            copy = artifacts.get("replication", {})
            if "bucket" in copy:
                yield copy["bucket"], f"the replica of {what}", cluster.place(*pointer, "replication", "bucket")
