"""Cron schedules of five fields as robfig/cron v3 reads them (ParseStandard): CronJob, CronWorkflow, Argo CD's sync
windows and Karpenter's budgets take these. Without a clock, time zones and daylight saving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from paddock.dates import ordinal, shifted

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_HORIZON = 4 * 366
"""Days that are looked at: enough for the next 29 February in all but one case in a century."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The numbers of each field, ascending; 0 is Sunday, and None stands for days that are not restricted."""

    minutes: Sequence[int]
    hours: Sequence[int]
    days: Sequence[int] | None
    months: Sequence[int]
    weekdays: Sequence[int] | None

    def fires_on(self, month: int, day: int, weekday: int) -> bool:
        """Whether it fires on a day. Days of month and of week are alternatives where both are restricted (crontab(5);
        robfig/cron, dayMatches)."""
        if month not in self.months:
            return False
        of_month = self.days is None or day in self.days
        of_week = self.weekdays is None or weekday in self.weekdays
        either = self.days is not None and self.weekdays is not None
        return (of_month or of_week) if either else (of_month and of_week)


@lru_cache(maxsize=4096)
def parse(schedule: str) -> Schedule:
    """The schedule. ValueError says which field is wrong and what is legal there."""
    fields = schedule.split()
    if len(fields) != 5:
        raise ValueError("a schedule has five fields: minute, hour, day of the month, month and day of the week")
    minute, hour, day, month, weekday = fields
    days = _numbers("day of the month", day, 1, 31, {})
    weekdays = _numbers("day of the week", weekday, 0, 6, _DAYS)
    return Schedule(
        minutes=_numbers("minute", minute, 0, 59, {}),
        hours=_numbers("hour", hour, 0, 23, {}),
        days=None if _is_open(day) else days,
        months=_numbers("month", month, 1, 12, _MONTHS),
        weekdays=None if _is_open(weekday) else weekdays,
    )


def first_day(schedule: str, since: str) -> str | None:
    """The first day, `since` included, on which a schedule fires; None if it does not within four years or cannot be
    read."""
    try:
        found = parse(schedule)
    except ValueError:
        return None
    days = (shifted(since, distance) for distance in range(_HORIZON))
    # Day 7 of the year 1 is a Sunday.
    return next((day for day in days if found.fires_on(int(day[5:7]), int(day[8:]), ordinal(day) % 7)), None)


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
        if not low <= first <= last <= high or width < 1 or part.endswith("/") or span.endswith("-"):
            legal = f"{low} to {high}" + (f", {', '.join(names)}" if names else "")
            raise ValueError(f'"{part}" is not a {what}: {legal}, a range a-b, * or either with a step /n')
        found |= set(range(first, last + 1, width))
    return sorted(found)


def _number(text: str, names: dict[str, int]) -> int:
    if text in names:
        return names[text]
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
