"""Quota of Kueue as a tree: cohorts are inner nodes, ClusterQueues leaves, and what one uses another may lend.

Balances are those of KEP-79 (kubernetes-sigs/kueue keps/79-hierarchical-cohorts, "Design Details"), share values
those of KEP-1714 (keps/1714-fair-sharing, "Share value function and weights").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Cell = tuple[str, str]
"""A flavor and a resource."""
NODES = "nodes"
"""No resource of Kueue's: nodes of a flavor on which topology-aware scheduling counts. The root alone has a number of
them, nobody borrows them, and no share is measured by them; a run takes them beside its quota."""
Amounts = Mapping[Cell, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a queue or cohort has of a resource in a flavor; a limit that is None is none."""

    nominal: Fraction
    borrowing_limit: Fraction | None = None
    lending_limit: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A ClusterQueue or a Cohort with its place in the tree."""

    name: str
    parent: str | None
    """Name of the cohort above; one that nobody defines has no quota of its own."""
    quotas: Mapping[Cell, Quota]
    weight: Fraction = Fraction(1)


@dataclass(slots=True, kw_only=True)
class _Node:
    member: Member
    is_queue: bool = False
    children: list[str] = field(default_factory=list)
    usage: dict[Cell, Fraction] = field(default_factory=dict)


class QuotaTree:
    """Usage of queues over fixed quotas. A queue and a cohort may not have the same name here: name them apart."""

    def __init__(self, queues: Iterable[Member], cohorts: Iterable[Member]) -> None:
        self._nodes = {one.name: _Node(member=one) for one in cohorts}
        self._nodes |= {one.name: _Node(member=one, is_queue=True) for one in queues}
        for one in list(self._nodes.values()):
            parent = one.member.parent
            if parent is not None and parent not in self._nodes:
                self._nodes[parent] = _Node(member=Member(name=parent, parent=None, quotas={}))
        for name, one in sorted(self._nodes.items()):
            if one.member.parent is not None:
                self._nodes[one.member.parent].children.append(name)
        self._paths: dict[str, list[str]] = {}
        self._known_cells: dict[str, frozenset[Cell]] = {}
        self._known_lendable: dict[str, dict[str, Fraction]] = {}
        self._known_most: dict[tuple[str, Cell], Fraction] = {}

    def add(self, queue: str, amounts: Amounts, sign: int = 1) -> None:
        """Let a queue use so much more, or less with sign -1."""
        usage = self._nodes[queue].usage
        for cell, amount in amounts.items():
            usage[cell] = usage.get(cell, Fraction(0)) + sign * amount

    def path(self, name: str) -> list[str]:
        """A node and all above it, up to the root."""
        found = self._paths.get(name)
        if found is None:
            found = self._paths[name] = [name]
            while (parent := self._nodes[found[-1]].member.parent) is not None:
                found.append(parent)
        return found

    def queues_of_tree(self, name: str) -> list[str]:
        """Every queue under the root of a node, itself included, by name."""
        return sorted(self._leaves(self.path(name)[-1]))

    def _leaves(self, name: str) -> Iterator[str]:
        if self._nodes[name].is_queue:
            yield name
        for child in self._nodes[name].children:
            yield from self._leaves(child)

    def balance(self, name: str, cell: Cell) -> Fraction:
        """T(x, r) of KEP-79: what a subtree could give away; negative: what it borrows."""
        node = self._nodes[name]
        quota = node.member.quotas.get(cell)
        own = (quota.nominal if quota else Fraction(0)) - node.usage.get(cell, Fraction(0))
        return own + sum((self._lent(child, cell) for child in node.children), Fraction(0))

    def _lent(self, name: str, cell: Cell) -> Fraction:
        quota = self._nodes[name].member.quotas.get(cell)
        limit = quota.lending_limit if quota else None
        balance = self.balance(name, cell)
        return balance if limit is None else min(limit, balance)

    def over(self, queue: str, cells: Iterable[Cell]) -> tuple[str, Cell, Fraction] | None:
        """The first node on the way up whose debt is too large, with the cell and by how much; else None. Of several
        cells devices come first, in which people count."""
        for name in self.path(queue):
            member = self._nodes[name].member
            for cell in sorted(cells, key=lambda one: (one[0], "/" not in one[1], one[1])):
                limit = self._borrowing_limit(member, cell)
                short = -self.balance(name, cell) - (limit or Fraction(0))
                if limit is not None and short > 0:
                    return name, cell, short
        return None

    def _borrowing_limit(self, member: Member, cell: Cell) -> Fraction | None:
        """Nobody lends to a root. A queue borrows only in a flavor that it names (cluster_queue.md, "Flavors and
        borrowing semantics")."""
        quota = member.quotas.get(cell)
        if cell[1] == NODES:
            return Fraction(0) if quota else None
        if member.parent is None or (quota is None and self._nodes[member.name].is_queue):
            return Fraction(0)
        return quota.borrowing_limit if quota else None

    def borrows(self, name: str, cells: Iterable[Cell]) -> bool:
        """Whether a subtree uses more than it has of any of the cells."""
        return any(self.balance(name, cell) < 0 for cell in cells if cell[1] != NODES)

    def borrowed_from(self, queue: str, cells: Iterable[Cell]) -> int:
        """How high a queue reaches for what it uses: 0 if it is its own, else the height of the lowest cohort that does
        not borrow in turn."""
        for name in self.path(queue):
            if not self.borrows(name, cells):
                return self._height(name)
        return self._height(self.path(queue)[-1]) + 1

    def _height(self, name: str) -> int:
        node = self._nodes[name]
        return 0 if node.is_queue else 1 + max((self._height(child) for child in node.children), default=0)

    def share(self, name: str) -> Fraction:
        """Dominant resource share: of each resource the part of what the parent could have that is used beyond the
        own quota, over all flavors; the largest of them, divided by the weight. With weight 0 whoever borrows at
        all comes last."""
        member = self._nodes[name].member
        if member.parent is None:
            return Fraction(0)
        borrowed: dict[str, Fraction] = {}
        for cell in self._cells(name):
            above = max(Fraction(0), -self.balance(name, cell))
            borrowed[cell[1]] = borrowed.get(cell[1], Fraction(0)) + above
        lendable = self._lendable(member.parent)
        largest = max(
            (amount / lendable[resource] for resource, amount in borrowed.items() if lendable.get(resource)),
            default=Fraction(0),
        )
        return largest / member.weight if member.weight else largest * _LAST

    def _cells(self, name: str) -> frozenset[Cell]:
        found = self._known_cells.get(name)
        if found is None:
            node = self._nodes[name]
            found = frozenset(node.member.quotas).union(*(self._cells(child) for child in node.children))
            self._known_cells[name] = found
        return found

    def _lendable(self, name: str) -> dict[str, Fraction]:
        """What a subtree could have at most by resource, over all flavors: its own quota and what it may borrow."""
        found = self._known_lendable.get(name)
        if found is None:
            found = self._known_lendable[name] = {}
            for cell in sorted(self._cells(self.path(name)[-1])):
                found[cell[1]] = found.get(cell[1], Fraction(0)) + self._potential(name, cell)
        return found

    def most(self, queue: str, cell: Cell) -> Fraction:
        """What a queue can have of a cell if nobody else uses anything: its own quota and what it may borrow. A run
        that wants more is never admitted (Kueue, "Cluster Queue", borrowingLimit and lendingLimit)."""
        found = self._known_most.get((queue, cell))
        if found is None:
            found = self._known_most[queue, cell] = self._potential(queue, cell)
        return found

    def short(self, queue: str, flavor: str, wanted: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """Of each resource of which a queue can never have enough in a flavor: the most that it can have."""
        found = {name: self.most(queue, (flavor, name)) for name in wanted}
        return {name: most for name, most in found.items() if most < wanted[name]}

    def _potential(self, name: str, cell: Cell) -> Fraction:
        member = self._nodes[name].member
        total = self._total(name, cell)
        if member.parent is None:
            return total
        quota = member.quotas.get(cell)
        lending = quota.lending_limit if quota else None
        kept = Fraction(0) if lending is None else max(Fraction(0), total - lending)
        most = kept + self._potential(member.parent, cell)
        limit = self._borrowing_limit(member, cell)
        return most if limit is None else min(most, total + limit)

    def _total(self, name: str, cell: Cell) -> Fraction:
        """Quota of a subtree in a cell, as far as its members lend it."""
        node = self._nodes[name]
        own = node.member.quotas[cell].nominal if cell in node.member.quotas else Fraction(0)
        for child in node.children:
            quota = self._nodes[child].member.quotas.get(cell)
            total = self._total(child, cell)
            own += total if quota is None or quota.lending_limit is None else min(total, quota.lending_limit)
        return own


_LAST = Fraction(10**9)
