"""MLflow keeps teams apart: workspaces that bear their names, databases of its own, rights that do not add up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from paddock import tracking
from paddock.diagnostics import Note, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Team
from paddock.wording import quoted

IDS = ("unusable-workspace-name", "shared-tracking-database", "readers-may-write")

# mlflow 3.15, store/workspace/abstract_store.py (WorkspaceNameValidator) and utils/workspace_utils.py; a team's name is
# a DNS label already.
_RESERVED = ("ajax-api", "api", "default", "static-files", "workspaces")


class _Server(NamedTuple):
    cluster: Cluster
    settings: Json


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each MLflow of the fleet, and each two, those of two environments too."""
    servers = [
        _Server(cluster, cluster.components[tracking.COMPONENT].settings)
        for cluster in fleet.clusters()
        if tracking.COMPONENT in cluster.components and cluster.components[tracking.COMPONENT].valid
    ]
    for one in servers:
        yield from _rights(one)
    for first, second in combinations(servers, 2):
        yield from _database(first, second)
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


def _database(first: _Server, second: _Server) -> Iterator[Problem]:
    """What one writes, the other shows, but its artifacts lie in a bucket that the other does not read."""
    one, other = first.settings["database"], second.settings["database"]
    shared = [name for name in ("name", "authName") if _same(one, other, name)]
    if shared:
        databases = quoted((other[name] for name in shared), link=" and ")
        yield Problem(
            id="shared-tracking-database",
            message=f'MLflow of cluster "{second.cluster.identity}" uses {databases} on {other["host"]}, as that of '
            f'"{first.cluster.identity}" does',
            place=second.cluster.place("components", tracking.COMPONENT, "settings", "database"),
            related=(
                Note(
                    message=f'MLflow of cluster "{first.cluster.identity}"',
                    place=first.cluster.place("components", tracking.COMPONENT, "settings", "database"),
                ),
            ),
            help="give each MLflow databases of its own; a cluster without MLflow uses that of its environment",
        )


def _same(one: Json, other: Json, name: str) -> bool:
    return all(one[key] == other[key] for key in ("host", "port", name))
