"""Storage in shapes that the reference platform does not have: both sides declare the same, and Terraform takes it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infrastructure import fleet
from infrastructure.test_inventories import ack_identities, terraform_identities
from infrastructure.test_terraform import assert_valid
from paddock.infrastructure import plan
from paddock.infrastructure.plan import Inventory

Json = Any
# Kept for ever with copies that are not; on a day of the week; of points in time alone.
BACKUP = {
    "rules": {
        "weekly": {
            "schedule": "0 6 * * 0",
            "databases": True,
            "bucketPurposes": ["artifacts", "data"],
            "copy": {"region": "eu-west-1", "deleteAfterDays": 90},
        }
    },
    "pointInTime": {"days": 35, "bucketPurposes": ["models"]},
}
# Linked to nothing; only written from; linked without either.
FILE_SYSTEMS = {
    "plain": {
        "capacity": "4800Gi",
        "perUnitStorageThroughput": 125,
        "zone": "eu-central-1a",
        "compression": True,
        "repositories": {},
    },
    "results": {
        "capacity": "1200Gi",
        "perUnitStorageThroughput": 1000,
        "zone": "eu-central-1b",
        "compression": True,
        "repositories": {
            "/eval/reports-1": {
                "bucket": "validation/reports",
                "autoImport": [],
                "autoExport": ["NEW", "CHANGED", "DELETED"],
            },
            "/drives": {"bucket": "data-platform/drives", "autoImport": [], "autoExport": []},
        },
    },
}
# Of a bucket that locks its objects.
REPLICATION = {
    "region": "eu-west-1",
    "bucket": "example-av-prod-validation-reports-dub",
    "deleteMarkers": True,
    "storageClass": "DEEP_ARCHIVE",
}


def inventory(provisioner: str) -> Inventory:
    """The serving cluster of production, whose pods have two ranges of addresses, with all of the above."""
    one = fleet.cluster("prod-serve-fra", provisioner)
    eks = {**one.data["eks"], "backup": BACKUP, "fileSystems": FILE_SYSTEMS}
    network = {**one.data["network"], "podCIDRs": ["10.80.0.0/16", "100.64.0.0/16"]}
    cluster = replace(one, data={**one.data, "eks": eks, "network": network})
    found = fleet.fleet()
    prod = found.environments["prod"]
    team = prod.teams["validation"]
    buckets = {**team.data["buckets"], "reports": {**team.data["buckets"]["reports"], "replication": REPLICATION}}
    teams = {**prod.teams, "validation": replace(team, data={**team.data, "buckets": buckets})}
    prod = replace(prod, teams=teams, clusters={**prod.clusters, cluster.name: cluster})
    found = replace(found, environments={**found.environments, "prod": prod})
    return plan.inventory(found, prod, cluster, fleet.loaded().catalogue)


def resources(provisioner: str) -> Json:
    return json.loads(next(iter(inventory(provisioner).stacks.values())))["resource"]


def test_ack_and_terraform_declare_the_same() -> None:
    by_ack = inventory("ack")
    declared = Counter(ack_identities(by_ack.objects)) + Counter(terraform_identities(resources("ack")))
    declared = Counter({one: count for one, count in declared.items() if one[-1]})
    wanted = Counter(
        {one: count for one, count in Counter(terraform_identities(resources("terraform"))).items() if one[-1]}
    )
    assert declared == wanted
    assert {one[0] for one in wanted} >= {"backup", "bucket-replication", "file-system", "file-system-link", "vault"}


@pytest.mark.whole
@pytest.mark.parametrize("provisioner", ["ack", "terraform"])
def test_terraform_validates(provisioner: str, tmp_path: Path) -> None:
    assert_valid(next(iter(inventory(provisioner).stacks.values())), tmp_path)


def test_a_replica_in_a_class_of_its_own_stays_in_it() -> None:
    """Its source moves to DEEP_ARCHIVE after a year, it begins there: a move would be refused."""
    lifecycles = resources("terraform")["aws_s3_bucket_lifecycle_configuration"]
    source, replica = (
        lifecycles["team-validation-reports"]["rule"][0],
        lifecycles["replica-team-validation-reports"]["rule"][0],
    )
    assert "transition" in source
    assert "transition" not in replica
    assert replica == {key: value for key, value in source.items() if key != "transition"}


def test_a_replica_of_locked_versions_locks_them_too() -> None:
    """Amazon S3, "Replication failure reasons": DstBucketObjectLockConfigMissing."""
    found = resources("terraform")
    assert found["aws_s3_bucket"]["replica-team-validation-reports"]["object_lock_enabled"] is True
    locks = found["aws_s3_bucket_object_lock_configuration"]
    assert locks["replica-team-validation-reports"]["rule"] == locks["team-validation-reports"]["rule"]
    policy = found["aws_iam_role_policy"]["replication-team-validation-reports"]["policy"]
    assert "s3:GetObjectRetention" in policy


def test_only_a_file_system_without_links_has_backups() -> None:
    found = resources("terraform")["aws_fsx_lustre_file_system"]
    assert {key: one["automatic_backup_retention_days"] for key, one in found.items()} == {
        "fs-plain": 7,
        "fs-results": 0,
    }
    assert found["fs-plain"]["skip_final_backup"] is False


def test_backups_without_an_end_have_copies_with_one() -> None:
    rule = resources("ack")["aws_backup_plan"]["backup-weekly"]["rule"][0]
    assert rule["schedule"] == "cron(0 6 ? * SUN *)"
    assert "lifecycle" not in rule
    assert rule["copy_action"][0]["lifecycle"] == [{"delete_after": 90}]


def test_each_range_of_pods_has_rules_of_its_own() -> None:
    rules = resources("terraform")["aws_vpc_security_group_ingress_rule"]
    ranges = [one["cidr_ipv4"] for key, one in rules.items() if key.startswith("file-systems-in-1")]
    assert sorted(ranges) == ["10.80.0.0/16"] * 2 + ["100.64.0.0/16"] * 2
