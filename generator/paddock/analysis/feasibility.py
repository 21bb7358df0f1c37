"""Whether a node pool can ever hold what a workload asks for, and if not, the first constraint that rules it out.

It knows instance types, limits and numbers of nodes, not what else runs there now: what it refuses can never run.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

from paddock.analysis.allocatable import Allocatable
from paddock.analysis.fewest_nodes import fewest_of_each
from paddock.devices import GPU
from paddock.instances import InstanceType, instances
from paddock.model import NodePool
from paddock.quantity import parse
from paddock.taints import pool_taints

RESERVED = "reserved"
_GIB = 1 << 30


class Constraint(StrEnum):
    """What ruled a pool out, in the order in which it is asked: later ones came closer."""

    MODEL = "gpu model"
    TAINTS = "taints"
    SHARING = "shared gpus"
    TIME_SLICING = "time-slicing"
    CAPACITY_TYPE = "capacity type"
    EFA = "efa"
    ZONES = "zones"
    ARCHITECTURE = "architecture"
    GPUS = "gpus"
    CPU = "cpu"
    MEMORY = "memory"
    EPHEMERAL = "ephemeral storage"
    PODS = "pods"
    TOPOLOGY = "topology"
    RESERVATIONS = "reservations"
    REPLICAS = "replicas"
    LIMITS = "limits"


_ORDER = tuple(Constraint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one node of a workload asks for, and how many nodes it needs at the same time."""

    gpu_model: str | None
    gpus: int
    cpu: Fraction
    """CPUs."""
    memory: Fraction
    """Bytes."""
    ephemeral: Fraction = Fraction(0)
    efa: int = 0
    """EFA interfaces."""
    nodes: int = 1
    pool: str | None = None
    """The pool that it names: pods that name none never share GPUs."""
    tolerant: bool = True
    """Whether its pods tolerate the taints of pools; those that neither name a pool nor ask for GPUs tolerate none."""
    zones: frozenset[str] = frozenset()
    """Zones in which its volumes are; empty: any."""
    architectures: frozenset[str] = frozenset()
    capacity_types: frozenset[str] = frozenset()
    """Those that it may run on; empty: any."""
    together: bool = False
    """Whether all its nodes must be pods of one and the same node (topology required by host name)."""
    beside: tuple[Fraction, Fraction, int] = (Fraction(0), Fraction(0), 0)
    """CPUs, bytes of memory and pods that stand once on each node that has pods of it (Mountpoint pods)."""


def stated(workload: Mapping[str, Any]) -> Request:
    """What one node or replica of a workload, or a step, asks for in its spec: GPUs, CPU, memory, storage and pool."""
    resources = workload["resources"]
    gpu = resources.get("gpu", {})
    return Request(
        gpu_model=gpu.get("model"),
        gpus=gpu.get("count", 0),
        cpu=parse(resources["cpu"]),
        memory=parse(resources["memory"]),
        ephemeral=parse(resources.get("ephemeralStorage", "0")),
        pool=workload.get("pool"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a pool cannot hold a request: what it has and what is asked for, in the units of the resource's own name.

    `most` is how many nodes of the workload the pool can hold together, where their number is the obstacle.
    """

    constraint: Constraint
    found: str
    wanted: str
    instance: str | None = None
    resource: str | None = None
    most: int = 0


Capacity = Callable[[InstanceType], Allocatable]
"""What a node of an instance type has for pods, daemons of the cluster already taken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """An instance type that holds a node of the workload: how many of them, and how many such instances there are at
    most (None: any number)."""

    instance: InstanceType
    node: Allocatable
    holds: int
    most: int | None


def obstacle(pool: NodePool, request: Request, capacity: Capacity) -> Obstacle | None:
    """The constraint that came closest to being the last, of the largest instance type for which it did; None if the
    pool can hold the request, or if that depends on an instance type that is not known."""
    first = _pool(pool, request)
    if first:
        return first
    stated = [instances()[name] for name in pool.data["instanceTypes"] if name in instances()]
    known = sorted(stated, key=lambda one: (one.gpu_count, one.memory_gib, one.vcpus), reverse=True)
    if len(known) < len(pool.data["instanceTypes"]):
        return None
    fits: list[_Kind] = []
    against: list[Obstacle] = []
    for one in known:
        node = capacity(one)
        found = _instance(one, request, node)
        if isinstance(found, Obstacle):
            against.append(found)
        else:
            fits.append(_Kind(instance=one, node=node, holds=found, most=_reserved(pool, request, one)))
    if not fits:
        return max(against, key=lambda one: _ORDER.index(one.constraint))
    against_all = _together(pool, request, fits, request.nodes)
    return replace(against_all, most=_most(pool, request, fits)) if against_all else None


def holds(instance: InstanceType, request: Request, capacity: Capacity) -> int:
    """How many nodes of a workload one node of an instance type holds; 0 if it has too little of anything."""
    found = _instance(instance, request, capacity(instance))
    return 0 if isinstance(found, Obstacle) else found


def _pool(pool: NodePool, request: Request) -> Obstacle | None:
    """What rules out every node of the pool, whatever its type."""
    if request.gpu_model and pool.gpu_model != request.gpu_model:
        return Obstacle(constraint=Constraint.MODEL, found=pool.gpu_model or "none", wanted=request.gpu_model)
    taint = None if request.tolerant else _hard_taint(pool)
    if taint:
        return Obstacle(constraint=Constraint.TAINTS, found=taint, wanted="none")
    if pool.shared_gpus and request.gpus and request.pool != pool.name:
        return Obstacle(constraint=Constraint.SHARING, found="parts of GPUs", wanted="whole GPUs")
    if request.gpus > 1 and "timeSlicing" in pool.data.get("gpu", {}):
        # Two shares may be of one GPU, so the plugin refuses (k8s-device-plugin, failRequestsGreaterThanOne).
        return Obstacle(constraint=Constraint.TIME_SLICING, found="1", wanted=str(request.gpus))
    offered = frozenset(pool.data["capacityTypes"])
    if request.capacity_types and not request.capacity_types & offered:
        return _names(Constraint.CAPACITY_TYPE, offered, request.capacity_types)
    if request.efa and not pool.efa:
        return Obstacle(constraint=Constraint.EFA, found="no EFA", wanted="EFA")
    if request.zones and not request.zones & set(pool.data["zones"]):
        return _names(Constraint.ZONES, pool.data["zones"], request.zones)
    return None


def _names(constraint: Constraint, found: Iterable[str], wanted: Iterable[str]) -> Obstacle:
    return Obstacle(constraint=constraint, found=", ".join(sorted(found)), wanted=", ".join(sorted(wanted)))


def _hard_taint(pool: NodePool) -> str | None:
    """The first taint of its nodes that keeps pods away, as kubectl writes it."""
    for taint in pool_taints(pool):
        if taint["effect"] != "PreferNoSchedule":
            value = f"={taint['value']}" if "value" in taint else ""
            return f"{taint['key']}{value}:{taint['effect']}"
    return None


def _reserved(pool: NodePool, request: Request, instance: InstanceType) -> int | None:
    """How many instances of a type are reserved for the pool, where it may use no others; None where it may.

    A pool of reserved capacity alone launches into its reservations and nowhere else (gpu-platform.md 3.5). One that is
    static has its number of replicas; one without reservations for its types has a finding of its own.
    """
    types = pool.data["instanceTypes"]
    reserved = [one for one in pool.data.get("capacityReservations", {}).values() if one["instanceType"] in types]
    allowed = request.capacity_types & set(pool.data["capacityTypes"]) or set(pool.data["capacityTypes"])
    if allowed != {RESERVED} or not reserved or "replicas" in pool.data:
        return None
    mine = [one for one in reserved if one["instanceType"] == instance.name]
    return sum(int(one["instanceCount"]) for one in mine if not request.zones or one["zone"] in request.zones)


def _instance(instance: InstanceType, request: Request, node: Allocatable) -> Obstacle | int:
    """How many nodes of the workload a node of this type holds, or the first resource of which it has too little."""
    if request.architectures and instance.arch not in request.architectures:
        wanted = ", ".join(sorted(request.architectures))
        return _short(Constraint.ARCHITECTURE, instance, instance.arch, wanted)
    cpu, memory, pods = request.beside
    counts: list[int] = [max(0, node.pods - pods)]
    for constraint, has, wants in (
        (Constraint.EFA, Fraction(instance.efa_interfaces), Fraction(request.efa)),
        (Constraint.GPUS, Fraction(node.gpus), Fraction(request.gpus)),
        (Constraint.CPU, node.cpu - cpu, request.cpu),
        (Constraint.MEMORY, node.memory - memory, request.memory),
        (Constraint.EPHEMERAL, node.ephemeral, request.ephemeral),
    ):
        if has < wants:
            return _short(constraint, instance, _number(constraint, has), _number(constraint, wants))
        if wants:
            counts.append(int(has / wants))
    holds = min(counts)
    if not holds:
        return _short(Constraint.PODS, instance, "0", "1")
    if request.together and holds < request.nodes:
        return replace(_short(Constraint.TOPOLOGY, instance, str(holds), str(request.nodes)), most=holds)
    return holds


def _short(constraint: Constraint, instance: InstanceType, found: str, wanted: str) -> Obstacle:
    return Obstacle(constraint=constraint, found=found, wanted=wanted, instance=instance.name)


def _number(constraint: Constraint, value: Fraction) -> str:
    """A count, CPUs to the millicore, or bytes in GiB to a tenth; rounded down, so that what is short never looks
    enough."""
    if constraint in (Constraint.EFA, Constraint.GPUS):
        return str(value)
    value = max(value, Fraction(0))
    if constraint is Constraint.CPU:
        return f"{int(value * 1000) / 1000:g}"
    return f"{int(value * 10 / _GIB) / 10:g} GiB"


def _together(pool: NodePool, request: Request, fits: Sequence[_Kind], wants: int) -> Obstacle | None:
    """Whether enough nodes for so many of the workload's are within the pool's reservations and its limits, which count
    what nodes have."""
    nodes = _least(wants, request, fits, lambda _: Fraction(1))
    if nodes is None:
        reserved = sum(one.most or 0 for one in fits)
        wanted = _least(wants, request, [replace(one, most=None) for one in fits], lambda _: Fraction(1))
        return Obstacle(constraint=Constraint.RESERVATIONS, found=str(reserved), wanted=str(wanted))
    for name, limit in (("replicas", pool.data.get("replicas")), ("nodes", pool.data["limits"].get("nodes"))):
        if limit is not None and Fraction(limit) < nodes:
            constraint = Constraint.REPLICAS if name == "replicas" else Constraint.LIMITS
            return Obstacle(constraint=constraint, found=str(limit), wanted=str(nodes), resource=name)
    for resource, limit in sorted(pool.data["limits"].items()):
        least = _least(wants, request, fits, _HAS[resource]) if resource in _HAS else None
        if least is not None and parse(limit) < least:
            asked = _quantity(resource, least)
            return Obstacle(constraint=Constraint.LIMITS, found=limit, wanted=asked, resource=resource)
    return None


_HAS: Mapping[str, Callable[[_Kind], Fraction]] = {
    GPU: lambda one: Fraction(one.node.gpus),
    "cpu": lambda one: Fraction(one.instance.vcpus),
    "memory": lambda one: one.node.whole_memory,
}
"""What a node counts against a limit: the capacity of its type, before anything is reserved, and without the
hypervisor's share of memory (karpenter 1.14.1, scheduler.go, filterByRemainingResources)."""


def _least(wants: int, request: Request, fits: Sequence[_Kind], cost: Callable[[_Kind], Fraction]) -> Fraction | None:
    return fewest_of_each(request.nodes, tuple((one.holds, cost(one), one.most) for one in fits))[wants]


def _most(pool: NodePool, request: Request, fits: Sequence[_Kind]) -> int:
    """The greatest number of nodes of the workload that the pool can hold together: with each more it wants more."""
    fewer = range(1, request.nodes)
    return bisect_left(fewer, True, key=lambda nodes: _together(pool, request, fits, nodes) is not None)


def _quantity(resource: str, value: Fraction) -> str:
    return f"{-(-value.numerator // (value.denominator * _GIB))}Gi" if resource == "memory" else f"{value}"
