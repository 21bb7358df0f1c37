"""Whether some node pool can hold a workload with GPUs, in words: what can never fit is refused, and for each pool the
constraint that rules it out is named (analysis.feasibility)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis.feasibility import Constraint, Obstacle, Request
from paddock.catalogue import Component
from paddock.checks import fitting, fitting_words
from paddock.checks.fitting import Offer
from paddock.checks.workload_references import merged
from paddock.diagnostics import Pointer, Problem
from paddock.model import Cluster, Fleet, NodePool, Workload

IDS = ("gpu-does-not-fit",)

_CLAIMED = "its GPUs are claimed (DRA), and other pools offer the model without; name the pool"


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each workload and each step of a pipeline that asks for GPUs, on each of its clusters."""
    yield from merged(_all(fleet, catalogue))


def _pools(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Pods with GPUs ask for the label of a pool, which nodes of a node group do not have."""
    return tuple(one for one in offers if not one.group)


def _all(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        offers = {name: _pools(fitting.offers(one, catalogue)) for name, one in environment.clusters.items()}
        fit: set[tuple[str, Request, bool]] = set()
        for workload in environment.workloads.values():
            for part in workload.parts():
                if "gpu" in part.data["resources"]:
                    for name in workload.clusters:
                        if name in offers:
                            yield from _fits(environment.clusters[name], part, offers[name], fit)


def fits_nowhere(cluster: Cluster, workload: Workload, catalogue: Mapping[str, Component]) -> bool:
    """Whether gpu-does-not-fit is said of a workload: what else keeps it from running matters only after that."""
    if "gpu" not in workload.data["resources"]:
        return False
    return any(True for _ in _fits(cluster, workload, _pools(fitting.offers(cluster, catalogue)), set()))


def _fits(
    cluster: Cluster, workload: Workload, offers: tuple[Offer, ...], fit: set[tuple[str, Request, bool]]
) -> Iterator[Problem]:
    """The problem of a workload, if it has one. `fit` are requests that a cluster holds: many ask for the same."""
    wanted, spread = fitting.request(cluster, workload), "replicas" in workload.data
    if (cluster.name, wanted, spread) in fit:
        return
    mine = [one for one in offers if wanted.pool in (None, one.pool.name)]
    if wanted.pool is not None and not mine:
        return  # unknown-node-pool says so
    usual = wanted.pool is None and any(_counts(one.pool, wanted) for one in mine)
    open_to_it = [one for one in mine if not (usual and one.pool.dra)]
    against = fitting.obstacles(open_to_it, wanted, spread=spread)
    if against is None:
        fit.add((cluster.name, wanted, spread))
        return
    yield _problem(cluster.identity, workload, wanted, against, [one for one in mine if usual and one.pool.dra])


def _problem(
    identity: str, workload: Workload, wanted: Request, against: list[tuple[Offer, Obstacle]], claimed: list[Offer]
) -> Problem:
    field = _field(workload, against)
    notes = {offer.pool.name: note for (offer, _), note in zip(against, fitting_words.notes(against), strict=True)}
    for offer in claimed:
        notes[offer.pool.name] = fitting_words.note(offer, _CLAIMED)
    count = wanted.gpus
    total = f"{wanted.nodes} {fitting_words.plural(workload)} × {count} GPUs = {wanted.nodes * count}"
    return Problem(
        id="gpu-does-not-fit",
        message=f"{workload.title} asks for {_wish(workload, wanted)}, "
        f'and no node pool of cluster "{identity}" can give it',
        place=workload.place(*field),
        label=total if wanted.nodes > 1 and field == ("resources", "gpu") else "",
        related=tuple(notes[name] for name in sorted(notes)) + fitting_words.companions(against, workload, wanted),
        help=fitting_words.advice(against, what=fitting_words.plural(workload)),
    )


def _wish(workload: Workload, wanted: Request) -> str:
    """What one node of the workload wants, in words."""
    gpu = workload.data["resources"]["gpu"]
    efa = " with EFA" if wanted.efa else ""
    host = ", all on one host" if wanted.together else ""
    each = fitting_words.each(workload, wanted, host=host)
    return f"{gpu['count']} × {gpu['model']}{efa}, {fitting_words.amount(workload.data['resources'])}{each}"


def _field(workload: Workload, against: list[tuple[Offer, Obstacle]]) -> Pointer:
    """The field to point at: what the pool that came closest lacks, or the pool that was named wrongly."""
    _, one = fitting_words.closest(against) if against else (None, None)
    if one is not None and one.constraint is not Constraint.MODEL:
        return fitting_words.field(workload, one)
    return ("pool",) if "pool" in workload.data else ("resources", "gpu")


def _counts(pool: NodePool, wanted: Request) -> bool:
    """Whether a pool of the workload's model and EFA offers whole GPUs by a device plugin: then claims are not made."""
    right = pool.gpu_model == wanted.gpu_model and (pool.efa or not wanted.efa)
    return right and not (pool.dra or pool.shared_gpus)
