"""EKS: the cluster, its managed node groups and add-ons, and who may enter it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.infrastructure.ec2 import LaunchTemplate
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, present
from paddock.infrastructure.terraform import TIER_SINCE

GROUP = "eks.services.k8s.aws"
LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
CLUSTER = Reference(type="aws_eks_cluster", key="cluster", attribute="name")
"""The one cluster of an inventory."""
TAINT_EFFECTS = {
    "NoSchedule": "NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
}
"""EKS' names of Kubernetes' taint effects (EKS API, Taint)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """The cluster itself: private unless ranges are given, secrets encrypted, every log on, access by entries only."""

    name: str
    version: str
    role: Reference
    kms: Reference
    subnets: tuple[str | Reference, ...]
    public_cidrs: tuple[str, ...]
    support_type: str
    tier: str
    service_cidr: str | None
    deletion_protection: bool
    key: str = CLUSTER.key

    def ack(self, site: Site) -> Iterator[AckObject]:
        network = {
            "subnetIDs": list(self.subnets),
            "endpointPrivateAccess": True,
            "endpointPublicAccess": bool(self.public_cidrs),
            "publicAccessCIDRs": list(self.public_cidrs),
        }
        spec: dict[str, Json] = {
            "name": self.name,
            "version": self.version,
            "roleRef": self.role.ack,
            "resourcesVPCConfig": {key: value for key, value in network.items() if value != []},
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            "bootstrapSelfManagedAddons": False,
            "encryptionConfig": [{"provider": {"keyRef": self.kms.ack}, "resources": ["secrets"]}],
            "logging": {"clusterLogging": [{"enabled": True, "types": list(LOGS)}]},
            "upgradePolicy": {"supportType": self.support_type},
            "controlPlaneScalingConfig": {"tier": self.tier},
            "deletionProtection": self.deletion_protection,
            "kubernetesNetworkConfig": {"serviceIPv4CIDR": self.service_cidr} if self.service_cidr else None,
            "tags": dict(sorted(site.tags.items())),
        }
        yield AckObject(group=GROUP, kind="Cluster", key=self.key, spec=_stated(spec), retained=True)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        network = {
            "subnet_ids": list(self.subnets),
            "endpoint_private_access": True,
            "endpoint_public_access": bool(self.public_cidrs),
            "public_access_cidrs": list(self.public_cidrs) or None,
        }
        arguments: dict[str, Json] = {
            "name": self.name,
            "version": self.version,
            "role_arn": self.role,
            "vpc_config": [_stated(network)],
            "access_config": [{"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False}],
            "bootstrap_self_managed_addons": False,
            "encryption_config": [{"provider": [{"key_arn": self.kms}], "resources": ["secrets"]}],
            "enabled_cluster_log_types": list(LOGS),
            "upgrade_policy": [{"support_type": self.support_type}],
            "kubernetes_network_config": [{"service_ipv4_cidr": self.service_cidr}] if self.service_cidr else None,
            # The role's policies and the log group with its retention come before what uses them.
            "depends_on": [
                "aws_iam_role_policy_attachment.cluster-amazoneksclusterpolicy",
                "aws_cloudwatch_log_group.cluster",
            ],
        }
        if provider >= TIER_SINCE:
            arguments["deletion_protection"] = self.deletion_protection
            arguments["control_plane_scaling_config"] = [{"tier": self.tier}]
        yield Block(type="aws_eks_cluster", key=self.key, arguments=_stated(arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGroup:
    """A managed node group of fixed shape; `sizes` are its minimum, its maximum and the number it begins with."""

    key: str
    name: str
    role: Reference
    subnets: tuple[str | Reference, ...]
    ami_type: str
    capacity_type: str
    instance_types: tuple[str, ...]
    sizes: tuple[int, int, int]
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    launch_template: LaunchTemplate

    def ack(self, site: Site) -> Iterator[AckObject]:
        low, high, begin = self.sizes
        # The name holds a digest of the content, so a change is another template and this is its first version.
        template = {"name": self.launch_template.name, "version": "1"}
        spec: dict[str, Json] = {
            "name": self.name,
            "clusterRef": CLUSTER.ack,
            "nodeRoleRef": self.role.ack,
            "subnets": list(self.subnets),
            "amiType": self.ami_type,
            "capacityType": self.capacity_type,
            "instanceTypes": list(self.instance_types),
            "scalingConfig": {"minSize": low, "maxSize": high, "desiredSize": begin},
            "labels": dict(sorted(self.labels.items())),
            "taints": [{**one, "effect": TAINT_EFFECTS[one["effect"]]} for one in self.taints],
            "launchTemplate": template,
            "updateConfig": {"maxUnavailable": 1},
            "tags": dict(sorted(site.tags.items())),
        }
        yield AckObject(group=GROUP, kind="Nodegroup", key=self.key, spec=present(spec))

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        low, high, begin = self.sizes
        template = {
            "id": Reference(type="aws_launch_template", key=self.launch_template.key, attribute="id"),
            "version": "1",
        }
        arguments: dict[str, Json] = {
            "cluster_name": CLUSTER,
            "node_group_name": self.name,
            "node_role_arn": self.role,
            "subnet_ids": list(self.subnets),
            "ami_type": self.ami_type,
            "capacity_type": self.capacity_type,
            "instance_types": list(self.instance_types),
            "scaling_config": [{"min_size": low, "max_size": high, "desired_size": begin}],
            "labels": dict(sorted(self.labels.items())),
            "taint": [{**one, "effect": TAINT_EFFECTS[one["effect"]]} for one in self.taints],
            "launch_template": [template],
            "update_config": [{"max_unavailable": 1}],
            # ACK has no field for it (gpu-platform.md 8 #27).
            "node_repair_config": [{"enabled": True}],
            "lifecycle": [{"ignore_changes": ["scaling_config[0].desired_size"]}],
        }
        yield Block(type="aws_eks_node_group", key=self.key, arguments=present(arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOn:
    """An EKS add-on. `identity` is the service account that gets a role by Pod Identity."""

    key: str
    version: str | None
    configuration: Mapping[str, Json]
    identity: tuple[str, Reference] | None = None
    """Service account and role."""
    after_nodes: tuple[str, ...] = ()
    """Keys of node groups without which its pods stay pending and its creation fails."""

    @property
    def values(self) -> str | None:
        return json.dumps(self.configuration, sort_keys=True) if self.configuration else None

    def ack(self, site: Site) -> Iterator[AckObject]:
        identities = [{"serviceAccount": self.identity[0], "roleRef": self.identity[1].ack}] if self.identity else []
        spec = {
            "name": self.key,
            "clusterRef": CLUSTER.ack,
            "addonVersion": self.version,
            "configurationValues": self.values,
            "resolveConflicts": "OVERWRITE",
            "podIdentityAssociations": identities,
            "tags": dict(sorted(site.tags.items())),
        }
        yield AckObject(group=GROUP, kind="Addon", key=self.key, spec=present(spec))

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        identities = [{"service_account": self.identity[0], "role_arn": self.identity[1]}] if self.identity else []
        arguments = {
            "cluster_name": CLUSTER,
            "addon_name": self.key,
            "addon_version": self.version,
            "configuration_values": self.values,
            "resolve_conflicts_on_create": "OVERWRITE",
            "resolve_conflicts_on_update": "OVERWRITE",
            "pod_identity_association": identities,
            "depends_on": [f"aws_eks_node_group.{key}" for key in self.after_nodes],
        }
        yield Block(type="aws_eks_addon", key=self.key, arguments=present(arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEntry:
    """A principal that may enter: nodes (type EC2_LINUX), or a role with groups or an access policy."""

    key: str
    principal_arn: str
    type: str = "STANDARD"
    groups: tuple[str, ...] = ()
    policy: str | None = None
    """Name of an EKS access policy, for the whole cluster."""

    def ack(self, site: Site) -> Iterator[AckObject]:
        policies = _cluster_wide(site, self.policy) if self.policy else []
        spec = {
            "clusterRef": CLUSTER.ack,
            "principalARN": self.principal_arn,
            "type": self.type,
            "kubernetesGroups": list(self.groups),
            "accessPolicies": policies,
            "tags": dict(sorted(site.tags.items())),
        }
        yield AckObject(group=GROUP, kind="AccessEntry", key=self.key, spec=present(spec))

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {
            "cluster_name": CLUSTER,
            "principal_arn": self.principal_arn,
            "type": self.type,
            "kubernetes_groups": list(self.groups),
        }
        yield Block(type="aws_eks_access_entry", key=self.key, arguments=present(arguments))
        if self.policy:
            principal = Reference(type="aws_eks_access_entry", key=self.key, attribute="principal_arn")
            yield Block(
                type="aws_eks_access_policy_association",
                key=self.key,
                arguments={
                    "cluster_name": CLUSTER,
                    "principal_arn": principal,
                    "policy_arn": site.access_policy_arn(self.policy),
                    "access_scope": [{"type": "cluster"}],
                },
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PodIdentity:
    """A role for the pods of a service account."""

    key: str
    namespace: str
    service_account: str
    role: Reference

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = {
            "clusterRef": CLUSTER.ack,
            "namespace": self.namespace,
            "serviceAccount": self.service_account,
            "roleRef": self.role.ack,
            "tags": dict(sorted(site.tags.items())),
        }
        yield AckObject(group=GROUP, kind="PodIdentityAssociation", key=self.key, spec=spec)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {
            "cluster_name": CLUSTER,
            "namespace": self.namespace,
            "service_account": self.service_account,
            "role_arn": self.role,
        }
        yield Block(type="aws_eks_pod_identity_association", key=self.key, arguments=arguments)


def _cluster_wide(site: Site, policy: str) -> list[Json]:
    return [{"policyARN": site.access_policy_arn(policy), "accessScope": {"type": "cluster"}}]


def _stated(arguments: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in arguments.items() if value is not None}
