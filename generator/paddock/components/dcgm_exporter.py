"""What the DCGM exporter's templates need: the nodes it runs on, their taints, labels of pods and the GPU alerts."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting, gpu_nodes, gpu_rules
from paddock.model import Cluster, Fleet, Json


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`affinity`, `tolerations` (the chart's own are only those of control planes), `podLabels`, `ruleGroups`, and
    `claims`: whether pods of claimed GPUs are to be found too, by their ResourceClaims."""
    pools = gpu_nodes.gpu_pools(cluster)
    return {
        "affinity": gpu_nodes.on_pools(fleet, pools),
        "tolerations": gpu_nodes.every_toleration(pools),
        "podLabels": gpu_nodes.pod_labels(fleet),
        "claims": any(pool.dra for pool in pools),
        "ruleGroups": [alerting.group("dcgm-exporter", gpu_rules.alerts(), fleet)],
    }
