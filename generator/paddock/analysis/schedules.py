"""How many runs of a cron schedule may go at the same time. Time zones and daylight saving are left out: in the night
in which an hour comes twice there may be one more."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SATURDAY = 6
"""The weekday of 1 January 2028; Sunday is 0."""
_CYCLE = 1461
"""Days of four years, of which the first is a leap year."""
_DENSE = 24
_MINUTES = 24 * 60


@lru_cache(maxsize=1024)
def most_at_once(schedule: str, seconds: int) -> int | None:
    """The most runs that go at the same time if each takes this long; None if the schedule cannot be read.

    A run that begins in the moment in which another ends does not overlap with it. Schedules are those of five fields
    that CronJob and CronWorkflow take (robfig/cron v3, ParseStandard). Those with 24 beginnings a day or more are
    looked at for two months, all others for four years.
    """
    try:
        minutes, hours, days, months, weekdays = _fields(schedule)
    except ValueError:
        return None
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    length = -(-seconds // 60)
    horizon = _CYCLE if len(times) < _DENSE else min(_CYCLE, 62 + 2 * (length // _MINUTES + 1))
    starts = [
        number * _MINUTES + time
        for number, (month, day) in enumerate(_calendar()[:horizon])
        if month in months and _matches(day, (_SATURDAY + number) % 7, days, weekdays)
        for time in times
    ]
    return max((bisect_left(starts, start + length) - index for index, start in enumerate(starts)), default=0)


@lru_cache(maxsize=1)
def _calendar() -> list[tuple[int, int]]:
    """Month and day of each day of the cycle."""
    return [
        (month, day)
        for year in range(4)
        for month, length in enumerate(_LENGTHS, start=1)
        for day in range(1, length + 1 + (month == 2 and year == 0))
    ]


def _matches(day: int, weekday: int, days: Sequence[int] | None, weekdays: Sequence[int] | None) -> bool:
    """Days of month and of week are alternatives where both are restricted (crontab(5); robfig/cron, dayMatches)."""
    of_month = days is None or day in days
    of_week = weekdays is None or weekday in weekdays
    return (of_month or of_week) if days is not None and weekdays is not None else (of_month and of_week)


def _fields(
    schedule: str,
) -> tuple[Sequence[int], Sequence[int], Sequence[int] | None, Sequence[int], Sequence[int] | None]:
    """Minutes, hours, days of the month, months and days of the week; None for days that are not restricted."""
    minute, hour, day, month, weekday = schedule.split(" ")
    days = _numbers(day, 1, 31, {})
    weekdays = sorted({one % 7 for one in _numbers(weekday, 0, 7, _DAYS)})
    return (
        _numbers(minute, 0, 59, {}),
        _numbers(hour, 0, 23, {}),
        None if day in ("*", "?") else days,
        _numbers(month, 1, 12, _MONTHS),
        None if weekday in ("*", "?") else weekdays,
    )


def _numbers(text: str, low: int, high: int, names: dict[str, int]) -> list[int]:
    """The numbers of a field: a list of numbers, ranges and steps. ValueError for anything else."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        begin, dash, end = span.partition("-")
        if span in ("*", "?"):
            first, last = low, high
        else:
            first = names[begin] if begin in names else int(begin)
            last = (names[end] if end in names else int(end)) if dash else high if step else first
        width = int(step) if step else 1
        if not low <= first <= last <= high or width < 1:
            raise ValueError(f"{part!r} is no field of a schedule")
        found |= set(range(first, last + 1, width))
    return sorted(found)
