"""The tree of Kueue's cohorts on a cluster, and the resource groups that cohorts and queues have in common."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.devices import EFA, GPU
from paddock.model import Cluster, Json, Team

Quotas = Mapping[str, Mapping[str, Json]]
"""Quota (nominalQuota and limits) by flavor and resource."""

# Covered resources stand in this order in every group, then the others by name.
_ORDER = ("cpu", "memory", GPU, EFA)


def settings_of(cluster: Cluster) -> Mapping[str, Json] | None:
    """Kueue's settings on a cluster; None where it does not run or its settings have a finding."""
    use = cluster.components.get("kueue")
    return use.settings if use and use.valid else None


def cohorts(cluster: Cluster, settings: Mapping[str, Json]) -> list[dict[str, Json]]:
    """`name`, `parentName` (None for the root), `weight` and `resourceGroups` of each cohort, by name.

    The root has the cluster's name and is always there; a cohort that states no parent is below it.
    """
    stated: Mapping[str, Json] = {cluster.name: {"weight": "1", "flavors": {}}, **settings["cohorts"]}
    return [
        {
            "name": name,
            "parentName": parent(name, cluster, settings),
            "weight": cohort["weight"],
            "resourceGroups": resource_groups(known(cohort["flavors"], cluster)),
        }
        for name, cohort in sorted(stated.items())
    ]


def parent(name: str, cluster: Cluster, settings: Mapping[str, Json]) -> str | None:
    """The cohort above a cohort; None for the root."""
    stated: str | None = settings["cohorts"].get(name, {}).get("parent")
    return stated if stated or name == cluster.name else cluster.name


def cohort_of(team: Team, cluster: Cluster) -> str:
    """The cohort of a team's queue on a cluster."""
    return str(team.clusters[cluster.name].get("cohort", cluster.name))


def known(quotas: Quotas, cluster: Cluster) -> Quotas:
    """Quota by flavor in order, without flavors that are no node pool (a check reports those)."""
    return {name: quotas[name] for name in sorted(quotas) if name in cluster.node_pools}


def resource_groups(quotas: Quotas) -> list[dict[str, Json]]:
    """One group of all flavors, so that a run gets all it asks for from one node pool; none without quota.

    Each flavor lists exactly the covered resources in their order, or the webhook refuses it (gpu-platform.md 5.1).
    """
    resources = covered(quotas)
    if not resources:
        return []
    flavors = [
        {
            "name": flavor,
            "resources": [{"name": name, **quota.get(name, {"nominalQuota": "0"})} for name in resources],
        }
        for flavor, quota in quotas.items()
    ]
    return [{"coveredResources": resources, "flavors": flavors}]


def covered(quotas: Quotas) -> list[str]:
    """The resources that some flavor has quota of, in the order of a resource group."""
    return sorted({name for quota in quotas.values() for name in quota}, key=_rank)


def _rank(resource: str) -> tuple[int, str]:
    return (_ORDER.index(resource) if resource in _ORDER else len(_ORDER), resource)
