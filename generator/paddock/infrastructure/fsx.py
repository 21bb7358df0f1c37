"""FSx for Lustre: file systems and the links of their folders to buckets. ACK has no controller for it
(gpu-platform.md 1.2), and the CSI driver makes no links of this type (gpu-platform.md 6.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paddock.infrastructure.ec2 import Rule
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, present

LUSTRE_PORTS = ((988, 988), (1018, 1023))
"""TCP ports of servers and clients (gpu-platform.md 6.1)."""
VERSION = "2.15"


def rules(cidrs: Sequence[str]) -> tuple[Rule, ...]:
    """Lustre's traffic with ranges, both ways."""
    return tuple(
        Rule(direction=direction, peer=cidr, ports=ports)
        for direction in ("in", "out")
        for cidr in cidrs
        for ports in LUSTRE_PORTS
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A data repository association: a folder, and s3://bucket/prefix."""

    folder: str
    path: str
    imports: tuple[str, ...]
    exports: tuple[str, ...]

    def block(self, file_system: str) -> Block:
        policies = present({"auto_import_policy": _events(self.imports), "auto_export_policy": _events(self.exports)})
        arguments = {
            "file_system_id": Reference(type="aws_fsx_lustre_file_system", key=file_system, attribute="id"),
            "file_system_path": self.folder,
            "data_repository_path": self.path,
            # Otherwise files of objects that exist already appear only after a task of its own.
            "batch_import_meta_data_on_create": True,
            "s3": [policies] if policies else [],
        }
        # No two folders have one name: none begins with "-", and file systems have no "_".
        slug = self.folder.strip("/").replace("-", "--").replace("/", "-")
        return Block(
            type="aws_fsx_data_repository_association", key=f"{file_system}_{slug}", arguments=present(arguments)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system of type PERSISTENT_2 on SSD, in the one subnet of a zone."""

    key: str
    name: str
    capacity_gib: int
    throughput: int
    compression: bool
    backup_days: int
    subnet: str | Reference
    security_group: Reference
    kms: Reference
    links: tuple[Link, ...]

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments: dict[str, Json] = {
            "deployment_type": "PERSISTENT_2",
            "storage_type": "SSD",
            "file_system_type_version": VERSION,
            "storage_capacity": self.capacity_gib,
            "per_unit_storage_throughput": self.throughput,
            "data_compression_type": "LZ4" if self.compression else "NONE",
            "automatic_backup_retention_days": self.backup_days,
            "copy_tags_to_backups": True if self.backup_days else None,
            "skip_final_backup": not self.backup_days,
            "subnet_ids": [self.subnet],
            "security_group_ids": [self.security_group],
            "kms_key_id": self.kms,
            "tags": {"Name": self.name},
            "lifecycle": [{"prevent_destroy": True}],
        }
        yield Block(type="aws_fsx_lustre_file_system", key=self.key, arguments=present(arguments))
        yield from (link.block(self.key) for link in self.links)


def _events(events: tuple[str, ...]) -> list[Json]:
    return [{"events": list(events)}] if events else []
