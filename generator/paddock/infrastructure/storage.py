"""What keeps data: buckets of teams and of MLflow, databases, image repositories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from paddock import buckets
from paddock.infrastructure import iam, replication
from paddock.infrastructure.control_plane import key, role_name, subnets, vpc
from paddock.infrastructure.ec2 import Rule, SecurityGroup
from paddock.infrastructure.ecr import Repository
from paddock.infrastructure.kms import Key
from paddock.infrastructure.rds import PORT, Database, identifier
from paddock.infrastructure.resource import Elsewhere, Json, Resource, Site
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
    """The buckets, and for those that are replicated the replica, its region's key and S3's role."""
    found = list(_owned(environment, cluster, site))
    for region in sorted({copy.region for _, copy in found if copy}):
        yield Elsewhere(resource=_replicas_key(cluster, region), region=region)
    for bucket, copy in found:
        if copy is None:
            yield bucket
        else:
            yield from _replicated(cluster, site, bucket, copy)


def _owned(
    environment: Environment, cluster: Cluster, site: Site
) -> Iterator[tuple[Bucket, buckets.Replication | None]]:
    alias = key(cluster).alias_arn(site)
    for team in environment.teams.values():
        for bucket in buckets.team_buckets(environment, team):
            if bucket.cluster is not None and bucket.cluster.name == cluster.name:
                yield _bucket(bucket, alias), bucket.replication
    if "mlflow" in cluster.components:
        artifacts = cluster.components["mlflow"].settings["artifacts"]
        yield (
            Bucket(
                key="mlflow-artifacts",
                name=artifacts["bucket"],
                kms_alias_arn=alias,
                versioning=True,
                lifecycle=Lifecycle(noncurrent_expire_after_days=90, abort_incomplete_upload_after_days=ABORT_DAYS),
                tags={"team": "platform", "purpose": "artifacts"},
            ),
            buckets.replication(artifacts),
        )


def _replicas_key(cluster: Cluster, region: str) -> Key:
    """The key of a cluster's replicas in a region: the cluster's own is of no use where its region is down."""
    return Key(
        key=f"replicas-{region}",
        alias=f"{cluster.eks_name}-replicas",
        description=f"Replicas of buckets of the cluster {cluster.identity}",
    )


def _replicated(cluster: Cluster, site: Site, bucket: Bucket, copy: buckets.Replication) -> Iterator[Resource]:
    """S3 copies no lifecycle, so the replica has that of its source: what expires there expires here. In a storage
    class of its own it stays (Amazon S3 user guide, "What does Amazon S3 replicate?")."""
    there, own = replace(site, region=copy.region), _replicas_key(cluster, copy.region)
    role = iam.Role(
        key=f"replication-{bucket.key}",
        name=role_name(cluster, f"replication-{bucket.key}"),
        description=f"Replication of {bucket.name} to {copy.region}",
        trust=replication.TRUST,
        statements=replication.statements(
            replication.Side(bucket=bucket.name, alias=key(cluster).alias, site=site),
            replication.Side(bucket=copy.bucket, alias=own.alias, site=there),
            delete_markers=copy.delete_markers,
            locked=bucket.object_lock_days is not None,
        ),
    )
    lifecycle = replace(bucket.lifecycle, transitions=()) if copy.storage_class else bucket.lifecycle
    replica = replace(
        bucket,
        key=f"replica-{bucket.key}",
        name=copy.bucket,
        kms_alias_arn=own.alias_arn(there),
        lifecycle=lifecycle,
        tags={**bucket.tags, "replica-of": bucket.name},
    )
    yield role
    yield Elsewhere(resource=replica, region=copy.region)
    yield replace(
        bucket,
        replication=replication.Replication(
            bucket=copy.bucket,
            key=replica.key,
            kms_alias_arn=replica.kms_alias_arn,
            role=role.reference,
            delete_markers=copy.delete_markers,
            storage_class=copy.storage_class,
        ),
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
            name=identifier(cluster.eks_name, name),
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
