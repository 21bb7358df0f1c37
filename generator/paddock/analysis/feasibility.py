"""Whether a node pool can ever hold what a workload asks for, and if not, the first constraint that rules it out.

It knows instance types, limits and numbers of nodes, not what else runs there now: what it refuses can never run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from paddock.analysis.allocatable import Allocatable
from paddock.instances import InstanceType, instances
from paddock.model import NodePool
from paddock.quantity import parse

GPU = "nvidia.com/gpu"
_GIB = 1 << 30


class Constraint(StrEnum):
    """What ruled a pool out, in the order in which it is asked: later ones came closer."""

    MODEL = "gpu model"
    SHARING = "shared gpus"
    EFA = "efa"
    ZONES = "zones"
    ARCHITECTURE = "architecture"
    GPUS = "gpus"
    CPU = "cpu"
    MEMORY = "memory"
    EPHEMERAL = "ephemeral storage"
    PODS = "pods"
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
    """Bytes, huge pages included: Linux takes them from the same memory."""
    ephemeral: Fraction = Fraction(0)
    efa: int = 0
    """EFA interfaces."""
    nodes: int = 1
    pool: str | None = None
    """The pool that it names: pods that name none never share GPUs."""
    zones: frozenset[str] = frozenset()
    """Zones in which its volumes are; empty: any."""
    architectures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a pool cannot hold a request: what it has and what is asked for, in the units of the resource's own name."""

    constraint: Constraint
    found: str
    wanted: str
    instance: str | None = None
    resource: str | None = None


Capacity = Callable[[InstanceType], Allocatable]
"""What a node of an instance type has for pods, daemons of the cluster already taken off."""


def obstacle(pool: NodePool, request: Request, capacity: Capacity) -> Obstacle | None:
    """The constraint that came closest to being the last, of the largest instance type for which it did; None if the
    pool can hold the request, or if none of its instance types is known."""
    first = _pool(pool, request)
    if first:
        return first
    stated = [instances()[name] for name in pool.data["instanceTypes"] if name in instances()]
    known = sorted(stated, key=lambda one: (one.gpu_count, one.memory_gib, one.vcpus), reverse=True)
    if not known:
        return None
    fits: dict[str, int] = {}
    against: list[Obstacle] = []
    for one in known:
        found = _instance(one, request, capacity(one))
        if isinstance(found, Obstacle):
            against.append(found)
        else:
            fits[one.name] = found
    if not fits:
        return max(against, key=lambda one: _ORDER.index(one.constraint))
    return _together(pool, request, [(instances()[name], count) for name, count in fits.items()])


def holds(instance: InstanceType, request: Request, capacity: Capacity) -> int:
    """How many nodes of a workload one node of an instance type holds; 0 if it has too little of anything."""
    found = _instance(instance, request, capacity(instance))
    return 0 if isinstance(found, Obstacle) else found


def _pool(pool: NodePool, request: Request) -> Obstacle | None:
    """What rules out every node of the pool, whatever its type."""
    if pool.gpu_model != request.gpu_model and (request.gpu_model or request.pool is None):
        return Obstacle(constraint=Constraint.MODEL, found=pool.gpu_model or "none", wanted=request.gpu_model or "none")
    if pool.shared_gpus and request.gpus and request.pool != pool.name:
        return Obstacle(constraint=Constraint.SHARING, found="parts of GPUs", wanted="whole GPUs")
    if request.efa and not pool.efa:
        return Obstacle(constraint=Constraint.EFA, found="no EFA", wanted="EFA")
    if request.zones and not request.zones & set(pool.data["zones"]):
        found, wanted = (", ".join(sorted(one)) for one in (pool.data["zones"], request.zones))
        return Obstacle(constraint=Constraint.ZONES, found=found, wanted=wanted)
    return None


def _instance(instance: InstanceType, request: Request, node: Allocatable) -> Obstacle | int:
    """How many nodes of the workload a node of this type holds, or the first resource of which it has too little."""
    if request.architectures and instance.arch not in request.architectures:
        wanted = ", ".join(sorted(request.architectures))
        return _short(Constraint.ARCHITECTURE, instance, instance.arch, wanted)
    counts: list[int] = [node.pods]
    for constraint, has, wants in (
        (Constraint.EFA, Fraction(instance.efa_interfaces), Fraction(request.efa)),
        (Constraint.GPUS, Fraction(instance.gpu_count), Fraction(request.gpus)),
        (Constraint.CPU, node.cpu, request.cpu),
        (Constraint.MEMORY, node.memory, request.memory),
        (Constraint.EPHEMERAL, node.ephemeral, request.ephemeral),
    ):
        if has < wants:
            return _short(constraint, instance, _number(constraint, has), _number(constraint, wants))
        if wants:
            counts.append(int(has / wants))
    return min(counts) or _short(Constraint.PODS, instance, "0", "1")


def _short(constraint: Constraint, instance: InstanceType, found: str, wanted: str) -> Obstacle:
    return Obstacle(constraint=constraint, found=found, wanted=wanted, instance=instance.name)


def _number(constraint: Constraint, value: Fraction) -> str:
    """A count, CPUs to the millicore, or bytes in GiB to a tenth; rounded down, so that what is short never looks
    enough."""
    if constraint in (Constraint.EFA, Constraint.GPUS):
        return str(value)
    if constraint is Constraint.CPU:
        return f"{int(value * 1000) / 1000:g}"
    return f"{int(value * 10 / _GIB) / 10:g} GiB"


def _together(pool: NodePool, request: Request, fits: Sequence[tuple[InstanceType, int]]) -> Obstacle | None:
    """Whether enough nodes for the whole workload are within the pool's limits, which count what nodes have."""
    nodes = _fewest(request.nodes, ((count, Fraction(1)) for _, count in fits))
    for name, limit in (("replicas", pool.data.get("replicas")), ("nodes", pool.data["limits"].get("nodes"))):
        if limit is not None and Fraction(limit) < nodes:
            constraint = Constraint.REPLICAS if name == "replicas" else Constraint.LIMITS
            return Obstacle(constraint=constraint, found=str(limit), wanted=str(nodes), resource=name)
    for resource, limit in sorted(pool.data["limits"].items()):
        if resource in _HAS:
            least = _fewest(request.nodes, ((count, _HAS[resource](one)) for one, count in fits))
            if parse(limit) < least:
                return Obstacle(
                    constraint=Constraint.LIMITS, found=limit, wanted=_quantity(resource, least), resource=resource
                )
    return None


_HAS: Mapping[str, Callable[[InstanceType], Fraction]] = {
    GPU: lambda one: Fraction(one.gpu_count),
    "cpu": lambda one: Fraction(one.vcpus),
    "memory": lambda one: Fraction(one.memory_gib * _GIB),
}


def _fewest(nodes: int, types: Iterable[tuple[int, Fraction]]) -> Fraction:
    """The least total with which `nodes` nodes of a workload are held: of each type there may be any number, which
    holds so many and costs so much. A pool may mix its types, so this is a knapsack and not the best single type."""
    kinds = sorted(set(types))
    least = [Fraction(0)]
    for wanted in range(1, nodes + 1):
        least.append(min(least[max(0, wanted - holds)] + cost for holds, cost in kinds))
    return least[nodes]


def _quantity(resource: str, value: Fraction) -> str:
    return f"{-(-value.numerator // (value.denominator * _GIB))}Gi" if resource == "memory" else f"{value}"
