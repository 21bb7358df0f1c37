"""Whether some node pool can hold a workload with GPUs, in words: what can never fit is refused, and for each pool the
constraint that rules it out is named (analysis.feasibility)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.analysis import feasibility
from paddock.analysis.allocatable import allocatable
from paddock.analysis.feasibility import Constraint, Request
from paddock.checks.workload_references import merged
from paddock.components import karpenter
from paddock.diagnostics import Note, Pointer, Problem
from paddock.model import Cluster, Fleet, NodePool, Workload
from paddock.quantity import parse
from paddock.workloads import pods

Json = Any

IDS = ("gpu-does-not-fit",)

_REASONS = {
    Constraint.MODEL: "model {one.found}",
    Constraint.SHARING: "its GPUs are shared; only workloads that name the pool run on it",
    Constraint.EFA: "no EFA",
    Constraint.ZONES: "it makes nodes in {one.found}, not in {one.wanted}",
    Constraint.ARCHITECTURE: "{one.instance} is {one.found}",
    Constraint.GPUS: "{one.instance} has {one.found} GPUs",
    Constraint.CPU: "{one.instance} has {one.found} CPUs for pods, {one.wanted} are asked for",
    Constraint.MEMORY: "{one.instance} has {one.found} of memory for pods, {one.wanted} are asked for",
    Constraint.EPHEMERAL: "{one.instance} has {one.found} of storage for pods, {one.wanted} are asked for",
    Constraint.PODS: "{one.instance} holds no further pod",
    Constraint.REPLICAS: "it has {one.found} nodes, the workload needs {one.wanted}",
    Constraint.LIMITS: 'limits["{one.resource}"] is {one.found}, the workload needs {one.wanted}',
}
_FIELDS: dict[Constraint, Pointer] = {
    Constraint.EFA: ("resources", "efa"),
    Constraint.CPU: ("resources", "cpu"),
    Constraint.MEMORY: ("resources", "memory"),
    Constraint.EPHEMERAL: ("resources", "ephemeralStorage"),
    Constraint.REPLICAS: ("nodes",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Obstacle:
    """Why a pool cannot hold a node of the workload, and the field of the workload that says too much."""

    reason: str
    field: Pointer = ("resources", "gpu")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each workload and each step of a pipeline that asks for GPUs, on each of its clusters."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            for part in workload.parts():
                if "gpu" in part.data["resources"]:
                    for name in workload.clusters:
                        if name in environment.clusters:
                            yield from _fits(environment.clusters[name], part)


def fits_nowhere(cluster: Cluster, workload: Workload) -> bool:
    """Whether gpu-does-not-fit is said of a workload: what else keeps it from running matters only after that."""
    return "gpu" in workload.data["resources"] and any(True for _ in _fits(cluster, workload))


def _fits(cluster: Cluster, workload: Workload) -> Iterator[Problem]:
    stated = workload.data.get("pool")
    pools = [pool for pool in cluster.node_pools.values() if stated in (None, pool.name)]
    if stated is not None and not pools:
        return  # unknown-node-pool says so
    usual = stated is None and any(_counts(pool, workload) for pool in pools)
    obstacles = [(pool, _claimed(pool) if usual and pool.dra else _obstacle(cluster, pool, workload)) for pool in pools]
    if any(obstacle is None for _, obstacle in obstacles):
        return
    nodes, count = workload.data.get("nodes", 1), workload.data["resources"]["gpu"]["count"]
    field = _field(workload, obstacles)
    yield Problem(
        id="gpu-does-not-fit",
        message=f"{workload.title} asks for {_wish(workload)}, "
        f'and no node pool of cluster "{cluster.identity}" can give it',
        place=workload.place(*field),
        label=f"{nodes} nodes × {count} GPUs = {nodes * count}" if nodes > 1 and field == ("resources", "gpu") else "",
        related=tuple(
            Note(
                message=f'pool "{pool.name}": {obstacle.reason}', place=cluster.place("nodePools", pool.name, key=True)
            )
            for pool, obstacle in obstacles
            if obstacle
        ),
        help="ask for what one of these pools has, or add a pool" if pools else "add a pool to the cluster",
    )


def _wish(workload: Workload) -> str:
    """What one node of the workload wants, in words."""
    resources, nodes = workload.data["resources"], workload.data.get("nodes", 1)
    gpu = resources["gpu"]
    efa = " with EFA" if resources["efa"] else ""
    each = f" on each of {nodes} nodes" if nodes > 1 else ""
    return f"{gpu['count']} × {gpu['model']}{efa}, {resources['cpu']} CPUs and {resources['memory']} of memory{each}"


def _field(workload: Workload, obstacles: list[tuple[NodePool, _Obstacle | None]]) -> Pointer:
    """The field to point at: what the pool of the right GPU model lacks, or the pool that was named wrongly."""
    model = workload.data["resources"]["gpu"]["model"]
    of_model = [obstacle.field for pool, obstacle in obstacles if obstacle and pool.gpu_model == model]
    if of_model:
        return of_model[0]
    return ("pool",) if "pool" in workload.data else ("resources", "gpu")


def _counts(pool: NodePool, workload: Workload) -> bool:
    """Whether a pool of the workload's model and EFA offers whole GPUs by a device plugin: then claims are not made."""
    resources = workload.data["resources"]
    right = pool.gpu_model == resources["gpu"]["model"] and (pool.efa or not resources["efa"])
    return right and not (pool.dra or pool.shared_gpus)


def _claimed(pool: NodePool) -> _Obstacle:
    if pool.gpu_model is None:
        return _Obstacle(reason="no GPU")
    return _Obstacle(reason="its GPUs are claimed (DRA), and other pools offer the model without; name the pool")


def _obstacle(cluster: Cluster, pool: NodePool, workload: Workload) -> _Obstacle | None:
    """Why no node of the pool can hold one node of the workload, or why there are too few; None if it fits."""
    kubelet = _kubelet(cluster, pool)
    found = feasibility.obstacle(pool, _request(cluster, workload), lambda one: allocatable(one, pool, kubelet))
    if found is None:
        return None
    bare = found.constraint is Constraint.MODEL and pool.gpu_model is None
    reason = "no GPU" if bare else _REASONS[found.constraint].format(one=found)
    return _Obstacle(reason=reason, field=_FIELDS.get(found.constraint, ("resources", "gpu")))


def _kubelet(cluster: Cluster, pool: NodePool) -> Mapping[str, Json]:
    use = cluster.components.get("karpenter")
    return karpenter.kubelet(pool, use.settings.get("kubelet", {})) if use and use.valid else {}


def _request(cluster: Cluster, workload: Workload) -> Request:
    """What one node of the workload asks for. With EFA a pod takes the interfaces of the smallest type that may hold
    it."""
    stated = workload.data["resources"]
    return Request(
        gpu_model=stated["gpu"]["model"],
        gpus=stated["gpu"]["count"],
        cpu=parse(stated["cpu"]),
        memory=parse(stated["memory"]),
        ephemeral=parse(stated.get("ephemeralStorage", "0")),
        efa=max(1, _interfaces(cluster, workload)) if stated["efa"] else 0,
        nodes=workload.data.get("nodes", 1),
        pool=workload.data.get("pool"),
    )


def _interfaces(cluster: Cluster, workload: Workload) -> int:
    known = workload.data.get("pool", "") in ("", *cluster.node_pools)
    return pods.efa_interfaces(cluster, workload) if known else 0
