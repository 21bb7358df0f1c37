"""Kueue's admission replayed: who is admitted in which flavor, who is preempted for whom, and who waits for what.

The rules are those of Kueue's documentation (site/content/en/docs/concepts/{cluster_queue,cohort,preemption}.md) and
KEP-1714. Runs have no end here: what is admitted stays, unless it is preempted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from paddock.analysis.quota_tree import Cell, Member, QuotaTree

Usage = dict[Cell, Fraction]


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
    """Pods of one shape: the sum of their requests, and the flavors whose nodes they may run on (None: all)."""

    requests: Mapping[str, Fraction]
    flavors: frozenset[str] | None = None


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


@dataclass(slots=True, kw_only=True)
class _Assignment:
    """Flavors by podset and resource, what they use, whom they need gone, and whether the queue borrows for it."""

    flavors: list[dict[str, str]]
    usage: Usage
    targets: list[Run] = field(default_factory=list)
    borrows: bool = False


class Simulation:
    """Queues, cohorts and what is admitted. Runs are submitted one after the other, in the order of their arrival."""

    def __init__(
        self, queues: Iterable[Queue], cohorts: Iterable[Member] = (), *, strategies: Sequence[str] = ()
    ) -> None:
        """`strategies` are fair sharing's preemptionStrategies; none means that fair sharing is off."""
        self._queues = {one.name: one for one in queues}
        self._tree = QuotaTree([one.member for one in self._queues.values()], cohorts)
        self._strategies = tuple(strategies)
        self._admitted: dict[str, tuple[Run, _Assignment, int]] = {}
        self._pending: dict[str, dict[str, Run]] = {name: {} for name in self._queues}
        self._parked: set[str] = set()
        self._clock = 0
        self.outcome = Outcome()

    def submit(self, runs: Iterable[Run]) -> Outcome:
        """Let runs arrive, each when everything before it has settled."""
        for run in sorted(runs, key=lambda one: one.arrival):
            self._pending[run.queue][run.name] = run
            self._settle()
        self._explain()
        return self.outcome

    def _explain(self) -> None:
        """Why runs wait that never had a turn."""
        for name, pending in self._pending.items():
            for run in pending.values():
                if self._queues[name].stopped:
                    self.outcome.waiting[run.name] = Wait(reason=f"queue {name} is stopped")
                elif run.name not in self.outcome.waiting:
                    first = min(pending.values(), key=lambda one: (-one.priority, one.arrival))
                    self.outcome.waiting[run.name] = Wait(reason=f"{first.name} is before it, and {name} is StrictFIFO")

    def used(self, queue: str) -> Usage:
        """What the admitted runs of a queue use."""
        found: Usage = {}
        for run, assignment, _ in self._admitted.values():
            if run.queue == queue:
                for cell, amount in assignment.usage.items():
                    found[cell] = found.get(cell, Fraction(0)) + amount
        return found

    # Cycles

    def _settle(self) -> None:
        """Cycles until one changes nothing. Each preemption is for a run that no preempted one can take the place of,
        so this ends (fair_sharing.md, "Proof that two workloads won't preempt each other"); the bound is for the rest.
        """
        for _ in range(10 * (1 + sum(len(one) for one in self._pending.values()) + len(self._admitted)) ** 2):
            if not self._cycle():
                return
        raise RuntimeError("admission does not settle: runs preempt each other for ever")

    def _cycle(self) -> bool:
        """One scheduling cycle: the head of each queue, in order; True if anything was admitted or preempted."""
        changed = False
        for run, early in self._in_order(self._heads()):
            assignment = self._assign(run) if changed else early
            if assignment is None:
                if not self._queues[run.queue].strict:
                    self._parked.add(run.name)
                    changed = True  # the next of its queue has its turn
                continue
            # Evictions take no time here, so that nobody else takes the room before it is used.
            for target in assignment.targets:
                self._evict(target, by=run)
            self._admit(run, assignment)
            changed = True
        return changed

    def _heads(self) -> list[Run]:
        """The first run of each queue: by priority, then by arrival."""
        heads = []
        for name, pending in self._pending.items():
            ready = [one for one in pending.values() if one.name not in self._parked]
            if ready and not self._queues[name].stopped:
                heads.append(min(ready, key=lambda one: (-one.priority, one.arrival)))
        return heads

    def _in_order(self, heads: list[Run]) -> list[tuple[Run, _Assignment | None]]:
        """Who needs not borrow first, then who borrows from nearest, or by fair share where that is on; then by
        priority and arrival (cluster_queue.md, "Flavors and borrowing semantics"; preemption.md, "Share value")."""
        found = []
        for run in heads:
            assignment = self._assign(run)
            usage = assignment.usage if assignment else {}
            self._tree.add(run.queue, usage)
            height = 0 if self._strategies else self._tree.borrowed_from(run.queue, usage)
            shares = self._shares(run.queue) if self._strategies else ()
            self._tree.add(run.queue, usage, -1)
            key = (height, shares, -run.priority, run.arrival)
            found.append((key, run, assignment))
        return [(run, assignment) for _, run, assignment in sorted(found, key=lambda one: one[0])]

    def _admit(self, run: Run, assignment: _Assignment) -> None:
        self._clock += 1
        self._tree.add(run.queue, assignment.usage)
        self._admitted[run.name] = (run, assignment, self._clock)
        del self._pending[run.queue][run.name]
        self.outcome.flavors[run.name] = assignment.flavors
        self.outcome.waiting.pop(run.name, None)
        self.outcome.events.append(Event(action="admitted", run=run.name))

    def _evict(self, run: Run, *, by: Run) -> None:
        """It goes back to its queue, and whoever waits in the same tree has another turn."""
        _, assignment, _ = self._admitted.pop(run.name)
        self._tree.add(run.queue, assignment.usage, -1)
        self._pending[run.queue][run.name] = run
        del self.outcome.flavors[run.name]
        self.outcome.events.append(Event(action="preempted", run=run.name, by=by.name))
        for queue in self._tree.queues_of_tree(run.queue):
            self._parked -= self._pending[queue].keys()

    # Flavors

    def _assign(self, run: Run) -> _Assignment | None:
        """Flavors for every podset and resource group, or None; then `waiting` says why."""
        queue = self._queues[run.queue]
        found = _Assignment(flavors=[], usage={})
        for podset in run.podsets:
            chosen: dict[str, str] = {}
            uncovered = {name for name, amount in podset.requests.items() if amount} - _covered(queue)
            if uncovered:
                self.outcome.waiting[run.name] = Wait(reason=f"{run.queue} covers no {', '.join(sorted(uncovered))}")
                return None
            for resources, flavors in queue.groups:
                asked = {name: amount for name, amount in podset.requests.items() if name in resources and amount}
                if not asked:
                    continue
                legal = [one for one in flavors if podset.flavors is None or one in podset.flavors]
                best = self._best(run, queue, found, asked, legal)
                if best is None:
                    return None
                flavor, found.usage, found.targets, found.borrows = best
                chosen |= dict.fromkeys(asked, flavor)
            found.flavors.append(chosen)
        return found

    def _best(
        self, run: Run, queue: Queue, so_far: _Assignment, asked: Mapping[str, Fraction], flavors: Sequence[str]
    ) -> tuple[str, Usage, list[Run], bool] | None:
        """The flavor by the rules of flavorFungibility (cluster_queue.md, "FlavorFungibility")."""
        options: list[tuple[int, str, Usage, list[Run], bool]] = []
        for flavor in flavors:
            usage = dict(so_far.usage)
            for resource, amount in asked.items():
                usage[flavor, resource] = usage.get((flavor, resource), Fraction(0)) + amount
            wait = self._shortage(run, usage)
            targets = self._targets(run, usage) if wait else []
            borrows = self._would_borrow(queue.name, usage, without=targets)
            if wait and not targets:
                self.outcome.waiting[run.name] = wait
                continue
            options.append((_rank(queue, fits=not wait, borrows=borrows), flavor, usage, targets, borrows))
            if (not wait and not borrows) or _stops(queue, fits=not wait, borrows=borrows):
                break
        if not options:
            if not flavors:
                self.outcome.waiting[run.name] = Wait(reason="no flavor of the queue is one of its pools")
            return None
        _, flavor, usage, targets, borrows = min(options, key=lambda one: one[0])
        return flavor, usage, targets, borrows

    def _shortage(self, run: Run, usage: Usage) -> Wait | None:
        self._tree.add(run.queue, usage)
        over = self._tree.over(run.queue, usage)
        self._tree.add(run.queue, usage, -1)
        return Wait(reason="quota is used", node=over[0], cell=over[1], short=over[2]) if over else None

    def _would_borrow(self, node: str, usage: Usage, queue: str | None = None, *, without: Sequence[Run] = ()) -> bool:
        """Whether a node borrows once its queue uses so much more, and some runs are gone."""
        for other in without:
            self._tree.add(other.queue, self._admitted[other.name][1].usage, -1)
        self._tree.add(queue or node, usage)
        found = self._tree.borrows(node, usage)
        self._tree.add(queue or node, usage, -1)
        for other in without:
            self._tree.add(other.queue, self._admitted[other.name][1].usage)
        return found

    # Preemption

    def _targets(self, run: Run, usage: Usage) -> list[Run]:
        """The fewest runs, by the documented heuristics, without which the run fits; empty if there are none."""
        candidates = list(self._candidates(run, usage))
        if not candidates:
            return []
        if self._strategies:
            return self._fair_targets(run, usage, candidates)
        policy = self._queues[run.queue].preemption
        own = [one for one in candidates if one.queue == run.queue]
        if len(own) == len(candidates):
            return self._greedy(run, usage, own, borrowing=True)
        if policy.borrow_within_cohort != "Never":
            threshold = policy.max_priority_threshold
            lower = [
                one
                for one in candidates
                if one.queue == run.queue
                or (one.priority < run.priority and (threshold is None or one.priority <= threshold))
            ]
            found = self._greedy(run, usage, lower, borrowing=True)
            if found:
                return found
        found = self._greedy(run, usage, candidates, borrowing=False)
        return found or self._greedy(run, usage, own, borrowing=True)

    def _candidates(self, run: Run, usage: Usage) -> Iterator[Run]:
        """Runs that the policies allow to preempt, those of borrowing queues first, then the lowest priority, then the
        most recently admitted (preemption.md, "Candidates")."""
        found = []
        for other, assignment, at in self._admitted.values():
            if assignment.usage.keys() & usage.keys() and self._allowed(run, other, usage):
                found.append((other.queue == run.queue, other.priority, -at, other))
        yield from (one[-1] for one in sorted(found, key=lambda one: one[:3]))

    def _allowed(self, run: Run, other: Run, usage: Usage) -> bool:
        policy = self._queues[run.queue].preemption
        if other.queue == run.queue:
            newer = other.priority == run.priority and other.arrival > run.arrival
            within = policy.within_cluster_queue
            return (within != "Never" and other.priority < run.priority) or (
                within == "LowerOrNewerEqualPriority" and newer
            )
        if other.queue not in self._tree.queues_of_tree(run.queue) or not self._borrowing(run, other, usage):
            return False
        reclaim = policy.reclaim_within_cohort
        return reclaim == "Any" or (reclaim == "LowerPriority" and other.priority < run.priority)

    def _borrowing(self, run: Run, other: Run, usage: Usage) -> bool:
        """Whether the other's queue and all above it, up to where the two meet, use more than they have."""
        mine = set(self._tree.path(run.queue))
        apart = [one for one in self._tree.path(other.queue) if one not in mine]
        cells = usage.keys() & self._admitted[other.name][1].usage.keys()
        return all(self._tree.borrows(one, cells) for one in apart)

    def _meeting(self, run: Run, other: Run) -> tuple[str, str]:
        """AlmostLCA of KEP-1714: the last node of each before the first that both are under."""
        mine, theirs = self._tree.path(run.queue), self._tree.path(other.queue)
        common = next(one for one in mine if one in theirs)
        return mine[mine.index(common) - 1], theirs[theirs.index(common) - 1]

    def _greedy(self, run: Run, usage: Usage, candidates: Sequence[Run], *, borrowing: bool) -> list[Run]:
        """Take candidates away one by one until the run fits; then give back, in reverse, those it fits without."""
        taken: list[Run] = []
        try:
            for other in candidates:
                if other.queue != run.queue:
                    if not self._borrowing(run, other, usage):
                        continue  # what is left to it is its own
                    if not borrowing and self._would_borrow(self._meeting(run, other)[0], usage, run.queue):
                        continue
                self._tree.add(other.queue, self._admitted[other.name][1].usage, -1)
                taken.append(other)
                if self._fits(run, usage):
                    return self._fewest(run, usage, taken)
            return []
        finally:
            for other in taken:
                self._tree.add(other.queue, self._admitted[other.name][1].usage)

    def _fits(self, run: Run, usage: Usage) -> bool:
        return self._shortage(run, usage) is None

    def _fewest(self, run: Run, usage: Usage, taken: Sequence[Run]) -> list[Run]:
        kept = list(taken)
        for other in reversed(taken[:-1]):
            own = self._admitted[other.name][1].usage
            self._tree.add(other.queue, own)
            if self._fits(run, usage):
                kept.remove(other)
            else:
                self._tree.add(other.queue, own, -1)
        for other in taken:
            if other not in kept:
                self._tree.add(other.queue, self._admitted[other.name][1].usage, -1)
        return kept

    def _fair_targets(self, run: Run, usage: Usage, candidates: Sequence[Run]) -> list[Run]:
        """Fair sharing (preemption.md, "Algorithm overview"): from the queue with the highest share, whichever of its
        runs the strategy allows; the next strategy only when the one before has nobody left."""
        taken: list[Run] = []
        try:
            for strategy in self._strategies:
                left = _by_queue(one for one in candidates if one not in taken)
                while left:
                    # Shares change only when a run is taken, but a queue is asked as often as it has runs.
                    queue = max(sorted(left), key=self._shares)
                    other = left[queue].pop(0)
                    if not left[queue]:
                        del left[queue]
                    if other.queue != run.queue and not (
                        self._borrowing(run, other, usage) and self._fair(run, other, usage, strategy)
                    ):
                        continue
                    self._tree.add(other.queue, self._admitted[other.name][1].usage, -1)
                    taken.append(other)
                    if self._fits(run, usage):
                        return self._fewest(run, usage, taken)
            return []
        finally:
            for other in taken:
                self._tree.add(other.queue, self._admitted[other.name][1].usage)

    def _shares(self, queue: str) -> tuple[Fraction, ...]:
        return tuple(self._tree.share(one) for one in reversed(self._tree.path(queue)))

    def _fair(self, run: Run, other: Run, usage: Usage, strategy: str) -> bool:
        """Whether a strategy lets the run preempt another: it reclaims its own (S1 of KEP-1714), or the other's part of
        the tree has the larger share (S2-a without the other run, S2-b with it)."""
        mine, theirs = self._meeting(run, other)
        self._tree.add(run.queue, usage)
        try:
            if not self._tree.borrows(mine, usage):
                return True
            share = self._tree.share(mine)
            if strategy == "LessThanInitialShare":
                return share < self._tree.share(theirs)
            own = self._admitted[other.name][1].usage
            self._tree.add(other.queue, own, -1)
            final = self._tree.share(theirs)
            self._tree.add(other.queue, own)
            return share <= final
        finally:
            self._tree.add(run.queue, usage, -1)


def _by_queue(runs: Iterable[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.queue, []).append(run)
    return found


def _covered(queue: Queue) -> set[str]:
    return set().union(*(resources for resources, _ in queue.groups))


def _rank(queue: Queue, *, fits: bool, borrows: bool) -> int:
    """Order of options: fit before borrow before preempt, or what `preference` says where both policies try on."""
    if queue.preference == "PreemptionOverBorrowing":
        return {(True, False): 0, (False, False): 1, (True, True): 2, (False, True): 3}[fits, borrows]
    return {(True, False): 0, (True, True): 1, (False, False): 2, (False, True): 3}[fits, borrows]


def _stops(queue: Queue, *, fits: bool, borrows: bool) -> bool:
    """Whether the search for a flavor ends with one that needs to borrow or to preempt."""
    if not fits and queue.when_can_preempt != "MayStopSearch":
        return False
    return not borrows or queue.when_can_borrow == "MayStopSearch"
