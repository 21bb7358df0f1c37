"""What everything on GPU nodes has in common: which nodes, tolerations, shared GPUs, labels of pods on metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paddock import emit
from paddock.devices import GPU
from paddock.model import Cluster, Fleet, Json, NodePool
from paddock.taints import GPU_TAINT, pool_taints, tolerations

_UNSHARED = "exclusive"
_GPU = {"key": GPU_TAINT["key"], "operator": "Exists", "effect": GPU_TAINT["effect"]}


def every_toleration(pools: Iterable[NodePool]) -> list[dict[str, str]]:
    """Tolerations of all taints of some pools; that of nvidia.com/gpu whatever its value."""
    taints = [taint for pool in pools for taint in pool_taints(pool) if taint != GPU_TAINT]
    return [_GPU, *tolerations(taints)]


def gpu_pools(cluster: Cluster) -> list[NodePool]:
    """The cluster's pools with GPUs, by name."""
    return [pool for pool in cluster.node_pools.values() if pool.gpu_model]


def on_pools(fleet: Fleet, pools: Iterable[NodePool]) -> dict[str, Json]:
    """Affinity to the nodes of some pools, of none if there are none: an empty list would be an invalid affinity."""
    key = f"{fleet.platform.data['labelDomain']}/pool"
    # No pool's name has an underscore.
    names = [pool.name for pool in pools] or ["no_such_pool"]
    terms = [{"matchExpressions": [{"key": key, "operator": "In", "values": names}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def pod_labels(fleet: Fleet) -> list[str]:
    """Regular expressions of pod labels on metrics. Few labels with few values: each pair is a series for each GPU
    (gpu-platform.md 4.1)."""
    domain = fleet.platform.data["labelDomain"].replace(".", r"\.")
    return [r"^kueue\.x-k8s\.io/queue-name$", rf"^{domain}/workload$", "^team$"]


def sharing(slices: Mapping[str, Json]) -> dict[str, Json] | None:
    """`default` and `data`: a configuration of the device plugin (api/config/v1) for each name. A node takes the one
    that its label nvidia.com/device-plugin.config names. None without any."""
    if not slices:
        return None
    data = {_UNSHARED: emit.document({"version": "v1"})}
    for name, slicing in sorted(slices.items()):
        resource = {"name": GPU, "replicas": slicing["replicas"]}
        sharing = {
            "renameByDefault": slicing["renameByDefault"],
            "failRequestsGreaterThanOne": True,
            "resources": [resource],
        }
        data[name] = emit.document({"version": "v1", "sharing": {"timeSlicing": sharing}})
    return {"default": _UNSHARED, "data": data}
