"""Copies of public charts and images inside the network: what a chart or an image is called there.

A platform names them once (`chartMirror`, `imageMirror`); an environment may do without (`mirrored: false`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from paddock import images
from paddock.model import Cluster, ComponentUse, Environment, Fleet, Json, Platform, Workload

DOCKER_HUB = "docker.io"
VALUES_FILE = "images.yaml"
"""File beside a component's values.yaml: the same chart's values that name its images, where they are mirrored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A registry that holds copies of images: below a prefix for each upstream registry, as ECR's pull-through cache
    has it. `internal` are registries, or beginnings of repositories, that are reached as they are."""

    registry: str
    upstreams: Mapping[str, str]
    internal: tuple[str, ...]

    def reached(self, repository: str) -> bool:
        """Whether a repository lies inside the network already."""
        name = canonical(repository)
        return any(f"{name}/".startswith(f"{one}/") for one in (self.registry, *self.internal))

    def covers(self, repository: str) -> bool:
        """Whether it is inside, or the mirror has copies of its registry."""
        return self.reached(repository) or registry(repository) in self.upstreams

    def repository(self, repository: str) -> str:
        """Where an image is pulled from: `<registry>/<prefix>/<path>`; unchanged where it is inside or not covered."""
        if self.reached(repository) or not self.covers(repository):
            return repository
        host, _, path = canonical(repository).partition("/")
        return f"{self.registry}/{self.upstreams[host]}/{path}"

    def registries(self, stated: Sequence[str]) -> list[str]:
        """Registries, or beginnings of repositories, or patterns that begin so, as images of the mirror begin."""
        return [self._beginning(one) for one in stated]

    def _beginning(self, stated: str) -> str:
        host, slash, path = stated.partition("/")
        inside = any(f"{stated}/".startswith(f"{one}/") for one in (self.registry, *self.internal))
        copied = not inside and host in self.upstreams
        return f"{self.registry}/{self.upstreams[host]}{slash}{path}" if copied else stated


def canonical(repository: str) -> str:
    """A repository with its registry: `busybox` is docker.io/library/busybox (distribution/reference, normalize.go)."""
    first, _, rest = repository.partition("/")
    if not rest or not ("." in first or ":" in first or first == "localhost"):
        first, rest = DOCKER_HUB, repository
    return f"{first}/library/{rest}" if first == DOCKER_HUB and "/" not in rest else f"{first}/{rest}"


def registry(repository: str) -> str:
    """The registry of a repository."""
    return canonical(repository).partition("/")[0]


def of(fleet: Fleet, environment: str) -> Mirror | None:
    """The mirror of images that an environment pulls from; None if it pulls from where they are made."""
    stated = fleet.platform.data.get("imageMirror")
    found = fleet.environments.get(environment)
    if stated is None or found is None or not found.data["mirrored"]:
        return None
    internal = tuple(sorted(stated["internal"]))
    return Mirror(registry=stated["registry"], upstreams=stated["upstreams"], internal=internal)


def chart_repository(fleet: Fleet, environment: str, chart: Mapping[str, Json]) -> str:
    """Where an environment's charts come from: the platform's mirror, which has each by its name, else the chart's own
    repository. An OCI registry stands without oci:// (argocd.md 1: `repoURL` beside `chart`)."""
    found = fleet.environments.get(environment)
    mirrored = found is None or found.data["mirrored"]
    return str(fleet.platform.data.get("chartMirror") or chart["repository"]) if mirrored else str(chart["repository"])


def values(images: Sequence[Mapping[str, Json]], mirror: Mirror) -> dict[str, Json]:
    """Helm values that let a chart pull from a mirror, of what its component.yaml says under `images`."""
    result: dict[str, Json] = {}
    for image in images:
        value = _value(image, mirror) if "value" in image else None
        if value is None:
            continue
        *above, last = image["value"].split(".")
        node = result
        for key in above:
            node = node.setdefault(key, {})
        node[last] = value
    ordered: dict[str, Json] = _ordered(result)
    return ordered


def references(images: Sequence[Mapping[str, Json]], mirror: Mirror | None) -> dict[str, str]:
    """References by name of the images that a component's templates write themselves."""
    return {
        image["name"]: f"{mirror.repository(image['repository']) if mirror else image['repository']}:{image['tag']}"
        for image in images
        if "name" in image
    }


def _value(image: Mapping[str, Json], mirror: Mirror) -> str | None:
    """What stands at an image's key: all of the repository, its registry, what is above its last name, or with tag."""
    stated = image["repository"]
    found = mirror.repository(stated)
    if found == stated:
        return None
    part = image["part"]
    if part == "registry":
        return found.removesuffix("/" + canonical(stated).partition("/")[2])
    if part == "folder":
        return found.rpartition("/")[0]
    return f"{found}:{image['tag']}" if part == "reference" else found


def applied(fleet: Fleet, environment: str) -> Fleet:
    """The fleet as an environment is rendered: every image that its specs and the platform's name is the mirror's."""
    mirror = of(fleet, environment)
    if mirror is None:
        return fleet
    stated = fleet.platform.data
    signers = {
        name: {**one, "images": mirror.registries(one["images"])}
        for name, one in stated["admission"]["signers"].items()
    }
    admission = {**stated["admission"], "signers": signers}
    data = {**stated, "images": _mapped(stated["images"], mirror), "admission": admission}
    platform = Platform(name=fleet.platform.name, data=data, origin=fleet.platform.origin)
    return replace(specs_applied(fleet, [environment]), platform=platform)


def specs_applied(fleet: Fleet, environments: Sequence[str]) -> Fleet:
    """The fleet with the images of some environments' clusters and workloads as they are pulled."""
    found = {}
    for one in fleet.environments.values():
        mirror = of(fleet, one.name) if one.name in environments else None
        found[one.name] = _environment(one, mirror) if mirror else one
    return replace(fleet, environments=found)


def _environment(environment: Environment, mirror: Mirror) -> Environment:
    return replace(
        environment,
        clusters={name: _cluster(one, mirror) for name, one in environment.clusters.items()},
        workloads={name: _workload(one, mirror) for name, one in environment.workloads.items()},
    )


def _cluster(cluster: Cluster, mirror: Mirror) -> Cluster:
    uses: dict[str, ComponentUse] = {
        name: replace(use, settings=_mapped(use.settings, mirror)) for name, use in cluster.components.items()
    }
    return replace(cluster, data=_mapped(cluster.data, mirror), components=uses)


def _workload(workload: Workload, mirror: Mirror) -> Workload:
    return replace(workload, data=_mapped(workload.data, mirror))


def _mapped(value: Json, mirror: Mirror) -> Json:
    if isinstance(value, Mapping):
        found = {key: _mapped(item, mirror) for key, item in value.items()}
        return {**found, "repository": mirror.repository(found["repository"])} if images.is_image(value) else found
    return [_mapped(item, mirror) for item in value] if isinstance(value, list) else value


def named(value: Json) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(pointer, repository) of each image that a spec names."""
    for pointer, image in images.stated(value):
        yield (*pointer, "repository"), image["repository"]


def _ordered(value: Json) -> Json:
    return {key: _ordered(value[key]) for key in sorted(value)} if isinstance(value, dict) else value
