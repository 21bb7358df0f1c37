"""PostgreSQL on RDS for what the platform keeps state in: encrypted, in private subnets, backed up, hard to delete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, tag_list

GROUP = "rds.services.k8s.aws"
PORT = 5432


def identifier(eks_name: str, name: str) -> str:
    """DB instance identifier of a cluster's database; RDS keeps it in lower case."""
    return f"{eks_name}-{name}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A DB instance with its subnet group. RDS makes and rotates the password, in Secrets Manager."""

    key: str
    name: str
    """DB instance identifier."""
    database: str
    """Name of the first database in it."""
    instance_class: str
    engine_version: str
    allocated_gib: int
    max_allocated_gib: int
    multi_az: bool
    backup_retention_days: int
    backup_window: str
    maintenance_window: str
    deletion_protection: bool
    subnets: tuple[str | Reference, ...]
    security_group: Reference
    kms: Reference

    def ack(self, site: Site) -> Iterator[AckObject]:
        tags = tag_list(site.tags)
        subnets = {"name": self.name, "description": f"Private subnets of {self.name}", "tags": tags}
        yield AckObject(
            group=GROUP, kind="DBSubnetGroup", key=self.key, spec={**subnets, "subnetIDs": list(self.subnets)}
        )
        spec: dict[str, Json] = {
            "dbInstanceIdentifier": self.name,
            "dbInstanceClass": self.instance_class,
            "engine": "postgres",
            "engineVersion": self.engine_version,
            "dbName": self.database,
            "masterUsername": "postgres",
            "manageMasterUserPassword": True,
            "masterUserSecretKMSKeyRef": self.kms.ack,
            "allocatedStorage": self.allocated_gib,
            "maxAllocatedStorage": self.max_allocated_gib,
            "storageType": "gp3",
            "storageEncrypted": True,
            "kmsKeyRef": self.kms.ack,
            "multiAZ": self.multi_az,
            "publiclyAccessible": False,
            "port": PORT,
            "dbSubnetGroupRef": Reference(type="aws_db_subnet_group", key=self.key).ack,
            "vpcSecurityGroupRefs": [self.security_group.ack],
            "backupRetentionPeriod": self.backup_retention_days,
            "preferredBackupWindow": self.backup_window,
            "preferredMaintenanceWindow": self.maintenance_window,
            "copyTagsToSnapshot": True,
            "autoMinorVersionUpgrade": True,
            "deletionProtection": self.deletion_protection,
            "performanceInsightsEnabled": True,
            "performanceInsightsKMSKeyRef": self.kms.ack,
            "tags": tags,
        }
        yield AckObject(group=GROUP, kind="DBInstance", key=self.key, spec=spec, retained=True)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        subnets = {
            "name": self.name,
            "description": f"Private subnets of {self.name}",
            "subnet_ids": list(self.subnets),
        }
        yield Block(type="aws_db_subnet_group", key=self.key, arguments=subnets)
        arguments: dict[str, Json] = {
            "identifier": self.name,
            "instance_class": self.instance_class,
            "engine": "postgres",
            "engine_version": self.engine_version,
            "db_name": self.database,
            "username": "postgres",
            "manage_master_user_password": True,
            "master_user_secret_kms_key_id": self.kms,
            "allocated_storage": self.allocated_gib,
            "max_allocated_storage": self.max_allocated_gib,
            "storage_type": "gp3",
            "storage_encrypted": True,
            "kms_key_id": self.kms,
            "multi_az": self.multi_az,
            "publicly_accessible": False,
            "port": PORT,
            "db_subnet_group_name": Reference(type="aws_db_subnet_group", key=self.key, attribute="name"),
            "vpc_security_group_ids": [self.security_group],
            "backup_retention_period": self.backup_retention_days,
            "backup_window": self.backup_window,
            "maintenance_window": self.maintenance_window,
            "copy_tags_to_snapshot": True,
            "auto_minor_version_upgrade": True,
            "deletion_protection": self.deletion_protection,
            "final_snapshot_identifier": f"{self.name}-final",
            "performance_insights_enabled": True,
            "performance_insights_kms_key_id": self.kms,
        }
        yield Block(type="aws_db_instance", key=self.key, arguments=arguments)
