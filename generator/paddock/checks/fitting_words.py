"""Findings about what fits nowhere, in words: one line for each pool with the constraint that ruled it out, the field
that says too much, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paddock.analysis.feasibility import Constraint, Obstacle, Request
from paddock.checks.fitting import Offer
from paddock.devices import GPU
from paddock.diagnostics import Note, Place, Pointer
from paddock.gpu_slices import advertised
from paddock.instances import instances
from paddock.model import Json, Step, Workload
from paddock.quantity import binary, decimal

Against = Sequence[tuple[Offer, Obstacle]]

_REASONS = {
    Constraint.MODEL: "model {one.found}",
    Constraint.TAINTS: "its taint {one.found} keeps away workloads that do not name it",
    Constraint.SHARING: "its GPUs are shared; only workloads that name the pool run on it",
    Constraint.TIME_SLICING: "its GPUs are shared by time-slicing: a pod gets one, {one.wanted} asked for",
    Constraint.CAPACITY_TYPE: "its capacity is {one.found}, the workload wants {one.wanted}",
    Constraint.EFA: "no EFA",
    Constraint.ZONES: "it makes nodes in {one.found}, not in {one.wanted}",
    Constraint.ARCHITECTURE: "{one.instance} is {one.found}, the workload wants {one.wanted}",
    Constraint.GPUS: "{one.instance} has {one.found} GPUs",
    Constraint.CPU: "{one.instance} has {one.found} CPUs for pods, {one.wanted} asked for",
    Constraint.MEMORY: "{one.instance} has {one.found} of memory for pods, {one.wanted} asked for",
    Constraint.EPHEMERAL: "{one.instance} has {one.found} of storage for pods, {one.wanted} asked for",
    Constraint.PODS: "{one.instance} holds no further pod",
    Constraint.TOPOLOGY: "{one.instance} holds {one.found} of the {one.wanted} pods that one host has to hold",
    Constraint.RESERVATIONS: "its reservations are of {one.found} instances, the workload needs {one.wanted}",
    Constraint.REPLICAS: "it has {one.found} nodes, the workload needs {one.wanted}",
    Constraint.LIMITS: 'limits["{one.resource}"] is {one.found}, the workload needs {one.wanted}',
}
_FIELDS: dict[Constraint, Pointer] = {
    Constraint.ARCHITECTURE: ("architectures",),
    Constraint.CAPACITY_TYPE: ("capacityTypes",),
    Constraint.EFA: ("resources", "efa"),
    Constraint.CPU: ("resources", "cpu"),
    Constraint.MEMORY: ("resources", "memory"),
    Constraint.EPHEMERAL: ("resources", "ephemeralStorage"),
    Constraint.TOPOLOGY: ("topology", "level"),
    Constraint.RESERVATIONS: ("nodes",),
    Constraint.REPLICAS: ("nodes",),
}
_OTHERWISE = "ask for what one of these pools has, or add a pool"
_LARGER = ", which {offer.title} has, or add a pool with larger instances"
_ADVICE = {
    Constraint.TAINTS: "name the pool that is meant, or add one without taints",
    Constraint.TIME_SLICING: "ask for 1 GPU, or name a pool whose GPUs are whole",
    Constraint.CAPACITY_TYPE: "add {one.found} to its capacityTypes, as {offer.title} has it, or {one.wanted} to the "
    "pool's",
    Constraint.ARCHITECTURE: "add a pool of {one.wanted}, or build the images for {one.found} too and say so in "
    "architectures",
    Constraint.GPUS: "ask for at most {one.found} GPUs" + _LARGER,
    Constraint.CPU: "ask for at most {one.found} CPUs" + _LARGER,
    Constraint.MEMORY: "ask for at most {one.found} of memory" + _LARGER,
    Constraint.EPHEMERAL: "ask for at most {one.found} of storage, which {offer.title} has, or enlarge its volume",
    Constraint.TOPOLOGY: "choose a wider level or mode: preferred{fewer}",
    Constraint.RESERVATIONS: "reserve {one.wanted} instances or add on-demand to capacityTypes of {offer.title}{fewer}",
    Constraint.REPLICAS: "give {offer.title} {one.wanted} nodes{fewer}",
    Constraint.LIMITS: 'raise limits["{one.resource}"] of {offer.title} to {one.wanted}{fewer}',
}
_SLICES = "let each part be one nvidia.com/gpu: mig.strategy: single of gpu-operator, and no renameByDefault"


def notes(against: Against) -> tuple[Note, ...]:
    """A line for each pool and node group."""
    return tuple(note(offer, reason(offer, one), place=_place(offer, one)) for offer, one in against)


def note(offer: Offer, why: str, *, place: Place | None = None) -> Note:
    """The line of one pool or node group."""
    return Note(message=f"{offer.title}: {why}", place=place or offer.place(key=True))


def companions(against: Against, workload: Workload, wanted: Request) -> tuple[Note, ...]:
    """What stands on the node for the workload's sake, where a line of a pool has taken it off."""
    cpu, memory, _ = wanted.beside
    short = {one.constraint for _, one in against} & {Constraint.CPU, Constraint.MEMORY}
    if not short or not (cpu or memory):
        return ()
    step = ["the container that Argo Workflows adds to a step"] if isinstance(workload, Step) else []
    what = " and ".join([*step, *(["Mountpoint's pods"] if workload.data.get("mounts") else [])])
    return (Note(message=f"{decimal(cpu)} of CPU and {binary(memory)} of memory are left to {what}"),)


def closest(against: Against) -> tuple[Offer, Obstacle]:
    """The first offer of those that came closest."""
    order = tuple(Constraint)
    return max(against, key=lambda each: order.index(each[1].constraint))


def reason(offer: Offer, one: Obstacle) -> str:
    """Why nodes of an offer cannot hold a request."""
    if one.constraint is Constraint.MODEL and offer.pool.gpu_model is None:
        return "no GPU"
    if one.constraint is Constraint.TAINTS and offer.group:
        return f"its taint {one.found} keeps workloads away"
    if one.constraint is Constraint.CAPACITY_TYPE and offer.group:
        return "its nodes have no label of a capacity type, because Karpenter did not make them"
    sliced = advertised(offer.cluster, offer.pool, instances()[one.instance]) if one.instance else None
    if one.constraint is Constraint.GPUS and sliced is not None:
        other = sorted(name for name, count in sliced.items() if count and name != GPU)
        named = f": its parts of GPUs are {', '.join(other)}" if other else ""
        return f"{one.instance} offers {one.found} nvidia.com/gpu{named}"
    if one.constraint is Constraint.GPUS and one.found == "1":
        return f"{one.instance} has 1 GPU"
    return _REASONS[one.constraint].format(one=one)


def _place(offer: Offer, one: Obstacle) -> Place:
    """The pool, or the number in it that is too small."""
    if one.constraint is Constraint.LIMITS and one.resource:
        return offer.place("limits", one.resource)
    if one.constraint is Constraint.REPLICAS:
        return offer.place("maxSize" if offer.group else "replicas")
    return offer.place(key=True)


def field(workload: Workload, one: Obstacle) -> Pointer:
    """The field of the workload that says too much for an obstacle."""
    numbered = one.constraint in (Constraint.RESERVATIONS, Constraint.REPLICAS, Constraint.LIMITS)
    if numbered and "replicas" in workload.data:
        return ("replicas", "min")
    found = _FIELDS.get(one.constraint, ("resources", "gpu"))
    if found == ("resources", "gpu") and "gpu" not in workload.data["resources"]:
        return ("resources",)
    return found


def amount(stated: Mapping[str, Json]) -> str:
    """CPUs, storage and memory that one node or replica asks for."""
    storage = f", {stated['ephemeralStorage']} of storage" if "ephemeralStorage" in stated else ""
    return f"{stated['cpu']} {'CPU' if stated['cpu'] == '1' else 'CPUs'}{storage} and {stated['memory']} of memory"


def each(workload: Workload, wanted: Request, *, host: str = "") -> str:
    """How many nodes or replicas there are at once, where it is more than one."""
    preposition = "for" if "replicas" in workload.data else "on"
    return f" {preposition} each of {wanted.nodes} {plural(workload)}{host}" if wanted.nodes > 1 else ""


def plural(workload: Workload) -> str:
    """What several of it are called."""
    return "replicas" if "replicas" in workload.data else "nodes"


def advice(against: Against, *, what: str = "nodes") -> str:
    """What to write: for the pool that came closest the number that would do, on either side. `what` several are."""
    if not against:
        return "add a pool to the cluster"
    offer, one = closest(against)
    nothing = one.found in ("0", "0 GiB")
    if nothing and one.constraint is Constraint.GPUS and offer.pool.shared_gpus:
        return _SLICES
    if nothing or (offer.group and one.constraint is Constraint.CAPACITY_TYPE):
        return _OTHERWISE
    fewer = f", or ask for at most {one.most} {what}" if one.most else ""
    return _ADVICE.get(one.constraint, _OTHERWISE).format(offer=offer, one=one, fewer=fewer)
