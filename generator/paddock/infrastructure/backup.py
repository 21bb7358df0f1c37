"""AWS Backup of a cluster's databases and buckets: keys, vaults, the role, and a plan for each rule."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import backups
from paddock.backups import Rule
from paddock.infrastructure import iam
from paddock.infrastructure.control_plane import role_name
from paddock.infrastructure.kms import Key
from paddock.infrastructure.rds import identifier
from paddock.infrastructure.resource import ByTerraform, Elsewhere, Resource, Site
from paddock.infrastructure.vaults import Plan, Vault
from paddock.model import Cluster, Environment
from paddock.names import shortened

KEY = "backup"
NAME_LIMIT = 50
"""Longest name of a vault and of a plan (AWS Backup API, CreateBackupVault, BackupPlanInput)."""
POLICIES = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "AWSBackupServiceRolePolicyForS3Backup",
    "AWSBackupServiceRolePolicyForS3Restore",
)
"""AWS Backup developer guide, "Managed policies for AWS Backup"; those for S3 are apart from the others."""


def resources(environment: Environment, cluster: Cluster, site: Site) -> Iterator[Resource]:
    """Nothing where the spec says nothing of backups, or nothing is there to back up."""
    wanted = [(rule, tuple(_arns(environment, cluster, rule, site))) for rule in backups.rules(cluster)]
    wanted = [(rule, arns) for rule, arns in wanted if arns]
    if not wanted:
        return
    vault = _vault(cluster, KEY)
    yield from (ByTerraform(resource=_key(cluster, KEY)), vault)
    copies = {rule.copy.region for rule, _ in wanted if rule.copy}
    for region in sorted(copies):
        name = f"{KEY}-{region}"
        yield ByTerraform(resource=Elsewhere(resource=_key(cluster, name), region=region))
        yield Elsewhere(resource=_vault(cluster, name), region=region)
    role = iam.Role(
        key="aws-backup",
        name=role_name(cluster, "aws-backup"),
        description=f"AWS Backup of {cluster.eks_name}",
        trust=iam.trust({"Service": "backup.amazonaws.com"}),
        managed=POLICIES,
    )
    yield ByTerraform(resource=role)
    for rule, arns in wanted:
        yield Plan(
            key=f"{KEY}-{rule.name}" if not rule.continuous else rule.name,
            name=shortened(f"{cluster.eks_name}-{rule.name}", NAME_LIMIT),
            rule=rule,
            vault=vault,
            copy_vault=_vault(cluster, f"{KEY}-{rule.copy.region}") if rule.copy else None,
            role=role.reference,
            arns=arns,
        )


def _key(cluster: Cluster, key: str) -> Key:
    """Apart from the key of the data: whoever loses one has not lost both. Keys of an alias are by region."""
    description = f"Backups of the cluster {cluster.identity}"
    return Key(key=key, alias=f"{cluster.eks_name}-backup", description=description)


def _vault(cluster: Cluster, key: str) -> Vault:
    return Vault(key=key, name=shortened(f"{cluster.eks_name}-backup", NAME_LIMIT), kms=_key(cluster, key).reference)


def _arns(environment: Environment, cluster: Cluster, rule: Rule, site: Site) -> Iterator[str]:
    """ARNs are texts, for the resources may be ACK's to make. What a plan names is backed up whether or not the account
    has opted in for its kind (AWS Backup developer guide, "Opt in to managing services")."""
    if rule.databases:
        for name in sorted(cluster.data["eks"]["databases"]):
            yield site.arn("rds", f"db:{identifier(cluster.eks_name, name)}")
    names = [one.name for one in backups.held(environment, cluster, rule)]
    if rule.artifacts and "mlflow" in cluster.components:
        names.append(cluster.components["mlflow"].settings["artifacts"]["bucket"])
    yield from (f"arn:{site.partition}:s3:::{name}" for name in sorted(names))
