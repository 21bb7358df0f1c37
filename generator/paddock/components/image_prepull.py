"""What the pre-pulling of images needs: a DaemonSet for each pool that pulls some, and its alert."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting
from paddock.components.alerting import Alert
from paddock.images import reference
from paddock.model import Cluster, Fleet, Json, NodePool
from paddock.taints import pool_taints, tolerations

_RESOURCES = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}
_UNPRIVILEGED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`pools`: name and parts of the DaemonSet of each pool that pulls images, by name; `ruleGroups`."""
    domain = fleet.platform.data["labelDomain"]
    pause = _container("pause", settings["pause"])
    away = Alert(
        name="ImagePrepullUnavailable",
        expr='kube_daemonset_status_number_unavailable{job="kube-state-metrics", namespace="image-prepull"} > 0',
        wait="2h",
        severity="info",
        summary="{{ $value }} nodes of pool {{ $labels.daemonset }} still have not pulled their images.",
    )
    return {
        "pools": [
            {**_pool(pool, domain), "initContainers": wanted, "containers": [pause]}
            for pool in cluster.node_pools.values()
            if (wanted := _pulls(pool, settings["images"]))
        ],
        "ruleGroups": [alerting.group("image-prepull", [away], fleet)],
    }


def _pool(pool: NodePool, domain: str) -> dict[str, Json]:
    selector = {"app.kubernetes.io/name": "image-prepull", "app.kubernetes.io/instance": pool.name}
    return {
        "name": pool.name,
        "selector": selector,
        "podLabels": {**selector, "team": "platform"},
        "nodeSelector": {f"{domain}/pool": pool.name},
        "tolerations": tolerations(pool_taints(pool)),
    }


def _pulls(pool: NodePool, images: Mapping[str, Json]) -> list[dict[str, Json]]:
    """A container for each image of the pool, one after the other; to start it is to pull it."""
    wanted = [(name, one["image"]) for name, one in sorted(images.items()) if pool.name in one["pools"]]
    return [{**_container(f"pull-{name}", image), "command": ["true"]} for name, image in wanted]


def _container(name: str, image: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "name": name,
        "image": reference(image),
        "imagePullPolicy": "IfNotPresent",
        "resources": _RESOURCES,
        "securityContext": _UNPRIVILEGED,
    }
