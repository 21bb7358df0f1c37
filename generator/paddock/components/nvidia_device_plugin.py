"""What the NVIDIA device plugin's templates need: the nodes it runs on, their taints, shared GPUs and its alert."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting, gpu_nodes
from paddock.components.alerting import Alert
from paddock.model import Cluster, Fleet, Json


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`affinity`, `tolerations`, `sharing` (configurations by name, or None) and `ruleGroups`.

    Nodes are chosen by pool: the chart's own affinity wants labels of Node Feature Discovery, which does not run here.
    Bottlerocket's NVIDIA image has a plugin of its own; two fight, and so does one with the DRA driver
    (gpu-platform.md 4.1, 4.2).
    """
    pools = [pool for pool in gpu_nodes.gpu_pools(cluster) if not (pool.bottlerocket or pool.dra)]
    away = Alert(
        name="NvidiaDevicePluginUnavailable",
        expr='kube_daemonset_status_number_unavailable{job="kube-state-metrics", namespace="kube-system", '
        'daemonset="nvidia-device-plugin"} > 0',
        wait="15m",
        severity="warning",
        summary="{{ $value }} GPU nodes have no working device plugin: their GPUs cannot be allocated.",
    )
    return {
        "affinity": gpu_nodes.on_pools(fleet, pools),
        "tolerations": gpu_nodes.every_toleration(pools),
        "sharing": gpu_nodes.sharing(settings["timeSlicing"]),
        "ruleGroups": [alerting.group("nvidia-device-plugin", [away], fleet)],
    }
