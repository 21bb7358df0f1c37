"""Runs of an environment arrive at its queues, one after the other: what became of each, and on which cluster.

MultiKueue: a run is admitted by the manager's queue first, then by the first of the queue's workers, in their order,
that has room for it; where none has, it waits at the first. Workers see it as one more run of the team's own queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from paddock.analysis.kueue_admission import Simulation
from paddock.analysis.kueue_objects import Outcome, Wait
from paddock.analysis.quota_tree import NODES, Cell
from paddock.model import Cluster, Environment, Fleet, Workload
from paddock.whatif import nodes, queueing
from paddock.whatif.queueing import Asked, Side

ADMITTED, PENDING, WAITING = "admitted", "pods pending", "waiting"
"""States of a run. Pods are pending where Kueue admitted a run by quota and the pool has no nodes for it: without
topology-aware scheduling it does not count nodes, and waitForPodsReady gives the quota back later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of a run. `usage` is what it holds, or 0 of everything if it waits."""

    asked: Asked
    state: str
    flavors: tuple[str, ...] = ()
    usage: Mapping[Cell, Fraction] = field(default_factory=dict)
    wait: Wait | None = None
    preempted_by: tuple[str, ...] = ()
    """Runs for which it was preempted, in order; it may have come back."""
    short: Fraction = Fraction(0)
    """Nodes that its pool lacks, if its pods are pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A cluster with its queues and what became of its runs, by name of the run."""

    cluster: Cluster
    side: Side
    standings: Mapping[str, Standing]


def order(environment: Environment, fleet: Fleet, first: Sequence[str]) -> list[str]:
    """The runs of an environment in the order of their arrival: those named (as workload or team/workload) in that
    order, then the others by falling priority and, of equals, by team and name."""
    found: dict[str, tuple[int, int, str]] = {}
    for cluster in environment.clusters.values():
        sent = [part for part, _ in queueing.dispatched(environment, cluster)]
        for part in (*queueing.local(environment, cluster), *sent):
            name = queueing.run_name(part)
            place = min((index for index, one in enumerate(first) if one in names(part)), default=len(first))
            found[name] = (place, -queueing.priority(fleet, cluster, part), name)
    return sorted(found, key=lambda name: found[name])


def names(part: Workload) -> tuple[str, str, str]:
    """What a person may call a run."""
    return part.name, f"{part.team}/{part.name}", queueing.run_name(part)


def replay(fleet: Fleet, environment: Environment, first: Sequence[str] = ()) -> list[Replay]:
    """What becomes of the runs on each cluster with Kueue, by name of the cluster."""
    sides = {name: queueing.side(fleet, one) for name, one in environment.clusters.items()}
    known = {name: one for name, one in sides.items() if one is not None}
    arrivals = {name: index for index, name in enumerate(order(environment, fleet, first))}
    own = {name: _own(fleet, environment, environment.clusters[name], side, arrivals) for name, side in known.items()}
    sent, waiting = _sent(fleet, environment, known, own, arrivals)
    return [
        _settled(environment.clusters[name], side, [*own[name], *sent.get(name, [])], waiting.get(name, []))
        for name, side in sorted(known.items())
    ]


def _own(
    fleet: Fleet, environment: Environment, cluster: Cluster, side: Side, arrivals: Mapping[str, int]
) -> list[Asked]:
    """The runs of a cluster's own queues."""
    return [
        queueing.arriving(queueing.asked(fleet, cluster, side, part, part.team), arrivals[queueing.run_name(part)])
        for part in queueing.local(environment, cluster)
        if part.team in side.teams
    ]


def _sent(
    fleet: Fleet,
    environment: Environment,
    sides: Mapping[str, Side],
    own: Mapping[str, Sequence[Asked]],
    arrivals: Mapping[str, int],
) -> tuple[dict[str, list[Asked]], dict[str, list[Standing]]]:
    """Runs by the worker to which they go, and those that wait at their manager, by the manager."""
    sent: dict[str, list[Asked]] = {}
    waiting: dict[str, list[Standing]] = {}
    for manager in (environment.clusters[name] for name in sorted(sides)):
        queued = _at_manager(fleet, environment, manager, sides[manager.name], arrivals)
        outcome = _simulate(sides[manager.name], [one for one, _ in queued])
        for one, workers in sorted(queued, key=lambda it: it[0].run.arrival):
            if one.name not in outcome.flavors:
                waiting.setdefault(manager.name, []).append(_standing(one, outcome))
                continue
            runs = {
                name: _on_worker(fleet, environment.clusters[name], sides[name], one, manager)
                for name in workers
                if name in sides and one.part.team in sides[name].teams
            }
            room = [
                name
                for name, run in runs.items()
                if run.name in _simulate(sides[name], [*own[name], *sent.get(name, []), run]).flavors
            ]
            for name in (room or list(runs))[:1]:
                sent.setdefault(name, []).append(runs[name])
    return sent, waiting


def _at_manager(
    fleet: Fleet, environment: Environment, manager: Cluster, side: Side, arrivals: Mapping[str, int]
) -> list[tuple[Asked, tuple[str, ...]]]:
    """Runs in the queues of a manager, each with its workers. Pods are written for the first of these."""
    found = []
    for part, workers in queueing.dispatched(environment, manager):
        first = environment.clusters[workers[0]]
        one = queueing.asked(fleet, first, side, part, part.data["queue"]["name"], counts=False)
        found.append((queueing.arriving(one, arrivals[one.name]), workers))
    return found


def _on_worker(fleet: Fleet, worker: Cluster, side: Side, one: Asked, manager: Cluster) -> Asked:
    """A run as the worker sees it: in the team's own queue."""
    found = queueing.asked(fleet, worker, side, one.part, one.part.team)
    return queueing.arriving(found, one.run.arrival, manager=manager.identity)


def _simulate(side: Side, runs: Iterable[Asked]) -> Outcome:
    simulation = Simulation(side.queues, side.cohorts, strategies=side.strategies)
    return simulation.submit(one.run for one in runs)


def _settled(cluster: Cluster, side: Side, runs: Sequence[Asked], waiting: Iterable[Standing]) -> Replay:
    outcome = _simulate(side, runs)
    standings = {one.name: _standing(one, outcome) for one in sorted(runs, key=lambda it: it.run.arrival)}
    standings |= _pending(cluster, side, standings, outcome)
    standings |= {one.asked.name: one for one in waiting}
    return Replay(cluster=cluster, side=side, standings=dict(sorted(standings.items())))


def _standing(one: Asked, outcome: Outcome) -> Standing:
    preempted = tuple(event.by for event in outcome.events if event.run == one.name and event.by is not None)
    if one.name not in outcome.flavors:
        return Standing(asked=one, state=WAITING, wait=outcome.waiting[one.name], preempted_by=preempted)
    assigned = outcome.flavors[one.name]
    usage: dict[Cell, Fraction] = {}
    for podset, chosen in zip(one.run.podsets, assigned, strict=True):
        for resource, flavor in chosen.items():
            usage[flavor, resource] = usage.get((flavor, resource), Fraction(0)) + podset.requests[resource]
        for flavor in sorted(set(chosen.values()) & podset.nodes.keys()):
            usage[flavor, NODES] = podset.nodes[flavor]
    flavors = tuple(sorted({flavor for chosen in assigned for flavor in chosen.values()}))
    return Standing(asked=one, state=ADMITTED, flavors=flavors, usage=usage, preempted_by=preempted)


def _pending(cluster: Cluster, side: Side, standings: Mapping[str, Standing], outcome: Outcome) -> dict[str, Standing]:
    """Admitted runs for which the nodes of their pool do not suffice, in the order in which they were admitted last."""
    left = {name: nodes.number(pool) for name, pool in cluster.node_pools.items() if name not in side.topology}
    last = {event.run: index for index, event in enumerate(outcome.events) if event.action == "admitted"}
    found = {}
    for name in sorted(outcome.flavors, key=lambda one: last[one]):
        one = standings[name]
        for flavor in one.flavors:
            has, wants = left.get(flavor), one.asked.nodes.get(flavor)
            if has is None or wants is None:
                continue
            if wants > has:
                found[name] = replace(one, state=PENDING, short=wants - has)
            else:
                left[flavor] = has - wants
    return found
