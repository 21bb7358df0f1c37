"""What the templates of NVIDIA's DRA driver need: the nodes whose GPUs it offers, their taints and its alert."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting, gpu_nodes
from paddock.components.alerting import Alert
from paddock.model import Cluster, Fleet, Json


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`affinity`, `tolerations` and `ruleGroups`.

    Only pools with allocation DRA, where no device plugin runs: both would give the same GPU away (gpu-platform.md
    4.2). The chart's own affinity is to every node with a GPU (dra-driver-nvidia-gpu 0.4.1, values.yaml).
    """
    pools = [pool for pool in gpu_nodes.gpu_pools(cluster) if pool.dra]
    away = Alert(
        name="NvidiaDRADriverUnavailable",
        expr='kube_daemonset_status_number_unavailable{job="kube-state-metrics", namespace="dra-driver-nvidia-gpu", '
        'daemonset="dra-driver-nvidia-gpu-kubelet-plugin"} > 0',
        wait="15m",
        severity="warning",
        summary="{{ $value }} GPU nodes have no working DRA driver: their GPUs cannot be claimed.",
    )
    return {
        "affinity": gpu_nodes.on_pools(fleet, pools),
        "tolerations": gpu_nodes.every_toleration(pools),
        "ruleGroups": [alerting.group("dra-driver-nvidia-gpu", [away], fleet)],
    }
