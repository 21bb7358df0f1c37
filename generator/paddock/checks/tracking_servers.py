"""MLflow keeps teams apart: workspaces that bear their names, artifacts of its own, rights that do not add up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from paddock import tracking
from paddock.diagnostics import Note, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Team

IDS = ("unusable-workspace-name", "shared-artifact-root", "readers-may-write")

# mlflow 3.15, store/workspace/abstract_store.py (WorkspaceNameValidator) and utils/workspace_utils.py; a team's name is
# a DNS label already.
_RESERVED = ("ajax-api", "api", "default", "static-files", "workspaces")


class _Server(NamedTuple):
    cluster: Cluster
    settings: Json


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each MLflow of the fleet, those of two environments too: names of buckets are the same for all of AWS."""
    servers = [
        _Server(cluster, cluster.components[tracking.COMPONENT].settings)
        for cluster in fleet.clusters()
        if tracking.COMPONENT in cluster.components and cluster.components[tracking.COMPONENT].valid
    ]
    for one in servers:
        yield from _rights(one)
    for first, second in combinations(servers, 2):
        yield from _artifacts(first, second)
    yield from _names(fleet)


def _names(fleet: Fleet) -> Iterator[Problem]:
    """One finding for each team, in the first environment that has an MLflow for it."""
    seen: set[str] = set()
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            if team.name not in seen and _unusable(team.name) and _has_workspace(environment, team):
                seen.add(team.name)
                yield Problem(
                    id="unusable-workspace-name",
                    message=f'team "{team.name}" cannot have a workspace of its name in MLflow: {_unusable(team.name)}',
                    place=team.name_place(),
                    help="rename the team, or switch off workspaces of MLflow, which keep teams apart",
                )


def _unusable(name: str) -> str:
    """Why MLflow refuses a workspace of this name; empty if it does not."""
    if name in _RESERVED:
        return "the name is reserved"
    if len(name) < 2:
        return "a name has two characters at least"
    return "a name has no two hyphens in a row" if "--" in name else ""


def _has_workspace(environment: Environment, team: Team) -> bool:
    clusters = [environment.clusters[name] for name in team.clusters if name in environment.clusters]
    return any(tracking.team_server(environment, one) is not None for one in clusters)


def _rights(server: _Server) -> Iterator[Problem]:
    """MLflow gives the higher of a role's permission and the default one (mlflow 3.15, server/auth/__init__.py)."""
    settings, cluster = server.settings, server.cluster
    default = settings["defaultPermission"]
    if settings["workspaces"] and settings["otherTeams"] == "READ" and default in ("EDIT", "MANAGE"):
        yield Problem(
            id="readers-may-write",
            message=f'otherTeams is READ in MLflow of cluster "{cluster.identity}", and with defaultPermission '
            f"{default} teams may change what others have",
            place=cluster.place("components", tracking.COMPONENT, "settings", "defaultPermission"),
            related=(
                Note(
                    message="otherTeams is READ",
                    place=cluster.place("components", tracking.COMPONENT, "settings", "otherTeams"),
                ),
            ),
            help="set defaultPermission to READ or NO_PERMISSIONS: a team may edit its own workspace anyway",
        )


def _artifacts(first: _Server, second: _Server) -> Iterator[Problem]:
    """Both number experiments from 1, so that one writes over what the other has. One database is one MLflow."""
    if _database(first.settings) == _database(second.settings):
        return
    one, other = first.settings["artifacts"], second.settings["artifacts"]
    if one["bucket"] != other["bucket"] or not _overlap(one["path"], other["path"]):
        return
    yield Problem(
        id="shared-artifact-root",
        message=f'MLflow of cluster "{second.cluster.identity}" keeps artifacts in {_root(other)}, and that of '
        f'"{first.cluster.identity}" in {_root(one)}: they write over each other',
        place=second.cluster.place("components", tracking.COMPONENT, "settings", "artifacts"),
        related=(
            Note(
                message=f'MLflow of cluster "{first.cluster.identity}"',
                place=first.cluster.place("components", tracking.COMPONENT, "settings", "artifacts"),
            ),
        ),
        help="give each MLflow a bucket, or at least a path, of its own",
    )


def _database(settings: Json) -> tuple[Json, ...]:
    stated = settings["database"]
    return stated["host"], stated["port"], stated["name"]


def _overlap(one: str, other: str) -> bool:
    """Whether a path is the other or lies below it."""
    parts, others = (path.strip("/").split("/") for path in (one, other))
    shorter = min(len(parts), len(others))
    return parts[:shorter] == others[:shorter]


def _root(artifacts: Json) -> str:
    return f"s3://{artifacts['bucket']}/{artifacts['path'].strip('/')}"
