"""Who may do what on AWS: components by their iam.yaml, teams their buckets and no more than their boundary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.fleet import inventory, loaded
from paddock.infrastructure.control_plane import identity_key

Json = Any


def resources(identity: str) -> dict[str, Json]:
    text = inventory(identity, "terraform").stacks[identity.split("-", 1)[1]]
    return dict(json.loads(text)["resource"])


def statements(identity: str, role: str) -> list[Json]:
    return list(json.loads(resources(identity)["aws_iam_role_policy"][role]["policy"])["Statement"])


def test_no_placeholder_is_left() -> None:
    for identity in ("dev-shared-iad", "prod-train-iad", "prod-serve-fra", "prod-hub-iad"):
        for one in resources(identity)["aws_iam_role_policy"].values():
            text = one["policy"].replace("$${", "")
            assert "{settings" not in text
            assert not any(
                f"{{{word}}}" in text for word in ("region", "accountId", "eksName", "partition", "nodeRole")
            )


def test_karpenter_touches_only_what_carries_its_clusters_tag() -> None:
    found = statements("prod-train-iad", "karpenter")
    changing = {"ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"}
    one = next(each for each in found if changing <= set(each["Action"]))
    assert one["Condition"]["StringEquals"] == {"aws:ResourceTag/kubernetes.io/cluster/av-prod-train-iad": "owned"}
    passing = next(each for each in found if each["Action"] == ["iam:PassRole"])
    assert passing["Resource"] == ["arn:aws:iam::777788889999:role/av-prod-train-iad-node"]


def test_a_statement_of_a_setting_that_is_not_stated_is_left_out() -> None:
    """external-secrets: only serve-fra in production states a role to assume."""
    with_role = [one["Action"] for one in statements("prod-serve-fra", "external-secrets")]
    without = [one["Action"] for one in statements("prod-train-iad", "external-secrets")]
    assert ["sts:AssumeRole", "sts:TagSession"] in with_role
    assert len(with_role) == len(without) + 1


def test_every_workload_has_its_teams_role() -> None:
    found = resources("prod-train-iad")["aws_eks_pod_identity_association"]
    one = found["team-perception-bev-train"]
    assert (one["namespace"], one["service_account"]) == ("perception", "bev-train")
    assert one["role_arn"] == "${aws_iam_role.team-perception.arn}"
    assert resources("prod-train-iad")["aws_iam_role"]["team-perception"]["permissions_boundary"] == (
        "${aws_iam_policy.tenants.arn}"
    )


def test_a_team_reaches_its_own_buckets_only() -> None:
    fleet = loaded().fleet
    assert fleet is not None
    environment = fleet.environments["prod"]
    for name, team in environment.teams.items():
        if "train-iad" not in team.clusters or f"team-{name}" not in resources("prod-train-iad")["aws_iam_role_policy"]:
            continue
        writable = {
            arn
            for one in statements("prod-train-iad", f"team-{name}")
            if "s3:PutObject" in one["Action"]
            for arn in one["Resource"]
        }
        own = {bucket["name"] for bucket in team.data["buckets"].values()}
        allowed = {arn for each in own for arn in (f"arn:aws:s3:::{each}", f"arn:aws:s3:::{each}/*")}
        if any(one.type == "pipeline" and one.team == name for one in environment.workloads_on("train-iad")):
            allowed.add(f"arn:aws:s3:::example-av-prod-workflow-artifacts/{name}/*")
        assert writable == allowed


def test_artifacts_of_pipelines_are_a_team_s_own() -> None:
    """Below its name in the bucket of Argo Workflows, where the key format puts them; others see none of it."""
    bucket = "arn:aws:s3:::example-av-prod-workflow-artifacts"
    found = [one for one in statements("prod-train-iad", "team-validation") if bucket in str(one["Resource"])]
    assert [one["Resource"] for one in found] == [[f"{bucket}/validation/*"], [bucket], [bucket]]
    assert found[2]["Condition"] == {"StringLike": {"s3:prefix": "validation/*"}}
    assert "s3:DeleteObject" not in str(found)
    others = [one for one in statements("prod-train-iad", "team-perception") if bucket in str(one["Resource"])]
    assert others == []
    server = statements("prod-train-iad", "argo-workflows-server")
    assert [one["Action"] for one in server if one["Resource"] == [f"{bucket}/*"]] == [["s3:GetObject"]]


@pytest.mark.parametrize("identity", ["dev-shared-iad", "prod-train-iad", "prod-serve-fra", "prod-hub-iad"])
def test_inline_policies_fit(identity: str) -> None:
    """All inline policies of a role have 10,240 characters at most, white space not counted (IAM quotas)."""
    for name, one in resources(identity)["aws_iam_role_policy"].items():
        assert len("".join(one["policy"].split())) <= 10_240, name
    for name, one in resources(identity).get("aws_iam_policy", {}).items():
        assert len("".join(one["policy"].split())) <= 6_144, name
    assert all(len(one["name"]) <= 64 for one in resources(identity)["aws_iam_role"].values())


def test_groups_enter_with_the_claim_as_their_kubernetes_group() -> None:
    entries = resources("prod-train-iad")["aws_eks_access_entry"]
    assert entries["group-perception-edit"]["principal_arn"] == "arn:aws:iam::777788889999:role/av-ml-perception"
    assert entries["group-perception-edit"]["kubernetes_groups"] == ["av-ml-perception-engineers"]
    policies = resources("prod-train-iad")["aws_eks_access_policy_association"]
    assert policies["group-platform-admins"]["policy_arn"].endswith("/AmazonEKSClusterAdminPolicy")
    assert "group-perception-edit" not in policies


def test_karpenters_queue_hears_every_kind_of_interruption() -> None:
    found = resources("prod-train-iad")
    types = {
        kind
        for one in found["aws_cloudwatch_event_rule"].values()
        for kind in json.loads(one["event_pattern"])["detail-type"]
    }
    assert types == {
        "AWS Health Event",
        "EC2 Capacity Reservation Instance Interruption Warning",
        "EC2 Instance Rebalance Recommendation",
        "EC2 Instance State-change Notification",
        "EC2 Spot Instance Interruption Warning",
    }
    assert {one["arn"] for one in found["aws_cloudwatch_event_target"].values()} == {
        "${aws_sqs_queue.interruptions.arn}"
    }
    assert found["aws_sqs_queue"]["interruptions"]["name"] == "av-prod-train-iad-interruptions"


def test_names_that_are_alike_stay_apart() -> None:
    """A service account of two components, a team called like a component: each has a resource of its own."""
    assert identity_key("kyverno", "kyverno-admission-controller") == "kyverno-admission-controller"
    assert identity_key("argo-cd", "controller") != identity_key("kueue", "controller")
    for identity in ("dev-shared-iad", "prod-train-iad"):
        names = [(one["kind"], one["metadata"]["name"]) for one in inventory(identity, "ack").objects]
        assert len(names) == len(set(names))
