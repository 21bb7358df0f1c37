"""AWS Backup of the reference platform: what is backed up, by whom, into which vaults, and who makes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.fleet import inventory

Json = Any
DATABASE = "arn:aws:rds:us-east-1:777788889999:db:av-prod-train-iad-mlflow"


def resources(provisioner: str = "ack") -> Json:
    stacks = inventory("prod-train-iad", provisioner).stacks
    return json.loads(next(iter(stacks.values())))["resource"]


@pytest.mark.parametrize("provisioner", ["ack", "terraform"])
def test_a_plan_for_each_rule(provisioner: str) -> None:
    found = resources(provisioner)
    rules = {key: one["rule"][0] for key, one in found["aws_backup_plan"].items()}
    assert {key: (one["schedule"], one["lifecycle"]) for key, one in rules.items()} == {
        "backup-daily": ("cron(0 6 * * ? *)", [{"delete_after": 35}]),
        "backup-monthly": ("cron(30 6 1 * ? *)", [{"delete_after": 400}]),
        "point-in-time": ("cron(0 6 * * ? *)", [{"delete_after": 14}]),
    }
    assert [key for key, one in rules.items() if one.get("enable_continuous_backup")] == ["point-in-time"]
    assert rules["backup-monthly"]["copy_action"] == [
        {"destination_vault_arn": "${aws_backup_vault.backup-us-west-2.arn}", "lifecycle": [{"delete_after": 730}]}
    ]


def test_what_is_backed_up() -> None:
    selections = {key: set(one["resources"]) for key, one in resources()["aws_backup_selection"].items()}
    assert DATABASE in selections["backup-daily"]
    # RDS has its own points in time; AWS Backup would take its retention over.
    assert DATABASE not in selections["point-in-time"]
    assert "arn:aws:s3:::example-av-prod-mlflow-artifacts" in selections["backup-daily"]
    assert "arn:aws:s3:::example-av-prod-mlflow-artifacts" not in selections["backup-monthly"]
    assert "arn:aws:s3:::example-av-prod-perception-models" in selections["backup-monthly"]
    assert not any("checkpoints" in arn for arns in selections.values() for arn in arns)


def test_the_vault_of_copies_lies_with_its_key_in_their_region() -> None:
    found = resources()
    vault = found["aws_backup_vault"]["backup-us-west-2"]
    assert vault["kms_key_arn"] == "${aws_kms_key.backup-us-west-2.arn}"
    assert vault["provider"] == found["aws_kms_key"]["backup-us-west-2"]["provider"] == "aws.us-west-2"
    assert "provider" not in found["aws_backup_vault"]["backup"]
    assert all(one["lifecycle"] == [{"prevent_destroy": True}] for one in found["aws_backup_vault"].values())


def test_the_role_backs_up_and_restores() -> None:
    found = resources()
    attached = {
        one["policy_arn"].removeprefix("arn:aws:iam::aws:policy/")
        for one in found["aws_iam_role_policy_attachment"].values()
        if one["role"] == "${aws_iam_role.aws-backup.name}"
    }
    assert attached == {
        "AWSBackupServiceRolePolicyForS3Backup",
        "AWSBackupServiceRolePolicyForS3Restore",
        "service-role/AWSBackupServiceRolePolicyForBackup",
        "service-role/AWSBackupServiceRolePolicyForRestores",
    }
    assert {one["iam_role_arn"] for one in found["aws_backup_selection"].values()} == {"${aws_iam_role.aws-backup.arn}"}


def test_names_fit() -> None:
    """A vault's and a plan's name has 50 characters at most."""
    found = resources()
    for type in ("aws_backup_vault", "aws_backup_plan", "aws_backup_selection"):
        assert all(2 <= len(one["name"]) <= 50 for one in found[type].values())


def test_without_a_spec_there_is_no_backup() -> None:
    stacks = inventory("prod-serve-fra", "terraform").stacks
    assert not any(type.startswith("aws_backup") for type in json.loads(stacks["serve-fra"])["resource"])
