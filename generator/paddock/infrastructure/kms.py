"""KMS keys, each with an alias: the alias is how a bucket or a policy names a key before AWS has given it an id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.infrastructure import iam
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, tag_list

GROUP = "kms.services.k8s.aws"
DELETION_DAYS = 30
"""Days until a key is gone, and all it encrypted with it: the longest that KMS allows (ScheduleKeyDeletion)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A symmetric key that is rotated; `users` are services of the account that may use it in this region."""

    key: str
    alias: str
    """Without "alias/"."""
    description: str
    users: tuple[str, ...] = ()
    """Service principals such as logs.us-east-1.amazonaws.com."""
    linked_buckets: tuple[str, ...] = ()
    """Names of buckets that file systems of FSx for Lustre read and write."""

    @property
    def reference(self) -> Reference:
        return Reference(type="aws_kms_key", key=self.key)

    def alias_arn(self, site: Site) -> str:
        """What a field takes that has no reference: S3 and EBS accept the ARN of an alias in place of a key's."""
        return site.arn("kms", f"alias/{self.alias}")

    def policy(self, site: Site) -> str:
        """IAM policies of the account decide (KMS developer guide, "Default key policy"); services only within it."""
        root = {"AWS": site.arn("iam", "root", region=False)}
        statements: list[Mapping[str, Json]] = [
            {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
        ]
        for user in self.users:
            statements.append(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": user},
                    "Action": [
                        "kms:Encrypt",
                        "kms:Decrypt",
                        "kms:ReEncrypt*",
                        "kms:GenerateDataKey*",
                        "kms:DescribeKey",
                    ],
                    "Resource": "*",
                    "Condition": _within(user, site),
                }
            )
        if self.linked_buckets:
            statements.append(_file_systems(self.linked_buckets, site))
        return iam.document(statements)

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = {
            "description": self.description,
            "enableKeyRotation": True,
            "policy": self.policy(site),
            "tags": tag_list(site.tags, key="tagKey", value="tagValue"),
        }
        yield AckObject(group=GROUP, kind="Key", key=self.key, spec=spec, retained=True)
        alias = {"name": f"alias/{self.alias}", "targetKeyRef": self.reference.ack}
        yield AckObject(group=GROUP, kind="Alias", key=self.key, spec=alias, retained=True)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {
            "description": self.description,
            "enable_key_rotation": True,
            "deletion_window_in_days": DELETION_DAYS,
            "policy": self.policy(site),
        }
        yield Block(type="aws_kms_key", key=self.key, arguments=arguments)
        target = Reference(type="aws_kms_key", key=self.key, attribute="key_id")
        yield Block(
            type="aws_kms_alias", key=self.key, arguments={"name": f"alias/{self.alias}", "target_key_id": target}
        )


def _within(user: str, site: Site) -> dict[str, Json]:
    """CloudWatch Logs names the log group in the encryption context (its user guide, "Encrypt log data")."""
    if user.startswith("logs."):
        return {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": site.arn("logs", "log-group:*")}}
    return {"StringEquals": {"aws:SourceAccount": site.account_id}}


def _file_systems(names: tuple[str, ...], site: Site) -> dict[str, Json]:
    """FSx makes a role for each file system, which is called by its id and may not use a key unless the key says so
    (FSx for Lustre user guide, "Working with server-side encrypted Amazon S3 buckets"): such roles, for these buckets.
    """
    roles = "aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_*"
    buckets = [f"arn:{site.partition}:s3:::{name}" for name in names]
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"aws:PrincipalArn": site.role_arn(roles)},
            "StringEquals": {
                "kms:CallerAccount": site.account_id,
                "kms:ViaService": f"s3.{site.region}.amazonaws.com",
            },
            "StringLike": {
                "kms:EncryptionContext:aws:s3:arn": [arn for one in buckets for arn in (one, f"{one}/*")],
            },
        },
    }
