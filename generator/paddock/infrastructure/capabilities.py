"""Controllers that EKS itself runs for the hub: ACK, which makes the clusters of every environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from paddock.infrastructure import iam, terraform
from paddock.infrastructure.control_plane import role_name
from paddock.infrastructure.resource import AckObject, Block, Reference, Resource, Site
from paddock.model import Cluster, Fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A controller that EKS runs outside the cluster. Version 5 of the AWS provider has no resource for it, so there
    CloudFormation makes it (CloudFormation template reference, AWS::EKS::Capability)."""

    key: str
    type: str
    name: str
    role: Reference

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        cluster = Reference(type="aws_eks_cluster", key="cluster", attribute="name")
        if provider >= terraform.CAPABILITY_SINCE:
            arguments = {
                "cluster_name": cluster,
                "capability_name": self.key,
                "type": self.type,
                "role_arn": self.role,
                "delete_propagation_policy": "RETAIN",
            }
            yield Block(type="aws_eks_capability", key=self.key, arguments=arguments)
            return
        names = ("ClusterName", "RoleArn")
        body = {
            "Parameters": {name: {"Type": "String"} for name in names},
            "Resources": {
                "Capability": {
                    "Type": "AWS::EKS::Capability",
                    "Properties": {
                        "CapabilityName": self.key,
                        "Type": self.type,
                        "DeletePropagationPolicy": "RETAIN",
                        **{name: {"Ref": name} for name in names},
                    },
                }
            },
        }
        arguments = {
            "name": self.name,
            "template_body": json.dumps(body, sort_keys=True),
            "parameters": {"ClusterName": cluster, "RoleArn": self.role},
        }
        yield Block(type="aws_cloudformation_stack", key=f"capability-{self.key}", arguments=arguments)


def capabilities(fleet: Fleet, cluster: Cluster, site: Site) -> Iterator[Resource]:
    """ACK as a capability of the hub: its role may only assume the role that each environment has for it
    (gpu-platform.md 1.4)."""
    roles = sorted(
        one.data["aws"]["ackRoleARN"] for one in fleet.environments.values() if "ackRoleARN" in one.data["aws"]
    )
    if not roles:
        return
    role = iam.Role(
        key="capability-ack",
        name=role_name(cluster, "capability-ack"),
        description=f"ACK on {cluster.eks_name}",
        trust=iam.trust({"Service": "capabilities.eks.amazonaws.com"}, "sts:TagSession"),
        statements=(iam.statement(["sts:AssumeRole", "sts:TagSession"], roles),),
    )
    yield role
    yield Capability(key="ack", type="ACK", name=f"{cluster.eks_name}-capability-ack", role=role.reference)
