"""A tree from which nothing is missing, and Argo CD's view of it: which Application applies which folder where.

Checks that say "nothing does" need it: over a tree with a hole, whatever points into the hole would look wrong.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from paddock import render
from paddock.analysis.argocd_patterns import glob, repository
from paddock.analysis.argocd_projects import Target
from paddock.catalogue import FOLDER, Component
from paddock.diagnostics import Note, Place
from paddock.model import Fleet, Json
from paddock.render import ObjectRef
from paddock.wording import more_objects

IN_CLUSTER = Target(name="in-cluster", server="https://kubernetes.default.svc")
"""The cluster that Argo CD runs on, as it knows it without a Secret (argocd.md 4.1)."""
WAVE = "argocd.argoproj.io/sync-wave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source of an Application. `environment` is the one whose tree it reads; None for charts and other repositories.
    `folder` is the folder whose objects it applies; None where it applies none of its own."""

    number: int
    data: Mapping[str, Json]
    environment: str | None
    folder: str | None

    def reads(self, path: str) -> bool:
        """Whether a file of the tree is among those that it applies (argocd.md 2.4)."""
        if self.folder is None or not (path.startswith(f"{self.folder}/") or self.folder == "."):
            return False
        inside = path if self.folder == "." else path[len(self.folder) + 1 :]
        directory = self.data.get("directory") or {}
        if "/" in inside and not directory.get("recurse"):
            return False
        included = "include" not in directory or glob(directory["include"], inside)
        return included and not ("exclude" in directory and glob(directory["exclude"], inside))


@dataclass(frozen=True, kw_only=True)
class Application:
    """An Application of the tree with what follows from its fields."""

    ref: ObjectRef
    data: Mapping[str, Json]
    sources: tuple[Source, ...]

    @property
    def name(self) -> str:
        return self.ref.name

    @property
    def spec(self) -> Mapping[str, Json]:
        spec: Mapping[str, Json] = self.data["spec"]
        return spec

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.data["metadata"].get("annotations") or {}

    @cached_property
    def options(self) -> frozenset[str]:
        """Its sync options; those of its annotation are about the Application object itself."""
        return frozenset((self.spec.get("syncPolicy") or {}).get("syncOptions") or ())

    @property
    def wave(self) -> int:
        return wave(self.annotations.get(WAVE, "0"))

    def applied(self, environment: str) -> Iterator[Source]:
        """Its sources that apply objects of an environment's tree."""
        return (one for one in self.sources if one.environment == environment and one.folder is not None)


def wave(text: str) -> int:
    """A sync wave; what is no integer counts as 0 (argocd.md 2.9)."""
    try:
        return int(text)
    except ValueError:
        return 0


@dataclass(frozen=True, kw_only=True)
class WholeTree:
    """Everything that a run rendered, with the specs, components and schemas behind it."""

    objects: Sequence[ObjectRef]
    trees: Mapping[str, Mapping[str, str]]
    fleet: Fleet
    catalogue: Mapping[str, Component]
    schemas: Mapping[str, Json]

    @property
    def all_environments(self) -> bool:
        """Whether no environment was left out: only then what another one would hold is known."""
        return set(self.fleet.environments) == set(self.trees)

    @cached_property
    def applications(self) -> list[Application]:
        """The Applications that the hub's Argo CD sees, in the order of the objects."""
        hub = self.fleet.platform.hub_identity
        return [
            Application(ref=one, data=one.kept, sources=tuple(self._sources(one.kept["spec"])))
            for one in self.objects
            if one.kind == "Application" and one.kept is not None and one.cluster == hub
        ]

    @cached_property
    def projects(self) -> dict[str, tuple[ObjectRef, Mapping[str, Json]]]:
        """The AppProjects by name: their references and their specs."""
        return {
            one.name: (one, one.kept["spec"])
            for one in self.objects
            if one.kind == "AppProject" and one.kept is not None and one.cluster == self.fleet.platform.hub_identity
        }

    @cached_property
    def secrets(self) -> list[tuple[ObjectRef, Target, str]]:
        """The Secrets that register clusters, the clusters, and the only project that may use each; empty for all."""
        found = []
        for one in self.objects:
            if one.kind == "Secret" and one.group == "" and one.cluster == self.fleet.platform.hub_identity:
                data = render.content(one, self.trees)
                labels = data["metadata"].get("labels") or {}
                values = data.get("stringData") or {}
                if labels.get("argocd.argoproj.io/secret-type") == "cluster" and "server" in values:
                    target = Target(name=str(values.get("name", "")), server=str(values["server"]).rstrip("/"))
                    found.append((one, target, str(values.get("project", ""))))
        return found

    @cached_property
    def clusters(self) -> dict[str, Target]:
        """The clusters that Argo CD knows, by name: those with a Secret, those of environments that were left out, and
        the one it runs on, which the capability of EKS does not know by itself (argocd.md 4.3)."""
        known = {target.name: target for _, target, _ in reversed(self.secrets)}
        for cluster in self.fleet.clusters():
            if cluster.registered and cluster.environment not in self.trees:
                server = cluster.arn if self.fleet.platform.capability else str(cluster.data["eks"]["endpoint"])
                known.setdefault(cluster.identity, Target(name=cluster.identity, server=server))
        hub = self.fleet.platform.hub_identity
        known.setdefault(hub, Target(name=hub, server=""))  # one whose endpoint is still to come, too
        if not self.fleet.platform.capability:
            known.setdefault(IN_CLUSTER.name, IN_CLUSTER)
        return known

    def target(self, application: Application) -> Target | None:
        """The cluster an Application is synced to; None if Argo CD knows none of that name or server."""
        destination = application.spec["destination"]
        if "name" in destination:
            return self.clusters.get(destination["name"])
        server = destination["server"].rstrip("/")
        return next((one for one in self.clusters.values() if one.server == server), None)

    def identity(self, target: Target) -> str:
        """The identity of a cluster that Argo CD knows."""
        return self.fleet.platform.hub_identity if target == IN_CLUSTER else target.name

    @cached_property
    def _appliers(self) -> dict[tuple[str, str], list[tuple[Application, Source]]]:
        found: dict[tuple[str, str], list[tuple[Application, Source]]] = {}
        for application in self.applications:
            for source in application.sources:
                if source.environment is not None and source.folder is not None:
                    found.setdefault((source.environment, source.folder), []).append((application, source))
        return found

    def appliers(self, environment: str, path: str) -> list[tuple[Application, Source]]:
        """The Applications that apply a file, and by which source."""
        above = self._above(environment, path.rpartition("/")[0])
        return [(application, source) for application, source in above if source.reads(path)]

    @cached_property
    def _known_above(self) -> dict[tuple[str, str], list[tuple[Application, Source]]]:
        return {}

    def _above(self, environment: str, folder: str) -> list[tuple[Application, Source]]:
        """The Applications of a folder and of those above it."""
        key = (environment, folder)
        if key not in self._known_above:
            own = self._appliers.get((environment, folder or "."), [])
            further = self._above(environment, folder.rpartition("/")[0]) if folder else []
            self._known_above[key] = [*own, *further]
        return self._known_above[key]

    @cached_property
    def applied(self) -> list[tuple[ObjectRef, list[tuple[Application, Source]]]]:
        """Each object with the Applications that apply it."""
        return [(one, self.appliers(one.environment, one.path)) for one in self.objects]

    @cached_property
    def _paths(self) -> dict[str, list[str]]:
        return {name: sorted(files) for name, files in self.trees.items()}

    def below(self, environment: str, folder: str) -> list[str]:
        """Paths of a tree's files below a folder, sorted."""
        paths = self._paths[environment]
        if folder == ".":
            return paths
        return paths[bisect_left(paths, f"{folder}/") : bisect_left(paths, f"{folder}0")]  # 0 follows / in ASCII

    def _sources(self, spec: Mapping[str, Json]) -> Iterator[Source]:
        ours = repository(self.fleet.platform.repository_url)
        branches = {one.branch: one.name for one in self.fleet.environments.values() if one.name in self.trees}
        for number, data in enumerate(spec.get("sources") or [spec["source"]]):
            tree = None
            if "chart" not in data and repository(data["repoURL"]) == ours:
                tree = branches.get(str(data.get("targetRevision", "")).removeprefix("refs/heads/"))
            folder = posixpath.normpath(str(data["path"]).lstrip("/")) if "path" in data else None
            yield Source(number=number, data=data, environment=tree, folder=folder)


def component_of(ref: ObjectRef, tree: WholeTree) -> Component | None:
    """The component whose template gave an object."""
    if not ref.template.startswith(FOLDER):
        return None
    return tree.catalogue.get(ref.template[len(FOLDER) :].split("/")[0])


def template_place(ref: ObjectRef, text: str = "") -> Place:
    """Where a template says what is wrong: its first line with a text."""
    return Place(path=ref.template, line=1, text=text)


def rendered(ref: ObjectRef, *, more: int = 0) -> tuple[Note, ...]:
    """The notes that lead to an object: its file, and what it was rendered for."""
    notes = [Note(message=f"rendered to {ref.path}"), Note(message="rendered for this spec", place=ref.place)]
    return (*notes, *([Note(message=more_objects(more))] if more else []))
