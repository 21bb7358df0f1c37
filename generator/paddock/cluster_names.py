"""The names that each cluster has once everything is applied: of rendered objects, of what components provide beside
them, and on the hub of what Argo CD brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock import storage_classes
from paddock.analysis import object_names
from paddock.analysis.object_links import Offer
from paddock.analysis.object_names import KUBERNETES, Names
from paddock.analysis.references import known_kind
from paddock.catalogue import FOLDER, Component
from paddock.model import Cluster, Fleet
from paddock.render import VALUES, ObjectRef


def names(objects: Sequence[ObjectRef], fleet: Fleet, catalogue: Mapping[str, Component]) -> dict[str, Names]:
    """The names of each cluster, by its identity."""
    found: dict[str, Names] = {}
    for cluster in fleet.clusters():
        found[cluster.identity] = Names()
        found[cluster.identity].add(KUBERNETES)
        found[cluster.identity].add(_classes(objects, cluster, catalogue))
        for one in cluster.components.keys() & catalogue.keys():
            found[cluster.identity].add(object_names.provided(catalogue[one].data))
    if fleet.platform.hub_identity in found:
        found[fleet.platform.hub_identity].add(_of_argo_cd(fleet))
    for ref in objects:
        if ref.cluster in found and ref.kind != VALUES:
            found[ref.cluster].add_object(known_kind(ref.api_version, ref.kind), ref.namespace, ref.name)
            if ref.links.offered:
                found[ref.cluster].add(ref.links.offers)
    return found


def _classes(objects: Sequence[ObjectRef], cluster: Cluster, catalogue: Mapping[str, Component]) -> Iterator[Offer]:
    """Classes that a component.yaml lists under storageClasses, unless the component renders its classes: then those
    count that it does."""
    rendered = {one.template for one in objects if one.kind == "StorageClass" and one.cluster == cluster.identity}
    for name, component in storage_classes.provided(cluster, catalogue).items():
        if not any(one.startswith(f"{FOLDER}{component}/") for one in rendered):
            yield Offer("StorageClass", "", name)


def _of_argo_cd(fleet: Fleet) -> Iterator[Offer]:
    """What the hub has besides: Argo CD's namespace, which Terraform makes before it, or EKS with its capability. What
    Applications name is looked up as Argo CD does it (checks.argo_permissions)."""
    yield Offer("Namespace", "", fleet.platform.argocd_namespace)
