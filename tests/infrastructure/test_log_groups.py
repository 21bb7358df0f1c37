"""Log groups of teams, read from both kinds of output: each has the cluster's key, an owner, and days that AWS has."""

from __future__ import annotations

import json
from typing import Any

from infrastructure.fleet import inventory
from paddock import logs

Json = Any


def ack_groups(environment: str, cluster: str) -> dict[str, Json]:
    found = [one for one in inventory(f"{environment}-{cluster}", "ack").objects if one["kind"] == "LogGroup"]
    return {one["spec"]["name"]: one for one in found}


def terraform_groups(environment: str, cluster: str) -> dict[str, Json]:
    stack = json.loads(inventory(f"{environment}-{cluster}", "terraform").stacks[cluster])
    return {one["name"]: one for one in stack["resource"]["aws_cloudwatch_log_group"].values()}


def test_each_team_and_the_platform_have_a_group() -> None:
    groups = ack_groups("prod", "train-iad")
    owners = {name.rpartition("/")[2] for name in groups if name.startswith("/eks/av-prod-train-iad/")}
    assert {"platform", "perception", "planning", "validation"} <= owners
    for name, one in groups.items():
        assert one["spec"]["kmsKeyRef"] == {"from": {"name": "cluster"}}
        assert one["spec"].get("retentionDays", 1) in logs.CLOUDWATCH_DAYS
        if name.startswith("/eks/"):
            assert one["spec"]["tags"]["team"] == name.rpartition("/")[2]
        assert one["metadata"]["annotations"]["services.k8s.aws/deletion-policy"] == "retain"


def test_days_are_the_team_s() -> None:
    for groups, field in (
        ({name: one["spec"] for name, one in ack_groups("prod", "train-iad").items()}, "retentionDays"),
        (terraform_groups("prod", "train-iad"), "retention_in_days"),
    ):
        days = {name.rpartition("/")[2]: one.get(field) for name, one in groups.items() if name.startswith("/eks/")}
        assert days["perception"] == days["platform"] == 90
        assert days["validation"] == 3653
        assert days["mapping"] is None, "on hold: for ever"


def test_terraform_makes_the_same_groups() -> None:
    found = terraform_groups("prod", "train-iad")
    assert found.keys() == ack_groups("prod", "train-iad").keys()
    assert {one["kms_key_id"] for one in found.values()} == {"${aws_kms_key.cluster.arn}"}


def test_a_hub_has_no_teams_but_logs() -> None:
    names = [name for name in terraform_groups("prod", "hub-iad") if not name.startswith("/aws/")]
    assert names == ["/platform/eks/av-prod-hub-iad/platform"]


def writes(identity: str, account: str = "fluent-bit") -> list[str]:
    """Resources that the role of Fluent Bit, or of another account, may write to."""
    [role] = [
        one
        for one in inventory(identity, "ack").objects
        if one["metadata"]["name"] == account and one["kind"] == "Role"
    ]
    statements = [one for policy in role["spec"]["inlinePolicies"].values() for one in json.loads(policy)["Statement"]]
    return sorted(resource for one in statements for resource in one["Resource"])


def test_fluent_bit_may_write_to_its_sinks_and_no_others() -> None:
    assert writes("prod-hub-iad") == ["arn:aws:logs:us-east-1:777788889999:log-group:/platform/eks/av-prod-hub-iad/*"]
    assert writes("prod-train-iad") == [
        "arn:aws:es:*:777788889999:domain/av-prod-training-logs/*",
        "arn:aws:logs:us-east-1:777788889999:log-group:/eks/av-prod-train-iad/*",
    ]
    assert writes("prod-train-iad", "opensearch-domain-opensearch-setup") == [
        "arn:aws:es:*:777788889999:domain/av-prod-training-logs/*"
    ]
