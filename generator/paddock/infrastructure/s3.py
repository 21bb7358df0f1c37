"""S3 buckets: private, encrypted, versioned, with a lifecycle; nothing reaches them without TLS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.infrastructure import iam
from paddock.infrastructure.replication import Replication
from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, present, tag_list

AGED, DATED = "age", "delete-by"
"""Names of the two rules that a bucket may have."""
_RULE = {"status": "Enabled"}
_ALL = {"prefix": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Days until objects move to a storage class, and until they go; None means never."""

    transitions: tuple[tuple[int, str], ...] = ()
    """Days since creation and storage class, ascending."""
    expire_after_days: int | None = None
    expire_on: str | None = None
    """Date, as 2027-01-31, on which whatever is in the bucket expires: a rule of its own."""
    noncurrent_expire_after_days: int | None = None
    abort_incomplete_upload_after_days: int | None = None

    def ack(self) -> list[dict[str, Json]]:
        """Rules over the whole bucket."""
        rule = {
            **_RULE,
            "id": AGED,
            "filter": _ALL,
            "transitions": [{"days": days, "storageClass": name} for days, name in self.transitions],
            "expiration": _days("days", self.expire_after_days),
            "noncurrentVersionExpiration": _days("noncurrentDays", self.noncurrent_expire_after_days),
            "abortIncompleteMultipartUpload": _days("daysAfterInitiation", self.abort_incomplete_upload_after_days),
        }
        rules = [present(rule)] if self.by_age else []
        return [*rules, {**_RULE, "id": DATED, "filter": _ALL, "expiration": {"date": self.midnight}}][: self.count]

    def terraform(self) -> list[dict[str, Json]]:
        """The same rules."""
        rule = {
            **_RULE,
            "id": AGED,
            "filter": [_ALL],
            "transition": [{"days": days, "storage_class": name} for days, name in self.transitions],
            "expiration": [_days("days", self.expire_after_days)],
            "noncurrent_version_expiration": [_days("noncurrent_days", self.noncurrent_expire_after_days)],
            "abort_incomplete_multipart_upload": [
                _days("days_after_initiation", self.abort_incomplete_upload_after_days)
            ],
        }
        rules = [present({key: value for key, value in rule.items() if value != [{}]})] if self.by_age else []
        return [*rules, {**_RULE, "id": DATED, "filter": [_ALL], "expiration": [{"date": self.midnight}]}][: self.count]

    @property
    def midnight(self) -> str:
        """The date as S3 wants it: midnight in UTC (S3 API, LifecycleExpiration)."""
        return f"{self.expire_on}T00:00:00Z"

    @property
    def by_age(self) -> bool:
        """Whether anything depends on the age of objects."""
        return self != Lifecycle(expire_on=self.expire_on)

    @property
    def count(self) -> int:
        """Number of rules."""
        return self.by_age + (self.expire_on is not None)


def _days(field: str, days: int | None) -> dict[str, int]:
    return {} if days is None else {field: days}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket of the region, encrypted with the key of an alias. It stays in AWS whatever happens to its spec."""

    key: str
    name: str
    kms_alias_arn: str
    versioning: bool
    lifecycle: Lifecycle
    tags: Mapping[str, str]
    object_lock_days: int | None = None
    """Days for which a version cannot be deleted (mode GOVERNANCE); it can be given only when the bucket is made."""
    held: bool = False
    """On legal hold nobody deletes anything."""
    replication: Replication | None = None

    def policy(self, site: Site) -> str:
        """Denies what comes without TLS (S3 user guide, "Restrict access to only HTTPS requests"), and on legal hold
        everything that deletes."""
        arn = f"arn:{site.partition}:s3:::{self.name}"
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        hold = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration"],
            "Resource": [arn, f"{arn}/*"],
        }
        return iam.document([deny, hold] if self.held else [deny])

    def ack(self, site: Site) -> Iterator[AckObject]:
        encryption = {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyID": self.kms_alias_arn},
            "bucketKeyEnabled": True,
        }
        lock = {"mode": "GOVERNANCE", "days": self.object_lock_days}
        spec = {
            "name": self.name,
            # us-east-1 is where a bucket lies that names no place, and the API refuses its name there.
            "createBucketConfiguration": {"locationConstraint": site.region} if site.region != "us-east-1" else None,
            "encryption": {"rules": [encryption]},
            "publicAccessBlock": dict.fromkeys(
                ("blockPublicACLs", "blockPublicPolicy", "ignorePublicACLs", "restrictPublicBuckets"), True
            ),
            "ownershipControls": {"rules": [{"objectOwnership": "BucketOwnerEnforced"}]},
            "versioning": {"status": "Enabled"} if self.versioning else None,
            "lifecycle": {"rules": self.lifecycle.ack()} if self.lifecycle.count else None,
            "policy": self.policy(site),
            "objectLockEnabledForBucket": True if self.object_lock_days else None,
            "objectLockConfiguration": {"rule": {"defaultRetention": lock}} if self.object_lock_days else None,
            "replication": self.replication.ack(site) if self.replication else None,
            "tagging": {"tagSet": tag_list({**site.tags, **self.tags})},
        }
        yield AckObject(group="s3.services.k8s.aws", kind="Bucket", key=self.key, spec=present(spec), retained=True)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {
            "bucket": self.name,
            "object_lock_enabled": True if self.object_lock_days else None,
            "tags": dict(sorted(self.tags.items())),
            "lifecycle": [{"prevent_destroy": True}],
        }
        yield Block(type="aws_s3_bucket", key=self.key, arguments=present(arguments))
        for kind, part in self._parts(site):
            bucket = Reference(type="aws_s3_bucket", key=self.key, attribute="id")
            yield Block(type=f"aws_s3_bucket_{kind}", key=self.key, arguments={"bucket": bucket, **part})

    def _parts(self, site: Site) -> Iterator[tuple[str, dict[str, Json]]]:
        """What Terraform declares in resources of their own."""
        default = [{"sse_algorithm": "aws:kms", "kms_master_key_id": self.kms_alias_arn}]
        rule = {"apply_server_side_encryption_by_default": default, "bucket_key_enabled": True}
        yield "server_side_encryption_configuration", {"rule": [rule]}
        yield (
            "public_access_block",
            dict.fromkeys(
                ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
            ),
        )
        yield "ownership_controls", {"rule": [{"object_ownership": "BucketOwnerEnforced"}]}
        yield "policy", {"policy": self.policy(site)}
        if self.versioning:
            yield "versioning", {"versioning_configuration": [{"status": "Enabled"}]}
        if self.lifecycle.count:
            yield "lifecycle_configuration", {"rule": self.lifecycle.terraform()}
        if self.object_lock_days:
            retention = {"mode": "GOVERNANCE", "days": self.object_lock_days}
            yield "object_lock_configuration", {"rule": [{"default_retention": [retention]}]}
        if self.replication:
            yield "replication_configuration", self.replication.terraform(site, self.key)
