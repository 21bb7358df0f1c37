"""Dates of specs, `2027-12-31`, as numbers of days. It does not know what day it is, so a verdict can be repeated."""

from __future__ import annotations

import re

_DATE = re.compile(
    r"20[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))",
    re.ASCII,
)
_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def is_date(text: str) -> bool:
    """Whether a text is a date as specs have it (`date` in definitions.schema.json)."""
    return _DATE.fullmatch(text) is not None


def shifted(date: str, days: int) -> str:
    """The date so many days later, or earlier where it is negative."""
    number = ordinal(date) + days
    year = int(date[:4]) + days // 365 + 2
    while ordinal(f"{year:04}-01-01") > number:
        year -= 1
    month = max(one for one in range(1, 13) if ordinal(f"{year:04}-{one:02}-01") <= number)
    return f"{year:04}-{month:02}-{number - ordinal(f'{year:04}-{month:02}-01') + 1:02}"


def ordinal(date: str) -> int:
    """Days since 0000-12-31 in the Gregorian calendar: `ordinal("0001-01-01") == 1`."""
    year, month, day = map(int, date.split("-"))
    past = year - 1
    leap = month > 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return past * 365 + past // 4 - past // 100 + past // 400 + _BEFORE_MONTH[month - 1] + leap + day
