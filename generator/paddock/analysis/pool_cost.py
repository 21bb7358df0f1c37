"""What the nodes of a pool cost, and how that is shared by who runs on them. Numbers in, numbers out.

A pool has fixed nodes, which are paid whether used or not (reservations, static pools), and above them nodes that come
and go. Demands use the fixed nodes first. Whatever is paid and not used is idle, so a pool's parts add up to its whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from paddock.analysis.money import Span

NOTHING = Span.of(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one owner has running on a pool, averaged over a month."""

    nodes: Span
    """Nodes, parts of nodes included."""
    dollars: Span
    """What these nodes cost a month where they are launched for it."""
    whole: bool
    """Whether its pods fill nodes, so that no room beside them is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What a pool has. Dollars are a month's."""

    fixed_nodes: Fraction
    fixed_dollars: Fraction
    launches: bool
    """Whether nodes come and go beside the fixed ones."""
    most: Span | None
    """What the nodes that come and go may cost at most, by the pool's limits; None without a limit."""
    utilization: Fraction
    """How full nodes are that pods share, expected: a part of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a pool costs a month in dollars, and of it each demand's part, in the order of the demands."""

    paid: Span
    parts: tuple[Span, ...]


def bill(supply: Supply, demands: Sequence[Demand]) -> Bill:
    """The bill of a pool.

    Minimum: nodes are packed without a gap. Expected: those that pods share are as full as `utilization` says.
    Maximum: the pool has grown to its limits. Where demands exceed what there is, each gets what it had in the case
    before, and the same part of its rise.
    """
    used = [_used(supply, demands, case) for case in range(3)]
    paid = Span.each(lambda case: _paid(supply, demands, case))
    settled: list[list[Fraction]] = []
    before = [Fraction(0)] * len(demands)
    for case in range(3):
        before = _settle(before, used[case], paid[case])
        settled.append(before)
    parts = tuple(Span(minimum=low, expected=mid, maximum=high) for low, mid, high in zip(*settled, strict=True))
    return Bill(paid=paid, parts=parts)


def _on_fixed(supply: Supply, demands: Sequence[Demand], case: int) -> Fraction:
    """The part of all demands that the fixed nodes hold, at most 1."""
    if not supply.fixed_nodes:
        return Fraction(0)
    wanted = sum((one.nodes[case] for one in demands), Fraction(0))
    return min(supply.fixed_nodes / wanted, Fraction(1)) if wanted else Fraction(1)


def _used(supply: Supply, demands: Sequence[Demand], case: int) -> list[Fraction]:
    if not supply.fixed_nodes:
        return [one.dollars[case] if supply.launches else Fraction(0) for one in demands]
    held = _on_fixed(supply, demands, case)
    on_fixed = held * supply.fixed_dollars / supply.fixed_nodes
    launched = (1 - held) if supply.launches else Fraction(0)
    return [one.nodes[case] * on_fixed + launched * one.dollars[case] for one in demands]


def _paid(supply: Supply, demands: Sequence[Demand], case: int) -> Fraction:
    if not supply.launches:
        return supply.fixed_dollars
    launched = 1 - _on_fixed(supply, demands, case)
    full = supply.utilization if case else Fraction(1)
    whole = sum((one.dollars[case] for one in demands if one.whole), Fraction(0))
    shared = sum((one.dollars[case] for one in demands if not one.whole), Fraction(0))
    wanted = launched * (whole + shared / full)
    if supply.most is None:
        return supply.fixed_dollars + wanted
    return supply.fixed_dollars + (supply.most[case] if case == 2 else min(wanted, supply.most[case]))


def _settle(before: Sequence[Fraction], wanted: Sequence[Fraction], paid: Fraction) -> list[Fraction]:
    """What each gets of what is paid: what it wants, or where that is too much in all, the same part of each rise."""
    least = [max(had, want) for had, want in zip(before, wanted, strict=True)]
    whole = sum(least, Fraction(0))
    if whole <= paid:
        return least
    had = sum(before, Fraction(0))
    part = (paid - had) / (whole - had)
    return [first + part * (last - first) for first, last in zip(before, least, strict=True)]
