"""From the bytes of environments/ to the Fleet: parsed, checked against schemas, overlays merged, origins kept.

It never stops at the first fault: a spec with one is left out, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock import catalogue, documents, layout, multikueue, requirements, strays
from paddock.catalogue import Component
from paddock.diagnostics import Place, Pointer, Problem
from paddock.documents import Document
from paddock.inputs import Inputs
from paddock.model import (
    Cluster,
    ComponentUse,
    Environment,
    Fleet,
    NodePool,
    Origin,
    Platform,
    Policy,
    Spec,
    Team,
    Workload,
)
from paddock.overlay import merge
from paddock.overlay_schema import overlay_schema
from paddock.schema import URI, Fault, SchemaSet
from paddock.wording import instead, nearest

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read: the fleet (None without a platform), the components there are, and the schemas."""

    fleet: Fleet | None
    catalogue: Mapping[str, Component]
    schemas: SchemaSet
    problems: list[Problem]
    skipped: int
    whole_catalogue: bool
    """Whether every component folder could be read."""


@dataclass(slots=True)
class _Loader:
    inputs: Inputs
    schemas: SchemaSet
    components: Mapping[str, Component]
    component_names: frozenset[str]
    problems: dict[Problem, None] = field(default_factory=dict)
    skipped: int = 0
    _resolved: dict[tuple[str, str | None], Spec | None] = field(default_factory=dict)

    def report(self, problems: Iterable[Problem]) -> None:
        self.problems.update(dict.fromkeys(problems))

    def documents(self) -> list[Document]:
        """Every spec file that parses, is of the right kind and has the right name."""
        found = []
        for path, content in self.inputs.specs.items():
            if not path.endswith((".yaml", ".yml")) and not content.startswith(layout.REFUSED):
                continue
            document, problems = documents.read(path, content)
            self.report(problems)
            if document is None:
                self.skipped += 1
            else:
                found.append(document)
        return found

    def resolve(self, base: Document, overlay: Document | None) -> Spec | None:
        """The merged spec of a base object and its overlay; None if either is invalid."""
        if overlay is not None and not self._has_known_type(base):
            overlay = None  # which fields the overlay may have depends on the type: one finding says enough
        key = (base.at.path, overlay.at.path if overlay else None)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(base, overlay)
            self.skipped += self._resolved[key] is None
        return self._resolved[key]

    def _resolve(self, base: Document, overlay: Document | None) -> Spec | None:
        uri = _schema_uri(base.at.kind)
        origin, merged = Origin(base=base.at.path), base.data
        if overlay is not None:
            problems = self._overlay_problems(base, overlay)
            self.report(problems)
            if problems:
                return None
            merged, touched = merge(base.data, overlay.data)
            # Who it is only the base says: one without a name has a fault, whatever the overlay adds.
            identity = {key: one for key, one in base.data.items() if key != "spec"}
            merged = identity | {key: one for key, one in merged.items() if key == "spec"}
            touched = frozenset(one for one in touched if one[0] == "spec")
            origin = Origin(base=base.at.path, overlay=overlay.at.path, overlaid=touched)
        faults = self.schemas.faults(uri, merged)
        self.report(_problem_of(fault, origin) for fault in without_echoes(faults))
        if faults:
            return None
        data = _ordered(self.schemas.with_defaults(uri, merged)["spec"])
        return Spec(name=base.data["metadata"]["name"], data=data, origin=origin)

    def report_alone(self, document: Document) -> bool:
        """Report what is wrong with a base object whatever its overlays may add; whether nothing is."""
        faults = self.schemas.faults(_schema_uri(document.at.kind), document.data)
        faults = [
            one for one in without_echoes(faults) if one.pointer != ("spec",) or one.missing in ("", "environments")
        ]
        self.report(_problem_of(fault, Origin(base=document.at.path)) for fault in faults)
        self.skipped += bool(faults)
        return not faults

    def _has_known_type(self, document: Document) -> bool:
        if document.at.kind != "Workload":
            return True
        schema = self.schemas.documents[_schema_uri("Workload")]
        return document.type in schema["properties"]["spec"]["properties"]["type"]["enum"]

    def _overlay_problems(self, base: Document, overlay: Document) -> list[Problem]:
        uri = f"{URI}schemas/overlays/{base.at.kind.lower()}-{base.type}.schema.json"
        if uri not in self.schemas.documents:
            self.schemas.add(uri, overlay_schema(self.schemas.documents, _schema_uri(base.at.kind), base.type))
        origin = Origin(base=overlay.at.path)
        faults = self.schemas.faults(uri, overlay.data)
        return [_problem_of(fault, origin) for fault in without_echoes(faults)]

    def component_uses(self, spec: Spec) -> dict[str, ComponentUse]:
        """The components that run on a cluster, by name: the role's and the spec's.

        One whose settings are wrong is there too, so that what stands on it is no further fault.
        """
        stated: Mapping[str, Json] = spec.data["components"]
        uses: dict[str, ComponentUse] = {}
        self.unknown_components(f'cluster "{spec.name}"', spec)
        for name, component in self.components.items():
            use = stated.get(name)
            enabled = use.get("enabled", True) if use is not None else spec.data["role"] in component.data["roles"]
            if not enabled:
                continue
            settings = use["settings"] if use is not None else {}
            faults = self.schemas.faults(component.settings_schema, settings)
            for fault in without_echoes(faults):
                self.report([_setting_problem(fault, spec, name, stated=use is not None)])
            if not faults:
                settings = _ordered(self.schemas.with_defaults(component.settings_schema, settings))
            uses[name] = ComponentUse(name=name, settings=settings, valid=not faults)
        return uses

    def unknown_components(self, what: str, spec: Spec) -> None:
        """Report each key of `spec.components` that names no component."""
        for name in sorted(spec.data["components"].keys() - self.component_names):
            problem = Problem(
                id="unknown-component",
                message=f'{what} names the component "{name}", which does not exist',
                place=spec.place("components", name, key=True),
                help=instead(name, self.component_names),
            )
            self.report([problem])


def _ordered(value: Json) -> Json:
    """The value with the keys of every map in order: how a spec is written down never shows in the output."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def load(inputs: Inputs, *, unread: frozenset[str] = frozenset()) -> Loaded:
    """The fleet that the inputs describe, and everything wrong with them.

    `unread` are paths of templates and schemas that have a finding already, because they could not be read.
    """
    schemas = spec_schemas(inputs)
    components, problems = catalogue.read(inputs, schemas, unread=unread)
    names = frozenset(catalogue.folders(inputs, unread=unread))
    components, faults = requirements.settled(components, known=names)
    loader = _Loader(inputs=inputs, schemas=schemas, components=components, component_names=names)
    loader.report([*problems, *faults])
    fleet = _fleet(loader, loader.documents())
    return Loaded(
        fleet=fleet,
        catalogue=components,
        schemas=schemas,
        problems=list(loader.problems),
        skipped=loader.skipped,
        whole_catalogue=components.keys() == names,
    )


def spec_schemas(inputs: Inputs) -> SchemaSet:
    """The schemas of specs, settings and values; those of Kubernetes objects are `kubernetes.ObjectSchemas`."""
    kept = next((one for one in _kept if one[0] == inputs.schemas), None)
    if kept is None:
        documents = {URI + path: one for path, one in inputs.schemas.items() if "/kubernetes/" not in path}
        kept = inputs.schemas, SchemaSet(documents)
    _kept[:] = [kept, *(one for one in _kept if one is not kept)][:2]
    return kept[1]


_kept: list[tuple[Mapping[str, Json], SchemaSet]] = []
"""Compiled schemas serve the next runs of a process; those of two states are kept."""


_KINDS = ("Baseline", "Cluster", "Environment", "Exceptions", "Platform", "Policy", "Team", "Workload")


def _fleet(loader: _Loader, documents: list[Document]) -> Fleet | None:
    by_kind: dict[str, list[Document]] = {kind: [] for kind in _KINDS}
    for document in documents:
        by_kind[document.at.kind].append(document)
    platform = _platform(loader, by_kind["Platform"])
    read = [spec for document in by_kind["Policy"] if (spec := loader.resolve(document, None)) is not None]
    policies = {one.name: Policy(name=one.name, data=one.data, origin=one.origin) for one in read}
    environments = {}
    for document in by_kind["Environment"]:
        spec = loader.resolve(document, None)
        if spec is not None:
            environments[spec.name] = _environment(loader, spec, by_kind)
    loader.report(strays.missing_environments(loader.inputs.specs))
    loader.report(strays.overlays(documents, loader.inputs.specs))
    _workloads_nowhere(loader, by_kind["Workload"])
    for document in by_kind["Cluster"]:
        if document.at.environment not in environments:
            loader.resolve(document, None)
    exceptions, baseline = (
        next((loader.resolve(one, None) for one in by_kind[kind]), None) for kind in ("Exceptions", "Baseline")
    )
    if platform is None:
        return None
    return Fleet(
        platform=platform,
        environments=environments,
        exceptions=exceptions,
        baseline=baseline,
        policies=policies,
        unread=frozenset(_unread(loader, environments)),
    )


def _platform(loader: _Loader, documents: Sequence[Document]) -> Platform | None:
    path = "environments/platform.yaml"
    if path not in loader.inputs.specs:
        message, place = f"there is no {path}", Place(path=path, line=1)
        loader.report(
            [
                Problem(
                    id="missing-platform",
                    message=message,
                    place=place,
                    help="write it: every repository has one Platform",
                )
            ]
        )
    spec = loader.resolve(documents[0], None) if documents else None
    if spec is None:
        return None
    loader.unknown_components("the platform", spec)
    return Platform(name=spec.name, data=spec.data, origin=spec.origin)


def _unread(loader: _Loader, environments: Mapping[str, Environment]) -> Iterator[tuple[str, str, str]]:
    """Specs that have a file but did not make it into an environment."""
    for path in loader.inputs.specs:
        at = layout.spec_path(path)
        if at is None:
            continue
        folder = strays.environment_of(path)
        if folder is not None and folder not in environments:
            yield "Environment", folder, folder
        for name, environment in environments.items():
            read = environment.clusters if at.kind == "Cluster" else environment.teams if at.kind == "Team" else None
            if read is not None and at.environment in (name, "base") and at.name not in read:
                yield at.kind, name, at.name


def _here(team: Spec, clusters: Mapping[str, Cluster], everywhere: set[str]) -> Mapping[str, Json]:
    """A team without what its base says of clusters that only other environments have: one file may tell them all."""
    elsewhere = everywhere - clusters.keys()

    def stays(name: str, *pointer: str) -> bool:
        return name not in elsewhere or team.place(*pointer, key=True).path != team.origin.base

    stated = {name: one for name, one in team.data["clusters"].items() if stays(name, "clusters", name)}
    runners = {
        name: one for name, one in team.data["runners"].items() if stays(one["cluster"], "runners", name, "cluster")
    }
    return {**team.data, "clusters": stated, "runners": runners}


def _environment(loader: _Loader, spec: Spec, by_kind: Mapping[str, list[Document]]) -> Environment:
    name = spec.name
    overlays = {
        one.at.path: one for kind in ("Team", "Workload") for one in by_kind[kind] if one.at.environment == name
    }

    def merged(document: Document) -> Spec | None:
        path = document.at.path.replace("/base/", f"/{name}/", 1)
        if path in loader.inputs.specs and path not in overlays:
            return None  # without an overlay that cannot be read it would be another object
        return loader.resolve(document, overlays.get(path))

    clusters: dict[str, Cluster] = {}
    for document in by_kind["Cluster"]:
        if document.at.environment == name:
            found = loader.resolve(document, None)
            if found is not None:
                clusters[found.name] = _cluster(loader, spec, found)
    teams: dict[str, Team] = {}
    for document in by_kind["Team"]:
        if document.at.environment == "base":
            found = merged(document)
            if found is not None:
                data = _here(found, clusters, {one.at.name for one in by_kind["Cluster"]})
                teams[found.name] = Team(name=found.name, data=data, origin=found.origin, environment=name)
    workloads: dict[tuple[str, str], Workload] = {}
    for document in by_kind["Workload"]:
        if document.at.environment == "base" and name in (document.environments or ()):
            found = merged(document)
            if found is not None:
                team = document.at.team
                workloads[team, found.name] = Workload(
                    name=found.name,
                    data=found.data,
                    origin=found.origin,
                    environment=name,
                    team=team,
                    dispatch=multikueue.dispatch(clusters, team, found.data),
                )
    return Environment(
        name=name,
        data=spec.data,
        origin=spec.origin,
        clusters=dict(sorted(clusters.items())),
        teams=dict(sorted(teams.items())),
        workloads=dict(sorted(workloads.items())),
    )


def _cluster(loader: _Loader, environment: Spec, spec: Spec) -> Cluster:
    return Cluster(
        name=spec.name,
        data=spec.data,
        origin=spec.origin,
        environment=environment.name,
        account_id=environment.data["aws"]["accountId"],
        region=spec.data.get("region", environment.data["aws"]["region"]),
        node_pools={name: NodePool(name=name, data=pool) for name, pool in sorted(spec.data["nodePools"].items())},
        components=loader.component_uses(spec),
    )


def _workloads_nowhere(loader: _Loader, documents: Iterable[Document]) -> None:
    """Base workloads that no environment merges, because they name none that exists."""
    known = strays.environments(loader.inputs.specs)
    for document in documents:
        nowhere = document.at.environment == "base" and not known & set(document.environments or ())
        if nowhere and loader.report_alone(document):
            loader.report(strays.unknown_environments(document, known))


def _schema_uri(kind: str) -> str:
    return f"{URI}schemas/specs/{kind.lower()}.schema.json"


def _problem_of(fault: Fault, origin: Origin) -> Problem:
    place = origin.place(*fault.pointer, key=fault.key)
    if fault.missing and (*fault.pointer, fault.missing) in origin.overlaid:
        place = origin.place(*fault.pointer, fault.missing, key=True)
    return Problem(id=fault.id, message=fault.message, place=place, help=fault.help)


def _setting_problem(fault: Fault, spec: Spec, component: str, *, stated: bool) -> Problem:
    pointer = ("components", component, "settings", *fault.pointer) if stated else ("role",)
    where = f'the settings of component "{component}"'
    message = fault.message.replace("the document lacks", f"{where} lack").replace("the document has", f"{where} have")
    message = message if message != fault.message else f"in {where}, {message}"
    return Problem(id=fault.id, message=message, place=spec.place(*pointer, key=fault.key and stated), help=fault.help)


def without_echoes(faults: Sequence[Fault]) -> list[Fault]:
    """The faults that do not follow from another one.

    A misspelt required field is not absent as well, and a type that does not exist has no fields.
    """
    unknown = [one.pointer for one in faults if one.id == "unknown-field"]
    no_type = any(
        one.pointer == ("spec", "type") or (one.missing == "type" and one.pointer == ("spec",)) for one in faults
    )
    return [
        one
        for one in faults
        if not (one.missing and any(_meant(pointer, one) for pointer in unknown))
        and not (no_type and one.id == "unknown-field" and one.pointer[:1] == ("spec",) and len(one.pointer) == 2)
    ]


def _meant(pointer: Pointer, absent: Fault) -> bool:
    return pointer[:-1] == absent.pointer and bool(nearest(absent.missing, [str(pointer[-1])]))
