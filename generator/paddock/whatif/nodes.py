"""Nodes of a pool as a number, and how many of them a pod takes: what quota cannot say.

A pool of one instance type is counted in its nodes. One that mixes types is counted in nodes of its largest, by GPUs:
Karpenter chooses the type that fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from paddock.analysis import feasibility
from paddock.analysis.allocatable import allocatable
from paddock.analysis.feasibility import Request, stated
from paddock.components import karpenter
from paddock.devices import GPU
from paddock.instances import InstanceType, instances
from paddock.model import Cluster, NodePool, Workload
from paddock.quantity import parse
from paddock.workloads import pods

Json = Any

_GIB = 1 << 30


def largest(pool: NodePool) -> InstanceType | None:
    """The instance type in which a pool's nodes are counted; None if none of its types is known."""
    return max(_types(pool), key=lambda one: (one.gpu_count, one.vcpus, one.memory_gib, one.name), default=None)


def number(pool: NodePool) -> Fraction | None:
    """Nodes that a pool has (static) or may have at most. None where nothing limits it, its instance types are not
    known, or its GPUs are shared, so that a node has more of them than the table says."""
    one = largest(pool)
    if one is None or pool.shared_gpus:
        return None
    if "replicas" in pool.data:
        return Fraction(pool.data["replicas"])
    found = [parse(limit) / has for resource, limit, has in _limits(pool, one)]
    return Fraction(int(min(found))) if found and len(_types(pool)) == 1 else min(found, default=None)


def _limits(pool: NodePool, one: InstanceType) -> Iterable[tuple[str, str, Fraction]]:
    """Limits that count, each with what a node has of it: nodes and GPUs; CPUs and memory too, where all nodes are
    alike or have no GPUs."""
    has = in_node(one)
    alike = len(_types(pool)) == 1 or not one.gpu_count
    for resource, limit in sorted(pool.data["limits"].items()):
        if has.get(resource) and (alike or resource in ("nodes", GPU)):
            yield resource, str(limit), has[resource]


def in_node(one: InstanceType) -> Mapping[str, Fraction]:
    """What a node of a type adds to the limits of its pool."""
    return {
        "nodes": Fraction(1),
        GPU: Fraction(one.gpu_count),
        "cpu": Fraction(one.vcpus),
        "memory": Fraction(one.memory_gib * _GIB),
    }


def taken(cluster: Cluster, pool: NodePool, part: Workload) -> Fraction | None:
    """Part of a node, counted as `number` counts, that one pod of a workload or step takes: 1/k where a node holds k of
    them. Of several types the one where it takes least. None if no known type holds it."""
    one = largest(pool)
    if one is None or pool.shared_gpus:
        return None
    kubelet = _kubelet(cluster, pool)
    request = _request(cluster, part)
    counts = [
        (kind, feasibility.holds(kind, request, lambda it: allocatable(it, pool, kubelet))) for kind in _types(pool)
    ]
    return min((_weight(kind) / count / _weight(one) for kind, count in counts if count), default=None)


def _weight(one: InstanceType) -> Fraction:
    return Fraction(one.gpu_count or one.vcpus)


def _types(pool: NodePool) -> list[InstanceType]:
    return [instances()[name] for name in sorted(set(pool.data["instanceTypes"])) if name in instances()]


def _kubelet(cluster: Cluster, pool: NodePool) -> Mapping[str, Json]:
    use = cluster.components.get("karpenter")
    return karpenter.kubelet(pool, use.settings.get("kubelet", {})) if use and use.valid else {}


def _request(cluster: Cluster, part: Workload) -> Request:
    return replace(stated(part.data), efa=pods.efa_interfaces(cluster, part))
