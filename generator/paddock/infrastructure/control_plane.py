"""The control plane of a cluster: key, log group, role, the cluster itself, and the people and programs that enter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from paddock import arns, file_systems
from paddock.infrastructure import iam
from paddock.infrastructure.eks import AccessEntry, ControlPlane
from paddock.infrastructure.kms import Key
from paddock.infrastructure.logs import LogGroup
from paddock.infrastructure.resource import Reference, Resource, Site
from paddock.model import Cluster, Fleet
from paddock.names import ROLE_LIMIT, shortened

CAPABILITY = "capability-argocd"
"""Key of the role of the Argo CD that EKS runs."""
ADMIN, VIEW = "AmazonEKSClusterAdminPolicy", "AmazonEKSViewPolicy"
VPC = Reference(type="aws_vpc", key="vpc", attribute="id")
"""The VPC that the hub's stack makes."""


def role_name(cluster: Cluster, what: str) -> str:
    """Name of a role of a cluster: <EKS cluster>-<what>, shortened with a digest."""
    return shortened(f"{cluster.eks_name}-{what}", ROLE_LIMIT)


def identity_key(component: str, account: str) -> str:
    """What the role of a component's service account is called: charts name accounts alike, e.g. controller."""
    return account if account.startswith(component) else f"{component}-{account}"


def subnets(cluster: Cluster, zones: tuple[str, ...] = ()) -> tuple[str | Reference, ...]:
    """Private subnets of the cluster, of some zones or of all: stated, or those of the VPC that its stack makes."""
    network = cluster.data["network"]
    if "vpc" in network:
        known = {
            zone: Reference(type="aws_subnet", key=f"private-{zone}", attribute="id")
            for zone in network["vpc"]["zones"]
        }
    else:
        known = network["subnetIds"]
    return tuple(known[zone] for zone in sorted(known) if not zones or zone in zones)


def vpc(cluster: Cluster) -> str | Reference:
    """The VPC: stated, or the one that the stack makes."""
    network = cluster.data["network"]
    return VPC if "vpc" in network else str(network["vpcId"])


def key(cluster: Cluster) -> Key:
    """The one key of a cluster: secrets in etcd, logs, databases, images and buckets."""
    return Key(
        key="cluster",
        alias=cluster.eks_name,
        description=f"Data of the cluster {cluster.identity}",
        users=(f"logs.{cluster.region}.amazonaws.com",),
    )


def resources(fleet: Fleet, cluster: Cluster, site: Site) -> Iterator[Resource]:
    """Key, log group, role, cluster and access entries."""
    eks, own = cluster.data["eks"], key(cluster)
    linked = file_systems.linked(fleet.environments[cluster.environment], cluster)
    yield replace(own, linked_buckets=tuple(one.name for one in linked))
    yield LogGroup(
        key="cluster",
        name=f"/aws/eks/{cluster.eks_name}/cluster",
        retention_days=eks["logRetentionDays"],
        kms=own.reference,
    )
    role = iam.Role(
        key="cluster",
        name=role_name(cluster, "cluster"),
        description=f"Control plane of {cluster.eks_name}",
        trust=iam.trust({"Service": "eks.amazonaws.com"}, "sts:TagSession"),
        managed=("AmazonEKSClusterPolicy",),
        # Secrets are encrypted with the cluster's key (EKS user guide, "Encrypt Kubernetes secrets with KMS").
        statements=(_uses_key(cluster, site),),
    )
    yield role
    yield ControlPlane(
        name=cluster.eks_name,
        version=cluster.kubernetes_version,
        role=role.reference,
        kms=own.reference,
        subnets=subnets(cluster),
        public_cidrs=tuple(eks["publicAccessCIDRs"]),
        support_type=eks["supportType"],
        tier=eks["controlPlaneTier"],
        service_cidr=eks.get("serviceCIDR"),
        deletion_protection=eks["deletionProtection"],
    )
    yield from _argo_cd(fleet, cluster, site)
    yield from _groups(fleet, cluster, site)


def _uses_key(cluster: Cluster, site: Site) -> dict[str, object]:
    """The cluster's key by its alias: its ARN is not known before AWS has made it."""
    alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{cluster.eks_name}"}}
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:CreateGrant"]
    return iam.statement(actions, [site.arn("kms", "key/*")], conditions=alias)


def capability_role(hub: Cluster) -> str:
    """ARN of the role with which the capability of the hub enters every cluster (argocd.md 4.3): no role is assumed on
    the way, so the other clusters admit this one."""
    own = arns.arn("iam", hub.region, hub.account_id, f"role/{role_name(hub, CAPABILITY)}", regional=False)
    return str(hub.data["eks"].get("argoCDRoleARN", own))


def _argo_cd(fleet: Fleet, cluster: Cluster, site: Site) -> Iterator[Resource]:
    """The role that Argo CD assumes, and its entry (argocd.md 4.2). The role that assumes it is the hub's.

    Where the spec names a role, that role is somebody else's and only its entry is made.
    """
    if fleet.platform.capability:
        hub = fleet.hub or cluster
        if hub.identity != cluster.identity:  # on the hub EKS makes the entry together with the capability
            yield AccessEntry(key="argocd", principal_arn=capability_role(hub), policy=ADMIN)
        return
    stated = cluster.data["eks"].get("argoCDRoleARN")
    if stated is None:
        yield iam.Role(
            key="argocd",
            name=role_name(cluster, "argocd"),
            description=f"Argo CD of the hub on {cluster.eks_name}",
            trust=iam.trust({"AWS": _hub_roles(fleet.hub or cluster, site)}, "sts:TagSession"),
        )
    yield AccessEntry(key="argocd", principal_arn=cluster.argocd_role_arn, policy=ADMIN)


def _hub_roles(hub: Cluster, site: Site) -> list[str]:
    """ARNs of the roles that Argo CD's pods on the hub have by Pod Identity: iam.yaml of the component argo-cd."""
    return [
        f"arn:{site.partition}:iam::{hub.account_id}:role/{role_name(hub, identity_key('argo-cd', account))}"
        for account in ("argocd-application-controller", "argocd-server")
    ]


def _groups(fleet: Fleet, cluster: Cluster, site: Site) -> Iterator[Resource]:
    """An entry for each identity group with a role on AWS: its Kubernetes group is the claim, as everywhere else."""
    access = cluster.data["eks"]["access"]
    for name, group in sorted(fleet.platform.data["identityGroups"].items()):
        if "role" not in group:
            continue
        policy = ADMIN if name in access["adminGroups"] else VIEW if name in access["readOnlyGroups"] else None
        yield AccessEntry(
            key=f"group-{name}", principal_arn=site.role_arn(group["role"]), groups=(group["claim"],), policy=policy
        )
