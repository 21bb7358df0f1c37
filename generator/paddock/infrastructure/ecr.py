"""ECR repositories: tags that never move, every image scanned, old untagged images removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, tag_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository, encrypted with a key of the inventory; images without a tag go after some days."""

    key: str
    name: str
    untagged_days: int
    kms: Reference

    @property
    def lifecycle(self) -> str:
        """ECR's lifecycle policy (ECR user guide, "Lifecycle policy properties")."""
        rule: Json = {
            "rulePriority": 1,
            "description": "Images without a tag",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": self.untagged_days,
            },
            "action": {"type": "expire"},
        }
        return json.dumps({"rules": [rule]}, sort_keys=True)

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = {
            "name": self.name,
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfiguration": {"encryptionType": "KMS", "kmsKeyRef": self.kms.ack},
            "lifecyclePolicy": self.lifecycle,
            "tags": tag_list(site.tags),
        }
        yield AckObject(group="ecr.services.k8s.aws", kind="Repository", key=self.key, spec=spec, retained=True)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {
            "name": self.name,
            "image_tag_mutability": "IMMUTABLE",
            "image_scanning_configuration": {"scan_on_push": True},
            "encryption_configuration": [{"encryption_type": "KMS", "kms_key": self.kms}],
        }
        yield Block(type="aws_ecr_repository", key=self.key, arguments=arguments)
        name = Reference(type="aws_ecr_repository", key=self.key, attribute="name")
        yield Block(
            type="aws_ecr_lifecycle_policy", key=self.key, arguments={"repository": name, "policy": self.lifecycle}
        )
