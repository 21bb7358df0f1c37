"""What the EFA device plugin's templates need: its image in the cluster's region and the nodes it runs on."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.model import Cluster, Fleet, Json
from paddock.taints import pool_taints, tolerations

# Account of the EKS images in most regions; opt-in regions have their own (setting `registry`).
_ACCOUNT = "602401143452"
_EFA_TAINT = {"key": "aws.amazon.com/efa", "operator": "Exists", "effect": "NoSchedule"}


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`image` (repository), `labelKeys` and `labelValues` (nodes by label), `tolerations`.

    Nodes are chosen by pool, not by instance type: on a node of a listed type without EFA interfaces the plugin crash
    loops, and on a type that the chart does not list yet it silently never runs (charts.md 3.3).
    """
    pools = [pool for pool in cluster.node_pools.values() if pool.efa]
    registry = settings.get("registry", f"{_ACCOUNT}.dkr.ecr.{cluster.region}.amazonaws.com")
    taints = [taint for pool in pools for taint in pool_taints(pool)]
    return {
        "image": f"{registry}/eks/aws-efa-k8s-device-plugin",
        "labelKeys": [f"{fleet.platform.data['labelDomain']}/pool"],
        # An empty list would be an invalid node affinity; no pool's name has an underscore.
        "labelValues": [pool.name for pool in pools] or ["no_pool_with_efa"],
        "tolerations": [*tolerations(taints), _EFA_TAINT],
    }
