"""CloudWatch log groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddock.infrastructure.resource import AckObject, Block, Reference, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """A log group, encrypted with a key of the inventory."""

    key: str
    name: str
    retention_days: int
    kms: Reference

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = {
            "name": self.name,
            "retentionDays": self.retention_days,
            "kmsKeyRef": self.kms.ack,
            "tags": dict(sorted(site.tags.items())),
        }
        yield AckObject(
            group="cloudwatchlogs.services.k8s.aws", kind="LogGroup", key=self.key, spec=spec, retained=True
        )

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {"name": self.name, "retention_in_days": self.retention_days, "kms_key_id": self.kms}
        yield Block(type="aws_cloudwatch_log_group", key=self.key, arguments=arguments)
