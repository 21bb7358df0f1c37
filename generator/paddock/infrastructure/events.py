"""The queue that tells Karpenter of interruptions, and the EventBridge rules that fill it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paddock.infrastructure import iam
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, tag_list

RETENTION_SECONDS = 300
"""An interruption is news for two minutes only: five minutes is what Karpenter's own template keeps messages
(karpenter.sh, "CloudFormation reference", KarpenterInterruptionQueue)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """An SQS queue, encrypted by SQS itself, to which EventBridge may send and nobody without TLS."""

    key: str
    name: str

    def arn(self, site: Site) -> str:
        return site.arn("sqs", self.name)

    def policy(self, site: Site) -> str:
        """Rules of this account send, as EventBridge's guide has it ("Amazon SQS permissions"); never without TLS."""
        send = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn(site),
            "Condition": {"ArnLike": {"aws:SourceArn": site.arn("events", "rule/*")}},
        }
        plain = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": self.arn(site),
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return iam.document([send, plain])

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = {
            "queueName": self.name,
            "messageRetentionPeriod": str(RETENTION_SECONDS),
            "sqsManagedSSEEnabled": "true",
            "policy": self.policy(site),
            "tags": dict(sorted(site.tags.items())),
        }
        yield AckObject(group="sqs.services.k8s.aws", kind="Queue", key=self.key, spec=spec)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {
            "name": self.name,
            "message_retention_seconds": RETENTION_SECONDS,
            "sqs_managed_sse_enabled": True,
        }
        yield Block(type="aws_sqs_queue", key=self.key, arguments=arguments)
        url = Reference(type="aws_sqs_queue", key=self.key, attribute="url")
        policy = {"queue_url": url, "policy": self.policy(site)}
        yield Block(type="aws_sqs_queue_policy", key=self.key, arguments=policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """A rule of the default event bus that sends what it matches to a queue."""

    key: str
    name: str
    description: str
    source: str
    detail_types: Sequence[str]
    queue: Queue

    @property
    def pattern(self) -> str:
        """The event pattern as JSON."""
        pattern: Json = {"source": [self.source], "detail-type": list(self.detail_types)}
        return json.dumps(pattern, sort_keys=True)

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = {
            "name": self.name,
            "description": self.description,
            "eventPattern": self.pattern,
            "state": "ENABLED",
            "targets": [{"id": "queue", "arn": self.queue.arn(site)}],
            "tags": tag_list(site.tags),
        }
        yield AckObject(group="eventbridge.services.k8s.aws", kind="Rule", key=self.key, spec=spec)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {"name": self.name, "description": self.description, "event_pattern": self.pattern}
        yield Block(type="aws_cloudwatch_event_rule", key=self.key, arguments=arguments)
        rule = Reference(type="aws_cloudwatch_event_rule", key=self.key, attribute="name")
        queue = Reference(type="aws_sqs_queue", key=self.queue.key)
        target = {"rule": rule, "target_id": "queue", "arn": queue}
        yield Block(type="aws_cloudwatch_event_target", key=self.key, arguments=target)
