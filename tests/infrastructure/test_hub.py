"""The hub's two stacks: a network that holds, controllers of EKS, and an Argo CD that finds its roots."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from infrastructure.fleet import cluster, fleet, inventory, loaded
from paddock.infrastructure import plan
from paddock.infrastructure.plan import Inventory
from paddock.infrastructure.vpc import ENDPOINTS, ranges
from repositories import reference_result

Json = Any


def hub(provider: str = "5.100.0") -> dict[str, Json]:
    return {name: json.loads(text) for name, text in inventory("prod-hub-iad", "terraform", provider).stacks.items()}


def test_the_hub_has_two_stacks() -> None:
    assert list(hub()) == ["hub-iad", "hub-iad-argo-cd"]


@pytest.mark.parametrize("zones", [2, 3, 6])
@pytest.mark.parametrize("cidr", ["10.80.0.0/16", "172.16.0.0/20"])
def test_ranges_lie_in_the_vpc_and_apart(cidr: str, zones: int) -> None:
    found = ranges(cidr, [f"us-east-1{letter}" for letter in "abcdef"[:zones]])
    every = [IPv4Network(one) for pair in found.values() for one in pair]
    assert len(every) == 2 * zones
    assert all(one.subnet_of(IPv4Network(cidr)) for one in every)
    assert not any(one.overlaps(other) for at, one in enumerate(every) for other in every[at + 1 :])
    # AWS' smallest subnet is /28 (VPC user guide, "Subnet sizing").
    assert all(one.prefixlen <= 28 for one in every)


def test_every_private_subnet_has_a_way_out_of_its_own_zone() -> None:
    resources = hub()["hub-iad"]["resource"]
    for zone in ("us-east-1a", "us-east-1b", "us-east-1c"):
        route = resources["aws_route_table"][f"private-{zone}"]["route"][0]
        assert route["nat_gateway_id"] == f"${{aws_nat_gateway.{zone}.id}}"
        assert resources["aws_route_table_association"][f"private-{zone}"]["subnet_id"] == (
            f"${{aws_subnet.private-{zone}.id}}"
        )
    assert not any(one["map_public_ip_on_launch"] for one in resources["aws_subnet"].values())


def test_endpoints_of_the_services_that_a_private_cluster_calls() -> None:
    """gpu-platform.md 3.5, and eks-auth for Pod Identity."""
    endpoints = hub()["hub-iad"]["resource"]["aws_vpc_endpoint"]
    services = {one["service_name"].removeprefix("com.amazonaws.us-east-1.") for one in endpoints.values()}
    assert services == {*ENDPOINTS, "s3"}
    assert {"ecr.api", "ecr.dkr", "sts", "eks", "logs", "s3"} <= services


def test_the_cluster_uses_the_subnets_that_the_stack_makes() -> None:
    cluster = hub()["hub-iad"]["resource"]["aws_eks_cluster"]["cluster"]
    assert cluster["vpc_config"][0]["subnet_ids"] == [
        f"${{aws_subnet.private-us-east-1{zone}.id}}" for zone in ("a", "b", "c")
    ]


def test_ack_is_a_capability_by_whatever_the_provider_has() -> None:
    old = hub()["hub-iad"]["resource"]
    body = json.loads(old["aws_cloudformation_stack"]["capability-ack"]["template_body"])
    properties = body["Resources"]["Capability"]["Properties"]
    assert body["Resources"]["Capability"]["Type"] == "AWS::EKS::Capability"
    assert (properties["Type"], properties["DeletePropagationPolicy"]) == ("ACK", "RETAIN")
    new = hub("~> 6.28")["hub-iad"]["resource"]
    assert "aws_cloudformation_stack" not in new
    assert new["aws_eks_capability"]["ack"]["type"] == "ACK"


def test_acks_role_may_only_assume_the_role_of_each_environment() -> None:
    policy = json.loads(hub()["hub-iad"]["resource"]["aws_iam_role_policy"]["capability-ack"]["policy"])
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Resource": ["arn:aws:iam::111122223333:role/av-ack", "arn:aws:iam::777788889999:role/av-ack"],
        }
    ]


GROUPS = {
    "admins": "0a1b2c3d4e-5f607182-93a4-4b5c-8d6e-7f8091a2b3c4",
    "readers": "0a1b2c3d4e-11112222-93a4-4b5c-8d6e-7f8091a2b3c4",
}


def capability(identity: str, provisioner: str, provider: str = "5.100.0") -> Inventory:
    """A cluster of the reference platform where EKS runs Argo CD."""
    found, one = fleet(provider), cluster(identity, provisioner)
    center = {
        "instanceARN": "arn:aws:sso:::instance/ssoins-722317e2f8a0b4c1",
        "adminGroups": ["admins"],
        "editorGroups": [],
        "readOnlyGroups": ["readers"],
    }
    data = {
        **found.platform.data,
        "argoCD": {**found.platform.data["argoCD"], "mode": "capability", "identityCenter": center},
        "identityGroups": {name: {"claim": claim} for name, claim in GROUPS.items()},
    }
    changed = replace(found, platform=replace(found.platform, data=data))
    return plan.inventory(changed, changed.environments[one.environment], one, loaded().catalogue)


def test_argo_cd_as_a_capability_signs_in_by_identity_center() -> None:
    stack = json.loads(capability("prod-hub-iad", "terraform", "~> 6.28").stacks["hub-iad"])["resource"]
    made = stack["aws_eks_capability"]["argocd"]
    assert (made["type"], made["role_arn"]) == ("ARGOCD", "${aws_iam_role.capability-argocd.arn}")
    (settings,) = made["configuration"][0]["argo_cd"]
    assert settings["aws_idc"] == [
        {"idc_instance_arn": "arn:aws:sso:::instance/ssoins-722317e2f8a0b4c1", "idc_region": "us-east-1"}
    ]
    assert settings["rbac_role_mapping"] == [
        {"role": "ADMIN", "identity": [{"id": GROUPS["admins"], "type": "SSO_GROUP"}]},
        {"role": "VIEWER", "identity": [{"id": GROUPS["readers"], "type": "SSO_GROUP"}]},
    ]
    older = json.loads(capability("prod-hub-iad", "terraform").stacks["hub-iad"])["resource"]
    body = json.loads(older["aws_cloudformation_stack"]["capability-argocd"]["template_body"])
    configuration = body["Resources"]["Capability"]["Properties"]["Configuration"]["ArgoCd"]
    assert [one["Role"] for one in configuration["RbacRoleMappings"]] == ["ADMIN", "VIEWER"]


def test_the_capability_enters_every_cluster_with_its_one_role() -> None:
    """EKS makes the entry on the hub, without rights; the other clusters admit the hub's role (argocd.md 4.3)."""
    role = "arn:aws:iam::777788889999:role/av-prod-hub-iad-capability-argocd"
    hubs = json.loads(capability("prod-hub-iad", "terraform").stacks["hub-iad"])["resource"]
    assert "argocd" not in hubs["aws_eks_access_entry"]
    policy = hubs["aws_eks_access_policy_association"]["capability-argocd"]
    assert policy["principal_arn"] == role
    assert policy["depends_on"] == ["aws_cloudformation_stack.capability-argocd"]
    assert "argocd" not in hubs["aws_iam_role"]
    objects = capability("prod-train-iad", "ack").objects
    (entry,) = (one for one in objects if one["kind"] == "AccessEntry" and one["metadata"]["name"] == "argocd")
    assert entry["spec"]["principalARN"] == role
    assert not [one for one in objects if one["kind"] == "Role" and one["metadata"]["name"] == "argocd"]


def test_the_second_stack_installs_argo_cd_and_every_root() -> None:
    document = hub()["hub-iad-argo-cd"]
    releases = document["resource"]["helm_release"]
    assert releases["argo-cd"]["version"] == "10.1.1"
    application = reference_result().trees["prod"]["argocd/applications/hub-iad/application-prod-hub-iad-argo-cd.yaml"]
    assert f"releaseName: {releases['argo-cd']['name']}\n" in application
    assert releases["argo-cd"]["values"] == [
        '${file("${path.module}/../../clusters/hub-iad/components/argo-cd/images.yaml")}',
        '${file("${path.module}/../../clusters/hub-iad/components/argo-cd/values.yaml")}',
    ]
    roots = json.loads(releases["roots"]["values"][0])
    assert sorted(roots["applications"]) == ["root-dev", "root-prod", "root-staging"] == sorted(roots["projects"])
    assert roots["applications"]["root-dev"]["source"]["targetRevision"] == "refs/heads/deploy/dev"
    assert document["resource"]["kubernetes_secret_v1"]["hub"]["metadata"][0]["name"] == "cluster-prod-hub-iad"
    remote = document["data"]["terraform_remote_state"]["hub"]["config"]
    assert remote["key"] == hub()["hub-iad"]["terraform"]["backend"]["s3"]["key"]
    assert set(hub()["hub-iad"]["output"]) == {"endpoint", "certificateAuthority"}


def test_a_hub_in_a_network_that_exists_has_its_capability_too() -> None:
    """Only the hub: what ACK makes elsewhere is made from there."""
    assert (
        "capability-ack"
        not in json.loads(inventory("staging-train-iad", "terraform").stacks["train-iad"])["resource"]["aws_iam_role"]
    )
    one = cluster("prod-hub-iad", "terraform")
    network = {key: value for key, value in one.data["network"].items() if key != "vpc"}
    network["subnetIds"] = {"us-east-1a": "subnet-0123456789abcdef0", "us-east-1b": "subnet-0123456789abcdef1"}
    moved = replace(one, data={**one.data, "network": network})
    found = plan.inventory(fleet(), fleet().environments["prod"], moved, loaded().catalogue)
    resources = json.loads(found.stacks["hub-iad"])["resource"]
    assert "capability-ack" in resources["aws_iam_role"]
    assert "aws_vpc" not in resources
    assert resources["aws_eks_cluster"]["cluster"]["vpc_config"][0]["subnet_ids"] == list(network["subnetIds"].values())
