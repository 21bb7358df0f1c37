"""AWS Backup: vaults, and plans with what they back up. ACK has no controller for it (gpu-platform.md 1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddock.backups import Rule, cron
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, present

START_MINUTES, COMPLETE_MINUTES = 60, 1440
"""A backup begins within an hour of its time and has a day, for a bucket of many objects takes long (AWS Backup,
BackupRule: StartWindowMinutes, CompletionWindowMinutes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """Where backups lie, encrypted with a key."""

    key: str
    name: str
    kms: Reference

    @property
    def reference(self) -> Reference:
        return Reference(type="aws_backup_vault", key=self.key, attribute="name")

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {"name": self.name, "kms_key_arn": self.kms, "lifecycle": [{"prevent_destroy": True}]}
        yield Block(type="aws_backup_vault", key=self.key, arguments=arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan of one rule, and the resources that it backs up, by their ARNs."""

    key: str
    name: str
    rule: Rule
    vault: Vault
    copy_vault: Vault | None
    role: Reference
    arns: tuple[str, ...]

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        rule = {
            "rule_name": self.rule.name,
            "target_vault_name": self.vault.reference,
            "schedule": cron(self.rule.schedule),
            "start_window": START_MINUTES,
            "completion_window": COMPLETE_MINUTES,
            "enable_continuous_backup": True if self.rule.continuous else None,
            "lifecycle": _lifecycle(self.rule.delete_after_days),
            "copy_action": self._copy(),
        }
        yield Block(type="aws_backup_plan", key=self.key, arguments={"name": self.name, "rule": [present(rule)]})
        selection = {
            "name": self.rule.name,
            "plan_id": Reference(type="aws_backup_plan", key=self.key, attribute="id"),
            "iam_role_arn": self.role,
            "resources": list(self.arns),
        }
        yield Block(type="aws_backup_selection", key=self.key, arguments=selection)

    def _copy(self) -> list[Json]:
        if self.rule.copy is None or self.copy_vault is None:
            return []
        vault = Reference(type="aws_backup_vault", key=self.copy_vault.key)
        lifecycle = _lifecycle(self.rule.copy.delete_after_days)
        return [present({"destination_vault_arn": vault, "lifecycle": lifecycle})]


def _lifecycle(days: int | None) -> list[Json]:
    """Without one a backup stays for ever (AWS Backup, Lifecycle)."""
    return [] if days is None else [{"delete_after": days}]
