"""The names that exist on a cluster: its objects, what these make, what its components' charts make, and what
Kubernetes has by itself. A key is known where it is stated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock.analysis.object_links import ADDED_KEYS, Offer
from paddock.analysis.references import Target, target

Json = Any

Name = tuple[str, str, str]
"""Kind, namespace (empty: of the cluster, or the same in every namespace) and name."""

KUBERNETES: tuple[Offer, ...] = (
    # The kinds' pages of Kubernetes: "Default roles and role bindings" (RBAC), "Pod Priority", "Namespaces",
    # "ConfigMaps for trust bundles", "Default service accounts".
    *(Offer("ClusterRole", "", name) for name in ("admin", "cluster-admin", "edit", "view")),
    Offer("ConfigMap", "", "kube-root-ca.crt", ("ca.crt",)),
    *(Offer("Namespace", "", name) for name in ("default", "kube-node-lease", "kube-public", "kube-system")),
    *(Offer("PriorityClass", "", name) for name in ("system-cluster-critical", "system-node-critical")),
    Offer("Service", "default", "kubernetes", ("https", "443")),
    Offer("ServiceAccount", "", "default"),
    # EKS makes it (EKS user guide, "Storage classes"); it is the default no more since 1.30.
    Offer("StorageClass", "", "gp2"),
)
_SYSTEM = "system:"
"""Prefix of the cluster roles that Kubernetes keeps."""


@dataclass(slots=True, kw_only=True)
class Names:
    """All names of a cluster with their keys; None where any key may be there."""

    keys: dict[Name, frozenset[str] | None] = field(default_factory=dict)
    objects: set[Name] = field(default_factory=set)
    added: dict[Name, list[tuple[str, ...] | None]] = field(default_factory=dict)

    def add_object(self, kind: str, namespace: str, name: str) -> None:
        """Take in an object; its keys are known if it offers itself, too."""
        self.objects.add((kind, namespace, name))

    def add(self, offers: Iterable[Offer]) -> None:
        """Take in what is offered; the keys of one name are those of all that offer it."""
        for kind, namespace, name, keys in offers:
            if kind == ADDED_KEYS:
                self.added.setdefault(("Secret", namespace, name), []).append(keys)
                continue
            identity = (kind, namespace, name)
            stated = None if keys is None else frozenset(keys)
            before = self.keys.get(identity, frozenset())
            self.keys[identity] = None if stated is None or before is None else stated | before

    def found(self, wanted: Target) -> Name | None:
        """The name that a target means: in its namespace, or one that holds for all; None if there is none."""
        kind, namespace, name, _ = wanted
        for identity in ((kind, namespace, name), (kind, "", name)):
            if identity in self.keys or identity in self.objects:
                return identity
        return (kind, "", name) if kind == "ClusterRole" and name.startswith(_SYSTEM) else None

    def keys_of(self, name: Name) -> frozenset[str] | None:
        """The keys that something holds, with those that others add to it; None if any."""
        found = self.keys.get(name)
        for more in self.added.get(name, ()):
            found = None if found is None or more is None else found | set(more)
        return found

    def near(self, wanted: Target) -> list[str]:
        """Names of the kind where the target looks for it, sorted."""
        known = self.keys.keys() | self.objects
        return sorted({name for kind, where, name in known if (kind, where) == wanted[:2]})


def provided(component: Mapping[str, Json]) -> list[Offer]:
    """What a component.yaml says that its chart makes, in the component's namespace unless it says another."""
    return [
        Offer(
            *target(one["kind"], one.get("namespace", component["namespace"]), one["name"])[:3],
            tuple(one["keys"]) if "keys" in one else None,
        )
        for one in component.get("provides", ())
    ]
