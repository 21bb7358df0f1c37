"""CloudWatch log groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from paddock.infrastructure.resource import AckObject, Block, Reference, Site, present


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """A log group, encrypted with a key of the inventory. Without days its events are kept for ever; its tags come on
    top of the site's."""

    key: str
    name: str
    retention_days: int | None
    kms: Reference
    tags: Mapping[str, str] = field(default_factory=dict)

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = present(
            {
                "name": self.name,
                "retentionDays": self.retention_days,
                "kmsKeyRef": self.kms.ack,
                "tags": dict(sorted({**site.tags, **self.tags}.items())),
            }
        )
        yield AckObject(
            group="cloudwatchlogs.services.k8s.aws", kind="LogGroup", key=self.key, spec=spec, retained=True
        )

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = present(
            {
                "name": self.name,
                "retention_in_days": self.retention_days,
                "kms_key_id": self.kms,
                "tags": dict(sorted(self.tags.items())),
            }
        )
        yield Block(type="aws_cloudwatch_log_group", key=self.key, arguments=arguments)
