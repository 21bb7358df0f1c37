"""What keeps data: buckets of teams, MLflow and Argo Workflows, databases, image repositories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import buckets
from paddock.infrastructure.control_plane import key, subnets, vpc
from paddock.infrastructure.ec2 import Rule, SecurityGroup
from paddock.infrastructure.ecr import Repository
from paddock.infrastructure.rds import PORT, Database
from paddock.infrastructure.resource import Json, Resource, Site
from paddock.infrastructure.s3 import Bucket, Lifecycle
from paddock.model import Cluster, Environment

ABORT_DAYS = 7
"""Days after which parts of an upload that never ended go; they cost like objects and nobody sees them."""


def resources(environment: Environment, cluster: Cluster, site: Site) -> Iterator[Resource]:
    """Buckets, databases and repositories that a cluster owns."""
    yield from _buckets(environment, cluster, site)
    yield from _databases(environment, cluster)
    for name, stated in sorted(cluster.data["eks"]["repositories"].items()):
        slug = name.replace("/", "-").replace(".", "-").replace("_", "-")
        own = key(cluster).reference
        yield Repository(key=f"ecr-{slug}", name=name, untagged_days=stated["untaggedDays"], kms=own)


def _buckets(environment: Environment, cluster: Cluster, site: Site) -> Iterator[Resource]:
    alias = key(cluster).alias_arn(site)
    for team in environment.teams.values():
        for bucket in buckets.team_buckets(environment, team):
            if bucket.cluster is not None and bucket.cluster.name == cluster.name:
                yield _bucket(bucket, alias)
    if "mlflow" in cluster.components:
        artifacts = cluster.components["mlflow"].settings["artifacts"]["bucket"]
        yield Bucket(
            key="mlflow-artifacts",
            name=artifacts,
            kms_alias_arn=alias,
            versioning=True,
            lifecycle=Lifecycle(noncurrent_expire_after_days=90, abort_incomplete_upload_after_days=ABORT_DAYS),
            tags={"team": "platform", "purpose": "artifacts"},
        )
    if "argo-workflows" in cluster.components:
        stated = cluster.components["argo-workflows"].settings["artifacts"]
        yield Bucket(
            key="workflow-artifacts",
            name=stated["bucket"],
            kms_alias_arn=alias,
            # Each attempt of a step has a key of its own: nothing is written over.
            versioning=False,
            lifecycle=Lifecycle(
                expire_after_days=stated["expireAfterDays"], abort_incomplete_upload_after_days=ABORT_DAYS
            ),
            tags={"team": "platform", "purpose": "artifacts"},
        )


def _bucket(one: buckets.Bucket, alias: str) -> Bucket:
    return Bucket(
        key=f"team-{one.team}-{one.short_name}",
        name=one.name,
        kms_alias_arn=alias,
        versioning=one.versioning,
        lifecycle=Lifecycle(
            transitions=tuple((step.after_days, step.storage_class) for step in one.transitions),
            expire_after_days=one.expire_after_days,
            expire_on=one.delete_by,
            noncurrent_expire_after_days=one.noncurrent_expire_after_days if one.versioning else None,
            abort_incomplete_upload_after_days=one.abort_incomplete_upload_after_days,
        ),
        tags={"team": one.team, "purpose": one.purpose, "data-class": one.data_class},
        object_lock_days=one.object_lock_days,
        held=one.legal_hold,
    )


def _databases(environment: Environment, cluster: Cluster) -> Iterator[Resource]:
    stated: Mapping[str, Mapping[str, Json]] = cluster.data["eks"]["databases"]
    if not stated:
        return
    group = SecurityGroup(
        key="databases",
        name=f"{cluster.eks_name}-databases",
        description=f"PostgreSQL from pods of {cluster.eks_name}",
        vpc=vpc(cluster),
        rules=tuple(
            Rule(direction="in", peer=cidr, ports=(PORT, PORT)) for cidr in cluster.data["network"]["podCIDRs"]
        ),
        tags={},
    )
    yield group
    for name, one in sorted(stated.items()):
        begin = int(one["storage"].removesuffix("Gi"))
        most = int(one["maxStorage"].removesuffix("Gi")) if "maxStorage" in one else 2 * begin
        yield Database(
            key=name,
            name=f"{cluster.eks_name}-{name}".lower(),
            database=one.get("database", name.replace("-", "_")),
            instance_class=one["instanceClass"],
            engine_version=one["engineVersion"],
            allocated_gib=begin,
            max_allocated_gib=most,
            multi_az=one.get("multiAZ", environment.production),
            backup_retention_days=one["backupRetentionDays"],
            backup_window=one["backupWindow"],
            maintenance_window=one["maintenanceWindow"],
            deletion_protection=cluster.data["eks"]["deletionProtection"],
            subnets=subnets(cluster),
            security_group=group.reference,
            kms=key(cluster).reference,
        )
