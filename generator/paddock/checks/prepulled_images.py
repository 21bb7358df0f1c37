"""Images that a pool is to pull in advance, of pools that the cluster does not have."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import unknown
from paddock.diagnostics import Problem
from paddock.model import Fleet

IDS = ("unknown-node-pool",)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each pool of each image; settings that a role brings by itself name no image."""
    for cluster in fleet.clusters():
        use = cluster.components.get("image-prepull")
        for name, image in sorted(use.settings["images"].items()) if use else ():
            for index, pool in enumerate(image["pools"]):
                if pool not in cluster.node_pools:
                    place = cluster.place("components", "image-prepull", "settings", "images", name, "pools", index)
                    where = f' on cluster "{cluster.identity}"'
                    yield unknown("unknown-node-pool", "node pool", pool, cluster.node_pools, place, where=where)
