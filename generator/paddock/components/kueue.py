"""What Kueue's templates need: flavors, topology and queues of the cluster, and the controller's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock import emit
from paddock.model import Cluster, Fleet, Json, NodePool, Team
from paddock.taints import pool_taints, tolerations

TOPOLOGY = "nodes"
"""Name of the cluster's one Topology."""

# Covered resources stand in this order in every queue, then the others by name.
_ORDER = ("cpu", "memory", "nvidia.com/gpu", "vpc.amazonaws.com/efa")
# What pods of training runs ask for. A requested resource that no queue covers would block every run
# (gpu-platform.md 5.2, "Undeclared resource"), so those without any quota are left out of the count.
_REQUESTED = ("cpu", "memory", "ephemeral-storage", "hugepages-", "vpc.amazonaws.com/efa")


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`topology` (name and levels, or None), `flavors`, `queues`, `priorityClasses` and `configuration` (YAML text)."""
    teams = _teams(fleet, cluster)
    levels = cluster.data.get("topologyLevels", [])
    queues = [_queue(team, cluster, settings) for team in teams]
    domain = fleet.platform.data["labelDomain"]
    return {
        "topology": {"name": TOPOLOGY, "levels": [{"nodeLabel": level} for level in levels]} if levels else None,
        "flavors": [_flavor(pool, domain, topology=bool(levels)) for pool in _pools(cluster, teams)],
        "queues": queues,
        "priorityClasses": [
            {"name": name, **priority} for name, priority in sorted(fleet.platform.data["priorities"].items())
        ],
        "configuration": emit.document(_configuration(fleet, settings, queues)),
    }


def _teams(fleet: Fleet, cluster: Cluster) -> list[Team]:
    """Teams with Kueue quota on the cluster."""
    teams = fleet.environments[cluster.environment].teams_on(cluster.name)
    return [team for team in teams if _quotas(team, cluster)]


def _quotas(team: Team, cluster: Cluster) -> dict[str, Mapping[str, Json]]:
    """A team's quota by flavor, without flavors that are no node pool (a check reports those)."""
    flavors: Mapping[str, Json] = team.clusters[cluster.name]["flavors"]
    return {name: flavors[name] for name in sorted(flavors) if name in cluster.node_pools}


def _pools(cluster: Cluster, teams: list[Team]) -> list[NodePool]:
    """The node pools that are flavors: every GPU pool, and every other one that some team has quota in."""
    named = {flavor for team in teams for flavor in _quotas(team, cluster)}
    return [pool for name, pool in cluster.node_pools.items() if pool.gpu_model or name in named]


def _flavor(pool: NodePool, domain: str, *, topology: bool) -> dict[str, Json]:
    """All tolerations stand here, because a flavor's replace those of a TrainJob's runtime (kueue#15161)."""
    return {
        "name": pool.name,
        "nodeLabels": {f"{domain}/pool": pool.name},
        "tolerations": tolerations(pool_taints(pool)),
        "topologyName": TOPOLOGY if topology and pool.data["topology"] else None,
    }


def _queue(team: Team, cluster: Cluster, settings: Mapping[str, Json]) -> dict[str, Json]:
    quotas = _quotas(team, cluster)
    resources = sorted({name for quota in quotas.values() for name in quota}, key=_rank)
    preemption = settings["preemption"]
    return {
        "name": team.name,
        "coveredResources": resources,
        # Each flavor lists exactly the covered resources in their order, or the webhook refuses the queue.
        "flavors": [
            {
                "name": flavor,
                "resources": [{"name": name, **quota.get(name, {"nominalQuota": "0"})} for name in resources],
            }
            for flavor, quota in quotas.items()
        ],
        "preemption": {
            "withinClusterQueue": preemption["withinClusterQueue"],
            "reclaimWithinCohort": preemption["reclaimWithinCohort"],
            "borrowWithinCohort": {"policy": preemption["borrowWithinCohort"]},
        },
    }


def _rank(resource: str) -> tuple[int, str]:
    return (_ORDER.index(resource) if resource in _ORDER else len(_ORDER), resource)


def _configuration(fleet: Fleet, settings: Mapping[str, Json], queues: list[dict[str, Json]]) -> dict[str, Any]:
    """The whole Configuration (config.kueue.x-k8s.io/v1beta2): it replaces the chart's default completely.

    Ports, leader election and concurrency are the chart's own (kueue 0.19.2, values.yaml).
    """
    covered = {name for queue in queues for name in queue["coveredResources"]}
    excluded = [prefix for prefix in _REQUESTED if not any(name.startswith(prefix) for name in covered)]
    ready = settings["waitForPodsReady"]
    configuration: dict[str, Any] = {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": ":8081"},
        "metrics": {"bindAddress": ":8443", "enableClusterQueueResources": True},
        "webhook": {"port": 9443},
        "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        "controller": {
            "groupKindConcurrency": {
                "Job.batch": 5,
                "Pod": 5,
                "Workload.kueue.x-k8s.io": 10,
                "LocalQueue.kueue.x-k8s.io": 5,
                "ClusterQueue.kueue.x-k8s.io": 5,
                "ResourceFlavor.kueue.x-k8s.io": 1,
            }
        },
        "clientConnection": {"qps": 300, "burst": 500},
        "manageJobsWithoutQueueName": settings["manageJobsWithoutQueueName"],
        "managedJobsNamespaceSelector": {"matchExpressions": _managed_namespaces(fleet)},
        "waitForPodsReady": {
            "timeout": ready["timeout"],
            "recoveryTimeout": ready["recoveryTimeout"],
            "blockAdmission": ready["blockAdmission"],
            "requeuingStrategy": {
                "timestamp": "Eviction",
                "backoffLimitCount": ready["backoffLimitCount"],
                "backoffBaseSeconds": 60,
                "backoffMaxSeconds": 3600,
            },
        },
        "integrations": {"frameworks": settings["frameworks"]},
    }
    if settings["fairSharing"]:
        strategies = ["LessThanOrEqualToFinalShare", "LessThanInitialShare"]
        configuration["fairSharing"] = {"preemptionStrategies": strategies}
    if excluded:
        configuration["resources"] = {"excludeResourcePrefixes": excluded}
    if settings["retainFinished"]:
        configuration["objectRetentionPolicies"] = {"workloads": {"afterFinished": settings["retainFinished"]}}
    return configuration


def _managed_namespaces(fleet: Fleet) -> list[dict[str, Json]]:
    """Every namespace but the system's: those of the platform carry the label team: platform."""
    system = sorted({"kube-system", "kueue-system", fleet.platform.argocd_namespace})
    return [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": system},
        {"key": "team", "operator": "NotIn", "values": ["platform"]},
    ]
