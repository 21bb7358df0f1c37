"""Replicas of buckets: where they lie, what S3 may do to make them, and what they have of their source."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.fleet import inventory
from paddock.infrastructure import replication
from paddock.infrastructure.replication import Side
from paddock.infrastructure.resource import Site

Json = Any
HERE = Site(account_id="777788889999", region="us-east-1", tags={})
THERE = Site(account_id="777788889999", region="us-west-2", tags={})


def stack() -> Json:
    return json.loads(inventory("prod-train-iad", "terraform").stacks["train-iad"])


def actions(*, delete_markers: bool, locked: bool) -> set[str]:
    source, replica = Side(bucket="a", alias="k", site=HERE), Side(bucket="b", alias="k-replicas", site=THERE)
    found = replication.statements(source, replica, delete_markers=delete_markers, locked=locked)
    return {action for one in found for action in one["Action"]}


def test_terraform_makes_it_with_a_provider_of_the_region() -> None:
    document = stack()
    home, other = document["provider"]["aws"]
    assert "alias" not in home
    assert (home["region"], other["region"], other["alias"]) == ("us-east-1", "us-west-2", "us-west-2")
    assert other["allowed_account_ids"] == home["allowed_account_ids"]
    assert other["default_tags"] == home["default_tags"]
    parts = {type: one for type, one in document["resource"].items() if type.startswith("aws_s3_bucket")}
    for type, blocks in parts.items():
        one = blocks.get("replica-team-perception-models")
        assert one is None or one["provider"] == "aws.us-west-2", type
        assert "provider" not in blocks.get("team-perception-models", {}), type
    assert document["resource"]["aws_kms_key"]["replicas-us-west-2"]["provider"] == "aws.us-west-2"


def test_a_stack_of_one_region_has_one_provider() -> None:
    document = json.loads(inventory("prod-serve-fra", "terraform").stacks["serve-fra"])
    assert document["provider"]["aws"]["region"] == "eu-central-1"


def test_ack_makes_it_in_the_region_of_an_annotation() -> None:
    objects = {(one["kind"], one["metadata"]["name"]): one for one in inventory("prod-train-iad", "ack").objects}
    for kind, name in (
        ("Bucket", "replica-mlflow-artifacts"),
        ("Key", "replicas-us-west-2"),
        ("Alias", "replicas-us-west-2"),
    ):
        assert objects[kind, name]["metadata"]["annotations"]["services.k8s.aws/region"] == "us-west-2"
    replica = objects["Bucket", "replica-mlflow-artifacts"]["spec"]
    assert replica["createBucketConfiguration"] == {"locationConstraint": "us-west-2"}
    assert "replication" not in replica
    source = objects["Bucket", "mlflow-artifacts"]
    assert "services.k8s.aws/region" not in source["metadata"]["annotations"]
    (rule,) = source["spec"]["replication"]["rules"]
    assert rule["destination"]["bucket"] == f"arn:aws:s3:::{replica['name']}"
    default = replica["encryption"]["rules"][0]["applyServerSideEncryptionByDefault"]
    assert rule["destination"]["encryptionConfiguration"]["replicaKMSKeyID"] == default["kmsMasterKeyID"]


def test_the_rule_waits_for_both_buckets_to_have_versions() -> None:
    resources = stack()["resource"]
    rule = resources["aws_s3_bucket_replication_configuration"]["team-perception-models"]
    assert rule["depends_on"] == [
        "aws_s3_bucket_versioning.replica-team-perception-models",
        "aws_s3_bucket_versioning.team-perception-models",
    ]


def test_a_replica_has_the_lifecycle_of_its_source() -> None:
    lifecycles = stack()["resource"]["aws_s3_bucket_lifecycle_configuration"]
    for key in ("team-perception-models", "mlflow-artifacts"):
        assert lifecycles[f"replica-{key}"]["rule"] == lifecycles[key]["rule"]


@pytest.mark.parametrize("delete_markers", [True, False])
def test_deletions_are_copied_only_where_the_spec_says_so(delete_markers: bool) -> None:
    assert ("s3:ReplicateDelete" in actions(delete_markers=delete_markers, locked=False)) is delete_markers


def test_the_role_reads_locks_only_where_there_are_some() -> None:
    more = actions(delete_markers=False, locked=True) - actions(delete_markers=False, locked=False)
    assert more == {"s3:GetObjectRetention", "s3:GetObjectLegalHold"}


def test_the_role_writes_to_nothing_but_the_replica() -> None:
    policy = json.loads(stack()["resource"]["aws_iam_role_policy"]["replication-team-perception-models"]["policy"])
    reach = {
        action: one["Resource"] for one in policy["Statement"] for action in one["Action"] if "Replicate" in action
    }
    assert reach == {
        "s3:ReplicateObject": ["arn:aws:s3:::example-av-prod-perception-models-pdx/*"],
        "s3:ReplicateTags": ["arn:aws:s3:::example-av-prod-perception-models-pdx/*"],
    }
    keys = [one for one in policy["Statement"] if one["Action"][0].startswith("kms:")]
    assert [
        (
            one["Action"],
            one["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"],
            one["Condition"]["StringEquals"]["kms:ViaService"],
        )
        for one in keys
    ] == [
        (["kms:Decrypt"], "alias/av-prod-train-iad", "s3.us-east-1.amazonaws.com"),
        (["kms:Encrypt", "kms:Decrypt"], "alias/av-prod-train-iad-replicas", "s3.us-west-2.amazonaws.com"),
    ]


def test_no_team_turns_replication_off() -> None:
    boundary = json.loads(stack()["resource"]["aws_iam_policy"]["tenants"]["policy"])
    denied = {action for one in boundary["Statement"] if one["Effect"] == "Deny" for action in one["Action"]}
    assert "s3:PutReplicationConfiguration" in denied
