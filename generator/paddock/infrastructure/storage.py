"""What keeps data: buckets of teams and of MLflow, databases, image repositories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.infrastructure.control_plane import key, subnets, vpc
from paddock.infrastructure.ec2 import Rule, SecurityGroup
from paddock.infrastructure.ecr import Repository
from paddock.infrastructure.rds import PORT, Database
from paddock.infrastructure.resource import Json, Resource, Site
from paddock.infrastructure.s3 import Bucket, Lifecycle
from paddock.model import Cluster, Environment, Team

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


def owner(environment: Environment, team: Team, bucket: Mapping[str, Json]) -> str | None:
    """The cluster whose inventory a team's bucket is in: the stated one, else the first of the team's by name."""
    stated = bucket.get("cluster")
    made = [name for name in sorted(team.clusters) if name in environment.clusters]
    return str(stated) if stated is not None else next(iter(made), None)


def _buckets(environment: Environment, cluster: Cluster, site: Site) -> Iterator[Resource]:
    alias = key(cluster).alias_arn(site)
    for team in environment.teams.values():
        for name, stated in sorted(team.data["buckets"].items()):
            if owner(environment, team, stated) == cluster.name:
                yield _bucket(f"{team.name}-{name}", stated, alias, {"team": team.name, "purpose": stated["purpose"]})
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


def _bucket(key: str, stated: Mapping[str, Json], alias: str, tags: dict[str, str]) -> Bucket:
    lifecycle = stated.get("lifecycle", {})
    steps = [(one["afterDays"], one["storageClass"]) for one in lifecycle.get("transitions", ())]
    return Bucket(
        key=key,
        name=stated["name"],
        kms_alias_arn=alias,
        versioning=stated.get("versioning", True),
        lifecycle=Lifecycle(
            transitions=tuple(sorted(steps)),
            expire_after_days=lifecycle.get("expireAfterDays"),
            noncurrent_expire_after_days=lifecycle.get("noncurrentExpireAfterDays"),
            abort_incomplete_upload_after_days=lifecycle.get("abortIncompleteUploadAfterDays", ABORT_DAYS),
        ),
        tags=tags,
        object_lock_days=stated.get("retention", {}).get("objectLockDays"),
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
