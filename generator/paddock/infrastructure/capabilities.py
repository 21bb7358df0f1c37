"""Controllers that EKS itself runs for the hub: ACK, which makes the clusters of every environment, and Argo CD."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paddock.infrastructure import iam, terraform
from paddock.infrastructure.control_plane import ADMIN, CAPABILITY, capability_role, role_name
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Resource, Site
from paddock.model import Cluster, Fleet

_CLUSTER = Reference(type="aws_eks_cluster", key="cluster", attribute="name")
_TRUST = iam.trust({"Service": "capabilities.eks.amazonaws.com"}, "sts:TagSession")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoCd:
    """How people sign in to an Argo CD that EKS runs: by IAM Identity Center and nothing else (gpu-platform.md 1.4)."""

    namespace: str
    instance_arn: str
    region: str
    roles: Sequence[tuple[str, Sequence[str]]]
    """ADMIN, EDITOR or VIEWER, and the ids of its groups."""

    def properties(self) -> dict[str, Json]:
        """As CloudFormation has it (template reference, AWS::EKS::Capability ArgoCd)."""
        return {
            "AwsIdc": {"IdcInstanceArn": self.instance_arn, "IdcRegion": self.region},
            "Namespace": self.namespace,
            "RbacRoleMappings": [
                {"Role": role, "Identities": [{"Id": id, "Type": "SSO_GROUP"} for id in ids]}
                for role, ids in self.roles
            ],
        }

    def arguments(self) -> dict[str, Json]:
        """As the AWS provider has it (aws_eks_capability, argo_cd)."""
        return {
            "aws_idc": [{"idc_instance_arn": self.instance_arn, "idc_region": self.region}],
            "namespace": self.namespace,
            "rbac_role_mapping": [
                {"role": role, "identity": [{"id": id, "type": "SSO_GROUP"} for id in ids]} for role, ids in self.roles
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A controller that EKS runs outside the cluster. Version 5 of the AWS provider has no resource for it, so there
    CloudFormation makes it (template reference, AWS::EKS::Capability)."""

    key: str
    type: str
    name: str
    role: Reference
    argo_cd: ArgoCd | None = None
    principal_arn: str | None = None
    """ARN of the role, where it gets every right in the cluster: EKS makes its access entry, but without any."""

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        native = provider >= terraform.CAPABILITY_SINCE
        made = self._resource() if native else self._stack()
        yield made
        if self.principal_arn:
            arguments = {
                "cluster_name": _CLUSTER,
                "principal_arn": self.principal_arn,
                "policy_arn": site.access_policy_arn(ADMIN),
                "access_scope": [{"type": "cluster"}],
                "depends_on": [f"{made.type}.{made.key}"],
            }
            yield Block(type="aws_eks_access_policy_association", key=f"capability-{self.key}", arguments=arguments)

    def _resource(self) -> Block:
        arguments: dict[str, Json] = {
            "cluster_name": _CLUSTER,
            "capability_name": self.key,
            "type": self.type,
            "role_arn": self.role,
            "delete_propagation_policy": "RETAIN",
        }
        if self.argo_cd:
            arguments["configuration"] = [{"argo_cd": [self.argo_cd.arguments()]}]
        return Block(type="aws_eks_capability", key=self.key, arguments=arguments)

    def _stack(self) -> Block:
        names = ("ClusterName", "RoleArn")
        properties: dict[str, Json] = {
            "CapabilityName": self.key,
            "Type": self.type,
            "DeletePropagationPolicy": "RETAIN",
            **{name: {"Ref": name} for name in names},
        }
        if self.argo_cd:
            properties["Configuration"] = {"ArgoCd": self.argo_cd.properties()}
        body = {
            "Parameters": {name: {"Type": "String"} for name in names},
            "Resources": {"Capability": {"Type": "AWS::EKS::Capability", "Properties": properties}},
        }
        arguments = {
            "name": self.name,
            "template_body": json.dumps(body, sort_keys=True),
            "parameters": {"ClusterName": _CLUSTER, "RoleArn": self.role},
        }
        return Block(type="aws_cloudformation_stack", key=f"capability-{self.key}", arguments=arguments)


def capabilities(fleet: Fleet, cluster: Cluster) -> Iterator[Resource]:
    """What EKS runs for the hub."""
    yield from _ack(fleet, cluster)
    if "identityCenter" in fleet.platform.data["argoCD"]:
        yield from _argo_cd(fleet, cluster)


def _ack(fleet: Fleet, cluster: Cluster) -> Iterator[Resource]:
    """Its role may only assume the role that each environment has for it (gpu-platform.md 1.4)."""
    roles = sorted(
        one.data["aws"]["ackRoleARN"] for one in fleet.environments.values() if "ackRoleARN" in one.data["aws"]
    )
    if not roles:
        return
    role = iam.Role(
        key="capability-ack",
        name=role_name(cluster, "capability-ack"),
        description=f"ACK on {cluster.eks_name}",
        trust=_TRUST,
        statements=(iam.statement(["sts:AssumeRole", "sts:TagSession"], roles),),
    )
    yield role
    yield Capability(key="ack", type="ACK", name=f"{cluster.eks_name}-capability-ack", role=role.reference)


def _argo_cd(fleet: Fleet, cluster: Cluster) -> Iterator[Resource]:
    """Its role has no policy of its own: it enters clusters by access entries (EKS user guide, "Create an Argo CD
    capability")."""
    role = iam.Role(
        key=CAPABILITY,
        name=role_name(cluster, CAPABILITY),
        description=f"Argo CD on {cluster.eks_name}",
        trust=_TRUST,
    )
    yield role
    yield Capability(
        key="argocd",
        type="ARGOCD",
        name=f"{cluster.eks_name}-{CAPABILITY}",
        role=role.reference,
        argo_cd=_sign_in(fleet, cluster),
        principal_arn=capability_role(cluster),
    )


def _sign_in(fleet: Fleet, cluster: Cluster) -> ArgoCd:
    stated: Mapping[str, Json] = fleet.platform.data["argoCD"]["identityCenter"]
    groups = fleet.platform.data["identityGroups"]
    roles = (("ADMIN", "adminGroups"), ("EDITOR", "editorGroups"), ("VIEWER", "readOnlyGroups"))
    return ArgoCd(
        namespace=fleet.platform.argocd_namespace,
        instance_arn=stated["instanceARN"],
        region=stated.get("region", cluster.region),
        roles=[
            (role, sorted(groups[name]["claim"] for name in stated[field])) for role, field in roles if stated[field]
        ],
    )
