"""Dates as numbers of days, against the standard library's calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import dates

DATES = st.dates(min_value=date(1990, 1, 1), max_value=date(2199, 12, 31))


@given(day=DATES)
def test_ordinal(day: date) -> None:
    assert dates.ordinal(day.isoformat()) == day.toordinal()


@given(day=DATES, days=st.integers(min_value=-40000, max_value=40000))
def test_shifted(day: date, days: int) -> None:
    assert dates.shifted(day.isoformat(), days) == (day + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(("day", "days", "after"), [("2028-02-28", 1, "2028-02-29"), ("2027-01-01", -1, "2026-12-31")])
def test_edges(day: str, days: int, after: str) -> None:
    assert dates.shifted(day, days) == after
