"""Pools whose GPUs are claimed (dynamic resource allocation): what must be there, and what must not run beside it."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Cluster, Fleet, NodePool

IDS = (
    "dra-on-old-kubernetes",
    "dra-on-dynamic-pool",
    "dra-without-driver",
    "dra-driver-without-pool",
    "dra-beside-device-plugin",
    "dra-beside-gpu-operator",
    "dra-with-shared-gpus",
    "dra-with-topology",
)

DRIVER = "dra-driver-nvidia-gpu"
_OPERATOR = "gpu-operator"
# resource.k8s.io/v1 (gpu-platform.md 1.6 and 4.2).
_FIRST_KUBERNETES = (1, 34)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each pool with allocation DRA, and each cluster with the driver."""
    for cluster in fleet.clusters():
        pools = [pool for pool in cluster.node_pools.values() if pool.dra]
        for pool in pools:
            yield from _nodes(cluster, pool)
            yield from _plugins(cluster, pool)
            yield from _sharing(cluster, pool)
        if not pools and DRIVER in cluster.components:
            yield Problem(
                id="dra-driver-without-pool",
                severity=Severity.WARNING,
                message=f'"{DRIVER}" runs on cluster "{cluster.identity}", but no GPU pool has allocation: DRA',
                place=cluster.place("components", DRIVER, key=True),
                help="set gpu.allocation: DRA on a pool with replicas, or take the component away",
            )


def _nodes(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """gpu-platform.md 4.2: Kubernetes from 1.34 on, and nodes that are there before a pod claims them."""
    place = cluster.place("nodePools", pool.name, "gpu", "allocation")
    if tuple(int(part) for part in cluster.kubernetes_version.split(".")) < _FIRST_KUBERNETES:
        yield Problem(
            id="dra-on-old-kubernetes",
            message=f'GPUs of pool "{pool.name}" are to be claimed, which wants Kubernetes 1.34; cluster '
            f'"{cluster.identity}" has {cluster.kubernetes_version}',
            place=place,
            related=(Note(message="version of the cluster", place=cluster.place("kubernetesVersion")),),
            help="upgrade the cluster, or write allocation: devicePlugin",
        )
    if "replicas" not in pool.data:
        yield Problem(
            id="dra-on-dynamic-pool",
            message=f'GPUs of pool "{pool.name}" are to be claimed, but it has no replicas: Karpenter makes no node '
            "for a claim",
            place=place,
            help="give a new pool replicas and limits: {nodes: …} (a pool cannot change), or write allocation: "
            "devicePlugin",
        )
    if DRIVER not in cluster.components:
        yield Problem(
            id="dra-without-driver",
            message=f'nothing offers the GPUs of pool "{pool.name}": "{DRIVER}" does not run on cluster '
            f'"{cluster.identity}"',
            place=place,
            help=f"enable it: components.{DRIVER}.enabled: true; no device plugin runs on nodes of this pool",
        )


def _plugins(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """Never both on one node. Node labels and affinity keep ours away, but not the one that an image brings."""
    if pool.bottlerocket:
        yield Problem(
            id="dra-beside-device-plugin",
            message=f'pool "{pool.name}" has allocation: DRA, but {pool.data["ami"]} brings a device plugin: both '
            "would give the same GPU away",
            place=cluster.place("nodePools", pool.name, "ami"),
            help="use an al2023 image, or write allocation: devicePlugin",
        )
    if _OPERATOR in cluster.components:
        yield Problem(
            id="dra-beside-gpu-operator",
            severity=Severity.WARNING,
            message=f'on nodes of pool "{pool.name}" the validator of "{_OPERATOR}" waits for a device plugin that does'
            " not come, and restarts for ever",
            place=cluster.place("nodePools", pool.name, "gpu", "allocation"),
            help="where no MIG is needed, enable nvidia-device-plugin and dcgm-exporter instead of "
            f"{_OPERATOR}; GPUs can be claimed all the same (NVIDIA/gpu-operator#2550)",
        )


def _sharing(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """Partitions and time-slicing are alpha in the driver (gpu-platform.md 4.2); Kueue counts no claims in topology
    (Kueue 0.19, "Dynamic Resource Allocation", limitations)."""
    for field in ("mig", "timeSlicing"):
        if field in pool.data["gpu"]:
            yield Problem(
                id="dra-with-shared-gpus",
                message=f'pool "{pool.name}" has allocation: DRA and {field}: only whole GPUs can be claimed',
                place=cluster.place("nodePools", pool.name, "gpu", field),
                help=f"take {field} away, or write allocation: devicePlugin",
            )
    if pool.data["topology"]:
        yield Problem(
            id="dra-with-topology",
            message=f'pool "{pool.name}" has allocation: DRA and topology: Kueue does not count claimed GPUs when it '
            "places by topology",
            place=cluster.place("nodePools", pool.name, "topology"),
            help="write topology: false, or allocation: devicePlugin",
        )
