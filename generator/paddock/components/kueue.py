"""What Kueue's templates need: flavors, topology and queues of the cluster, and the controller's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paddock import emit, multikueue
from paddock.components import kueue_multikueue
from paddock.components.kueue_cohorts import Quotas, cohort_of, cohorts, covered, known, resource_groups
from paddock.devices import EFA, GPU
from paddock.model import Cluster, ComponentUse, Fleet, Json, NodePool, Team
from paddock.taints import pool_taints, tolerations

TOPOLOGY = "nodes"
"""Name of the cluster's one Topology."""

DEVICE_CLASSES = {GPU: "gpu.nvidia.com"}
"""Device classes by the resource as which Kueue counts their claims. It is the class's own extendedResourceName (chart
dra-driver-nvidia-gpu 0.4.1): another one would count a GPU twice where the scheduler makes the claim by itself (Kueue
0.19, "Dynamic Resource Allocation", path separation). So quota stays as it is, whichever way pods get their GPUs."""

# What pods of training runs ask for. A requested resource that no queue covers would block every run
# (gpu-platform.md 5.2, "Undeclared resource"), so those without any quota are left out of the count.
_REQUESTED = ("cpu", "memory", "ephemeral-storage", "hugepages-", EFA)


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`topology` (name and levels, or None), `flavors`, `cohorts`, `queues`, `priorityClasses` and `configuration`,
    which is YAML text; and of MultiKueue `workers`, `secrets`, `dispatchQueues` and `managers`."""
    use = ComponentUse(name=multikueue.COMPONENT, settings=settings)
    cluster = replace(cluster, components={**cluster.components, use.name: use})
    teams = _teams(fleet, cluster)
    environment = fleet.environments[cluster.environment]
    remote = kueue_multikueue.flavors(environment, cluster)
    levels = cluster.data.get("topologyLevels", [])
    domain = fleet.platform.data["labelDomain"]
    return {
        "topology": {"name": TOPOLOGY, "levels": [{"nodeLabel": level} for level in levels]} if levels else None,
        "flavors": [
            *(_flavor(pool, domain, topology=bool(levels)) for pool in _pools(cluster, teams, settings, remote)),
            *(_remote_flavor(name, domain) for name in sorted(remote - cluster.node_pools.keys())),
        ],
        "cohorts": cohorts(cluster, settings),
        "queues": [_queue(team, cluster, settings) for team in teams],
        "priorityClasses": [
            {"name": name, **priority} for name, priority in sorted(fleet.platform.data["priorities"].items())
        ],
        "configuration": emit.document(
            _configuration(
                fleet,
                cluster,
                settings,
                _covered_resources(fleet, cluster, teams, settings),
                claims=any(pool.dra for pool in cluster.node_pools.values()),
            )
        ),
        **kueue_multikueue.manager(environment, cluster, settings["preemption"]),
        "managers": kueue_multikueue.access(environment, cluster),
    }


def _teams(fleet: Fleet, cluster: Cluster) -> list[Team]:
    """Teams with Kueue quota on the cluster."""
    teams = fleet.environments[cluster.environment].teams_on(cluster.name)
    return [team for team in teams if _quotas(team, cluster)]


def _quotas(team: Team, cluster: Cluster) -> Quotas:
    return known(team.clusters[cluster.name]["flavors"], cluster)


def _shared(cluster: Cluster, settings: Mapping[str, Json]) -> list[Quotas]:
    """Quota of the cohorts themselves."""
    return [known(cohort["flavors"], cluster) for cohort in settings["cohorts"].values()]


def _pools(cluster: Cluster, teams: list[Team], settings: Mapping[str, Json], remote: set[str]) -> list[NodePool]:
    """The node pools that are flavors: every GPU pool, and every other one in which a team or cohort has quota, or a
    queue of MultiKueue, whose pools are those of its workers."""
    stated = [*(_quotas(team, cluster) for team in teams), *_shared(cluster, settings)]
    named = {flavor for quotas in stated for flavor in quotas} | remote
    return [pool for name, pool in cluster.node_pools.items() if pool.gpu_model or name in named]


def _remote_flavor(name: str, domain: str) -> dict[str, Json]:
    """A pool that only workers have: the manager counts its quota, and no pod ever starts on it."""
    return {"name": name, "nodeLabels": {f"{domain}/pool": name}, "tolerations": [], "topologyName": None}


def _covered_resources(fleet: Fleet, cluster: Cluster, teams: list[Team], settings: Mapping[str, Json]) -> set[str]:
    """The resources that some queue or cohort has quota of."""
    environment = fleet.environments[cluster.environment]
    sent = [kueue_multikueue.quotas(environment, cluster, one) for one in multikueue.queues(cluster)]
    stated = [*(_quotas(team, cluster) for team in teams), *_shared(cluster, settings), *sent]
    return {name for quotas in stated for name in covered(quotas)}


def _flavor(pool: NodePool, domain: str, *, topology: bool) -> dict[str, Json]:
    """All tolerations stand here, because a flavor's replace those of a TrainJob's runtime (kueue#15161)."""
    return {
        "name": pool.name,
        "nodeLabels": {f"{domain}/pool": pool.name},
        "tolerations": tolerations(pool_taints(pool)),
        "topologyName": TOPOLOGY if topology and pool.data["topology"] else None,
    }


def _queue(team: Team, cluster: Cluster, settings: Mapping[str, Json]) -> dict[str, Json]:
    use, preemption = team.clusters[cluster.name], settings["preemption"]
    return {
        "name": team.name,
        "cohortName": cohort_of(team, cluster),
        "weight": use["weight"],
        "stopPolicy": use["stopPolicy"],
        "flavorFungibility": settings["flavorFungibility"],
        "preemption": {
            "withinClusterQueue": preemption["withinClusterQueue"],
            "reclaimWithinCohort": preemption["reclaimWithinCohort"],
            "borrowWithinCohort": preemption["borrowWithinCohort"],
        },
        "resourceGroups": resource_groups(_quotas(team, cluster)),
    }


def uncounted(quota: set[str]) -> list[str]:
    """Prefixes of resources that Kueue does not count on a cluster, of the resources that have quota there."""
    return [prefix for prefix in _REQUESTED if not any(name.startswith(prefix) for name in quota)]


def _configuration(
    fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], quota: set[str], *, claims: bool
) -> dict[str, Any]:
    """The whole Configuration (config.kueue.x-k8s.io/v1beta2): it replaces the chart's default completely.

    Ports, leader election and concurrency are the chart's own (kueue 0.19.2, values.yaml).
    """
    excluded = uncounted(quota)
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
    remote = kueue_multikueue.configuration(cluster)
    if remote is not None:
        configuration["multiKueue"] = remote
    if claims:
        mappings = [{"name": name, "deviceClassNames": [one]} for name, one in sorted(DEVICE_CLASSES.items())]
        configuration.setdefault("resources", {})["deviceClassMappings"] = mappings
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
