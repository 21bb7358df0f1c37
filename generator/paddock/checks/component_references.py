"""Settings of components name identity groups that the platform maps: others would silently have no rights."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import unknown
from paddock.diagnostics import Problem
from paddock.model import Cluster, Fleet, Json

IDS = ("unknown-identity-group",)

GROUPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "argo-cd": (("adminGroups",), ("readOnlyGroups",)),
    "argo-workflows": (("oidc", "adminGroups"),),
    "kube-prometheus-stack": (("grafana", "oidc", "adminGroups"), ("grafana", "oidc", "editorGroups")),
    "opensearch": (("oidc", "adminGroups"),),
}
"""Settings that hold names of identity groups, by component."""


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each group that a component's settings on a cluster name."""
    groups = fleet.platform.data["identityGroups"]
    for cluster in fleet.clusters():
        for component, pointers in GROUPS.items():
            for pointer in pointers:
                for index, name in enumerate(_names(cluster, component, pointer)):
                    if name not in groups:
                        place = cluster.place("components", component, "settings", *pointer, index)
                        yield unknown("unknown-identity-group", "identity group", name, groups, place)


def _names(cluster: Cluster, component: str, pointer: tuple[str, ...]) -> list[str]:
    use = cluster.components.get(component)
    value: Json = use.settings if use is not None else {}
    for key in pointer:
        value = value.get(key) or {}
    return list(value)
