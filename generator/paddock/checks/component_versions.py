"""Charts that are pinned to versions that do not work together, or not with the Kubernetes of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.catalogue import Component
from paddock.checks.workload_references import merged
from paddock.components.context import chart_version
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Fleet

IDS = ("incompatible-versions", "unsupported-kubernetes")

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """From version `since` on, `component` needs at least version `least` of `other`, where that runs beside it."""

    component: str
    since: Version
    other: str
    least: Version
    reason: str


# gpu-platform.md 8 #16 and the versions that Kueue 0.19.2 is compiled against (section 0): an older custom resource
# lacks fields that Kueue reads or writes. Newer ones are the makers' promise, and not refused.
RULES = (
    Rule(
        component="kueue",
        since=(0, 17),
        other="kubeflow-trainer",
        least=(2, 2),
        reason="its TrainJobs stay suspended for ever (kueue#11931)",
    ),
    Rule(component="kueue", since=(0, 19), other="jobset", least=(0, 12), reason="Kueue is built for JobSet 0.12"),
    Rule(
        component="kueue",
        since=(0, 19),
        other="kuberay-operator",
        least=(1, 6),
        reason="Kueue is built for KubeRay 1.6",
    ),
)

SAME_MINOR = {
    # apis/actions.github.com/v1alpha1/version.go, IsVersionAllowed: it passes over scale sets of another version.
    "gha-runner-scale-set": ("gha-runner-scale-set-controller", "the controller makes no runners for it"),
}
"""Components that work only beside another of the same major and minor version, with the reason."""


LEAST = {
    # gpu-platform.md 1.6 (karpenter website/content/en/v1.14/upgrading/compatibility.md).
    "karpenter": {"1.34": (1, 6), "1.35": (1, 9), "1.36": (1, 13)},
}
"""The oldest version of a component's chart that works with a minor version of Kubernetes."""


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each rule on each cluster; one finding for a pin, however many clusters have it."""
    found = [_broken(fleet, catalogue, cluster, rule) for cluster in fleet.clusters() for rule in RULES]
    found += [_apart(fleet, catalogue, cluster, name) for cluster in fleet.clusters() for name in SAME_MINOR]
    found += [_old(fleet, catalogue, cluster, name) for cluster in fleet.clusters() for name in LEAST]
    for cluster in fleet.clusters():
        found += [_outside(fleet, catalogue[name], cluster) for name in cluster.components if name in catalogue]
    yield from merged(one for one in found if one is not None)


def _old(fleet: Fleet, catalogue: Mapping[str, Component], cluster: Cluster, name: str) -> Problem | None:
    """A chart that is older than the cluster's Kubernetes wants; later ones than the table knows want what it does."""
    if name not in cluster.components:
        return None
    has = chart_version(fleet, catalogue[name])
    wants = [least for minor, least in LEAST[name].items() if _parts(minor) <= _parts(cluster.kubernetes_version)]
    if has is None or not wants or _parts(has) >= max(wants):
        return None
    return Problem(
        id="unsupported-kubernetes",
        message=f"{name} {has} does not work with Kubernetes {cluster.kubernetes_version}, which wants "
        f"{'.'.join(map(str, max(wants)))} or newer",
        place=_place(fleet, catalogue[name]),
        related=(_version(cluster),),
        help=f"pin {name} to {'.'.join(map(str, max(wants)))} or newer before the cluster is upgraded",
    )


def _outside(fleet: Fleet, component: Component, cluster: Cluster) -> Problem | None:
    """A chart whose kubeVersion leaves the cluster's version out: Helm, and so Argo CD, refuses to render it."""
    stated = component.data.get("kubernetes")
    if stated is None:
        return None
    low, _, high = stated.removeprefix(">=").partition(" <")
    version = _parts(cluster.kubernetes_version)
    old = version < _parts(low)
    if not old and (not high or version < _parts(high)):
        return None
    chart = f" {chart_version(fleet, component)}" if chart_version(fleet, component) else ""
    return Problem(
        id="unsupported-kubernetes",
        message=f"{component.name}{chart} wants Kubernetes {stated}, and cluster "
        f'"{cluster.identity}" has {cluster.kubernetes_version}',
        place=cluster.place("kubernetesVersion"),
        related=(Note(message="the component", place=Place(path=component.path, pointer=("kubernetes",))),),
        help=f"switch {component.name} off on this cluster, "
        + ("or upgrade the cluster" if old else "or pin a newer version of it before the cluster is upgraded"),
    )


def _version(cluster: Cluster) -> Note:
    return Note(message=f'Kubernetes of cluster "{cluster.identity}"', place=cluster.place("kubernetesVersion"))


def _apart(fleet: Fleet, catalogue: Mapping[str, Component], cluster: Cluster, name: str) -> Problem | None:
    other, reason = SAME_MINOR[name]
    if not {name, other} <= cluster.components.keys():
        return None
    has, beside = chart_version(fleet, catalogue[name]), chart_version(fleet, catalogue[other])
    if has is None or beside is None or _parts(has)[:2] == _parts(beside)[:2]:
        return None
    return Problem(
        id="incompatible-versions",
        message=f"{name} {has} does not work with {other} {beside}: {reason}",
        place=_place(fleet, catalogue[name]),
        related=(Note(message=f"{other} {beside}", place=_place(fleet, catalogue[other])),),
        help="pin both to one version",
    )


def _broken(fleet: Fleet, catalogue: Mapping[str, Component], cluster: Cluster, rule: Rule) -> Problem | None:
    if not {rule.component, rule.other} <= cluster.components.keys():
        return None
    has = chart_version(fleet, catalogue[rule.component])
    other = chart_version(fleet, catalogue[rule.other])
    if has is None or other is None or _parts(has) < rule.since or _parts(other) >= rule.least:
        return None
    wanted = ".".join(map(str, rule.least))
    return Problem(
        id="incompatible-versions",
        message=f"{rule.component} {has} does not work with {rule.other} {other}: {rule.reason}",
        place=_place(fleet, catalogue[rule.other]),
        related=(Note(message=f"{rule.component} {has}", place=_place(fleet, catalogue[rule.component])),),
        help=f"pin {rule.other} to {wanted} or newer, or {rule.component} to less than "
        f"{'.'.join(map(str, rule.since))}",
    )


def _parts(version: str) -> Version:
    return tuple(int(part) for part in version.removeprefix("v").split("."))


def _place(fleet: Fleet, component: Component) -> Place:
    """The platform's pin, else the component's own."""
    if component.name in fleet.platform.data["components"]:
        return fleet.platform.place("components", component.name, "version")
    return Place(path=component.path, pointer=("chart", "version"))
