"""Whether some node pool can hold one node of a workload: GPU model and count, EFA, CPU and memory.

What nodes reserve for the system, taints and topology are a later analysis; this refuses what can never fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Pointer, Problem
from paddock.instances import InstanceType, instances
from paddock.model import Cluster, Fleet, NodePool, Workload
from paddock.quantity import parse

Json = Any

IDS = ("gpu-does-not-fit",)

_GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class _Obstacle:
    """Why a pool cannot hold a node of the workload, and the field of the workload that says too much."""

    reason: str
    field: Pointer = ("resources", "gpu")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each workload that asks for GPUs, on each of its clusters."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            if "gpu" in workload.data["resources"]:
                for name in workload.clusters:
                    if name in environment.clusters:
                        yield from _fits(environment.clusters[name], workload)


def _fits(cluster: Cluster, workload: Workload) -> Iterator[Problem]:
    stated = workload.data.get("pool")
    pools = [pool for pool in cluster.node_pools.values() if stated in (None, pool.name)]
    if stated is not None and not pools:
        return  # unknown-node-pool says so
    usual = stated is None and any(_counts(pool, workload) for pool in pools)
    obstacles = [(pool, _claimed(pool) if usual and pool.dra else _obstacle(pool, workload)) for pool in pools]
    if any(obstacle is None for _, obstacle in obstacles):
        return
    nodes, count = workload.data.get("nodes", 1), workload.data["resources"]["gpu"]["count"]
    field = _field(workload, obstacles)
    yield Problem(
        id="gpu-does-not-fit",
        message=f'workload "{workload.name}" asks for {_wish(workload)}, '
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


def _obstacle(pool: NodePool, workload: Workload) -> _Obstacle | None:
    """Why no node of the pool can hold one node of the workload; None if one can."""
    resources = workload.data["resources"]
    gpu = resources["gpu"]
    if pool.gpu_model != gpu["model"]:
        return _Obstacle(reason=f"model {pool.gpu_model}" if pool.gpu_model else "no GPU")
    if resources["efa"] and not pool.efa:
        return _Obstacle(reason="no EFA", field=("resources", "efa"))
    known = [instances()[name] for name in pool.data["instanceTypes"] if name in instances()]
    if not known:
        return None  # unknown-instance-type says so
    obstacles = [_instance_obstacle(instance, resources) for instance in _largest_first(known)]
    if all(obstacles):
        return obstacles[0]
    if pool.shared_gpus and workload.data.get("pool") != pool.name:
        return _Obstacle(reason="its GPUs are shared; only workloads that name the pool run on it")
    nodes = pool.data.get("replicas")
    if nodes is not None and nodes < workload.data.get("nodes", 1):
        return _Obstacle(reason=f"it has {nodes} nodes, the workload needs {workload.data['nodes']}", field=("nodes",))
    limit = pool.data["limits"].get("nvidia.com/gpu")
    wanted = workload.data.get("nodes", 1) * gpu["count"]
    if limit is not None and parse(limit) < wanted:
        return _Obstacle(reason=f'limits["nvidia.com/gpu"] is {limit}, the workload needs {wanted}')
    return None


def _largest_first(known: list[InstanceType]) -> list[InstanceType]:
    return sorted(known, key=lambda one: (one.gpu_count, one.memory_gib, one.vcpus), reverse=True)


def _instance_obstacle(instance: InstanceType, resources: Mapping[str, Json]) -> _Obstacle | None:
    if instance.gpu_count < resources["gpu"]["count"]:
        return _Obstacle(reason=f"{instance.name} has {instance.gpu_count} GPUs")
    if instance.vcpus < parse(resources["cpu"]):
        reason = f"{instance.name} has {instance.vcpus} CPUs, {resources['cpu']} are asked for"
        return _Obstacle(reason=reason, field=("resources", "cpu"))
    if instance.memory_gib * _GIB < parse(resources["memory"]):
        reason = f"{instance.name} has {instance.memory_gib:g} GiB of memory, {resources['memory']} are asked for"
        return _Obstacle(reason=reason, field=("resources", "memory"))
    return None
