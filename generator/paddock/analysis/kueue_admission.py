"""Kueue's admission replayed: who is admitted in which flavor, who is preempted for whom, and who waits for what.

The rules are those of Kueue's documentation (site/content/en/docs/concepts/{cluster_queue,cohort,preemption}.md) and
KEP-1714. Runs have no end here: what is admitted stays, unless it is preempted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from paddock.analysis.kueue_objects import Event, Held, Outcome, Queue, Run, Usage, Wait
from paddock.analysis.kueue_preemption import Preemptor
from paddock.analysis.quota_tree import NODES, Member, QuotaTree


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
        self._held: dict[str, Held] = {}
        self._preemptor = Preemptor(self._tree, self._queues, self._held, self._strategies)
        self._pending: dict[str, dict[str, Run]] = {name: {} for name in self._queues}
        self._parked: set[str] = set()
        self._clock = 0
        self.outcome = Outcome()

    def submit(self, runs: Iterable[Run], *, together: bool = False) -> Outcome:
        """Let runs arrive, each when everything before it has settled, or all of them in one cycle."""
        for run in sorted(runs, key=lambda one: one.arrival):
            self._pending[run.queue][run.name] = run
            if not together:
                self._settle()
        self._settle()
        self._explain()
        return self.outcome

    def _explain(self) -> None:
        """Why runs wait now that all has settled, those too that never had a turn."""
        for name, pending in self._pending.items():
            for run in pending.values():
                if self._queues[name].stopped:
                    self.outcome.waiting[run.name] = Wait(reason=f"queue {name} is stopped")
                elif run.name not in self.outcome.waiting:
                    first = min(pending.values(), key=lambda one: (-one.priority, one.arrival))
                    self.outcome.waiting[run.name] = Wait(reason=f"{first.name} is before it, and {name} is StrictFIFO")
                else:
                    self._assign(run)  # what is short may be more than at its turn

    def used(self, queue: str) -> Usage:
        """What the admitted runs of a queue use."""
        found: Usage = {}
        for one in self._held.values():
            if one.run.queue == queue:
                for cell, amount in one.usage.items():
                    found[cell] = found.get(cell, Fraction(0)) + amount
        return found

    # Cycles

    def _settle(self) -> None:
        """Cycles until one changes nothing. Each preemption is for a run that no preempted one can take the place of,
        so this ends (fair_sharing.md, "Proof that two workloads won't preempt each other"); the bound is for the rest.
        """
        for _ in range(10 * (1 + sum(len(one) for one in self._pending.values()) + len(self._held)) ** 2):
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
            with self._preemptor.using(run.queue, usage):
                height = 0 if self._strategies else self._tree.borrowed_from(run.queue, usage)
                shares = self._preemptor.shares(run.queue) if self._strategies else ()
            key = (height, shares, -run.priority, run.arrival)
            found.append((key, run, assignment))
        return [(run, assignment) for _, run, assignment in sorted(found, key=lambda one: one[0])]

    def _admit(self, run: Run, assignment: _Assignment) -> None:
        self._clock += 1
        self._tree.add(run.queue, assignment.usage)
        self._held[run.name] = Held(run=run, usage=assignment.usage, since=self._clock)
        del self._pending[run.queue][run.name]
        self.outcome.flavors[run.name] = assignment.flavors
        self.outcome.waiting.pop(run.name, None)
        self.outcome.events.append(Event(action="admitted", run=run.name))

    def _evict(self, run: Run, *, by: Run) -> None:
        """It goes back to its queue, and whoever waits in the same tree has another turn."""
        self._tree.add(run.queue, self._held.pop(run.name).usage, -1)
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
                best = self._best(run, queue, found, asked, {one: podset.nodes.get(one) for one in legal})
                if best is None:
                    return None
                flavor, found.usage, found.targets, found.borrows = best
                chosen |= dict.fromkeys(asked, flavor)
            found.flavors.append(chosen)
        return found

    def _best(
        self,
        run: Run,
        queue: Queue,
        so_far: _Assignment,
        asked: Mapping[str, Fraction],
        flavors: Mapping[str, Fraction | None],
    ) -> tuple[str, Usage, list[Run], bool] | None:
        """The flavor by the rules of flavorFungibility (cluster_queue.md, "FlavorFungibility"); `flavors` in order,
        with the nodes that count there."""
        options: list[tuple[int, str, Usage, list[Run], bool]] = []
        for flavor, nodes in flavors.items():
            usage = dict(so_far.usage)
            for resource, amount in (asked if nodes is None else {**asked, NODES: nodes}).items():
                usage[flavor, resource] = usage.get((flavor, resource), Fraction(0)) + amount
            wait = self._preemptor.shortage(run, usage)
            targets = self._preemptor.targets(run, usage) if wait else []
            borrows = self._preemptor.would_borrow(run, usage, without=targets)
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
