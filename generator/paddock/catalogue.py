"""The components there are: one folder each below templates/components/, described by its component.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from paddock import source
from paddock.diagnostics import Place, Problem
from paddock.inputs import Inputs
from paddock.kept import Kept
from paddock.schema import URI, SchemaSet

Json = Any

FOLDER = "templates/components/"
_SCHEMA = URI + "schemas/component.schema.json"
_IDENTITY_SCHEMA = URI + "schemas/iam.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component folder. `resources` are template paths, `files` literal texts by file name."""

    name: str
    data: Mapping[str, Json]
    values: str | None
    resources: tuple[str, ...]
    files: Mapping[str, str]
    identities: tuple[Mapping[str, Json], ...] = ()
    """What its pods may do on AWS, by service account: iam.yaml."""

    @property
    def path(self) -> str:
        """Path of its component.yaml."""
        return f"{FOLDER}{self.name}/component.yaml"

    @property
    def identity_path(self) -> str:
        """Path of its iam.yaml."""
        return f"{FOLDER}{self.name}/iam.yaml"

    @property
    def namespace(self) -> str:
        return str(self.data["namespace"])

    @property
    def owns_namespace(self) -> bool:
        """Whether its namespace is the platform's: those that are there on every cluster are not."""
        return self.namespace not in ("default", "kube-system")

    @property
    def settings_schema(self) -> str:
        """URI of the schema of its settings."""
        return f"{URI}schemas/components/{self.name}.schema.json"

    @property
    def values_schema(self) -> str | None:
        """URI of the schema of the Helm values that it writes."""
        chart = self.data.get("chart")
        return f"{URI}schemas/values/{chart['name']}.schema.json" if chart else None


def read(
    inputs: Inputs, schemas: SchemaSet, *, unread: frozenset[str] = frozenset()
) -> tuple[dict[str, Component], list[Problem]]:
    """All components by name, sorted; broken ones are left out and reported.

    `unread` are files that could not be read: they have a finding, and that a component lacks them is no further one.
    """
    problems: list[Problem] = []
    components: dict[str, Component] = {}
    for name in folders(inputs, unread=unread):
        files = {path: text for path, text in inputs.templates.items() if path.startswith(f"{FOLDER}{name}/")}
        component, found = _component(name, files, schemas, unread)
        problems += found
        if component is not None:
            components[name] = component
    return components, problems


def folders(inputs: Inputs, *, unread: frozenset[str] = frozenset()) -> list[str]:
    """Names of all component folders, whole or broken."""
    paths = inputs.templates.keys() | unread
    return sorted({path[len(FOLDER) :].split("/")[0] for path in paths if path.startswith(FOLDER)})


def _component(
    name: str, files: Mapping[str, str], schemas: SchemaSet, unread: frozenset[str]
) -> tuple[Component | None, list[Problem]]:
    path = f"{FOLDER}{name}/component.yaml"
    if path in unread:
        return None, []
    if path not in files:
        return None, [_problem("incomplete-component", f'component "{name}" has no component.yaml', path)]
    data, problems = _document(path, files, schemas, _SCHEMA)
    identity = f"{FOLDER}{name}/iam.yaml"
    identities: Json = {"podIdentities": []}
    if identity in files:
        identities, faults = _document(identity, files, schemas, _IDENTITY_SCHEMA)
        problems += faults
    if problems:
        return None, problems
    prefix = f"{FOLDER}{name}/"
    component = Component(
        name=name,
        data=data,
        values=prefix + "values.yaml.j2" if prefix + "values.yaml.j2" in files else None,
        resources=tuple(one for one in files if one.startswith(prefix + "resources/") and one.endswith(".yaml.j2")),
        files={one[len(prefix) + 6 :]: text for one, text in files.items() if one.startswith(prefix + "files/")},
        identities=tuple(identities["podIdentities"]),
    )
    missing = [
        uri
        for uri in (component.settings_schema, component.values_schema if component.values else None)
        if uri and uri not in schemas.documents
    ]
    absent = [uri.removeprefix(URI) for uri in missing]
    problems = [
        _problem("incomplete-component", f'component "{name}" has no {one}', path)
        for one in absent
        if one not in unread
    ]
    return (None if missing else component), problems


def _document(path: str, files: Mapping[str, str], schemas: SchemaSet, schema: str) -> tuple[Json, list[Problem]]:
    """A YAML file of a component with its defaults, and what is wrong with it."""
    reached = schemas.reached(schema)
    made = partial(_read, path, files[path], schemas, schema)
    data, found = _READ.of(made, *reached, name=(path, files[path])) if reached else made()
    return data, list(found)


_READ: Kept[tuple[Json, Sequence[Problem]]] = Kept(1024)
"""The same for each run of a process; nobody changes what it gives."""


def _read(path: str, text: str, schemas: SchemaSet, schema: str) -> tuple[Json, Sequence[Problem]]:
    data, problems = source.parse(text.encode(), path)
    if problems:
        return None, problems
    found = [
        Problem(id=one.id, message=one.message, help=one.help, place=Place(path=path, pointer=one.pointer, key=one.key))
        for one in schemas.faults(schema, data)
    ]
    return (data if found else schemas.with_defaults(schema, data)), found


def _problem(id: str, message: str, path: str) -> Problem:
    return Problem(
        id=id,
        message=message,
        place=Place(path=path, line=1),
        help="add what is missing: a component is templates/components/<name>/component.yaml with "
        "schemas/components/<name>.schema.json, and schemas/values/<chart>.schema.json where it has a chart",
    )
