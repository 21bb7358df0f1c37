"""What follows from a cron schedule: how often it fires in a month, and how many of its runs go at the same time.

Time zones and daylight saving are left out: in the night in which an hour comes twice there may be one more."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from paddock.analysis.money import HOURS_A_MONTH
from paddock.cron import Schedule, parse

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SATURDAY = 6
"""The weekday of 1 January 2028; Sunday is 0."""
_CYCLE = 1461
"""Days of four years, of which the first is a leap year; after seven of them weekdays and dates repeat."""
_DENSE = 24
_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Firings:
    """Firings in the month that has the fewest, in an average month of 730 hours, and in the one that has the most."""

    fewest: int
    average: Fraction
    most: int


def fault(schedule: str) -> str | None:
    """What is wrong with a schedule, in words; None if it can be read and some day comes."""
    try:
        parse(schedule)
    except ValueError as error:
        return str(error)
    return None if most_at_once(schedule, 60) else "no such day ever comes"


@lru_cache(maxsize=4096)
def firings(schedule: str) -> Firings | None:
    """Firings of a schedule, exactly, over 28 years; None for one that cannot be read.
    `firings("0 2 * * *").most == 31`."""
    try:
        found = parse(schedule)
    except ValueError:
        return None
    months = _months(found)
    daily = len(found.minutes) * len(found.hours)
    return Firings(
        fewest=min(months) * daily,
        average=Fraction(sum(months) * daily, 7 * _CYCLE) * Fraction(HOURS_A_MONTH, 24),
        most=max(months) * daily,
    )


@lru_cache(maxsize=1024)
def most_at_once(schedule: str, seconds: int) -> int | None:
    """The most runs that go at the same time if each takes this long; None if the schedule cannot be read.

    A run that begins in the moment in which another ends does not overlap with it. Schedules with 24 beginnings a day
    or more are looked at for two months, all others for four years.
    """
    try:
        found = parse(schedule)
    except ValueError:
        return None
    times = sorted(hour * 60 + minute for hour in found.hours for minute in found.minutes)
    length = -(-seconds // 60)
    horizon = _CYCLE if len(times) < _DENSE else min(_CYCLE, 62 + 2 * (length // _MINUTES + 1))
    starts = [
        number * _MINUTES + time
        for number, (month, day) in enumerate(_calendar()[:horizon])
        if found.fires_on(month, day, (_SATURDAY + number) % 7)
        for time in times
    ]
    return max((bisect_left(starts, start + length) - index for index, start in enumerate(starts)), default=0)


def _months(found: Schedule) -> list[int]:
    """The days on which it fires, of each month of 28 years."""
    counts: list[int] = []
    for number in range(7 * _CYCLE):
        month, day = _calendar()[number % _CYCLE]
        if day == 1:
            counts.append(0)
        counts[-1] += found.fires_on(month, day, (_SATURDAY + number) % 7)
    return counts


@lru_cache(maxsize=1)
def _calendar() -> list[tuple[int, int]]:
    """Month and day of each day of the cycle."""
    return [
        (month, day)
        for year in range(4)
        for month, length in enumerate(_LENGTHS, start=1)
        for day in range(1, length + 1 + (month == 2 and year == 0))
    ]
