"""What the spec of a bucket comes to: its owner, its region, its lifecycle by purpose, and what a hold takes away."""

from __future__ import annotations

from typing import Any

import pytest

import fleets
from paddock import buckets
from paddock.buckets import Bucket
from paddock.model import Environment, Fleet

Json = Any


def environment(**stated: Json) -> Environment:
    spec = {**fleets.TEAM, "buckets": {name: {"name": f"example-{name}", **one} for name, one in stated.items()}}
    fleet: Fleet = fleets.fleet(team=spec)
    return fleet.environments["dev"]


def only(**stated: Json) -> Bucket:
    dev = environment(data={"purpose": "data", **stated})
    (found,) = buckets.team_buckets(dev, dev.teams["perception"])
    return found


@pytest.mark.parametrize(("purpose", "days"), [("checkpoints", 3), ("data", 30), ("artifacts", 30), ("models", None)])
def test_versions_by_purpose(purpose: str, days: int | None) -> None:
    found = only(purpose=purpose)
    assert found.noncurrent_expire_after_days == days
    assert found.expire_after_days is None
    assert found.abort_incomplete_upload_after_days == 7


def test_never_outweighs_the_default() -> None:
    assert only(lifecycle={"noncurrentExpireAfterDays": "Never"}).noncurrent_expire_after_days is None


@pytest.mark.parametrize(
    ("versioning", "lifecycle", "days"),
    [
        (True, {}, None),
        (True, {"expireAfterDays": 100}, 130),
        (True, {"expireAfterDays": 100, "noncurrentExpireAfterDays": 1}, 101),
        (True, {"expireAfterDays": 100, "noncurrentExpireAfterDays": "Never"}, None),
        (False, {"expireAfterDays": 100}, 100),
        (False, {}, None),
    ],
)
def test_last_version(versioning: bool, lifecycle: Json, days: int | None) -> None:
    assert only(versioning=versioning, lifecycle=lifecycle).last_version_days == days


def test_on_hold_nothing_expires() -> None:
    retention = {"deleteBy": "2030-01-01", "legalHold": {"reason": "Case 17", "until": "2029-01-01"}}
    found = only(lifecycle={"expireAfterDays": 5, "noncurrentExpireAfterDays": 5}, retention=retention)
    assert found.legal_hold
    assert (found.expire_after_days, found.noncurrent_expire_after_days, found.delete_by) == (None, None, None)
    assert found.last_version_days is None


def test_it_lies_beside_the_first_cluster_by_name() -> None:
    found = only()
    assert found.cluster is not None
    assert (found.cluster.name, found.region) == ("serve", found.cluster.region)
    stated = only(cluster="train")
    assert stated.cluster is not None
    assert stated.cluster.name == "train"


def test_a_team_without_clusters_has_no_place_for_it() -> None:
    fleet = fleets.fleet(team={**fleets.TEAM, "clusters": {}})
    dev = fleet.environments["dev"]
    (found,) = buckets.team_buckets(dev, dev.teams["perception"])
    assert found.cluster is None
    assert found.region is None


def test_references() -> None:
    assert buckets.reference("perception", "frames") == ("perception", "frames")
    assert buckets.reference("perception", "maps/tiles") == ("maps", "tiles")
    dev = environment(frames={"purpose": "data"})
    for text in ("frames", "perception/frames"):
        found = buckets.find(dev, "perception", text)
        assert found is not None
        assert found.name == "example-frames"
    assert buckets.find(dev, "perception", "tiles") is None
    assert buckets.find(dev, "perception", "maps/tiles") is None
