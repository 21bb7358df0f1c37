"""Charts that run together and are pinned to versions that do not work together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.catalogue import Component
from paddock.checks.workload_references import merged
from paddock.components.context import chart_version
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Fleet

IDS = ("incompatible-versions",)

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


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each rule on each cluster; one finding for a pin, however many clusters have it."""
    found = [_broken(fleet, catalogue, cluster, rule) for cluster in fleet.clusters() for rule in RULES]
    found += [_apart(fleet, catalogue, cluster, name) for cluster in fleet.clusters() for name in SAME_MINOR]
    yield from merged(one for one in found if one is not None)


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
