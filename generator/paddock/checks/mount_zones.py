"""File systems that lie in another zone than every node that can hold the workload that mounts them: they can be
mounted from there, but each byte crosses zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from paddock import file_systems, volumes
from paddock.catalogue import Component
from paddock.checks import fitting, fitting_words
from paddock.checks.fitting import Offer
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Cluster, Fleet, Workload

IDS = ("file-system-in-other-zone",)


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each mount of a file system whose zone is known: those of eks.fileSystems, by their names."""
    yield from merged(_all(fleet, catalogue))


def _all(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            used = volumes.file_systems(cluster)
            zones = {one.name: one.zone for one in file_systems.file_systems(cluster) if one.name in used}
            offers = fitting.offers(cluster, catalogue) if zones else ()
            for workload in environment.workloads_on(cluster.name) if zones else ():
                for name, mount in sorted(workload.data.get("mounts", {}).items()):
                    if mount.get("fileSystem") in zones:
                        for part in workload.parts():
                            yield from _mount(cluster, part, name, mount["fileSystem"], zones, offers)


def _mount(
    cluster: Cluster, part: Workload, name: str, system: str, zones: Mapping[str, str], offers: tuple[Offer, ...]
) -> Iterator[Problem]:
    wanted = replace(fitting.request(cluster, part), nodes=1)
    fits = [one for one in offers if _may_hold(one, part) and one.obstacle(wanted) is None and one.pool.data["zones"]]
    there = replace(wanted, zones=frozenset({zones[system]}))
    against = fitting.obstacles(fits, there, spread=False)
    if not fits or against is None:
        return
    yield Problem(
        id="file-system-in-other-zone",
        severity=Severity.WARNING,
        message=f'{part.title} mounts file system "{system}", which is in {zones[system]}, and no node of cluster '
        f'"{cluster.identity}" that can hold it is there',
        place=part.place("mounts", name, "fileSystem"),
        related=(
            *fitting_words.notes(against),
            Note(message="its zone", place=cluster.place("eks", "fileSystems", system, "zone")),
        ),
        help=f"give a pool that can hold it the zone {zones[system]}, or make a file system where that pool is: across "
        "zones each byte takes longer and is paid for",
    )


def _may_hold(offer: Offer, part: Workload) -> bool:
    """Pods that name a pool or ask for GPUs go to pools only, which have the label they ask for."""
    if "pool" in part.data:
        return not offer.group and offer.pool.name == part.data["pool"]
    return not (offer.group and "gpu" in part.data["resources"])
