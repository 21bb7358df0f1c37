"""What the spec of backups comes to: rules, what they hold, how long, and schedules as AWS writes them."""

from __future__ import annotations

from typing import Any

import pytest

import fleets
from paddock import backups
from paddock.model import Cluster

Json = Any


def made(backup: Json | None) -> Cluster:
    eks = {**fleets.CLUSTER["eks"], **({} if backup is None else {"backup": backup})}
    return fleets.cluster("train", {**fleets.CLUSTER, "eks": eks})


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 6 * * *", "cron(0 6 * * ? *)"),
        ("30 23 1 * *", "cron(30 23 1 * ? *)"),
        ("0 6 1 1,7 *", "cron(0 6 1 1,7 ? *)"),
        ("5 4 * * 0", "cron(5 4 ? * SUN *)"),
        ("5 4 * * 1,6", "cron(5 4 ? * MON,SAT *)"),
    ],
)
def test_schedules(schedule: str, expected: str) -> None:
    assert backups.cron(schedule) == expected


def test_nothing_is_backed_up_unasked() -> None:
    cluster = made(None)
    assert backups.rules(cluster) == ()


def test_defaults() -> None:
    """One backup a day, and any second of the last 35 days of what people cannot make again."""
    cluster = made({})
    daily, continuous = backups.rules(cluster)
    assert (daily.name, daily.delete_after_days, daily.databases, daily.copy) == ("daily", 35, True, None)
    assert daily.bucket_purposes == continuous.bucket_purposes == ("artifacts", "models")
    assert (continuous.name, continuous.delete_after_days, continuous.continuous) == ("point-in-time", 35, True)
    assert not continuous.databases


def test_without_a_continuous_backup() -> None:
    cluster = made({"rules": {}, "pointInTime": {"days": 0}})
    assert backups.rules(cluster) == ()


@pytest.mark.parametrize(
    ("stated", "days"),
    [
        ({}, None),
        ({"deleteAfterDays": 7}, 7),
        ({"deleteAfterDays": 7, "copy": {"region": "us-west-2"}}, 7),
        ({"deleteAfterDays": 7, "copy": {"region": "us-west-2", "deleteAfterDays": 9}}, 9),
        ({"deleteAfterDays": 7, "copy": {"region": "us-west-2", "deleteAfterDays": 3}}, 7),
        ({"copy": {"region": "us-west-2", "deleteAfterDays": 3}}, None),
    ],
)
def test_how_long_the_last_copy_stays(stated: Json, days: int | None) -> None:
    cluster = made({"rules": {"one": {"schedule": "0 6 * * *", **stated}}, "pointInTime": {"days": 0}})
    (rule,) = backups.rules(cluster)
    assert rule.longest_days == days
