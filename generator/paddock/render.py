"""Fleet to tree: units rendered, split into objects, parsed again and validated. Pure: it touches no disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from paddock import determinism, names, source
from paddock.analysis import api_lifetimes, object_links, value_references
from paddock.analysis.object_links import Links
from paddock.catalogue import FOLDER
from paddock.diagnostics import Note, Place, Problem
from paddock.kubernetes import ObjectSchemas
from paddock.model import Fleet, Spec, Workload
from paddock.provenance import trace
from paddock.schema import Fault, SchemaSet
from paddock.templating import Templates
from paddock.units import Pending, Unit, Values

Json = Any

MAX_OBJECT_BYTES = 1_500_000
"""Largest object: etcd's limit (argo-cd#621)."""
VALUES = "Values"
"""Kind of a reference to Helm values."""
_TEMPLATE_HELP = {
    "template-undefined": "correct the name, or give the value in the view-model",
    "template-error": "mend the expression; compute in the view-model what is more than a choice",
    "unrepresentable-value": "change the value",
}
_SEPARATOR = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """A rendered object without its content: what relations between objects are checked on."""

    path: str
    environment: str
    cluster: str
    kubernetes_version: str
    api_version: str
    kind: str
    namespace: str
    name: str
    place: Place
    template: str
    links: Links = object_links.NONE
    suspected: frozenset[str] = frozenset()
    """Ids of checks of the output that have something to say of it: they read these objects only."""
    kept: Mapping[str, Json] | None = field(default=None, compare=False, repr=False)
    """The object itself, valid under its schema, where relations need it: of kinds of which there are few."""

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    def workload(self, fleet: Fleet) -> Workload | None:
        """The workload that it was rendered for; None for what is a cluster's, a component's or a team's."""
        parts = self.path.split("/")
        if len(parts) < 5 or parts[2] != "workloads" or self.environment not in fleet.environments:
            return None
        return fleet.environments[self.environment].workloads.get((parts[3], parts[4]))

    def mended_at(self, text: str = "") -> Place:
        """Where a person mends it: a component's template, at the line that holds `text`; else the spec behind it."""
        if self.template.startswith(FOLDER):
            return Place(path=self.template, line=1, text=text)
        return self.place


KEPT = frozenset({("argoproj.io", "AppProject"), ("argoproj.io", "Application")})
"""Groups and kinds whose objects stay at hand beside their texts."""

Examined = tuple[Iterable[Fault], frozenset[str]]
Examine = Callable[[ObjectRef, Mapping[str, Json]], Examined]
"""What is wrong with one rendered object that its schema allows, and which checks of the output have to read it again:
the checks of objects, given by the caller."""
NOTHING: Examined = ((), frozenset())


@dataclass(slots=True, kw_only=True)
class Rendered:
    """What units gave: texts by path, the spec files behind each, references to the objects, and what is wrong."""

    files: dict[str, str] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    objects: list[ObjectRef] = field(default_factory=list)
    values: list[ObjectRef] = field(default_factory=list)
    """Helm values with what they name; no objects, and in nobody's count of these."""
    problems: list[Problem] = field(default_factory=list)
    skipped: int = 0
    whole: bool = True
    """Whether no file is missing and every object of a kept kind is at hand: only then what is not there is a fault."""

    def add(self, other: Rendered) -> None:
        """Take in what other units gave; two objects at one path are a problem of the later one."""
        for path in sorted(other.files.keys() & self.files.keys()):
            place = next((one.place for one in other.objects if one.path == path), Place(path=path, line=1))
            first = next((one.template for one in self.objects if one.path == path), "")
            second = next((one.template for one in other.objects if one.path == path), "")
            self.problems.append(_same_path(path, place, (first, second)))
        self.files |= other.files
        self.sources |= other.sources
        self.objects += other.objects
        self.values += other.values
        self.problems += other.problems
        self.skipped += other.skipped
        self.whole = self.whole and other.whole


class Renderer:
    """Renders units with one set of templates and schemas."""

    def __init__(self, templates: Mapping[str, str], schemas: SchemaSet, object_schemas: Mapping[str, Json]) -> None:
        self._templates = Templates(templates)
        self._schemas = schemas
        self._custom = object_schemas
        self._by_version: dict[str, ObjectSchemas] = {}

    def object_schemas(self, version: str) -> ObjectSchemas:
        """Schemas of objects for a Kubernetes minor version."""
        if version not in self._by_version:
            self._by_version[version] = ObjectSchemas(version, self._custom)
        return self._by_version[version]

    def render(self, pending: Iterable[Pending], examine: Examine = lambda ref, data: NOTHING) -> Rendered:
        """All units; a template that cannot be loaded is reported once, with the first spec that met it."""
        result = Rendered()
        broken: set[str] = set()
        for one in pending:
            try:
                units = list(one.build())
            except (
                Exception
            ) as error:  # a view-model met what its checks should have refused: a bug, but one of one unit
                result.problems.append(_crashed(error, one.place))
                result.skipped += 1
                result.whole = False
                continue
            for unit in units:
                result.add(self._unit(unit, broken, examine))
        return result

    def _unit(self, unit: Unit, broken: set[str], examine: Examine) -> Rendered:
        result = Rendered()
        result.files |= unit.texts
        result.sources |= dict.fromkeys(unit.texts, unit.sources)
        if unit.values is not None:
            self._values(unit, result, broken)
        for template in unit.templates:
            text = self._text(template, unit, result, broken)
            if text is not None:
                self._objects(template, text, unit, result, examine)
        return result

    def traced(self, ref: ObjectRef, fault: Fault, text: str, spec: Spec | None) -> Problem:
        """A fault that shows only beside other objects, as one of the object alone; `text` is the object's, `spec` what
        it was rendered for."""
        data, _ = source.parse(text.encode("utf-8", "surrogatepass"), ref.path, max_bytes=MAX_OBJECT_BYTES)
        template = Place(path=ref.template, line=self._line_of(fault, text, ref.template))
        return _invalid(fault.id, fault, data, ref.path, template, spec, ref.place, exact=True)

    def _text(self, template: str, unit: Unit, result: Rendered, broken: set[str]) -> str | None:
        if template in broken:
            result.skipped += 1
            result.whole = False
            return None
        text, problem = self._templates.render(template, unit.context)
        if problem is None:
            return text
        if problem.id in ("template-syntax", "template-unsafe-place"):
            broken.add(template)
        result.skipped += 1
        result.whole = False
        result.problems.append(
            Problem(
                id=problem.id,
                message=problem.message,
                place=problem.place,
                help=problem.help or _TEMPLATE_HELP.get(problem.id, ""),
                related=(Note(message="rendered for this spec", place=unit.place),),
            )
        )
        return None

    def _values(self, unit: Unit, result: Rendered, broken: set[str]) -> None:
        values = unit.values
        assert values is not None
        text = self._text(values.template, unit, result, broken)
        if text is None:
            return
        data, problems = source.parse_rendered(text, values.path, max_bytes=MAX_OBJECT_BYTES)
        if problems:
            result.whole = False
            result.problems += [
                self._unparsable(problem, text, values.path, values.template, unit) for problem in problems
            ]
            return
        found = [("invalid-values", fault) for fault in self._schemas.faults(values.schema, data)]
        found += [(fault.id, fault) for fault in determinism.faults(values.deterministic, data)]
        for id, fault in found:
            line = self._line_of(fault, text, values.template)
            template = Place(path=values.template, line=line)
            result.problems.append(_invalid(id, fault, data, values.path, template, unit.spec, unit.place))
        if not found:
            result.values.append(_values_reference(unit, values, data))
        result.files[values.path] = text
        result.sources[values.path] = unit.sources

    def _objects(self, template: str, text: str, unit: Unit, result: Rendered, examine: Examine) -> None:
        for document in documents(text):
            data, problems = source.parse_rendered(document, template, max_bytes=MAX_OBJECT_BYTES)
            if problems:
                result.whole = False
                result.problems += [
                    self._unparsable(problem, document, unit.folder, template, unit) for problem in problems
                ]
                continue
            problem = _not_an_object(data, template, unit)
            if problem is not None:
                result.whole = False
                result.problems.append(problem)
                continue
            self._object(template, document, data, unit, result, examine)

    def _unparsable(self, problem: Problem, text: str, path: str, template: str, unit: Unit) -> Problem:
        """A fault of a template's output, at the line of the template that looks like it."""
        if problem.id == "file-too-large":
            return _too_large(text, path, template, unit)
        lines = text.splitlines()
        line = min(problem.place.line or 1, len(lines))
        return Problem(
            id="template-output-not-yaml",
            message=f"the template renders text that is not strict YAML: {problem.message}",
            place=Place(path=template, line=self._line(template, lines, line)),
            related=(
                Note(message=f"line {line} of its output: {lines[line - 1].strip()[:100]}"),
                Note(message="rendered for this spec", place=unit.place),
            ),
            help=problem.help,
        )

    def _line_of(self, fault: Fault, text: str, template: str) -> int:
        """The line of a template that gave what is wrong with its output."""
        wrong = Place(path=template, pointer=fault.pointer, key=fault.key)
        number = source.locate(text.encode("utf-8", "surrogatepass"), [wrong])[0][0].line
        return self._line(template, text.splitlines(), number)

    def _line(self, template: str, output: list[str], number: int) -> int:
        """The line of a template that is exactly a line of its output; of several, the one with the most equal lines
        before it; the first line if there is none."""
        lines = self._templates.sources[template].splitlines()
        wanted = output[number - 1].rstrip() if number <= len(output) else ""
        same = [at for at, line in enumerate(lines) if line.rstrip() == wanted]
        alike = [_equal_before(lines, at, output, number - 1) for at in same]
        best = [at for at, count in zip(same, alike, strict=True) if count == max(alike)]
        return best[0] + 1 if len(best) == 1 else 1

    def _object(
        self, template: str, text: str, data: Mapping[str, Json], unit: Unit, result: Rendered, examine: Examine
    ) -> None:
        ref = reference(unit, template, data)
        path = ref.path
        schemas = self.object_schemas(unit.kubernetes_version)
        uri = schemas.uri(ref.api_version, ref.kind)
        found: list[tuple[str, Fault]] = []
        if uri is None:
            # What nothing serves any more has a finding that says so, by cluster.
            if not api_lifetimes.is_removed(ref.api_version, ref.kind, unit.kubernetes_version):
                result.problems.append(_no_schema(ref, unit))
        else:
            found = [("invalid-object", fault) for fault in schemas.faults(uri, data)]
            # What reads an object may rely on its schema.
            if not found:
                ref = replace(ref, links=object_links.of(data))
            if (ref.group, ref.kind) in KEPT:
                result.whole = result.whole and not found
                ref = replace(ref, kept=None if found else data)
            if not found:
                faults, suspected = examine(ref, data)
                found = [(fault.id, fault) for fault in faults]
                ref = replace(ref, suspected=suspected) if suspected else ref
        for id, fault in found:
            line = self._line_of(fault, text, template)
            at = Place(path=template, line=line)
            result.problems.append(_invalid(id, fault, data, path, at, unit.spec, unit.place))
        if path in result.files:
            first = next((one.template for one in result.objects if one.path == path), template)
            result.problems.append(_same_path(path, unit.place, (first, template)))
        result.files[path] = text
        result.sources[path] = unit.sources
        result.objects.append(ref)


def _equal_before(left: list[str], at: int, right: list[str], number: int) -> int:
    """How many lines before two are equal."""
    count = 0
    while count < min(at, number) and left[at - count - 1].rstrip() == right[number - count - 1].rstrip():
        count += 1
    return count


def documents(text: str) -> list[str]:
    """The documents of a template's output, without empty ones; a separator is a line of its own."""
    if "\n---" not in text and not text.startswith("---"):
        return [text] if text.strip() else []
    return [part.strip("\n") + "\n" for part in _SEPARATOR.split(text) if part.strip()]


def reference(unit: Unit, template: str, data: Mapping[str, Json]) -> ObjectRef:
    """What is known of an object that a template gave for a unit."""
    metadata = data["metadata"]
    return ObjectRef(
        path=unit.file or f"{unit.folder}/{names.file_name(data['kind'], metadata['name'])}",
        environment=unit.environment,
        cluster=unit.cluster,
        kubernetes_version=unit.kubernetes_version,
        api_version=data["apiVersion"],
        kind=data["kind"],
        namespace=str(metadata.get("namespace") or ""),
        name=metadata["name"],
        place=unit.place,
        template=template,
    )


def _values_reference(unit: Unit, values: Values, data: Mapping[str, Json]) -> ObjectRef:
    """Helm values as something that names objects of its namespace."""
    found = dict.fromkeys([tuple(target) for target, _ in value_references.references(data, values.namespace)])
    return ObjectRef(
        path=values.path,
        environment=unit.environment,
        cluster=unit.cluster,
        kubernetes_version=unit.kubernetes_version,
        api_version="",
        kind=VALUES,
        namespace=values.namespace,
        name=values.path.split("/")[-2],
        place=unit.place,
        template=values.template,
        links=Links(targets=tuple(found)),  # type: ignore[arg-type]
    )


def content(ref: ObjectRef, trees: Mapping[str, Mapping[str, str]]) -> dict[str, Json]:
    """A rendered object, read from the texts by environment and path; its schema may have refused it."""
    data = source.reread(trees[ref.environment][ref.path])
    return data if isinstance(data, dict) else {}


def _not_an_object(data: Json, template: str, unit: Unit) -> Problem | None:
    missing = ""
    if not isinstance(data, dict):
        missing = "it is a list" if isinstance(data, list) else "it is a single value"
    elif not isinstance(data.get("apiVersion"), str) or not isinstance(data.get("kind"), str):
        missing = "it lacks apiVersion or kind"
    elif not isinstance(data.get("metadata"), dict) or not isinstance(data["metadata"].get("name"), str):
        missing = "it lacks metadata.name"
    if not missing:
        return None
    return Problem(
        id="not-a-kubernetes-object",
        message=f"the template renders something that is not a Kubernetes object: {missing}",
        place=Place(path=template, line=1),
        related=(Note(message="rendered for this spec", place=unit.place),),
        help="render an object with apiVersion, kind and metadata.name",
    )


def _too_large(text: str, path: str, template: str, unit: Unit) -> Problem:
    return Problem(
        id="object-too-large",
        message=f"one object in {path} has {len(text.encode('utf-8', 'surrogatepass')):,} bytes; "
        f"at most {MAX_OBJECT_BYTES:,} are read",
        place=unit.place,
        related=(Note(message="by this template", place=Place(path=template, line=1)),),
        help="move large content out of the spec, e.g. into a bucket or an image",
    )


def _no_schema(ref: ObjectRef, unit: Unit) -> Problem:
    return Problem(
        id="missing-object-schema",
        message=f"there is no schema of {ref.kind} in {ref.api_version} for Kubernetes {unit.kubernetes_version}",
        place=Place(path=ref.template, line=1),
        related=(Note(message="rendered for this spec", place=unit.place),),
        help=f"write schemas/kubernetes/{ref.group or 'core'}/{ref.kind.lower()}_"
        f"{ref.api_version.rpartition('/')[2]}.json, or use an API version that this Kubernetes serves",
    )


def _invalid(
    id: str, fault: Fault, data: Json, path: str, template: Place, spec: Spec | None, place: Place, exact: bool = False
) -> Problem:
    """A fault of a rendered document, at the spec leaf behind it; at the template where a component has none.

    `spec` and its `place` are those it was rendered for; `exact` asks for a leaf that holds the very value.
    """
    value = data
    for step in fault.pointer:
        value = value[step] if not isinstance(value, dict) or step in value else None
    # No leaf of a spec gave a value that is not there.
    absent = id == "not-deterministic" and fault.missing
    found = trace(fault.pointer, value, spec.data, exact=exact) if spec is not None and not absent else None
    by_template = Note(message="by this template", place=template)
    if found is not None and spec is not None:
        where, last = spec.place(*found, key=fault.key), by_template
    elif template.path.startswith(FOLDER):
        where, last = template, Note(message="rendered for this spec", place=place)
    else:
        where, last = place, by_template
    return Problem(
        id=id,
        message=_sentence(id, fault, data),
        place=where,
        severity=fault.severity,
        related=(Note(message=f"rendered to {path}"), last, *fault.related),
        help=fault.help,
    )


def _sentence(id: str, fault: Fault, data: Json) -> str:
    """What is wrong, with the object it is about: a schema's words know only the place in it."""
    if id not in ("invalid-object", "invalid-values", "not-deterministic"):
        return fault.message
    subject = f"the rendered {data.get('kind')}" if id == "invalid-object" else "the values of the chart"
    if fault.message.startswith("the document "):
        return fault.message.replace("the document", subject, 1)
    return f"in {subject}, {fault.message}"


def _crashed(error: Exception, place: Place) -> Problem:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_name}, line {frame.tb_lineno}" if frame is not None else "?"
    return Problem(
        id="render-crashed",
        message=f"rendering this spec met a bug of paddock: {type(error).__name__}: {error} (in {where})",
        place=place,
        help="report it with this spec",
    )


def _same_path(path: str, place: Place, templates: tuple[str, ...]) -> Problem:
    return Problem(
        id="duplicate-file",
        message=f"two objects would be written to {path}",
        place=place,
        related=tuple(
            Note(message="rendered by this template", place=Place(path=one, line=1))
            for one in dict.fromkeys(templates)
            if one
        ),
        help="give one of them another name: the file of an object is its kind and name",
    )
