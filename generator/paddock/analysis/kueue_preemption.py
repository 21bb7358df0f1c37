"""Whom Kueue would preempt for a run: the documented heuristics of classic preemption and of fair sharing.

Sources: kubernetes-sigs/kueue site/content/en/docs/concepts/preemption.md; keps/1714-fair-sharing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction

from paddock.analysis.kueue_objects import Held, Queue, Run, Usage, Wait
from paddock.analysis.quota_tree import QuotaTree


class Preemptor:
    """Looks for targets over the present state of a simulation, which it leaves as it was."""

    def __init__(
        self, tree: QuotaTree, queues: Mapping[str, Queue], held: Mapping[str, Held], strategies: Sequence[str]
    ) -> None:
        self._tree = tree
        self._queues = queues
        self._held = held
        self._strategies = strategies

    @contextmanager
    def using(self, queue: str, usage: Usage) -> Iterator[None]:
        """As if a queue used so much more."""
        self._tree.add(queue, usage)
        try:
            yield
        finally:
            self._tree.add(queue, usage, -1)

    @contextmanager
    def without(self, *runs: Run) -> Iterator[None]:
        """As if some runs were gone."""
        for one in runs:
            self._tree.add(one.queue, self._held[one.name].usage, -1)
        try:
            yield
        finally:
            for one in runs:
                self._tree.add(one.queue, self._held[one.name].usage)

    def shortage(self, run: Run, usage: Usage) -> Wait | None:
        """What is missing for a run; None if it fits."""
        with self.using(run.queue, usage):
            over = self._tree.over(run.queue, usage)
        return Wait(reason="quota is used", node=over[0], cell=over[1], short=over[2]) if over else None

    def would_borrow(self, run: Run, usage: Usage, *, node: str | None = None, without: Sequence[Run] = ()) -> bool:
        """Whether a node, the run's queue by default, borrows once the run is in and some are gone."""
        with self.without(*without), self.using(run.queue, usage):
            return self._tree.borrows(node or run.queue, usage)

    def shares(self, queue: str) -> tuple[Fraction, ...]:
        """Dominant resource shares from the root down to a queue."""
        return tuple(self._tree.share(one) for one in reversed(self._tree.path(queue)))

    def targets(self, run: Run, usage: Usage) -> list[Run]:
        """The fewest runs, by the documented heuristics, without which the run fits; empty if there are none."""
        candidates = list(self._candidates(run, usage))
        if not candidates:
            return []
        if self._strategies:
            return self._fair(run, usage, candidates)
        own = [one for one in candidates if one.queue == run.queue]
        if len(own) == len(candidates):
            return self._greedy(run, usage, own, borrowing=True)
        lower = [one for one in candidates if one.queue == run.queue or self._may_borrow_from(run, one)]
        return (
            (self._greedy(run, usage, lower, borrowing=True) if len(lower) > len(own) else [])
            or self._greedy(run, usage, candidates, borrowing=False)
            or self._greedy(run, usage, own, borrowing=True)
        )

    def _may_borrow_from(self, run: Run, other: Run) -> bool:
        """borrowWithinCohort: a run that has to borrow may preempt those of lower priority, up to a threshold."""
        policy = self._queues[run.queue].preemption
        threshold = policy.max_priority_threshold
        below = threshold is None or other.priority <= threshold
        return policy.borrow_within_cohort != "Never" and other.priority < run.priority and below

    def _candidates(self, run: Run, usage: Usage) -> Iterator[Run]:
        """Runs that the policies allow to preempt, those of borrowing queues first, then the lowest priority, then the
        most recently admitted (preemption.md, "Candidates")."""
        found = [
            (one.run.queue == run.queue, one.run.priority, -one.since, one.run)
            for one in self._held.values()
            if one.usage.keys() & usage.keys() and self._allowed(run, one.run, usage)
        ]
        yield from (one[-1] for one in sorted(found, key=lambda one: one[:3]))

    def _allowed(self, run: Run, other: Run, usage: Usage) -> bool:
        policy = self._queues[run.queue].preemption
        if other.queue == run.queue:
            newer = other.priority == run.priority and other.arrival > run.arrival
            within = policy.within_cluster_queue
            lower = within != "Never" and other.priority < run.priority
            return lower or (within == "LowerOrNewerEqualPriority" and newer)
        if other.queue not in self._tree.queues_of_tree(run.queue) or not self._borrowing(run, other, usage):
            return False
        reclaim = policy.reclaim_within_cohort
        return reclaim == "Any" or (reclaim == "LowerPriority" and other.priority < run.priority)

    def _borrowing(self, run: Run, other: Run, usage: Usage) -> bool:
        """Whether the other's queue and all above it, up to where the two meet, use more than they have."""
        mine = set(self._tree.path(run.queue))
        apart = [one for one in self._tree.path(other.queue) if one not in mine]
        cells = usage.keys() & self._held[other.name].usage.keys()
        return all(self._tree.borrows(one, cells) for one in apart)

    def _meeting(self, run: Run, other: Run) -> tuple[str, str]:
        """AlmostLCA of KEP-1714: the last node of each before the first that both are under."""
        mine, theirs = self._tree.path(run.queue), self._tree.path(other.queue)
        common = next(one for one in mine if one in theirs)
        return mine[mine.index(common) - 1], theirs[theirs.index(common) - 1]

    def _greedy(self, run: Run, usage: Usage, candidates: Sequence[Run], *, borrowing: bool) -> list[Run]:
        """Candidates in their order, without those that have only their own left, or for which the run must borrow."""

        def chosen() -> Iterator[Run]:
            for other in candidates:
                if other.queue != run.queue:
                    if not self._borrowing(run, other, usage):
                        continue  # what is left to it is its own
                    if not borrowing and self.would_borrow(run, usage, node=self._meeting(run, other)[0]):
                        continue
                yield other

        return self._until_it_fits(run, usage, chosen())

    def _until_it_fits(self, run: Run, usage: Usage, chosen: Iterator[Run]) -> list[Run]:
        """Take runs away one by one until the run fits, each chosen when those before it are gone; then give back, in
        reverse, those it fits without."""
        with ExitStack() as gone:
            taken: list[Run] = []
            for other in chosen:
                gone.enter_context(self.without(other))
                taken.append(other)
                if self.shortage(run, usage) is None:
                    return self._fewest(run, usage, taken)
            return []

    def _fewest(self, run: Run, usage: Usage, taken: Sequence[Run]) -> list[Run]:
        kept = list(taken)
        with ExitStack() as back:
            for other in reversed(taken[:-1]):
                own = self._held[other.name].usage
                with self.using(other.queue, own):
                    fits = self.shortage(run, usage) is None
                if fits:
                    kept.remove(other)
                    back.enter_context(self.using(other.queue, own))
        return kept

    def _fair(self, run: Run, usage: Usage, candidates: Sequence[Run]) -> list[Run]:
        """Fair sharing (preemption.md, "Algorithm overview"): from the queue with the highest share, whichever of its
        runs the strategy allows; the next strategy only when the one before has nobody left."""

        def chosen() -> Iterator[Run]:
            left = list(candidates)
            for strategy in self._strategies:
                queues = _by_queue(left)
                while queues:
                    # Shares change only when a run is taken, but a queue is asked as often as it has runs.
                    queue = max(sorted(queues), key=self.shares)
                    other = queues[queue].pop(0)
                    if not queues[queue]:
                        del queues[queue]
                    if other.queue == run.queue or self._is_fair(run, other, usage, strategy):
                        left.remove(other)
                        yield other

        return self._until_it_fits(run, usage, chosen())

    def _is_fair(self, run: Run, other: Run, usage: Usage, strategy: str) -> bool:
        """Whether a strategy lets the run preempt another: it reclaims its own (S1 of KEP-1714), or the other's part of
        the tree has the larger share (S2-a without the other run, S2-b with it)."""
        if not self._borrowing(run, other, usage):
            return False
        mine, theirs = self._meeting(run, other)
        with self.using(run.queue, usage):
            if not self._tree.borrows(mine, usage):
                return True
            share = self._tree.share(mine)
            if strategy == "LessThanInitialShare":
                return share < self._tree.share(theirs)
            with self.without(other):
                return share <= self._tree.share(theirs)


def _by_queue(runs: Iterable[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.queue, []).append(run)
    return found
