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


def fault(schedule: str) -> str | None:
    """What is wrong with a schedule, in words; None if it can be read and some day comes."""
    try:
        _fields(schedule)
    except ValueError as error:
        return str(error)
    return None if most_at_once(schedule, 60) else "no such day ever comes"


@lru_cache(maxsize=1024)
def most_at_once(schedule: str, seconds: int) -> int | None:
    """The most runs that go at the same time if each takes this long; None if the schedule cannot be read.

    A run that begins in the moment in which another ends does not overlap with it. Schedules are those of five fields
    that CronJob, CronWorkflow, Argo CD's sync windows and Karpenter's budgets take (robfig/cron v3, ParseStandard).
    Those with 24 beginnings a day or more are looked at for two months, all others for four years.
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
    """Minutes, hours, days of the month, months and days of the week; None for days that are not restricted. ValueError
    says which field is wrong and what is legal there."""
    minute, hour, day, month, weekday = schedule.split(" ")
    days = _numbers("day of the month", day, 1, 31, {})
    weekdays = _numbers("day of the week", weekday, 0, 6, _DAYS)
    return (
        _numbers("minute", minute, 0, 59, {}),
        _numbers("hour", hour, 0, 23, {}),
        None if _is_open(day) else days,
        _numbers("month", month, 1, 12, _MONTHS),
        None if _is_open(weekday) else weekdays,
    )


def _is_open(text: str) -> bool:
    """Whether days are not restricted: every second day already is (robfig/cron v3, getRange)."""
    return any(part in ("*", "?", "*/1", "?/1") for part in text.split(","))


def _numbers(what: str, text: str, low: int, high: int, names: dict[str, int]) -> list[int]:
    """The numbers of a field: a list of numbers, ranges and steps."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        begin, dash, end = span.partition("-")
        try:
            first, last = (low, high) if span in ("*", "?") else (_number(begin, names), _number(end or begin, names))
            last = high if step and not dash and span not in ("*", "?") else last
            width = _number(step, {}) if step else 1
        except ValueError:
            first, last, width = 0, -1, 0
        if not low <= first <= last <= high or width < 1:
            legal = f"{low} to {high}" + (f", {', '.join(names)}" if names else "")
            raise ValueError(f'"{part}" is no {what}: {legal}, a range a-b, * or either with a step /n')
        found |= set(range(first, last + 1, width))
    return sorted(found)


def _number(text: str, names: dict[str, int]) -> int:
    if text in names:
        return names[text]
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
