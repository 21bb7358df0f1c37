"""The inventory of a cluster that ack or terraform makes: everything it needs of AWS, the same for both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from paddock.catalogue import Component
from paddock.infrastructure import (
    ack,
    backup,
    bootstrap,
    capabilities,
    control_plane,
    identities,
    lustre,
    nodes,
    storage,
    terraform,
    vpc,
)
from paddock.infrastructure.resource import Expression, Json, Reference, Resource, Site
from paddock.model import Cluster, Environment, Fleet

OUTPUTS: Mapping[str, Reference | Expression] = {
    "endpoint": Reference(type="aws_eks_cluster", key="cluster", attribute="endpoint"),
    "certificateAuthority": Expression(text="aws_eks_cluster.cluster.certificate_authority[0].data"),
}
"""What the Cluster spec wants to know once the stack is applied, under the names it has there."""


def site(cluster: Cluster) -> Site:
    """Where the resources of a cluster are."""
    tags = {
        "cluster": cluster.identity,
        "environment": cluster.environment,
        "managed-by": "paddock",
    }
    return Site(account_id=cluster.account_id, region=cluster.region, tags=tags)


def resources(
    fleet: Fleet, environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> list[Resource]:
    """Every resource of a cluster, in an order in which each stands behind what it refers to."""
    return list(_resources(fleet, environment, cluster, catalogue, site(cluster)))


def _resources(
    fleet: Fleet, environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component], where: Site
) -> Iterator[Resource]:
    yield from control_plane.resources(fleet, cluster, where)
    yield from nodes.resources(cluster, where)
    components: Iterable[Component] = [catalogue[name] for name in cluster.components if name in catalogue]
    yield from identities.resources(environment, cluster, components, where)
    yield from storage.resources(environment, cluster, where)
    yield from backup.resources(environment, cluster, where)
    yield from lustre.resources(environment, cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """A cluster's inventory as texts for who makes it: objects of ACK, and Terraform stacks by name."""

    objects: list[dict[str, Json]]
    stacks: dict[str, str]


def inventory(
    fleet: Fleet, environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> Inventory:
    """With ack, what ACK has no kind for goes into a stack beside its objects; with terraform all is one stack."""
    where = site(cluster)
    found = resources(fleet, environment, cluster, catalogue)
    if cluster.provisioner == "ack":
        rest = [one for one in found if next(one.ack(where), None) is None]
        objects = ack.objects(fleet, environment, cluster, found, where)
        name = f"{cluster.name}-beside-ack"
        beside = {name: _stack(fleet, name, rest, where, lustre.outputs(cluster))} if rest else {}
        return Inventory(objects=objects, stacks=beside)
    is_hub = cluster.identity == fleet.platform.hub_identity
    if "vpc" in cluster.data["network"]:
        found = [*vpc.network(cluster, where), *found]
    if is_hub:
        found += capabilities.capabilities(fleet, cluster)
    outputs = {**OUTPUTS, **lustre.outputs(cluster)}
    stacks = {cluster.name: _stack(fleet, cluster.name, found, where, outputs)}
    if is_hub:
        stacks[f"{cluster.name}-argo-cd"] = bootstrap.argo_cd_stack(fleet, cluster, catalogue)
    return Inventory(objects=[], stacks=stacks)


def _stack(
    fleet: Fleet,
    name: str,
    found: Iterable[Resource],
    where: Site,
    outputs: Mapping[str, Json],
) -> str:
    settings = fleet.platform.data["terraform"]
    blocks = terraform.blocks(found, where, terraform.major(settings))
    required, provider = terraform.aws_provider(where, settings, terraform.regions(blocks))
    return terraform.stack(
        f"{where.tags['environment']}-{name}",
        blocks,
        settings=settings,
        providers=required,
        provider_blocks=provider,
        outputs=outputs,
    )
