"""Components stand on each other: what one requires runs beside it, what conflicts does not, a CRD has one owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.catalogue import Component
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Fleet, Workload

IDS = (
    "missing-requirement",
    "component-conflict",
    "two-crd-owners",
    "workload-needs-component",
    "missing-fsx-network",
    "argo-cd-beside-capability",
)

_NEEDED_BY_TYPE = {
    "training": ("kueue", "kubeflow-trainer"),
    "inference": ("kserve",),
    "pipeline": ("argo-workflows",),
    "service": (),
}


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each component of each cluster, and each workload's own needs."""
    for cluster in fleet.clusters():
        components = {name: catalogue[name] for name in cluster.components}
        yield from _requirements(cluster, components)
        yield from _conflicts(cluster, components)
        yield from _crds(cluster, components)
        yield from _surroundings(fleet, cluster)
    yield from _workloads(fleet)


def _requirements(cluster: Cluster, components: Mapping[str, Component]) -> Iterator[Problem]:
    """One finding for each component that is missing, however many stand on it."""
    needed: dict[str, list[str]] = {}
    for name, component in components.items():
        for required in component.data["requires"]:
            if required not in components:
                needed.setdefault(required, []).append(name)
    for required, names in needed.items():
        many = len(names) > 1
        yield Problem(
            id="missing-requirement",
            message=f'component "{required}" does not run on cluster "{cluster.identity}", '
            f"but {', '.join(names)} {'require' if many else 'requires'} it",
            place=_place(cluster, required, *names),
            related=tuple(
                Note(message=f"{name} requires it here", place=Place(path=components[name].path, pointer=("requires",)))
                for name in names
            ),
            help=f"enable {required}, or disable {'those components' if many else names[0]}",
        )


def _conflicts(cluster: Cluster, components: Mapping[str, Component]) -> Iterator[Problem]:
    for name, component in components.items():
        for other in component.data["conflicts"]:
            if other in components:
                yield Problem(
                    id="component-conflict",
                    message=f'components "{name}" and "{other}" cannot both run on cluster "{cluster.identity}"',
                    place=_place(cluster, name, other),
                    help=f"disable one of them, e.g. components.{other}.enabled: false",
                )


def _crds(cluster: Cluster, components: Mapping[str, Component]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, component in components.items():
        for crd in component.data["crds"]:
            if crd in owners:
                yield Problem(
                    id="two-crd-owners",
                    message=f'components "{owners[crd]}" and "{name}" on cluster "{cluster.identity}" both own '
                    f"the CRD {crd}",
                    place=_place(cluster, name, owners[crd]),
                    help="let one of them install it: two owners overwrite each other for ever",
                )
            owners.setdefault(crd, name)


def _surroundings(fleet: Fleet, cluster: Cluster) -> Iterator[Problem]:
    """What a component needs that is no component."""
    fields = [name for name in ("fsxSubnetId", "fsxSecurityGroupIds") if name not in cluster.data["network"]]
    if "aws-fsx-csi-driver" in cluster.components and fields:
        yield Problem(
            id="missing-fsx-network",
            message=f'component "aws-fsx-csi-driver" on cluster "{cluster.identity}" needs '
            f"network.{' and network.'.join(fields)}",
            place=cluster.place("network", key=True),
            help=f"add {'it' if len(fields) == 1 else 'them'}, or disable the component: "
            "components.aws-fsx-csi-driver.enabled: false",
        )
    if fleet.platform.capability and "argo-cd" in cluster.components:
        yield Problem(
            id="argo-cd-beside-capability",
            message=f'component "argo-cd" runs on cluster "{cluster.identity}", but Argo CD is the EKS capability',
            place=_place(cluster, "argo-cd"),
            related=(Note(message="stated here", place=fleet.platform.place("argoCD", "mode")),),
            help="disable it: components.argo-cd.enabled: false",
        )


def _workloads(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            for name in workload.named_clusters:
                cluster = environment.clusters.get(name)
                needed = _needed(workload) if cluster else ()
                for component in needed:
                    if cluster is not None and component not in cluster.components:
                        yield Problem(
                            id="workload-needs-component",
                            message=f'{workload.type} workload "{workload.name}" needs the component "{component}", '
                            f'which does not run on cluster "{cluster.identity}"',
                            place=workload.cluster_place(name),
                            help=f"enable {component} on the cluster, or run the workload elsewhere",
                        )


def _needed(workload: Workload) -> tuple[str, ...]:
    """Components without which a workload does not run, or not as it says."""
    queued = workload.type == "pipeline" and any("queue" in part.data for part in workload.parts())
    return (*_NEEDED_BY_TYPE[workload.type], *(("kueue",) if queued else ()))


def _place(cluster: Cluster, *components: str) -> Place:
    """The first of some components that the cluster names; else its role, which brings them."""
    for component in components:
        if component in cluster.data["components"]:
            return cluster.place("components", component, key=True)
    return cluster.place("role")
