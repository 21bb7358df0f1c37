"""What nodes need: roles, security groups, managed node groups, add-ons, and Karpenter's queue of interruptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.infrastructure import fsx, iam
from paddock.infrastructure.control_plane import role_name, subnets, vpc
from paddock.infrastructure.ec2 import LaunchTemplate, PlacementGroup, Rule, SecurityGroup
from paddock.infrastructure.eks import AccessEntry, AddOn, NodeGroup
from paddock.infrastructure.events import EventRule, Queue
from paddock.infrastructure.resource import Json, Reference, Resource, Site
from paddock.instances import instances
from paddock.model import Cluster
from paddock.user_data import image_pull

NODE_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
)
"""gpu-platform.md 3.7."""
ADDONS: Mapping[str, Mapping[str, Json]] = {
    "coredns": {},
    "eks-node-monitoring-agent": {},
    "eks-pod-identity-agent": {},
    "kube-proxy": {},
    "snapshot-controller": {},
    # NetworkPolicies do nothing before the VPC CNI is told to enforce them (EKS user guide, cni-network-policy).
    "vpc-cni": {"enableNetworkPolicy": "true", "env": {"ENABLE_PREFIX_DELEGATION": "true"}},
    "aws-ebs-csi-driver": {},
}
"""Add-ons of every cluster with their configuration; the cluster makes none by itself (gpu-platform.md 1.3)."""
BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Without these a node never gets ready (gpu-platform.md 2, addons)."""
IDENTITIES = {
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
    "amazon-cloudwatch-observability": ("cloudwatch-agent", "CloudWatchAgentServerPolicy"),
}
"""Service account and policy of add-ons that call AWS (gpu-platform.md 1.6)."""
INTERRUPTIONS = {
    "health": ("aws.health", ("AWS Health Event",)),
    "rebalance": ("aws.ec2", ("EC2 Instance Rebalance Recommendation",)),
    "spot": ("aws.ec2", ("EC2 Spot Instance Interruption Warning",)),
    "state": ("aws.ec2", ("EC2 Instance State-change Notification",)),
    "capacity-block": ("aws.ec2", ("EC2 Capacity Reservation Instance Interruption Warning",)),
}
"""Source and types of the events that Karpenter 1.14 reads (karpenter.sh, "CloudFormation reference", rules)."""


def resources(cluster: Cluster, site: Site) -> Iterator[Resource]:
    """Roles, groups, node groups, add-ons and the queue of a cluster."""
    yield from _karpenter(cluster, site)
    yield from _security_groups(cluster)
    groups = [_node_group(cluster, name) for name in sorted(cluster.data["eks"]["nodeGroups"])]
    if groups:
        yield _role(cluster, "nodegroup", "Nodes of managed node groups")
    for group in groups:
        yield group.launch_template
        yield group
    yield from _addons(cluster, tuple(group.key for group in groups))


def _role(cluster: Cluster, what: str, description: str, name: str | None = None) -> iam.Role:
    return iam.Role(
        key=what,
        name=name or role_name(cluster, what),
        description=f"{description} of {cluster.eks_name}",
        trust=iam.trust({"Service": "ec2.amazonaws.com"}),
        managed=NODE_POLICIES,
    )


def _karpenter(cluster: Cluster, site: Site) -> Iterator[Resource]:
    """Role of its nodes with their entry (EKS makes one only for node groups), placement groups, queue and rules."""
    use = cluster.components.get("karpenter")
    if use is None:
        return
    name = use.settings.get("nodeRole", f"KarpenterNodeRole-{cluster.eks_name}")
    yield _role(cluster, "node", "Nodes that Karpenter makes", name)
    yield AccessEntry(key="node", principal_arn=site.role_arn(name), type="EC2_LINUX")
    for group in sorted(
        {pool.data["placementGroup"] for pool in cluster.node_pools.values() if "placementGroup" in pool.data}
    ):
        yield PlacementGroup(key=f"placement-{group.lower().replace('.', '-').replace('_', '-')}", name=group)
    queue = Queue(key="interruptions", name=use.settings.get("interruptionQueue", cluster.eks_name))
    yield queue
    for what, (source, types) in sorted(INTERRUPTIONS.items()):
        yield EventRule(
            key=f"interruptions-{what}",
            name=f"{cluster.eks_name[: 64 - 14 - len(what)]}-interrupt-{what}"[:64],
            description=f"{', '.join(types)} for Karpenter on {cluster.eks_name}",
            source=source,
            detail_types=types,
            queue=queue,
        )


def _security_groups(cluster: Cluster) -> Iterator[Resource]:
    """The group of EFA traffic, which Karpenter finds by its tag: all of it, both ways, among its members only
    (gpu-platform.md 3.5); and that of FSx for Lustre, whose ports are the CSI driver's (gpu-platform.md 6.1)."""
    where, discovery = vpc(cluster), cluster.data["network"]["discoveryTag"]
    if any(pool.efa for pool in cluster.node_pools.values()):
        rules = (Rule(direction="in", peer="efa"), Rule(direction="out", peer="efa"))
        yield SecurityGroup(
            key="efa",
            name=f"{cluster.eks_name}-efa",
            description=f"EFA traffic between nodes of {cluster.eks_name}",
            vpc=where,
            rules=rules,
            tags={"karpenter.sh/discovery": discovery},
        )
    if "aws-fsx-csi-driver" in cluster.components:
        yield SecurityGroup(
            key="fsx",
            name=f"{cluster.eks_name}-fsx",
            description=f"FSx for Lustre of {cluster.eks_name}",
            vpc=where,
            rules=fsx.rules(cluster.data["network"]["podCIDRs"]),
            tags={},
        )


def _node_group(cluster: Cluster, name: str) -> NodeGroup:
    stated = cluster.data["eks"]["nodeGroups"][name]
    ami = stated.get("amiType", _ami_type(stated["instanceTypes"]))
    block = stated.get("capacityReservation")
    performance = stated.get("volumePerformance")
    bottlerocket = ami.startswith("BOTTLEROCKET")
    template = LaunchTemplate(
        key=name,
        base_name=f"{cluster.eks_name}-{name}",
        volume_gib=int(stated["volume"].removesuffix("Gi")),
        volume_device="/dev/xvdb" if bottlerocket else "/dev/xvda",
        performance=(performance["iops"], performance["throughput"]) if performance else None,
        user_data=image_pull(stated.get("imagePull"), bottlerocket=bottlerocket),
        instance_type=stated["instanceTypes"][0] if block else None,
        capacity_reservation=block,
    )
    return NodeGroup(
        key=name,
        name=name,
        role=Reference(type="aws_iam_role", key="nodegroup"),
        subnets=subnets(cluster, tuple(stated.get("zones", ()))),
        ami_type=ami,
        capacity_type=stated["capacityType"],
        instance_types=() if block else tuple(stated["instanceTypes"]),
        sizes=(stated["minSize"], stated["maxSize"], stated["minSize"]),
        labels=stated["labels"],
        taints=tuple({"key": key, **taint} for key, taint in sorted(stated["taints"].items())),
        launch_template=template,
    )


def _ami_type(names: list[str]) -> str:
    """AL2023, for the processor of the first type, with NVIDIA's driver where it has such a GPU."""
    first = instances().get(names[0])
    arch = "ARM_64" if first and first.arch == "arm64" else "x86_64"
    return f"AL2023_{arch}_{'NVIDIA' if first and first.gpu_model else 'STANDARD'}"


def _addons(cluster: Cluster, groups: tuple[str, ...]) -> Iterator[Resource]:
    stated: Mapping[str, Mapping[str, Json]] = cluster.data["eks"]["addons"]
    for name in sorted(ADDONS.keys() | stated.keys()):
        own = stated.get(name, {})
        if not own.get("enabled", True):
            continue
        identity = None
        if name in IDENTITIES:
            account, policy = IDENTITIES[name]
            role = iam.Role(
                key=f"addon-{name}",
                name=role_name(cluster, name),
                description=f"Add-on {name} of {cluster.eks_name}",
                trust=iam.POD_TRUST,
                managed=(policy,),
            )
            yield role
            identity = (account, role.reference)
        yield AddOn(
            key=name,
            version=own.get("version"),
            configuration={**ADDONS.get(name, {}), **own.get("configuration", {})},
            identity=identity,
            after_nodes=() if name in BEFORE_NODES else groups,
        )
