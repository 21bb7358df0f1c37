"""The VPC that the hub's stack makes: subnets, gateways, endpoints of AWS' services and flow logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from paddock.infrastructure import iam
from paddock.infrastructure.control_plane import VPC, key, role_name
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Resource, Site
from paddock.model import Cluster

ENDPOINTS = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "logs", "secretsmanager", "sqs", "ssm", "sts")
"""Interface endpoints of a private VPC: those of gpu-platform.md 3.5 and what Pod Identity, External Secrets and the
logs need; S3 has a gateway. IAM has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """A resource that only Terraform declares."""

    type: str
    key: str
    arguments: Mapping[str, Json]

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        yield Block(type=self.type, key=self.key, arguments=self.arguments)


def network(cluster: Cluster, site: Site) -> Iterator[Resource]:
    """The VPC: private subnets for nodes and pods, small public ones for NAT, endpoints of AWS' services, flow logs."""
    stated = cluster.data["network"]["vpc"]
    tags = {"Name": cluster.eks_name}
    yield Bootstrap(
        type="aws_vpc",
        key="vpc",
        arguments={
            "cidr_block": stated["cidr"],
            "enable_dns_support": True,
            "enable_dns_hostnames": True,
            "tags": tags,
        },
    )
    yield Bootstrap(type="aws_internet_gateway", key="internet", arguments={"vpc_id": VPC, "tags": tags})
    yield from _subnets(cluster, stated)
    yield from _endpoints(cluster, stated)
    yield from _flow_logs(cluster, stated, site)


def ranges(cidr: str, zones: list[str]) -> dict[str, tuple[str, str]]:
    """Private and public range of each zone: a sixteenth of the VPC, and a sixteenth of the VPC's last sixteenth."""
    whole = IPv4Network(cidr)
    parts = list(whole.subnets(prefixlen_diff=4))
    small = list(parts[-1].subnets(prefixlen_diff=4))
    return {zone: (str(parts[index]), str(small[index])) for index, zone in enumerate(sorted(zones))}


def _subnets(cluster: Cluster, stated: Mapping[str, Json]) -> Iterator[Resource]:
    gateways = sorted(stated["zones"])[: 1 if stated["natGateways"] == "one" else None]
    yield _route_table("public", {"gateway_id": _id("aws_internet_gateway", "internet")})
    for zone, (private, public) in ranges(stated["cidr"], stated["zones"]).items():
        yield _subnet(cluster, f"private-{zone}", zone, private, {"kubernetes.io/role/internal-elb": "1"})
        yield _subnet(cluster, f"public-{zone}", zone, public, {"kubernetes.io/role/elb": "1"})
        yield _association(f"public-{zone}", "public")
        if zone in gateways:
            yield Bootstrap(type="aws_eip", key=f"nat-{zone}", arguments={"domain": "vpc"})
            yield Bootstrap(
                type="aws_nat_gateway",
                key=zone,
                arguments={
                    "allocation_id": _id("aws_eip", f"nat-{zone}"),
                    "subnet_id": _id("aws_subnet", f"public-{zone}"),
                    "depends_on": ["aws_internet_gateway.internet"],
                },
            )
        gateway = zone if zone in gateways else gateways[0]
        yield _route_table(f"private-{zone}", {"nat_gateway_id": _id("aws_nat_gateway", gateway)})
        yield _association(f"private-{zone}", f"private-{zone}")


def _id(type: str, key: str) -> Reference:
    return Reference(type=type, key=key, attribute="id")


def _subnet(cluster: Cluster, key: str, zone: str, cidr: str, tags: Mapping[str, str]) -> Resource:
    discovery = {"karpenter.sh/discovery": cluster.data["network"]["discoveryTag"]} if key.startswith("private") else {}
    arguments = {
        "vpc_id": VPC,
        "availability_zone": zone,
        "cidr_block": cidr,
        "map_public_ip_on_launch": False,
        "tags": {"Name": f"{cluster.eks_name}-{key}", **tags, **discovery},
    }
    return Bootstrap(type="aws_subnet", key=key, arguments=arguments)


def _route_table(key: str, target: Mapping[str, Json]) -> Resource:
    """A route table whose default route leads to a gateway; the others are AWS' own."""
    route = {"cidr_block": "0.0.0.0/0", **target}
    return Bootstrap(type="aws_route_table", key=key, arguments={"vpc_id": VPC, "route": [_whole_route(route)]})


def _whole_route(route: Mapping[str, Json]) -> dict[str, Json]:
    """Terraform's JSON wants every attribute of a block that is an attribute at heart, null where it is not stated."""
    names = (
        "carrier_gateway_id", "core_network_arn", "destination_prefix_list_id", "egress_only_gateway_id", "gateway_id",
        "ipv6_cidr_block", "local_gateway_id", "nat_gateway_id", "network_interface_id", "transit_gateway_id",
        "vpc_endpoint_id", "vpc_peering_connection_id",
    )  # fmt: skip
    return {**dict.fromkeys(names), **route}


def _association(subnet: str, table: str) -> Resource:
    arguments = {"subnet_id": _id("aws_subnet", subnet), "route_table_id": _id("aws_route_table", table)}
    return Bootstrap(type="aws_route_table_association", key=subnet, arguments=arguments)


def _endpoints(cluster: Cluster, stated: Mapping[str, Json]) -> Iterator[Resource]:
    name = f"{cluster.eks_name}-endpoints"
    group = {"name": name, "description": f"Endpoints of AWS services of {cluster.eks_name}", "vpc_id": VPC}
    yield Bootstrap(type="aws_security_group", key="endpoints", arguments=group)
    rule = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": stated["cidr"]}
    owner = {"security_group_id": _id("aws_security_group", "endpoints")}
    yield Bootstrap(type="aws_vpc_security_group_ingress_rule", key="endpoints", arguments={**owner, **rule})
    subnets = [_id("aws_subnet", f"private-{zone}") for zone in sorted(stated["zones"])]
    for service in ENDPOINTS:
        yield Bootstrap(
            type="aws_vpc_endpoint",
            key=service.replace(".", "-"),
            arguments={
                "vpc_id": VPC,
                "service_name": f"com.amazonaws.{cluster.region}.{service}",
                "vpc_endpoint_type": "Interface",
                "private_dns_enabled": True,
                "subnet_ids": subnets,
                "security_group_ids": [owner["security_group_id"]],
            },
        )
    tables = [_id("aws_route_table", f"private-{zone}") for zone in sorted(stated["zones"])]
    gateway = {"vpc_id": VPC, "service_name": f"com.amazonaws.{cluster.region}.s3", "vpc_endpoint_type": "Gateway"}
    yield Bootstrap(type="aws_vpc_endpoint", key="s3", arguments={**gateway, "route_table_ids": tables})


def _flow_logs(cluster: Cluster, stated: Mapping[str, Json], site: Site) -> Iterator[Resource]:
    arguments = {
        "name": f"/aws/vpc/{cluster.eks_name}",
        "retention_in_days": stated["flowLogRetentionDays"],
        "kms_key_id": key(cluster).reference,
    }
    yield Bootstrap(type="aws_cloudwatch_log_group", key="vpc", arguments=arguments)
    group = Reference(type="aws_cloudwatch_log_group", key="vpc")
    # VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs".
    actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    arn = site.arn("logs", f"log-group:/aws/vpc/{cluster.eks_name}:*")
    role = iam.Role(
        key="flow-logs",
        name=role_name(cluster, "flow-logs"),
        description=f"Flow logs of the VPC of {cluster.eks_name}",
        trust=iam.trust({"Service": "vpc-flow-logs.amazonaws.com"}),
        statements=(iam.statement(actions, [arn]),),
    )
    yield role
    log = {"vpc_id": VPC, "traffic_type": "ALL", "iam_role_arn": role.reference, "log_destination": group}
    yield Bootstrap(type="aws_flow_log", key="vpc", arguments=log)
