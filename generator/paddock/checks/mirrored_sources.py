"""What a mirrored environment would still fetch from outside: charts and images that the mirror has no copies of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import mirrors
from paddock.catalogue import Component
from paddock.diagnostics import Note, Place, Problem
from paddock.mirrors import Mirror
from paddock.model import Cluster, Environment, Fleet
from paddock.wording import quoted

IDS = ("source-outside-mirror",)


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Images that specs name, and the charts of components: once each, however many clusters run them."""
    seen: set[tuple[Place, str]] = set()
    for environment in fleet.environments.values():
        mirror = mirrors.of(fleet, environment.name)
        if mirror is None:
            continue
        for problem in (*_named(fleet, environment, mirror), *_charts(fleet, environment, mirror, catalogue)):
            key = (problem.place, problem.help)
            if key not in seen:
                seen.add(key)
                yield problem


def _named(fleet: Fleet, environment: Environment, mirror: Mirror) -> Iterator[Problem]:
    where = f'environment "{environment.name}"'
    for pointer, repository in mirrors.named(fleet.platform.data["images"]):
        if not mirror.covers(repository):
            yield _problem(repository, where, fleet.platform.place("images", *pointer), fleet)
    for cluster in environment.clusters.values():
        for name, use in cluster.components.items():
            for pointer, repository in mirrors.named(use.settings):
                if not mirror.covers(repository):
                    place = setting(cluster, name, pointer)
                    yield _problem(repository, f'component "{name}" on cluster "{cluster.identity}"', place, fleet)
    for workload in environment.workloads.values():
        for pointer, repository in mirrors.named(workload.data):
            if not mirror.covers(repository):
                what = f'workload "{workload.name}" in {where}'
                yield _problem(repository, what, workload.place(*pointer), fleet)


def setting(cluster: Cluster, name: str, pointer: tuple[str | int, ...]) -> Place:
    """Where a setting stands; where it is a default, the component or the role that brings it."""
    stated = cluster.data["components"].get(name)
    if stated is None:
        return cluster.place("role")
    given = any(found == pointer for found, _ in mirrors.named(stated["settings"]))
    return cluster.place("components", name, *(("settings", *pointer) if given else ()), key=not given)


def _charts(
    fleet: Fleet, environment: Environment, mirror: Mirror, catalogue: Mapping[str, Component]
) -> Iterator[Problem]:
    """The images that charts pull by themselves, as their component.yaml has them: one problem a registry."""
    missing: dict[str, dict[str, Place]] = {}
    for cluster in environment.clusters.values():
        for component in (catalogue[name] for name in cluster.components if cluster.registered):
            images = component.data.get("images")
            if component.data.get("chart") and images is None:
                yield _unstated(component, cluster)
            for index, image in enumerate(images or ()):
                if not mirror.covers(image["repository"]):
                    place = Place(path=component.path, pointer=("images", index, "repository"))
                    missing.setdefault(mirrors.registry(image["repository"]), {}).setdefault(component.name, place)
    for registry, places in sorted(missing.items()):
        yield _registry(registry, places, environment, fleet)


def _registry(registry: str, places: Mapping[str, Place], environment: Environment, fleet: Fleet) -> Problem:
    """A registry that charts pull from; one finding in the platform's file, whose environments share the mirror."""
    return Problem(
        id=IDS[0],
        message=f'in environment "{environment.name}" charts pull from "{registry}", of which the image mirror has no '
        "copies",
        place=fleet.platform.place("imageMirror", "upstreams", key=True),
        related=tuple(Note(message=f'by component "{name}"', place=place) for name, place in sorted(places.items())),
        help=f'add an upstream for "{registry}", or, if the network reaches it, add it to imageMirror.internal',
    )


def _unstated(component: Component, cluster: Cluster) -> Problem:
    return Problem(
        id=IDS[0],
        message=f'component "{component.name}" does not say which images its chart pulls, so that they cannot be '
        f'mirrored for cluster "{cluster.identity}"',
        place=Place(path=component.path, pointer=("chart",), key=True),
        help="list them in its component.yaml under images, with the values that name them; [] if there are none",
    )


def _problem(repository: str, what: str, place: Place, fleet: Fleet) -> Problem:
    mirror = fleet.platform.data["imageMirror"]
    return Problem(
        id=IDS[0],
        message=f'{what} pulls "{repository}", but the image mirror has copies of '
        f"{quoted(sorted(mirror['upstreams']))} only",
        place=place,
        related=(stated(fleet),),
        help=f'copy the image to a registry of the mirror, add an upstream for "{mirrors.registry(repository)}", or, '
        "if the network reaches it, add it to imageMirror.internal",
    )


def stated(fleet: Fleet) -> Note:
    """Where the platform says what the mirror has."""
    return Note(message="the image mirror", place=fleet.platform.place("imageMirror", key=True))
