"""The hub's bootstrap, which is Terraform's: its VPC, the controllers that EKS runs for it, and Argo CD with its roots.

What is here must exist before Argo CD can sync anything, so neither ACK nor Argo CD can make it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from paddock.catalogue import Component
from paddock.infrastructure import iam, terraform
from paddock.infrastructure.control_plane import VPC, key, role_name
from paddock.infrastructure.resource import AckObject, Block, Expression, Json, Reference, Resource, Site
from paddock.model import Cluster, Environment, Fleet

ENDPOINTS = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "logs", "secretsmanager", "sqs", "ssm", "sts")
"""Interface endpoints of a private VPC: those of gpu-platform.md 3.5 and what Pod Identity, External Secrets and the
logs need; S3 has a gateway. IAM has none."""
PROVIDERS = {
    "helm": {"source": "hashicorp/helm", "version": "~> 3.0"},
    "kubernetes": {"source": "hashicorp/kubernetes", "version": "~> 2.38"},
}
APPS_CHART = {"repository": "https://argoproj.github.io/argo-helm", "chart": "argocd-apps", "version": "2.0.5"}
"""charts.md 1: the chart for bootstrapping."""
_HUB = "data.terraform_remote_state.hub.outputs"
"""What the first stack found out: the names are those of plan.OUTPUTS."""


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


def network(cluster: Cluster) -> Iterator[Resource]:
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
    yield from _flow_logs(cluster, stated)


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


def _flow_logs(cluster: Cluster, stated: Mapping[str, Json]) -> Iterator[Resource]:
    arguments = {
        "name": f"/aws/vpc/{cluster.eks_name}",
        "retention_in_days": stated["flowLogRetentionDays"],
        "kms_key_id": key(cluster).reference,
    }
    yield Bootstrap(type="aws_cloudwatch_log_group", key="vpc", arguments=arguments)
    group = Reference(type="aws_cloudwatch_log_group", key="vpc")
    # VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs".
    actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    arn = f"arn:aws:logs:{cluster.region}:{cluster.account_id}:log-group:/aws/vpc/{cluster.eks_name}:*"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A controller that EKS runs outside the cluster. Version 5 of the AWS provider has no resource for it, so there
    CloudFormation makes it."""

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


def argo_cd_stack(fleet: Fleet, cluster: Cluster, catalogue: Mapping[str, Component]) -> str:
    """The second stack: Argo CD by Helm with the values that it will later sync itself with, and each environment's
    root Application with its project. There is no AWS resource in it (validation.md, "Installing the real tools")."""
    settings = fleet.platform.data["terraform"]
    name = f"{cluster.environment}-{cluster.name}-argo-cd"
    blocks = [*_argo_cd(fleet, cluster, catalogue), _registration(fleet, cluster), _roots(fleet)]
    access = {
        "api_version": "client.authentication.k8s.io/v1",
        "command": "aws",
        "args": ["eks", "get-token", "--region", cluster.region, "--cluster-name", cluster.eks_name],
    }
    # The token is the bootstrapping person's; the cluster is looked up by the state of the first stack.
    kubernetes = {
        "host": Expression(text=f"{_HUB}.endpoint"),
        "cluster_ca_certificate": Expression(text=f"base64decode({_HUB}.certificateAuthority)"),
        "exec": access,
    }
    text = terraform.stack(
        name,
        blocks,
        settings=settings,
        providers=PROVIDERS,
        provider_blocks={"helm": {"kubernetes": kubernetes}, "kubernetes": {**kubernetes, "exec": [access]}},
        outputs={},
    )
    document = json.loads(text)
    state = settings["state"]
    config = {
        "bucket": state["bucket"],
        "key": f"paddock/{cluster.environment}-{cluster.name}.tfstate",
        "region": state["region"],
    }
    document["data"] = {"terraform_remote_state": {"hub": {"backend": "s3", "config": config}}}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _argo_cd(fleet: Fleet, cluster: Cluster, catalogue: Mapping[str, Component]) -> Iterator[Block]:
    if fleet.platform.capability or "argo-cd" not in cluster.components:
        return
    chart = catalogue["argo-cd"].data["chart"]
    pin = fleet.platform.data["components"].get("argo-cd", {}).get("version", chart["version"])
    values = f"${{path.module}}/../../clusters/{cluster.name}/components/argo-cd/values.yaml"
    yield Block(
        type="helm_release",
        key="argo-cd",
        arguments={
            "name": "argo-cd",
            "repository": chart["repository"],
            "chart": chart["name"],
            "version": pin,
            "namespace": fleet.platform.argocd_namespace,
            "create_namespace": True,
            "values": [Expression(text=f'file("{values}")')],
            # From then on Argo CD syncs itself: Terraform must not undo what git says.
            "lifecycle": [{"ignore_changes": ["values", "version"]}],
        },
    )


def _registration(fleet: Fleet, cluster: Cluster) -> Block:
    """The Secret that registers the hub with its own Argo CD, under the name that argocd/clusters/ gives it: the first
    root is synced to this cluster, so it cannot come from there."""
    if fleet.platform.capability:
        arn = f"arn:aws:eks:{cluster.region}:{cluster.account_id}:cluster/{cluster.eks_name}"
        data: dict[str, Json] = {"name": cluster.identity, "server": arn}
    else:
        access = json.dumps({"clusterName": cluster.eks_name, "roleARN": cluster.argocd_role_arn}, sort_keys=True)
        tls = f"{{insecure = false, caData = {_HUB}.certificateAuthority}}"
        config = f"jsonencode({{awsAuthConfig = {access}, tlsClientConfig = {tls}}})"
        data = {
            "name": cluster.identity,
            "server": Expression(text=f"{_HUB}.endpoint"),
            "config": Expression(text=config),
        }
    metadata = {
        "name": f"cluster-{cluster.identity}",
        "namespace": fleet.platform.argocd_namespace,
        "labels": {"argocd.argoproj.io/secret-type": "cluster"},
    }
    return Block(
        type="kubernetes_secret_v1",
        key="hub",
        arguments={
            "metadata": [metadata],
            "data": data,
            "depends_on": [] if fleet.platform.capability else ["helm_release.argo-cd"],
            "lifecycle": [{"ignore_changes": ["metadata", "data"]}],
        },
    )


def _roots(fleet: Fleet) -> Block:
    """The root Application of each environment and the project it needs; afterwards each root syncs both itself."""
    namespace = fleet.platform.argocd_namespace
    destination = {"name": fleet.platform.hub_identity, "namespace": namespace}
    applications = {
        f"root-{one.name}": {
            "namespace": namespace,
            "project": f"root-{one.name}",
            "source": {
                "repoURL": fleet.platform.repository_url,
                "targetRevision": f"refs/heads/{one.branch}",
                "path": "argocd",
                "directory": {"recurse": True},
            },
            "destination": destination,
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        }
        for one in fleet.environments.values()
    }
    projects = {f"root-{one.name}": _project(fleet, one, destination) for one in fleet.environments.values()}
    values = json.dumps({"applications": applications, "projects": projects}, sort_keys=True)
    return Block(
        type="helm_release",
        key="roots",
        arguments={
            "name": "roots",
            **APPS_CHART,
            "namespace": namespace,
            "values": [values],
            "depends_on": ["kubernetes_secret_v1.hub"],
            "lifecycle": [{"ignore_changes": ["values"]}],
        },
    )


def _project(fleet: Fleet, environment: Environment, destination: Mapping[str, str]) -> dict[str, Json]:
    """As projects.py has it: Argo CD's own kinds in its own namespace, and nothing else."""
    namespace = fleet.platform.argocd_namespace
    return {
        "namespace": namespace,
        "description": f"Argo CD's own objects of {environment.name}",
        "sourceRepos": [fleet.platform.repository_url],
        "sourceNamespaces": [namespace] if fleet.platform.capability else [],
        "destinations": [dict(destination)],
        "clusterResourceWhitelist": [],
        "namespaceResourceWhitelist": [
            {"group": "", "kind": "Secret"},
            {"group": "argoproj.io", "kind": "AppProject"},
            {"group": "argoproj.io", "kind": "Application"},
        ],
    }
