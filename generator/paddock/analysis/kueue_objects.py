"""What the replay of Kueue's admission is told and what it says: queues, runs, and how each of these ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from paddock.analysis.quota_tree import Cell, Member

Usage = dict[Cell, Fraction]
"""Quantities of resources by flavor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preemption:
    """The policies of a ClusterQueue under their names there."""

    within_cluster_queue: str = "Never"
    reclaim_within_cohort: str = "Never"
    borrow_within_cohort: str = "Never"
    max_priority_threshold: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A ClusterQueue. `groups` are its resource groups: covered resources and flavors, in order."""

    member: Member
    groups: Sequence[tuple[frozenset[str], Sequence[str]]]
    strict: bool = False
    """StrictFIFO instead of BestEffortFIFO."""
    stopped: bool = False
    preemption: Preemption = Preemption()
    when_can_borrow: str = "MayStopSearch"
    when_can_preempt: str = "TryNextFlavor"
    preference: str = "BorrowingOverPreemption"

    @property
    def name(self) -> str:
        return self.member.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSet:
    """Pods of one shape: the sum of their requests, the flavors whose nodes they may run on (None: all), and how many
    nodes of a flavor they take where topology-aware scheduling counts these."""

    requests: Mapping[str, Fraction]
    flavors: frozenset[str] | None = None
    nodes: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A workload that asks for admission as a whole. `arrival` orders runs of equal priority; it is unique."""

    name: str
    queue: str
    arrival: int
    podsets: Sequence[PodSet]
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to a run: admitted or preempted (then `by` says for whom)."""

    action: str
    run: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Why a run is not admitted: the node of the tree that has too little, of what, and how much is missing."""

    reason: str
    node: str | None = None
    cell: Cell | None = None
    short: Fraction = Fraction(0)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """`flavors` of each admitted run by podset and resource; the events in their order; why the others wait."""

    flavors: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    waiting: dict[str, Wait] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An admitted run with what it uses; `since` counts admissions."""

    run: Run
    usage: Usage
    since: int
