"""How little of something suffices to hold a workload, where a pool may mix its instance types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction


def fewest(wanted: int, kinds: Sequence[tuple[int, Fraction, int | None]]) -> Fraction | None:
    """The least total cost with which nodes hold `wanted` nodes of a workload; None if they cannot.

    A kind of node: how many each holds (at least 1), what each costs (its CPUs, its GPUs, 1 for a count of nodes), and
    how many there are at most (None: any number). A knapsack, because the cheapest mix need not be of one kind.
    """
    least: list[Fraction | None] = [Fraction(0), *[None] * wanted]
    for holds, cost, most in kinds:
        enough = -(-wanted // holds)
        for count in _portions(enough if most is None else min(most, enough)):
            for held in range(wanted, 0, -1):
                before, now = least[max(0, held - count * holds)], least[held]
                if before is not None and (now is None or before + count * cost < now):
                    least[held] = before + count * cost
    return least[wanted]


def _portions(total: int) -> Iterator[int]:
    """Numbers of which some add up to each number from 0 to the total: 1, 2, 4, … and what is left."""
    portion = 1
    while total > 0:
        yield min(portion, total)
        total -= portion
        portion *= 2
