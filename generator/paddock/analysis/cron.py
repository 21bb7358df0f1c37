"""How often a cron schedule fires in a month: exactly, over the 28 years after which weekdays and dates repeat.

The grammar is that of Kubernetes' CronJob and Argo's CronWorkflow (robfig/cron v3, "CRON Expression Format").
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from paddock import dates
from paddock.analysis.money import HOURS_A_MONTH

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
# Minutes, hours, days of the month, months and days of the week, with their names; 0 and 7 are Sunday.
_BOUNDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 7, _WEEKDAYS),
)
_FIRST_YEAR, _YEARS = 2001, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Firings:
    """Firings in the month that has the fewest, in an average month of 730 hours, and in the one that has the most."""

    fewest: int
    average: Fraction
    most: int


@lru_cache(maxsize=4096)
def firings(schedule: str) -> Firings | None:
    """Firings of a schedule of five fields; None for one that cannot be read. `firings("0 2 * * *").most == 31`."""
    fields = schedule.split()
    if len(fields) != 5:
        return None
    found = [_field(text, *bounds) for text, bounds in zip(fields, _BOUNDS, strict=True)]
    minutes, hours, days, months, weekdays = (one or frozenset() for one in found)
    if not (minutes and hours and days and months and weekdays):
        return None
    # Where both days are restricted, either of them is enough; a star restricts nothing (robfig/cron, dayMatches).
    either = not (_free(fields[2]) or _free(fields[4]))
    counts = _days(days, months, frozenset(one % 7 for one in weekdays), either=either)
    daily = len(minutes) * len(hours)
    all_days = _YEARS * 365 + _YEARS // 4
    return Firings(
        fewest=min(counts) * daily,
        average=Fraction(sum(counts) * daily, all_days) * Fraction(HOURS_A_MONTH, 24),
        most=max(counts) * daily,
    )


@lru_cache(maxsize=1024)
def _days(days: frozenset[int], months: frozenset[int], weekdays: frozenset[int], *, either: bool) -> tuple[int, ...]:
    """The matching days of each month."""
    found = []
    for year in range(_FIRST_YEAR, _FIRST_YEAR + _YEARS):
        for month in range(1, 13):
            first = dates.ordinal(f"{year}-{month:02}-01")
            after = f"{year + month // 12}-{month % 12 + 1:02}-01"
            length = dates.ordinal(after) - first
            count = 0
            for day in range(1, length + 1) if month in months else ():
                on_day, on_weekday = day in days, (first + day - 1) % 7 in weekdays  # day 7 of year 1 is a Sunday
                count += on_day or on_weekday if either else on_day and on_weekday
            found.append(count)
    return tuple(found)


def _free(field: str) -> bool:
    return field.startswith(("*", "?"))


def _field(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int] | None:
    """The values of a field: stars, numbers, names, ranges, steps and lists of them; None where it is none."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        if (step and not step.isdecimal()) or step == "0" or part.endswith("/"):
            return None
        bounds = _range(span, low, high, names, open_end=bool(step))
        if bounds is None:
            return None
        found |= set(range(bounds[0], bounds[1] + 1, int(step or 1)))
    return frozenset(found)


def _range(span: str, low: int, high: int, names: dict[str, int], *, open_end: bool) -> tuple[int, int] | None:
    if span in ("*", "?"):
        return low, high if high != 7 else 6
    begin, dash, end = span.partition("-")
    values = [names.get(one, int(one) if one.isdecimal() else -1) for one in ([begin, end] if dash else [begin])]
    first, last = values[0], values[-1] if dash or not open_end else high
    return (first, last) if low <= first <= last <= high else None
