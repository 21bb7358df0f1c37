"""What runs in a workload's pods: image, variables, resources, the nodes they may run on, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.devices import EFA, GPU
from paddock.instances import instances
from paddock.model import Cluster, Fleet, Json, NodePool, Workload
from paddock.taints import pool_taints, tolerations
from paddock.workloads.companions import secret_name

ARCHITECTURE = "kubernetes.io/arch"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
"""Label of the nodes that Karpenter makes (gpu-platform.md 3.3); those of managed node groups do not have it."""
DEVICE_CLASS = "gpu.nvidia.com"
"""The DeviceClass of whole GPUs, which comes with the chart of the DRA driver (dra-driver-nvidia-gpu 0.4.1)."""
CLAIM = "gpus"
"""Name of a pod's claim, by which its container refers to it."""
# Huge pages of a pod with EFA interfaces: EKS user guide, node-efa (facts: gpu-platform.md 3.5).
HUGE_PAGES = {"hugepages-2Mi": "5120Mi"}


def variables(workload: Workload, ours: Mapping[str, Json]) -> list[Json]:
    """Environment variables sorted by name, each once: where the workload names one of ours, the workload's wins.

    A value of ours is a text, or `name` and `key` of a Secret of the team's namespace.
    """
    stated: Mapping[str, Json] = {**ours, **workload.data["env"]}
    return [_variable(workload, name, value) for name, value in sorted(stated.items())]


def _variable(workload: Workload, name: str, value: Json) -> Json:
    if isinstance(value, str):
        return {"name": name, "value": value}
    name_of = secret_name(workload, value["secret"]) if "secret" in value else value["name"]
    reference = {"name": name_of, "key": value["key"]}
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def resources(cluster: Cluster, workload: Workload) -> dict[str, Json]:
    """Requests and limits of one node (training) or one replica.

    Extended resources and huge pages stand in limits only: their requests are always equal (gpu-platform.md 5.3).
    Where GPUs are claimed, the claim stands in their place.
    """
    stated = workload.data["resources"]
    requests = {"cpu": stated["cpu"], "memory": stated["memory"]}
    limits = {"memory": stated["memory"]}
    if "ephemeralStorage" in stated:
        requests["ephemeral-storage"] = stated["ephemeralStorage"]
    claimed = device_claim(cluster, workload) is not None
    if "gpu" in stated and not claimed:
        limits[GPU] = str(stated["gpu"]["count"])
    interfaces = efa_interfaces(cluster, workload)
    if interfaces:
        limits |= {EFA: str(interfaces), **HUGE_PAGES}
    claims = {"claims": [{"name": CLAIM}]} if claimed else {}
    return {"requests": dict(sorted(requests.items())), "limits": dict(sorted(limits.items())), **claims}


def device_claim(cluster: Cluster, workload: Workload) -> dict[str, Json] | None:
    """The ResourceClaimTemplate of a workload whose pools claim their GPUs, and what its pods say of it; else None.

    `template` is its name: its spec is immutable (resource.k8s.io/v1), so the number of GPUs stands in it. `requests`
    are its requests, one that Kueue can count: `exactly`, by number, without constraints (Kueue 0.19, "Dynamic Resource
    Allocation", limitations). `pod` is the pod's `resourceClaims`.
    """
    gpu = workload.data["resources"].get("gpu")
    chosen = pools(cluster, workload)
    if gpu is None or not chosen or not all(pool.dra for pool in chosen):
        return None
    template = f"{workload.name}-{CLAIM}-{gpu['count']}"
    exactly = {"allocationMode": "ExactCount", "count": gpu["count"], "deviceClassName": DEVICE_CLASS}
    return {
        "template": template,
        "requests": [{"name": CLAIM, "exactly": exactly}],
        "pod": [{"name": CLAIM, "resourceClaimTemplateName": template}],
    }


def efa_interfaces(cluster: Cluster, workload: Workload) -> int:
    """EFA interfaces of a node of the workload: the smallest number of its pools' instance types that can hold it.

    0 without `resources.efa`, and where no type of the pools is known to have both EFA and the GPUs asked for.
    """
    stated = workload.data["resources"]
    if not stated["efa"]:
        return 0
    known = [
        instances()[name]
        for pool in pools(cluster, workload)
        for name in pool.data["instanceTypes"]
        if name in instances()
    ]
    wanted = stated["gpu"]["count"] if "gpu" in stated else 0
    return min((one.efa_interfaces for one in known if one.efa_interfaces and one.gpu_count >= wanted), default=0)


def pools(cluster: Cluster, workload: Workload) -> list[NodePool]:
    """The node pools a workload may run on: the one it names, else those with its GPU model; empty means any node.

    A pod either asks for GPUs or claims them, so never both kinds of pools: claims only where no other pool is left.
    """
    stated = workload.data.get("pool")
    if stated is not None:
        return [cluster.node_pools[stated]]
    wanted = workload.data["resources"]
    if "gpu" not in wanted:
        return []
    found = [pool for pool in cluster.node_pools.values() if pool.gpu_model == wanted["gpu"]["model"]]
    fitting = [pool for pool in found if not pool.shared_gpus and (pool.efa or not wanted["efa"])]
    return [pool for pool in fitting if not pool.dra] or fitting


UNCONSTRAINED = {"kueue.x-k8s.io/podset-unconstrained-topology": "true"}


def anywhere(cluster: Cluster, workload: Workload) -> dict[str, str]:
    """The annotation of pods that do not care for topology, and may only run on pools that have it: without one Kueue
    gives them no flavor of these, for ever (0.19.2, pkg/scheduler/flavorassigner/tas_flavorassigner.go), unless the
    whole queue has no other."""
    chosen = pools(cluster, workload) if cluster.data.get("topologyLevels") else []
    everywhere = bool(chosen) and all(pool.data["topology"] for pool in chosen)
    return UNCONSTRAINED if everywhere and "topology" not in workload.data and "queue" in workload.data else {}


def placement(fleet: Fleet, cluster: Cluster, workload: Workload) -> dict[str, Json]:
    """`nodeSelector`, `affinity` and `tolerations` of a pod; None where there is nothing to say."""
    label = f"{fleet.platform.data['labelDomain']}/pool"
    chosen = pools(cluster, workload)
    names = sorted(pool.name for pool in chosen)
    wanted = {
        ARCHITECTURE: sorted(workload.data.get("architectures", ())),
        CAPACITY_TYPE: sorted(workload.data.get("capacityTypes", ())),
        label: names if len(names) > 1 else [],
    }
    terms = [{"key": key, "operator": "In", "values": values} for key, values in sorted(wanted.items()) if values]
    selector = {"nodeSelectorTerms": [{"matchExpressions": terms}]}
    required = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": selector}}
    return {
        "nodeSelector": {label: names[0]} if len(names) == 1 else None,
        "affinity": required if terms else None,
        "tolerations": tolerations([taint for pool in chosen for taint in pool_taints(pool)]) or None,
    }


def priority_class(fleet: Fleet, cluster: Cluster, workload: Workload) -> str | None:
    """The PriorityClass of the pods of a workload's type; None where there is none or the cluster has no classes."""
    if "priority-classes" not in cluster.components:
        return None
    classes: Mapping[str, Json] = fleet.platform.data["priorityClasses"]
    return next((name for name, one in sorted(classes.items()) if workload.type in one["workloads"]), None)


def replicas(workload: Workload) -> tuple[int, int]:
    """Least and greatest number of replicas. A range begins at 1: the HorizontalPodAutoscaler does not go to 0."""
    stated = workload.data["replicas"]
    low = stated["min"]
    high = max(low, stated.get("max", low))
    return (max(1, low), high) if high > low else (low, high)


def security_context(*, locks_memory: bool) -> dict[str, Json]:
    """A container without privileges. EFA pins the memory it sends from: IPC_LOCK (gpu-platform.md 6.2)."""
    capabilities: dict[str, Json] = {"drop": ["ALL"]}
    if locks_memory:
        capabilities["add"] = ["IPC_LOCK"]
    return {"allowPrivilegeEscalation": False, "capabilities": capabilities}
