"""IAM roles and policies: who may assume a role, what it may do, and the most that a tenant's role can ever do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, present, tag_list

VERSION = "2012-10-17"
"""Version of the policy language (IAM User Guide, "Version")."""
GROUP = "iam.services.k8s.aws"


def document(statements: Sequence[Mapping[str, Json]]) -> str:
    """A policy document as the one line of JSON that both ACK and Terraform take."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)}, sort_keys=True)


def statement(
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    conditions: Mapping[str, Mapping[str, Json]] | None = None,
    effect: str = "Allow",
) -> dict[str, Json]:
    """A statement of an identity policy."""
    return present({"Effect": effect, "Action": list(actions), "Resource": list(resources), "Condition": conditions})


def trust(principal: Mapping[str, str | list[str]], *actions: str) -> str:
    """The document that lets a principal assume a role."""
    return document([{"Effect": "Allow", "Principal": dict(principal), "Action": ["sts:AssumeRole", *actions]}])


POD_TRUST = trust({"Service": "pods.eks.amazonaws.com"}, "sts:TagSession")
"""EKS Pod Identity (EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy:
    """A customer managed policy."""

    key: str
    name: str
    description: str
    statements: tuple[Mapping[str, Json], ...]

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = {
            "name": self.name,
            "description": self.description,
            "policyDocument": document(self.statements),
            "tags": tag_list(site.tags),
        }
        yield AckObject(group=GROUP, kind="Policy", key=self.key, spec=spec)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {"name": self.name, "description": self.description, "policy": document(self.statements)}
        yield Block(type="aws_iam_policy", key=self.key, arguments=arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role with AWS' own policies, statements of its own, and a boundary (the key of a ManagedPolicy)."""

    key: str
    name: str
    description: str
    trust: str
    managed: tuple[str, ...] = ()
    """Names of policies that AWS manages."""
    statements: tuple[Mapping[str, Json], ...] = ()
    boundary: str | None = None

    @property
    def reference(self) -> Reference:
        return Reference(type="aws_iam_role", key=self.key)

    def ack(self, site: Site) -> Iterator[AckObject]:
        boundary = Reference(type="aws_iam_policy", key=self.boundary).ack if self.boundary else None
        spec = present(
            {
                "name": self.name,
                "description": self.description,
                "assumeRolePolicyDocument": self.trust,
                "policies": [site.managed_policy_arn(name) for name in self.managed],
                "inlinePolicies": {"access": document(self.statements)} if self.statements else {},
                "permissionsBoundaryRef": boundary,
                "tags": tag_list(site.tags),
            }
        )
        yield AckObject(group=GROUP, kind="Role", key=self.key, spec=spec)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        boundary = Reference(type="aws_iam_policy", key=self.boundary) if self.boundary else None
        yield Block(
            type="aws_iam_role",
            key=self.key,
            arguments=present(
                {
                    "name": self.name,
                    "description": self.description,
                    "assume_role_policy": self.trust,
                    "permissions_boundary": boundary,
                }
            ),
        )
        role = Reference(type="aws_iam_role", key=self.key, attribute="name")
        for name in self.managed:
            yield Block(
                type="aws_iam_role_policy_attachment",
                key=f"{self.key}-{name.rpartition('/')[2].lower()}",
                arguments={"role": role, "policy_arn": site.managed_policy_arn(name)},
            )
        if self.statements:
            yield Block(
                type="aws_iam_role_policy",
                key=self.key,
                arguments={"name": "access", "role": role, "policy": document(self.statements)},
            )
