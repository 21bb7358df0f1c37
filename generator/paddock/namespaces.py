"""The namespaces that we own on a cluster: those of components and of teams, with their pod security levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock.catalogue import Component
from paddock.components.context import platform_labels
from paddock.model import Cluster, Environment, Fleet

Json = Any

CLUSTER_NAMESPACE = "kube-system"
"""Destination namespace of Applications whose objects are cluster-scoped; it exists on every cluster."""
CONFIRM = "Prune=confirm,Delete=confirm"


def cluster_namespaces(
    environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> dict[str, dict[str, str]]:
    """Labels by name of every namespace that we own on a cluster, sorted; those of EKS itself are not ours."""
    found: dict[str, dict[str, str]] = {}
    for name in cluster.components:
        component = catalogue[name]
        if component.namespace not in ("kube-system", "default"):
            found.setdefault(component.namespace, {}).update(component.data["namespaceLabels"])
        for further, labels in component.data["ownNamespaces"].items():
            found.setdefault(further, {}).update(labels)
    # EFA wants the capability IPC_LOCK (gpu-platform.md 6.2), which the level baseline does not allow.
    locking = {one.team for one in environment.workloads_on(cluster.name) if one.data["resources"]["efa"]}
    for team in environment.teams_on(cluster.name):
        found[team.name] = {
            "pod-security.kubernetes.io/enforce": "privileged" if team.name in locking else "baseline",
            "pod-security.kubernetes.io/warn": "restricted",
            "team": team.name,
            "cost-center": team.data["costCenter"],
        }
    return dict(sorted(found.items()))


def namespace(fleet: Fleet, environment: Environment, name: str, labels: Mapping[str, str]) -> dict[str, Json]:
    """Context of a Namespace."""
    return {
        "name": name,
        "labels": {**platform_labels(fleet, environment.name), **labels},
        "annotations": {"argocd.argoproj.io/sync-options": CONFIRM},
    }
