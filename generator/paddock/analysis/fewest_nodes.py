"""How little of something suffices to hold a workload, where a pool may mix its instance types."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import lcm

Kind = tuple[int, Fraction, int | None]
"""A kind of node: how many nodes of the workload each holds (at least 1), what each costs (its CPUs, its GPUs, 1 for a
count of nodes), and how many there are at most (None: any number)."""


@lru_cache(maxsize=64)
def fewest_of_each(most: int, kinds: tuple[Kind, ...]) -> tuple[Fraction | None, ...]:
    """The least total cost for each number of nodes of a workload from 0 to `most`.

    A knapsack, because the cheapest mix need not be of one kind. It counts in the greatest unit of which every cost is
    a multiple: a workload may have 1,000 replicas, and whole numbers add up ten times as fast as fractions.
    """
    unit = lcm(*(cost.denominator for _, cost, _ in kinds))
    least: list[int | None] = [0, *[None] * most]
    for holds, cost, number in kinds:
        each = int(cost * unit)
        enough = -(-most // holds)
        for count in _portions(enough if number is None else min(number, enough)):
            for held in range(most, 0, -1):
                before, now = least[max(0, held - count * holds)], least[held]
                if before is not None and (now is None or before + count * each < now):
                    least[held] = before + count * each
    return tuple(None if one is None else Fraction(one, unit) for one in least)


def _portions(total: int) -> Iterator[int]:
    """Numbers of which some add up to each number from 0 to the total: 1, 2, 4, … and what is left."""
    portion = 1
    while total > 0:
        yield min(portion, total)
        total -= portion
        portion *= 2
