"""Roles of pods by EKS Pod Identity: of components, as their iam.yaml says, and of each team's workloads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from paddock import buckets, notebooks
from paddock.catalogue import Component
from paddock.infrastructure import iam
from paddock.infrastructure.control_plane import identity_key, role_name
from paddock.infrastructure.eks import PodIdentity
from paddock.infrastructure.resource import Json, Resource, Site
from paddock.model import Cluster, Environment, Team

BOUNDARY = "tenants"
_PLACEHOLDER = re.compile(r"\{([A-Za-z.]+)\}")
TENANT_ACTIONS = (
    "athena:*",
    "cloudwatch:*",
    "dynamodb:*",
    "ecr:BatchGetImage",
    "ecr:Get*",
    "glue:*",
    "kinesis:*",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey*",
    "logs:*",
    "s3:*",
    "sagemaker:*",
    "secretsmanager:GetSecretValue",
    "sqs:*",
)
READ = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation")
WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


def resources(
    environment: Environment, cluster: Cluster, components: Iterable[Component], site: Site
) -> Iterator[Resource]:
    """Each component's roles, then the boundary of tenants and each team's role, with their associations."""
    for component in components:
        yield from _component(cluster, component, site)
    teams = [one for one in environment.teams_on(cluster.name) if environment_accounts(environment, cluster, one)]
    if teams:
        yield _boundary(cluster, site)
    for team in teams:
        yield from _team(environment, cluster, team, site)


def placeholders(cluster: Cluster, site: Site, settings: Mapping[str, Json]) -> dict[str, str]:
    """What the words in braces of an iam.yaml stand for; `settings.<path>` are texts among the component's settings."""
    known = {
        "accountId": site.account_id,
        "environment": cluster.environment,
        "eksName": cluster.eks_name,
        "partition": site.partition,
        "region": site.region,
        "nodeRole": cluster.components["karpenter"].settings.get("nodeRole", f"KarpenterNodeRole-{cluster.eks_name}")
        if "karpenter" in cluster.components
        else "",
    }
    return known | {f"settings.{path}": text for path, text in _texts(settings, "")}


def _texts(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else key)


def _component(cluster: Cluster, component: Component, site: Site) -> Iterator[Resource]:
    known = placeholders(cluster, site, cluster.components[component.name].settings)
    for stated in component.identities:
        account = stated["serviceAccount"]
        key = identity_key(component.name, account)
        role = iam.Role(
            key=key,
            name=role_name(cluster, key),
            description=f"{component.name} on {cluster.eks_name}",
            trust=iam.POD_TRUST,
            managed=tuple(stated.get("managedPolicies", ())),
            statements=tuple(_filled(stated.get("statements", ()), known)),
        )
        yield role
        yield PodIdentity(
            key=key,
            namespace=stated.get("namespace", component.namespace),
            service_account=account,
            role=role.reference,
        )


def _filled(statements: Sequence[Mapping[str, Json]], known: Mapping[str, str]) -> Iterator[dict[str, Json]]:
    """The statements with their placeholders filled; one that speaks of a setting that is not stated is left out."""
    for one in statements:
        names = {name for text in _strings(one) for name in _PLACEHOLDER.findall(text)}
        if names <= known.keys():
            conditions = {
                operator: {_fill(key, known): _fill_all(value, known) for key, value in pairs.items()}
                for operator, pairs in one.get("conditions", {}).items()
            }
            yield iam.statement(one["actions"], _fill_all(one["resources"], known), conditions=conditions)


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _fill(text: str, known: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: known[match[1]], text)


def _fill_all(value: Json, known: Mapping[str, str]) -> Json:
    return _fill(value, known) if isinstance(value, str) else [_fill(one, known) for one in value]


def environment_accounts(environment: Environment, cluster: Cluster, team: Team) -> list[str]:
    """Service accounts of a team on a cluster: each workload has one of its name, and notebooks have one."""
    found = [one.name for one in environment.workloads_on(cluster.name) if one.team == team.name]
    return [*found, *([notebooks.SERVICE_ACCOUNT] if notebooks.offered(cluster, team) else [])]


def _boundary(cluster: Cluster, site: Site) -> iam.ManagedPolicy:
    """The most that a team's role can do, whatever its statements say: data and secrets of its account, never IAM, EKS
    or other accounts' roles (IAM user guide, "Permissions boundaries")."""
    own = {"StringEquals": {"aws:ResourceAccount": site.account_id}}
    data = iam.statement(TENANT_ACTIONS, ["*"], conditions=own)
    never = iam.statement(
        [
            "s3:PutBucketPolicy",
            "s3:DeleteBucket*",
            "s3:PutLifecycleConfiguration",
            "s3:PutReplicationConfiguration",
            "s3:BypassGovernanceRetention",
        ],
        ["*"],
        effect="Deny",
    )
    return iam.ManagedPolicy(
        key=BOUNDARY,
        name=role_name(cluster, BOUNDARY),
        description=f"Boundary of what teams may do from {cluster.eks_name}",
        statements=(data, never),
    )


def _team(environment: Environment, cluster: Cluster, team: Team, site: Site) -> Iterator[Resource]:
    """One role for a team's pods: its own buckets, read-only those that others open to it, and what the spec adds."""
    statements = [
        *_bucket_statements(environment, team, site, cluster),
        *_artifact_statements(environment, cluster, team, site),
        *(
            iam.statement(one["actions"], one["resources"], conditions=one.get("conditions"))
            for one in team.data["permissions"]
        ),
    ]
    role = iam.Role(
        key=f"team-{team.name}",
        name=role_name(cluster, f"team-{team.name}"),
        description=f"Workloads of {team.name} on {cluster.eks_name}",
        trust=iam.POD_TRUST,
        statements=tuple(statements),
        boundary=BOUNDARY,
    )
    yield role
    for account in environment_accounts(environment, cluster, team):
        yield PodIdentity(
            key=f"team-{team.name}-{account}", namespace=team.name, service_account=account, role=role.reference
        )


def _bucket_statements(environment: Environment, team: Team, site: Site, cluster: Cluster) -> Iterator[dict[str, Json]]:
    own = [one.name for one in buckets.team_buckets(environment, team)]
    opened = sorted(
        bucket.name
        for other in environment.teams.values()
        for bucket in buckets.team_buckets(environment, other)
        if team.name in bucket.read_only_teams
    )
    if own:
        yield iam.statement([*READ, *WRITE], _arns(own, site))
    if opened:
        yield iam.statement(READ, _arns(opened, site))
    if own or opened or _has_pipelines(environment, cluster, team):
        # Each cluster's buckets are encrypted with that cluster's key, so the service is named instead of the keys.
        through = {"StringEquals": {"kms:ViaService": f"s3.{cluster.region}.amazonaws.com"}}
        yield iam.statement(["kms:Decrypt", "kms:GenerateDataKey"], [site.arn("kms", "key/*")], conditions=through)


def _has_pipelines(environment: Environment, cluster: Cluster, team: Team) -> bool:
    found = [one for one in environment.workloads_on(cluster.name) if one.team == team.name and one.type == "pipeline"]
    return bool(found) and "argo-workflows" in cluster.components


def _artifact_statements(
    environment: Environment, cluster: Cluster, team: Team, site: Site
) -> Iterator[dict[str, Json]]:
    """What steps of a team's pipelines leave and take: below the team's name in the bucket of Argo Workflows only,
    where the key format of the component puts it (components.argo_workflows)."""
    if not _has_pipelines(environment, cluster, team):
        return
    name = cluster.components["argo-workflows"].settings["artifacts"]["bucket"]
    arn = f"arn:{site.partition}:s3:::{name}"
    yield iam.statement(
        ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        [f"{arn}/{team.name}/*"],
    )
    yield iam.statement(["s3:GetBucketLocation"], [arn])
    yield iam.statement(["s3:ListBucket"], [arn], conditions={"StringLike": {"s3:prefix": f"{team.name}/*"}})


def _arns(names: Iterable[str], site: Site) -> list[str]:
    return [
        arn for name in names for arn in (f"arn:{site.partition}:s3:::{name}", f"arn:{site.partition}:s3:::{name}/*")
    ]
