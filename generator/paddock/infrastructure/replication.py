"""Replication of S3: the rule at the bucket, and the role with which S3 reads it and writes the replica."""

from __future__ import annotations

from dataclasses import dataclass

from paddock.infrastructure import iam
from paddock.infrastructure.resource import Json, Reference, Site, present

RULE = "replica"
"""Name of the one rule."""
TRUST = iam.trust({"Service": "s3.amazonaws.com"})
"""Amazon S3 user guide, "Setting up permissions for live replication"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """Copies whatever is written from now on to a bucket of the same account in another region."""

    bucket: str
    """Name of the replica."""
    key: str
    """Key of the replica's bucket in the inventory."""
    kms_alias_arn: str
    """The replica's key, in its region."""
    role: Reference
    delete_markers: bool
    storage_class: str | None

    def ack(self, site: Site) -> dict[str, Json]:
        """`spec.replication` of ACK's Bucket. With a filter it is S3's second version of rules, in which deletions are
        copied only where the rule says so (Amazon S3 user guide, "Replicating delete markers between buckets")."""
        destination = {
            "bucket": _arn(self.bucket, site),
            "encryptionConfiguration": {"replicaKMSKeyID": self.kms_alias_arn},
            "storageClass": self.storage_class,
        }
        rule = {
            "id": RULE,
            "status": "Enabled",
            "priority": 1,
            "filter": {"prefix": ""},
            "deleteMarkerReplication": {"status": self._markers},
            "sourceSelectionCriteria": {"sseKMSEncryptedObjects": {"status": "Enabled"}},
            "destination": present(destination),
        }
        return {"roleRef": self.role.ack, "rules": [rule]}

    def terraform(self, site: Site, source: str) -> dict[str, Json]:
        """Arguments of aws_s3_bucket_replication_configuration; S3 refuses it before both buckets have versions."""
        destination = {
            "bucket": _arn(self.bucket, site),
            "encryption_configuration": [{"replica_kms_key_id": self.kms_alias_arn}],
            "storage_class": self.storage_class,
        }
        rule = {
            "id": RULE,
            "status": "Enabled",
            "priority": 1,
            "filter": [{"prefix": ""}],
            "delete_marker_replication": [{"status": self._markers}],
            "source_selection_criteria": [{"sse_kms_encrypted_objects": [{"status": "Enabled"}]}],
            "destination": [present(destination)],
        }
        versioned = [f"aws_s3_bucket_versioning.{key}" for key in sorted((source, self.key))]
        return {"role": self.role, "rule": [rule], "depends_on": versioned}

    @property
    def _markers(self) -> str:
        return "Enabled" if self.delete_markers else "Disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two buckets: its name, the alias of its key (without "alias/") and where both are."""

    bucket: str
    alias: str
    site: Site

    @property
    def arn(self) -> str:
        return _arn(self.bucket, self.site)

    def uses_key(self, *actions: str) -> dict[str, Json]:
        """The key, through S3 of its region, for this bucket alone: with bucket keys the context is the bucket's ARN,
        without it is the object's (Amazon S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys")."""
        conditions: dict[str, Json] = {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{self.alias}"},
            "StringEquals": {"kms:ViaService": f"s3.{self.site.region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [self.arn, f"{self.arn}/*"]},
        }
        return iam.statement(actions, [self.site.arn("kms", "key/*")], conditions=conditions)


def statements(source: Side, replica: Side, *, delete_markers: bool, locked: bool) -> tuple[dict[str, Json], ...]:
    """What the role may do: the actions of "Setting up permissions for live replication" and "Replicating encrypted
    objects" (Amazon S3 user guide), deletions only where they are copied.

    `locked`: the source has Object Lock, so S3 reads each version's lock ("Object Lock considerations").
    """
    read = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    locks = ["s3:GetObjectRetention", "s3:GetObjectLegalHold"] if locked else []
    deletes = ["s3:ReplicateDelete"] if delete_markers else []
    return (
        iam.statement(["s3:GetReplicationConfiguration", "s3:ListBucket"], [source.arn]),
        iam.statement([*read, *locks], [f"{source.arn}/*"]),
        iam.statement(["s3:ReplicateObject", "s3:ReplicateTags", *deletes], [f"{replica.arn}/*"]),
        source.uses_key("kms:Decrypt"),
        # Decrypt: S3 verifies the bucket key that it encrypts with (the page on bucket keys).
        replica.uses_key("kms:Encrypt", "kms:Decrypt"),
    )


def _arn(bucket: str, site: Site) -> str:
    return f"arn:{site.partition}:s3:::{bucket}"
