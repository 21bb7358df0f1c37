"""The namespaces that we own on a cluster: those of components and of teams, with their pod security levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from paddock import runners
from paddock.catalogue import Component
from paddock.components.context import platform_labels
from paddock.model import Cluster, Environment, Fleet, OwnedNamespace

Json = Any

CLUSTER_NAMESPACE = "kube-system"
"""Destination namespace of Applications whose objects are cluster-scoped; it exists on every cluster."""
LEVELS = ("restricted", "baseline", "privileged")
CONFIRM = "Prune=confirm,Delete=confirm"


def cluster_namespaces(
    environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> dict[str, dict[str, str]]:
    """Labels by name of every namespace that we own on a cluster, sorted; those of EKS itself are not ours.

    A component's namespace enforces the strictest level that all of its components bear.
    """
    found: dict[str, dict[str, str]] = {}
    for namespace, components in _by_namespace(cluster, catalogue).items():
        level = weakest(one.data["podSecurity"]["level"] for one in components)
        found[namespace] = pod_security(level)
        for one in components:
            found[namespace] |= one.data["namespaceLabels"]
    for name in cluster.components:
        found |= {further: dict(labels) for further, labels in catalogue[name].data["ownNamespaces"].items()}
    # EFA wants the capability IPC_LOCK (gpu-platform.md 6.2), which the level baseline does not allow.
    parts = [part for one in environment.workloads_on(cluster.name) for part in one.parts()]
    locking = {part.team for part in parts if part.data["resources"]["efa"]}
    for team in environment.teams_on(cluster.name):
        found[team.name] = {
            **pod_security("privileged" if team.name in locking else "baseline", aim="restricted"),
            "team": team.name,
            "cost-center": team.data["costCenter"],
        }
    for scale_set in runners.of(environment, cluster.name):
        found[scale_set.namespace] = {
            **pod_security("baseline", aim="restricted"),
            "team": scale_set.team.name,
            "cost-center": scale_set.team.data["costCenter"],
        }
    return dict(sorted(found.items()))


def applied(fleet: Fleet, catalogue: Mapping[str, Component]) -> Fleet:
    """The fleet that knows the namespaces of its clusters."""
    found = {}
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            components = _by_namespace(cluster, catalogue)
            found[cluster.identity] = {
                name: _owned(labels, components.get(name, []))
                for name, labels in cluster_namespaces(environment, cluster, catalogue).items()
            }
    return replace(fleet, namespaces=found)


def _owned(labels: Mapping[str, str], components: list[Component]) -> OwnedNamespace:
    podless = [one for one in components if one.data.get("network") == {"pods": {}}]
    return OwnedNamespace(
        labels=labels,
        components=tuple(one.name for one in components),
        pods=not components or len(podless) < len(components),
    )


def pod_security(level: str, *, aim: str | None = None) -> dict[str, str]:
    """Labels of Pod Security Admission: `level` is enforced; what misses `aim`, by default the same, is reported."""
    modes = {"audit": aim or level, "enforce": level, "warn": aim or level}
    return {f"pod-security.kubernetes.io/{mode}": name for mode, name in modes.items()}


def weakest(levels: Iterable[str]) -> str:
    """The weakest of some levels of Pod Security."""
    return max(levels, key=LEVELS.index)


def _by_namespace(cluster: Cluster, catalogue: Mapping[str, Component]) -> dict[str, list[Component]]:
    found: dict[str, list[Component]] = {}
    for name in cluster.components:
        if catalogue[name].owns_namespace:
            found.setdefault(catalogue[name].namespace, []).append(catalogue[name])
    return found


def namespace(fleet: Fleet, environment: Environment, name: str, labels: Mapping[str, str]) -> dict[str, Json]:
    """Context of a Namespace. Where components need their host, a label opens Kyverno's policy on hosts too."""
    needs_host = "team" not in labels and labels.get("pod-security.kubernetes.io/enforce") == "privileged"
    opening = {f"{fleet.platform.data['labelDomain']}/host-access": "allowed"} if needs_host else {}
    return {
        "name": name,
        "labels": {**platform_labels(fleet, environment.name), **labels, **opening},
        "annotations": {"argocd.argoproj.io/sync-options": CONFIRM},
    }
