"""A cluster as Kueue sees it: its ClusterQueues and cohorts as they are rendered, and the runs of its workloads.

Each workload with a queue has one run, which arrives once; a pipeline asks for the steps with GPUs of its widest
moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from paddock.analysis.kueue_objects import PodSet, Preemption, Queue, Run
from paddock.analysis.quota_tree import NODES, Member, Quota
from paddock.components import kueue
from paddock.components.kueue_cohorts import settings_of
from paddock.devices import GPU
from paddock.model import Cluster, Environment, Fleet, NodePool, Step, Workload
from paddock.quantity import parse
from paddock.whatif import nodes
from paddock.workloads import pipeline, pods

Json = Any

FAIR = ("LessThanOrEqualToFinalShare", "LessThanInitialShare")
"""The strategies of fair sharing that the controller's configuration names (components.kueue)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The queues of a cluster. Cohorts are named `cohort <name>`, since a team may have the name of one."""

    queues: tuple[Queue, ...]
    cohorts: tuple[Member, ...]
    strategies: tuple[str, ...]
    topology: frozenset[str]
    """Flavors on which Kueue counts nodes (topology-aware scheduling)."""
    uncounted: tuple[str, ...]
    """Prefixes of resources that no queue has quota of; Kueue leaves them out."""

    @property
    def teams(self) -> frozenset[str]:
        """The teams that have a queue of their own: it has their name."""
        return frozenset(one.name for one in self.queues)

    def flavors(self, queue: str) -> tuple[str, ...]:
        """The flavors of a queue, in order."""
        one = next(one for one in self.queues if one.name == queue)
        return tuple(flavor for _, flavors in one.groups for flavor in flavors)


def side(fleet: Fleet, cluster: Cluster) -> Side | None:
    """The queues of a cluster; None where Kueue does not run."""
    settings = settings_of(cluster)
    if settings is None:
        return None
    view = kueue.view(fleet, cluster, settings, {})
    topology = frozenset(one["name"] for one in view["flavors"] if one["topologyName"])
    strict = settings["queueingStrategy"] == "StrictFIFO"
    rendered = [*view["queues"], *view["dispatchQueues"]]
    covered = {name for one in (*rendered, *view["cohorts"]) for name in _covered(one)}
    return Side(
        queues=tuple(_queue(one, strict=strict) for one in rendered),
        cohorts=tuple(_cohort(one, _nodes(cluster, topology)) for one in view["cohorts"]),
        strategies=FAIR if settings["fairSharing"] else (),
        topology=topology,
        uncounted=tuple(kueue.uncounted(covered)),
    )


def cohort_name(name: str | None) -> str | None:
    """The name of a cohort in a simulation."""
    return None if name is None else f"cohort {name}"


def _covered(one: Mapping[str, Json]) -> set[str]:
    return {name for group in one["resourceGroups"] for name in group["coveredResources"]}


def _queue(one: Mapping[str, Json], *, strict: bool) -> Queue:
    fungibility = one.get("flavorFungibility", {})
    policies = one["preemption"]
    borrow = policies.get("borrowWithinCohort", {})
    member = Member(
        name=one["name"],
        parent=cohort_name(one.get("cohortName")),
        quotas=_quotas(one["resourceGroups"]),
        weight=Fraction(one.get("weight", "1")),
    )
    return Queue(
        member=member,
        groups=[
            (frozenset(group["coveredResources"]), tuple(flavor["name"] for flavor in group["flavors"]))
            for group in one["resourceGroups"]
        ],
        strict=strict,
        stopped=one["stopPolicy"] != "None",
        preemption=Preemption(
            within_cluster_queue=policies["withinClusterQueue"],
            reclaim_within_cohort=policies["reclaimWithinCohort"],
            borrow_within_cohort=borrow.get("policy", "Never"),
            max_priority_threshold=borrow.get("maxPriorityThreshold"),
        ),
        when_can_borrow=fungibility.get("whenCanBorrow", "MayStopSearch"),
        when_can_preempt=fungibility.get("whenCanPreempt", "TryNextFlavor"),
        preference=fungibility.get("preference", "BorrowingOverPreemption"),
    )


def _cohort(one: Mapping[str, Json], counted: Mapping[tuple[str, str], Quota]) -> Member:
    """A cohort; the root has the nodes on which Kueue counts."""
    parent = cohort_name(one["parentName"])
    quotas = _quotas(one["resourceGroups"]) | (dict(counted) if parent is None else {})
    name = cohort_name(one["name"])
    assert name is not None
    return Member(name=name, parent=parent, quotas=quotas, weight=Fraction(one["weight"]))


def _quotas(groups: Iterable[Mapping[str, Json]]) -> dict[tuple[str, str], Quota]:
    return {
        (flavor["name"], resource["name"]): Quota(
            nominal=parse(resource["nominalQuota"]),
            borrowing_limit=parse(resource["borrowingLimit"]) if "borrowingLimit" in resource else None,
            lending_limit=parse(resource["lendingLimit"]) if "lendingLimit" in resource else None,
        )
        for group in groups
        for flavor in group["flavors"]
        for resource in flavor["resources"]
    }


def _nodes(cluster: Cluster, topology: Iterable[str]) -> dict[tuple[str, str], Quota]:
    found = {name: nodes.number(cluster.node_pools[name]) for name in sorted(topology) if name in cluster.node_pools}
    return {(name, NODES): Quota(nominal=count) for name, count in found.items() if count is not None}


# Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A run as a person knows it: the workload or step, the same in the simulation, and what it takes of each pool."""

    part: Workload
    run: Run
    nodes: Mapping[str, Fraction]
    count: int
    """Pods of the run."""
    barred: tuple[str, ...] = ()
    """Flavors of its pools that it may not have: topology is asked for and they have none, or the other way round."""
    manager: str | None = None
    """Identity of the manager that sent it."""

    @property
    def name(self) -> str:
        return self.run.name


def run_name(part: Workload) -> str:
    """team/workload, of a pipeline team/workload/step: unique on a cluster."""
    return f"{part.team}/{part.name}" + (f"/{part.step}" if isinstance(part, Step) else "")


def parts(workload: Workload) -> list[Workload]:
    """What asks for admission at the same time: the workload, or of a pipeline the steps with GPUs of the stage that
    needs most of them. Steps begin as early as they can; those of other stages never run beside these."""
    queued = [one for one in workload.parts() if "queue" in one.data]
    if "steps" not in workload.data:
        return queued
    stages: dict[int, list[Workload]] = {}
    for one in queued:
        assert isinstance(one, Step)
        stages.setdefault(_stage(workload.data["steps"], one.step), []).append(one)
    return max(
        stages.values(), key=lambda stage: sum(one.data["resources"]["gpu"]["count"] for one in stage), default=[]
    )


def _stage(steps: Mapping[str, Json], name: str) -> int:
    """Length of the longest way to a step."""
    return max((1 + _stage(steps, one) for one in pipeline.dependencies(steps[name])), default=0)


def asked(fleet: Fleet, cluster: Cluster, where: Side, part: Workload, queue: str, *, counts: bool = True) -> Asked:
    """The run of a workload or step in a ClusterQueue of a cluster; `arrival` is set by who knows the order.

    `counts` is False on a manager of MultiKueue: flavors and nodes are then the workers' business.
    """
    count = part.data.get("nodes", 1)
    chosen = pods.pools(cluster, part)
    named = {pool.name for pool in chosen}
    legal = [one for one in where.flavors(queue) if not named or one in named]
    takes = {pool.name: nodes.taken(cluster, pool, part) for pool in _flavor_pools(cluster, legal)}
    held = {name: count * one for name, one in takes.items() if one is not None}
    tried = _by_topology(cluster, where, queue, part, legal) if counts else legal
    podset = PodSet(
        requests=_requests(cluster, where, queue, part, count),
        flavors=frozenset(tried),
        nodes={name: amount for name, amount in held.items() if counts and name in where.topology},
    )
    return Asked(
        part=part,
        run=Run(name=run_name(part), queue=queue, arrival=0, podsets=[podset], priority=priority(fleet, cluster, part)),
        nodes=held,
        count=count,
        barred=tuple(one for one in legal if one not in tried),
    )


def _flavor_pools(cluster: Cluster, names: Iterable[str]) -> list[NodePool]:
    return [cluster.node_pools[name] for name in names if name in cluster.node_pools]


def _by_topology(cluster: Cluster, where: Side, queue: str, part: Workload, legal: Sequence[str]) -> list[str]:
    """Who asks for topology, be it any, gets a flavor that has one, who does not another, unless all of the queue's
    have one (Kueue 0.19.2, pkg/scheduler/flavorassigner/tas_flavorassigner.go)."""
    asks = "topology" in part.data or bool(pods.anywhere(cluster, part))
    if not asks and set(where.flavors(queue)) <= where.topology:
        return list(legal)
    return [one for one in legal if (one in where.topology) == asks]


def _requests(cluster: Cluster, where: Side, queue: str, part: Workload, count: int) -> dict[str, Fraction]:
    """What all pods ask for together, of the resources that Kueue counts; claims count as GPUs (kueue.DEVICE_CLASSES).
    Pods themselves count where the queue has quota of them."""
    each = pods.resources(cluster, part)
    amounts: dict[str, Fraction] = {name: parse(one) for name, one in {**each["limits"], **each["requests"]}.items()}
    if "claims" in each:
        amounts[GPU] = Fraction(part.data["resources"]["gpu"]["count"])
    one = next(one for one in where.queues if one.name == queue)
    if any("pods" in resources for resources, _ in one.groups):
        amounts["pods"] = Fraction(1)
    return {
        name: count * amount for name, amount in sorted(amounts.items()) if not name.startswith(tuple(where.uncounted))
    }


def priority(fleet: Fleet, cluster: Cluster, part: Workload) -> int:
    """The value of the queue's priority, else that of the pods' PriorityClass, else of the global default, else 0
    (Kueue, site/content/en/docs/concepts/workload.md, "Priority")."""
    stated = part.data["queue"].get("priority")
    if stated is not None:
        return int(fleet.platform.data["priorities"][stated]["value"])
    if "priority-classes" not in cluster.components:
        return 0
    classes = fleet.platform.data["priorityClasses"]
    name = pods.priority_class(fleet, cluster, part)
    default = next((key for key, one in sorted(classes.items()) if one.get("globalDefault")), None)
    chosen = name if name is not None else default
    return int(classes[chosen]["value"]) if chosen is not None else 0


def arriving(one: Asked, arrival: int, *, manager: str | None = None) -> Asked:
    """A run with its place in the order of arrival."""
    return replace(one, run=replace(one.run, arrival=arrival), manager=manager)


def local(environment: Environment, cluster: Cluster) -> list[Workload]:
    """What is queued on a cluster for that cluster."""
    return [
        part
        for workload in environment.workloads_on(cluster.name)
        if cluster.name in workload.data["clusters"] and cluster.name not in workload.dispatch
        for part in parts(workload)
    ]


def dispatched(environment: Environment, manager: Cluster) -> list[tuple[Workload, tuple[str, ...]]]:
    """What is queued on a manager for its workers, with these in their order."""
    return [
        (part, workload.dispatch[manager.name])
        for workload in environment.workloads_with_objects_on(manager.name)
        if workload.dispatch.get(manager.name)
        for part in parts(workload)
    ]
