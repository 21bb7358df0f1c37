"""Days on which a schedule fires."""

from __future__ import annotations

import pytest

from paddock.cron import first_day


@pytest.mark.parametrize(
    ("schedule", "since", "day"),
    [
        ("0 2 * * *", "2026-11-01", "2026-11-01"),
        ("0 2 * * 0", "2026-11-01", "2026-11-01"),  # a Sunday
        ("0 2 * * 7", "2026-11-02", None),  # robfig/cron knows Sunday as 0 only
        ("0 2 * * mon-fri", "2026-10-31", "2026-11-02"),
        ("0 2 15 * *", "2026-11-16", "2026-12-15"),
        ("0 2 */10 * *", "2026-11-02", "2026-11-11"),
        ("0 2 1-7/3 * *", "2026-11-05", "2026-11-07"),
        ("0 2 5,20 JAN,jul *", "2026-11-05", "2027-01-05"),
        ("0 2 13 * 5", "2026-11-01", "2026-11-06"),  # either of both: POSIX
        ("0 2 */2 * 5", "2026-11-02", "2026-11-03"),  # a step over * is a restriction (getRange): either again
        ("0 2 29 2 *", "2026-11-01", "2028-02-29"),
        ("0 2 31 2 *", "2026-11-01", None),
        ("0 2 32 * *", "2026-11-01", None),
        ("0 2 * * friday", "2026-11-01", None),
        ("@daily", "2026-11-01", None),
    ],
)
def test_first_day(schedule: str, since: str, day: str | None) -> None:
    assert first_day(schedule, since) == day
