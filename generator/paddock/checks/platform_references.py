"""The hub exists and belongs to one environment, environments have an order, clusters are registered once."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import unknown
from paddock.diagnostics import Note, Problem
from paddock.model import Cluster, Environment, Fleet

IDS = ("unknown-hub", "unknown-environment", "promotion-cycle", "duplicate-cluster")


def check(fleet: Fleet) -> Iterator[Problem]:
    """The platform's own references."""
    yield from _hub(fleet)
    for one in fleet.environments.values():
        yield from _promotion(fleet, one)
    yield from _clusters(fleet)


def _hub(fleet: Fleet) -> Iterator[Problem]:
    name, cluster = fleet.platform.hub
    environment = fleet.environments.get(name)
    if environment is None and ("Environment", name, name) in fleet.unread:
        return
    if environment is None:
        place = fleet.platform.place("argoCD", "hub", "environment")
        yield unknown("unknown-hub", "environment", name, fleet.environments, place)
    elif cluster not in environment.clusters and ("Cluster", name, cluster) not in fleet.unread:
        place = fleet.platform.place("argoCD", "hub", "cluster")
        yield unknown("unknown-hub", "cluster", cluster, environment.clusters, place, where=f' in environment "{name}"')


def _promotion(fleet: Fleet, environment: Environment) -> Iterator[Problem]:
    before = environment.data.get("promotion", {}).get("after")
    place = environment.place("promotion", "after")
    if ("Environment", before, before) in fleet.unread:
        return
    if before is not None and before not in fleet.environments:
        yield unknown("unknown-environment", "environment", before, fleet.environments, place)
        return
    seen = [environment.name]
    while before is not None and before in fleet.environments:
        if before in seen:
            if before == environment.name == min(seen):
                yield Problem(
                    id="promotion-cycle",
                    message=f"promotion goes in a circle: {' after '.join([*seen, before])}",
                    place=place,
                    help="let one environment be the first: remove its promotion.after",
                )
            return
        seen.append(before)
        before = fleet.environments[before].data.get("promotion", {}).get("after")


def _clusters(fleet: Fleet) -> Iterator[Problem]:
    """Two registrations of one API server are unsupported (argo-cd#9606, #15027)."""
    seen: dict[tuple[str, str], Cluster] = {}
    for cluster in fleet.clusters():
        eks = cluster.data["eks"]
        keys = (
            ("name", f"{cluster.account_id}/{cluster.region}/{eks['name']}"),
            *([("endpoint", eks["endpoint"].rstrip("/"))] if cluster.registered else []),
            ("identity", cluster.identity),
        )
        equal = next((key for key in keys if key in seen), None)
        if equal is not None:
            yield _same_cluster(cluster, seen[equal], equal[0])
        for key in keys:
            seen.setdefault(key, cluster)


def _same_cluster(cluster: Cluster, other: Cluster, field: str) -> Problem:
    if field == "identity":
        message = (
            f'two clusters are called "{cluster.identity}": "{cluster.name}" of environment "{cluster.environment}" '
        )
        message += f'and "{other.name}" of "{other.environment}"'
        place, help = cluster.name_place(), "rename one: <environment>-<cluster> is unique over all environments"
        return Problem(id="duplicate-cluster", message=message, place=place, related=(_other(other, field),), help=help)
    return Problem(
        id="duplicate-cluster",
        message=f'cluster "{cluster.identity}" is the EKS cluster of "{other.identity}" again: '
        f"eks.{field} {cluster.data['eks'][field]}",
        place=cluster.place("eks", field),
        related=(_other(other, field),),
        help="remove one of the two: each EKS cluster has one Cluster spec",
    )


def _other(cluster: Cluster, field: str) -> Note:
    place = cluster.name_place() if field == "identity" else cluster.place("eks", field)
    return Note(message=f'cluster "{cluster.identity}"', place=place)
