"""What an AWS resource is here: it says of itself how ACK and how Terraform declare it. Nothing of clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from paddock import arns

Json = Any
PROVIDER = "provider"
"""Terraform's argument of a resource that another than the default provider makes (Terraform, "provider")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where resources are: an account, a region, and the tags that each of them carries."""

    account_id: str
    region: str
    tags: Mapping[str, str]

    @property
    def partition(self) -> str:
        """Partition of its ARNs."""
        return arns.partition(self.region)

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        """ARN of a resource of this account; IAM's have no region."""
        return arns.arn(service, self.region, self.account_id, resource, regional=region)

    def role_arn(self, name: str) -> str:
        return self.arn("iam", f"role/{name}", region=False)

    def access_policy_arn(self, name: str) -> str:
        """ARN of an access policy of EKS, e.g. AmazonEKSViewPolicy."""
        return f"arn:{self.partition}:eks::aws:cluster-access-policy/{name}"

    def managed_policy_arn(self, name: str) -> str:
        """ARN of a policy that AWS manages, e.g. AmazonEKSClusterPolicy or service-role/AmazonEBSCSIDriverPolicy."""
        return f"arn:{self.partition}:iam::aws:policy/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An attribute of another resource of the same inventory, by Terraform's type and the resource's key."""

    type: str
    key: str
    attribute: str = "arn"

    @property
    def expression(self) -> str:
        """Terraform's expression, without the template around it."""
        return f"{self.type}.{self.key}.{self.attribute}"

    @property
    def ack(self) -> Json:
        """ACK's reference to the object of this name in the same namespace (gpu-platform.md 1.1)."""
        return {"from": {"name": self.key}}


@dataclass(frozen=True, slots=True, kw_only=True)
class AckObject:
    """An object of ACK. `retained` resources stay in AWS when the object is deleted; `region` is where the resource
    lies if not in the cluster's region."""

    group: str
    kind: str
    key: str
    spec: Mapping[str, Json]
    retained: bool = False
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A resource block of Terraform; strings are literal, expressions are `Reference`s or `Expression`s."""

    type: str
    key: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Text of Terraform's expression language that is more than one reference."""

    text: str


class Resource(Protocol):
    """One thing of the inventory, whatever number of objects or blocks it takes to declare it."""

    @property
    def key(self) -> str:
        """Name within the inventory, unique for its class: a DNS label."""

    def ack(self, site: Site) -> Iterator[AckObject]:
        """Its ACK objects; none where ACK has no kind for it."""

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        """Its resource blocks for a major version of the AWS provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A resource in another region than its cluster: ACK takes the region from an annotation of the object (ACK,
    "Multi-Region"), Terraform from a provider of its own, which is called like the region."""

    resource: Resource
    region: str

    @property
    def key(self) -> str:
        return self.resource.key

    def ack(self, site: Site) -> Iterator[AckObject]:
        for one in self.resource.ack(replace(site, region=self.region)):
            yield replace(one, region=self.region)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        for one in self.resource.terraform(replace(site, region=self.region), provider):
            yield replace(one, arguments={**one.arguments, PROVIDER: f"aws.{self.region}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTerraform:
    """A resource that Terraform makes whatever makes the rest: what it belongs to has no kind of ACK."""

    resource: Resource

    @property
    def key(self) -> str:
        return self.resource.key

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        yield from self.resource.terraform(site, provider)


def present(arguments: Mapping[str, Json]) -> dict[str, Json]:
    """The arguments that say something: without None and empty collections."""
    return {key: value for key, value in arguments.items() if value is not None and value != {} and value != []}


def tag_list(tags: Mapping[str, str], *, key: str = "key", value: str = "value") -> list[dict[str, str]]:
    """Tags as most ACK kinds have them; KMS calls the fields tagKey and tagValue (gpu-platform.md 1.1)."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]
