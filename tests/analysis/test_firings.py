"""Firings of cron schedules in a month."""

from __future__ import annotations

from fractions import Fraction

import pytest

from paddock.analysis.schedules import Firings, firings


@pytest.mark.parametrize(
    ("schedule", "fewest", "average", "most"),
    [
        ("0 2 * * *", 28, Fraction(730, 24), 31),  # every day: 730 hours are 30.4 days
        ("*/15 * * * *", 28 * 96, Fraction(730, 24) * 96, 31 * 96),
        ("5/20 * * * *", 28 * 72, Fraction(730, 24) * 72, 31 * 72),  # 5, 25 and 45: a step without an end
        ("0 18 * * 6", 4, Fraction(730, 24) / 7, 5),
        ("0 18 * * sat", 4, Fraction(730, 24) / 7, 5),
        ("0 12 * * MON-FRI", 20, Fraction(730, 24) * 5 / 7, 23),
        ("0 0 1 * *", 1, Fraction(730, 24) * 12 * 4 / 1461, 1),
        ("0 0 31 * *", 0, Fraction(730, 24) * 7 * 4 / 1461, 1),  # five months have no 31st
        ("0 0 29 2 *", 0, Fraction(730, 24) / 1461, 1),  # once in four years
        ("0 0 1 jan ?", 0, Fraction(730, 24) * 4 / 1461, 1),
    ],
)
def test_firings(schedule: str, fewest: int, average: Fraction, most: int) -> None:
    assert firings(schedule) == Firings(fewest=fewest, average=average, most=most)


def test_either_day_is_enough() -> None:
    """The first of the month or a Monday, as every cron has it: more than either alone, less than both together."""
    both, first, monday = firings("0 0 1 * 1"), firings("0 0 1 * *"), firings("0 0 * * 1")
    assert both is not None
    assert first is not None
    assert monday is not None
    assert max(first.average, monday.average) < both.average < first.average + monday.average
    assert (both.fewest, both.most) == (4, 6)


@pytest.mark.parametrize(
    "schedule", ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7"]
)
def test_what_is_out_of_range_is_none(schedule: str) -> None:
    assert firings(schedule) is None


@pytest.mark.parametrize("minutes", ["a", "1-", "-1", "5-1", "*/0", "*/", "1,", ",", "1-2-3", "*/x"])
def test_what_cannot_be_read_is_none(minutes: str) -> None:
    assert firings(f"{minutes} * * * *") is None
