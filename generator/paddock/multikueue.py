"""MultiKueue: queues of a manager cluster whose runs go to worker clusters of the same environment.

What a queue says is read here once; the clusters on which a workload's pods run follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paddock.model import Cluster, Environment, Json

COMPONENT = "kueue"
CONTROLLER = "kueue.x-k8s.io/multikueue"
"""Name of Kueue's controller, of AdmissionChecks as of spec.managedBy (apis/kueue/v1beta2/multikueue_types.go)."""

NAMESPACE = "kueue-system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of a team whose runs are sent away; `workers` in the order in which they are asked."""

    name: str
    team: str
    workers: tuple[str, ...]


def stated(cluster: Cluster) -> Mapping[str, Json]:
    """The settings `multiKueue` of a cluster; empty where Kueue does not run or its settings have a finding."""
    use = cluster.components.get(COMPONENT)
    found: Mapping[str, Json] = use.settings.get("multiKueue", {}) if use and use.valid else {}
    return found


def queues(cluster: Cluster) -> list[Queue]:
    """The queues of a manager by name. One that names no workers has all of them, by name."""
    settings = stated(cluster)
    every = sorted(settings.get("workers", {}))
    return [
        Queue(name=name, team=queue["team"], workers=tuple(queue.get("workers", every)))
        for name, queue in sorted(settings.get("queues", {}).items())
    ]


def team_queues(cluster: Cluster, team: str) -> list[Queue]:
    """The queues of a manager that belong to a team."""
    return [queue for queue in queues(cluster) if queue.team == team]


def workers(clusters: Mapping[str, Cluster], manager: Cluster, queue: Queue) -> list[Cluster]:
    """The workers of a queue that exist in the environment; a check reports the others."""
    named = dict.fromkeys(queue.workers)
    return [clusters[name] for name in named if name in clusters and name != manager.name]


def dispatch(clusters: Mapping[str, Cluster], team: str, data: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """For each manager that a workload names and from which its queue sends runs away: the workers, in order."""
    name = data.get("queue", {}).get("name")
    found: dict[str, tuple[str, ...]] = {}
    for manager in (clusters[one] for one in data["clusters"] if one in clusters):
        for queue in team_queues(manager, team):
            if queue.name == name:
                found[manager.name] = tuple(one.name for one in workers(clusters, manager, queue))
    return found


def managers(environment: Environment, worker: Cluster) -> list[tuple[Cluster, list[Queue]]]:
    """The managers that send runs to a cluster, each with the queues that do."""
    found = []
    for manager in environment.clusters.values():
        mine = [queue for queue in queues(manager) if worker in workers(environment.clusters, manager, queue)]
        if mine:
            found.append((manager, mine))
    return found


def account(manager: Cluster) -> str:
    """The service account of a manager on its workers, and the ClusterRole by which it watches."""
    return f"multikueue-{manager.name}"


def dispatch_role(manager: Cluster) -> str:
    """The ClusterRole by which a manager makes and deletes runs, in namespaces of teams that it sends runs of."""
    return f"multikueue-{manager.name}-dispatch"
