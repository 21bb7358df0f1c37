"""Whether a cluster says what those who make it need to know, and node groups that EKS would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock.checks.workload_references import unknown
from paddock.diagnostics import Place, Problem
from paddock.infrastructure import terraform
from paddock.instances import instances
from paddock.model import Cluster, Environment, Fleet, Json

IDS = (
    "incomplete-provisioning",
    "hub-not-by-terraform",
    "vpc-outside-hub",
    "group-without-role",
    "unsupported-by-provider",
    "cluster-without-nodes",
    "zone-without-subnet",
    "capacity-block-shape",
    "sizes-reversed",
)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each cluster, by who makes it."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            yield from _complete(fleet, environment, cluster)
            yield from _network(fleet, cluster)
            yield from _access(fleet, cluster)
            if cluster.provisioner != "existing":
                yield from _made(fleet, cluster)
            for name in cluster.data["eks"]["nodeGroups"]:
                yield from _node_group(cluster, name)


def _complete(fleet: Fleet, environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    """What is missing, field by field: one finding each."""
    made, network = cluster.provisioner, cluster.data["network"]
    own_vpc = "vpc" in network and made == "terraform"
    missing: list[tuple[str, Place, str]] = []
    eks = cluster.place("eks", "provisioner") if made != "existing" else cluster.place("eks", key=True)
    if made == "existing":
        missing += [
            (f"spec.eks.{field}", eks, "write what `aws eks describe-cluster` says, or let ack or terraform make it")
            for field in ("endpoint", *_argo_cd_role(fleet, cluster))
            if field not in cluster.data["eks"]
        ]
    if "vpcId" not in network and (cluster.registered or not own_vpc):
        help = "write the id of the VPC" + (" that the hub's stack has made" if own_vpc else "")
        missing.append(("spec.network.vpcId", cluster.place("network", key=True), help))
    if made != "existing" and not own_vpc and "subnetIds" not in network:
        place = cluster.place("network", key=True)
        missing.append(("spec.network.subnetIds", place, "write a private subnet for each zone, two zones at least"))
    if made == "ack" and "ackRoleARN" not in environment.data["aws"]:
        help = "write the role of the account that ACK on the hub may assume"
        missing.append(("spec.aws.ackRoleARN", environment.place("aws", key=True), help))
    if made != "existing" and "terraform" not in fleet.platform.data:
        help = "say where the states lie: spec.terraform.state of environments/platform.yaml"
        missing.append(("spec.terraform of the platform", eks, help))
    for field, place, help in missing:
        yield Problem(
            id="incomplete-provisioning",
            message=f'{field} is missing, which cluster "{cluster.identity}" (provisioner {made}) needs',
            place=place,
            help=help,
        )


def _argo_cd_role(fleet: Fleet, cluster: Cluster) -> tuple[str, ...]:
    """The capability enters every cluster with the role that it has on the hub; elsewhere each cluster has one."""
    hub = cluster.identity == fleet.platform.hub_identity
    return ("argoCDRoleARN",) if hub or not fleet.platform.capability else ()


def _network(fleet: Fleet, cluster: Cluster) -> Iterator[Problem]:
    is_hub = cluster.identity == fleet.platform.hub_identity
    if is_hub and cluster.provisioner == "ack":
        yield Problem(
            id="hub-not-by-terraform",
            message=f'ACK runs on the hub "{cluster.identity}" and cannot make the cluster that it runs on',
            place=cluster.place("eks", "provisioner"),
            help="write provisioner: terraform, or existing if somebody else makes it",
        )
    if "vpc" in cluster.data["network"] and not (is_hub and cluster.provisioner == "terraform"):
        yield Problem(
            id="vpc-outside-hub",
            message=f'network.vpc is given for cluster "{cluster.identity}", but only the stack of the hub makes a VPC',
            place=cluster.place("network", "vpc", key=True),
            help="name an existing VPC with vpcId and subnetIds"
            if not is_hub
            else "set eks.provisioner: terraform, or name an existing VPC",
        )


def _access(fleet: Fleet, cluster: Cluster) -> Iterator[Problem]:
    groups = fleet.platform.data["identityGroups"]
    for field, names in cluster.data["eks"]["access"].items():
        for index, name in enumerate(names):
            place = cluster.place("eks", "access", field, index)
            if name not in groups:
                yield unknown("unknown-identity-group", "identity group", name, groups, place)
            elif "role" not in groups[name]:
                yield Problem(
                    id="group-without-role",
                    message=f'identity group "{name}" has no role on AWS, so no access entry can admit it',
                    place=place,
                    help=f"add identityGroups.{name}.role to environments/platform.yaml",
                )


def _made(fleet: Fleet, cluster: Cluster) -> Iterator[Problem]:
    eks = cluster.data["eks"]
    settings = fleet.platform.data.get("terraform")
    if (
        settings is not None
        and cluster.provisioner == "terraform"
        and terraform.major(settings) < terraform.TIER_SINCE
        and eks["controlPlaneTier"] != "standard"
    ):
        yield Problem(
            id="unsupported-by-provider",
            message=f"the AWS provider {settings['awsProvider']} cannot set the control plane tier "
            f'{eks["controlPlaneTier"]} of cluster "{cluster.identity}"',
            place=cluster.place("eks", "controlPlaneTier"),
            help='set spec.terraform.awsProvider of environments/platform.yaml to "~> 6.28", or the tier to standard',
        )
    if not any(one["maxSize"] for one in eks["nodeGroups"].values()):
        yield Problem(
            id="cluster-without-nodes",
            message=f'cluster "{cluster.identity}" has no managed node group, so nothing can run there, not even '
            "Karpenter, which makes the other nodes",
            place=cluster.place("eks", key=True),
            help="add a small one: nodeGroups: {system: {instanceTypes: [m7i.xlarge], minSize: 2, maxSize: 4}}",
        )


def _node_group(cluster: Cluster, name: str) -> Iterator[Problem]:
    stated: Mapping[str, Json] = cluster.data["eks"]["nodeGroups"][name]

    def place(*pointer: str | int) -> Place:
        return cluster.place("eks", "nodeGroups", name, *pointer)

    if stated["maxSize"] < stated["minSize"]:
        yield Problem(
            id="sizes-reversed",
            message=f'maxSize {stated["maxSize"]} of node group "{name}" is less than minSize {stated["minSize"]}',
            place=place("maxSize"),
            help=f"write at least {stated['minSize']}",
        )
    for index, one in enumerate(stated["instanceTypes"]):
        if one not in instances() and "amiType" not in stated and index == 0:
            yield Problem(
                id="incomplete-provisioning",
                message=f'amiType of node group "{name}" is missing, and {one} is not in the table that would give it',
                place=place("instanceTypes", index),
                help="state amiType, e.g. AL2023_x86_64_STANDARD",
            )
    yield from _zones(cluster, name, stated.get("zones", ()))
    yield from _capacity_block(name, stated, place())


def _zones(cluster: Cluster, name: str, zones: Sequence[str]) -> Iterator[Problem]:
    network = cluster.data["network"]
    known = sorted(network["vpc"]["zones"] if "vpc" in network else network.get("subnetIds", {}))
    for index, zone in enumerate(zones):
        if known and zone not in known:
            yield Problem(
                id="zone-without-subnet",
                message=f'node group "{name}" wants zone {zone}, in which cluster "{cluster.identity}" has no subnet',
                place=cluster.place("eks", "nodeGroups", name, "zones", index),
                help=f"legal: {', '.join(known)}",
            )


def _capacity_block(name: str, stated: Mapping[str, Json], place: Place) -> Iterator[Problem]:
    """One reservation, one type, one zone (gpu-platform.md 3.5, "MNG capacity block")."""
    block = stated["capacityType"] == "CAPACITY_BLOCK"
    wrong = None
    if block != ("capacityReservation" in stated):
        wrong = "names no capacityReservation" if block else "names a capacityReservation, but is not a CAPACITY_BLOCK"
    elif block and len(stated["instanceTypes"]) != 1:
        wrong = f"has {len(stated['instanceTypes'])} instance types, and a capacity block has one"
    elif block and len(stated.get("zones", ())) != 1:
        wrong = f"has {len(stated.get('zones', ())) or 'no'} zones, and a capacity block lies in one"
    if wrong:
        yield Problem(
            id="capacity-block-shape",
            message=f'node group "{name}" {wrong}',
            place=place,
            help="write capacityType: CAPACITY_BLOCK with capacityReservation, one instance type and one zone",
        )
