"""What the GPU operator's templates need: tolerations for every pool, pod labels on metrics, shared GPUs and alerts."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting, gpu_nodes, gpu_rules
from paddock.model import Cluster, Fleet, Json

_CONTROL_PLANE = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Equal",
    "value": "",
    "effect": "NoSchedule",
}


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`tolerations` and `workerTolerations` (of Node Feature Discovery), `podLabels` (regular expressions), `sharing`
    (configuration of the device plugin, or None) and `ruleGroups`.

    Our tolerations replace the chart's own (gpu-operator v26.7.0, values.yaml).
    """
    found = gpu_nodes.every_toleration(cluster.node_pools.values())
    down = alerting.controller_down(
        "GPUOperatorDown", namespace="gpu-operator", job="gpu-operator", what="the GPU operator"
    )
    return {
        "tolerations": found,
        "workerTolerations": [_CONTROL_PLANE, *found],
        "podLabels": gpu_nodes.pod_labels(fleet),
        "sharing": gpu_nodes.sharing(settings["timeSlicing"]),
        "ruleGroups": [alerting.group("gpu-operator", [down, *gpu_rules.alerts()], fleet)],
    }
