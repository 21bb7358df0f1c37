"""The days on which a cron schedule fires: five fields, of which only those of days are read. Without a clock."""

from __future__ import annotations

from paddock.dates import ordinal, shifted

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_HORIZON = 4 * 366
"""Days that are looked at: enough for the next 29 February in all but one case in a century."""


def first_day(schedule: str, since: str) -> str | None:
    """The first day, `since` included, on which a schedule fires; None if it does not within four years or cannot be
    read. Where both fields of days are restricted, either is enough (crontab(5), POSIX)."""
    fields = schedule.split()
    if len(fields) != 5:
        return None
    try:
        days, weekdays = _numbers(fields[2], 1, 31), _numbers(fields[4], 0, 7, _DAYS)
        months = _numbers(fields[3], 1, 12, _MONTHS, first=1)
    except ValueError:
        return None
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    for distance in range(_HORIZON):
        day = shifted(since, distance)
        of_month, of_week = int(day[8:]) in days, bool({ordinal(day) % 7, ordinal(day) % 7 or 7} & weekdays)
        if int(day[5:7]) in months and ((of_month or of_week) if either else (of_month and of_week)):
            return day
    return None


def _numbers(field: str, low: int, high: int, names: tuple[str, ...] = (), *, first: int = 0) -> set[int]:
    """The numbers of a field: lists, ranges, steps and names. ValueError for anything else."""
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        begin, dash, end = span.partition("-")
        if span in ("*", "?"):
            lowest, highest = low, high
        else:
            lowest = _number(begin, names, first)
            highest = _number(end, names, first) if dash else (high if step else lowest)
        found |= set(range(lowest, highest + 1, int(step or 1)))
    if not found or min(found) < low or max(found) > high:
        raise ValueError(field)
    return found


def _number(text: str, names: tuple[str, ...], first: int) -> int:
    return names.index(text) + first if text in names else int(text)
