"""What the GPU operator's templates need: tolerations for every pool, pod labels on metrics, and shared GPUs."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import emit
from paddock.model import Cluster, Fleet, Json
from paddock.taints import GPU_TAINT, pool_taints, tolerations

_UNSHARED = "exclusive"
# The chart's own tolerations, which ours replace (gpu-operator v26.7.0, values.yaml).
_GPU = {"key": GPU_TAINT["key"], "operator": "Exists", "effect": GPU_TAINT["effect"]}
_CONTROL_PLANE = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Equal",
    "value": "",
    "effect": "NoSchedule",
}


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`tolerations` and `workerTolerations` (of Node Feature Discovery), `podLabels` (regular expressions) and
    `sharing` (configuration of the device plugin, or None)."""
    taints = [taint for pool in cluster.node_pools.values() for taint in pool_taints(pool) if taint != GPU_TAINT]
    found = [_GPU, *tolerations(taints)]
    domain = fleet.platform.data["labelDomain"].replace(".", r"\.")
    return {
        "tolerations": found,
        "workerTolerations": [_CONTROL_PLANE, *found],
        # Few labels with few values: each pair is a series for each GPU (gpu-platform.md 4.1).
        "podLabels": [r"^kueue\.x-k8s\.io/queue-name$", rf"^{domain}/workload$", "^team$"],
        "sharing": _sharing(settings["timeSlicing"]),
    }


def _sharing(slices: Mapping[str, Json]) -> dict[str, Json] | None:
    """A configuration for each name; a node takes the one that its label nvidia.com/device-plugin.config names."""
    if not slices:
        return None
    data = {_UNSHARED: emit.document({"version": "v1"})}
    for name, slicing in sorted(slices.items()):
        resource = {"name": "nvidia.com/gpu", "replicas": slicing["replicas"]}
        sharing = {
            "renameByDefault": slicing["renameByDefault"],
            "failRequestsGreaterThanOne": True,
            "resources": [resource],
        }
        data[name] = emit.document({"version": "v1", "sharing": {"timeSlicing": sharing}})
    return {"default": _UNSHARED, "data": data}
