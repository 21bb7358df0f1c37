"""A Deployment of pause pods for each node pool in which room is kept."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.devices import GPU
from paddock.images import reference
from paddock.model import Cluster, Fleet, Json, NodePool
from paddock.taints import pool_taints, tolerations


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`image`, and a `buffer` for each pool; one of an unknown pool is left out (a check reports it)."""
    domain = fleet.platform.data["labelDomain"]
    return {
        "image": reference(settings["image"]),
        "buffers": [
            _buffer(cluster.node_pools[name], buffer, domain)
            for name, buffer in sorted(settings["buffers"].items())
            if name in cluster.node_pools
        ],
    }


def _buffer(pool: NodePool, stated: Mapping[str, Json], domain: str) -> dict[str, Json]:
    """CPU has a request alone; the request of a GPU is always its limit (gpu-platform.md 5.3)."""
    asked = dict(sorted(stated["resources"].items()))
    limits = {name: value for name, value in asked.items() if name in (GPU, "memory")}
    selector = {"app.kubernetes.io/name": "overprovisioning", f"{domain}/buffer": pool.name}
    return {
        "name": f"buffer-{pool.name}",
        "replicas": stated["replicas"],
        "selector": selector,
        "podLabels": {**selector, "cost-center": "platform", "team": "platform"},
        "nodeSelector": {f"{domain}/pool": pool.name},
        "tolerations": tolerations(pool_taints(pool)),
        "resources": {"requests": asked, "limits": limits},
    }
