"""JSON Schema: is a value valid, and if not, why, in words a person understands.

jsonschema_rs decides (fast, on every value), jsonschema explains (slow, only on the values that failed).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import urljoin

import jsonschema_rs

from paddock.diagnostics import Note, Pointer, Severity
from paddock.kept import Kept
from paddock.schema_words import (
    branches,
    distance,
    excluded,
    exclusion,
    is_leaf,
    joined,
    lacks_only,
    leaves,
    misses,
    reason,
    show,
    where,
)
from paddock.wording import nearest, quoted

Json = Any

URI = "file:///"
"""Prefix of the URIs of our schemas; a scheme that every URI library can join."""

DRAFT = "https://json-schema.org/draft/2020-12/schema"

RULES = "x-kubernetes-validations"
"""The keyword of rules in CEL, which no validator of JSON Schema reads; `object_rules` does."""

EVERY = object()
"""Stands for a value of which nothing is known, where a schema has conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a value is invalid. `key` says that the fault is a key, not its value; `missing` names an absent field."""

    id: str
    message: str
    pointer: Pointer
    key: bool = False
    help: str = ""
    missing: str = ""
    severity: Severity = Severity.ERROR
    related: tuple[Note, ...] = ()


class SchemaSet:
    """Schemas by URI that may refer to each other; validators are compiled once."""

    def __init__(self, documents: Mapping[str, Json]) -> None:
        self.documents = {uri: _without_dialect(document) for uri, document in documents.items()}
        self._shared = tuple(documents)
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        self._branches: dict[int, jsonschema_rs.Validator] = {}
        self._fixed: dict[tuple[int, str], tuple[tuple[Json, str], ...] | None] = {}
        self._defaults: dict[tuple[int, str], Json] = {}
        self._explaining: Any = None

    def add(self, uri: str, document: Json) -> None:
        """Add a schema that refers to the others, but to which none of them refers."""
        self.documents[uri] = _without_dialect(document)
        self._explaining = None
        # What is known by the identity of a schema's parts holds only as long as these live.
        self._fixed.clear()
        self._defaults.clear()

    @cached_property
    def _rust(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry(
            [(uri, self.documents[uri]) for uri in self._shared], draft=jsonschema_rs.Draft202012
        )

    def _python(self) -> Any:
        if self._explaining is None:
            from referencing import Registry
            from referencing.jsonschema import DRAFT202012

            resources = [(uri, DRAFT202012.create_resource(document)) for uri, document in self.documents.items()]
            self._explaining = Registry().with_resources(resources)
        return self._explaining

    def is_valid(self, uri: str, value: Json) -> bool:
        """Whether the value is valid under the schema."""
        validator = self._validators.get(uri)
        if validator is None:
            schema = self.documents[uri]
            validator = self._compiled(schema, uri, lambda: (schema, uri))
            self._validators[uri] = validator
        return bool(validator.is_valid(value))

    def _compiled(
        self, schema: Json, document: str, written: Callable[[], tuple[Json, str]]
    ) -> jsonschema_rs.Validator:
        """The validator of a schema within a document, for each set that has the same documents behind it; `written`
        gives the schema as it is compiled, and its URI."""

        def make() -> jsonschema_rs.Validator:
            whole, uri = written()
            return jsonschema_rs.Draft202012Validator(whole, registry=self._rust, base_uri=uri, offline=True)

        reached = self.reached(document)
        return _COMPILED.of(make, schema, *reached, name=document) if reached else make()

    def reached(self, uri: str) -> tuple[Json, ...]:
        """A document and all that it refers to, directly or not; empty if only a validator can tell."""
        found: dict[str, Json] = {}
        pending = [uri]
        while pending:
            one = pending.pop()
            if one not in found and one in self.documents:
                found[one] = self.documents[one]
                references = _references(found[one])
                if references is None:
                    return ()
                base = _join(one, found[one].get("$id", ""))
                pending += sorted(_join(base, other) for other in references)
        return tuple(found.values())

    def _is_branch(self, schema: Json, value: Json, base: str) -> bool:
        """Whether the value is valid under a part of a schema."""
        if id(schema) not in self._branches:
            # The part is kept alive by its document, so that its id stays its own.
            self._branches[id(schema)] = self._compiled(schema, base, lambda: (_absolute(schema, base), f"{base}/part"))
        return bool(self._branches[id(schema)].is_valid(value))

    def faults(self, uri: str, value: Json) -> list[Fault]:
        """Everything that is wrong with the value; empty if it is valid."""
        try:
            if self.is_valid(uri, value):
                return []
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            message = f"the schema {uri.removeprefix(URI)} cannot be used: {_first_line(error)}"
            return [Fault(id="schema-syntax", message=message, pointer=())]
        return self.explain(uri, value) or [
            Fault(id="invalid-value", message=f"the value is not valid under {uri.removeprefix(URI)}", pointer=())
        ]

    def explain(self, uri: str, value: Json) -> list[Fault]:
        """The faults as jsonschema sees them, without a look at the fast engine."""
        validator = _explainer()({"$ref": uri}, registry=self._python())
        found: dict[tuple[Pointer, str, str], Fault] = {}
        for error in validator.iter_errors(value):
            for fault in self._explain(error):
                found.setdefault((fault.pointer, fault.id, fault.message), fault)
        return sorted(found.values(), key=lambda fault: (_order(fault.pointer), fault.id, fault.message))

    def _explain(self, error: Any) -> Iterator[Fault]:
        if error.validator in ("anyOf", "oneOf") and error.context:
            yield from self._best_branch(error)
            return
        pointer: Pointer = tuple(error.absolute_path)
        if error.validator in ("additionalProperties", "unevaluatedProperties") and isinstance(error.instance, dict):
            yield from self._unknown_fields(error, pointer)
        elif error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance:
                    message = f'{where(pointer)} lacks the field "{name}"'
                    yield Fault(id="missing-field", message=message, pointer=pointer, missing=name)
        elif error.validator == "dependentRequired":
            yield Fault(id="missing-field", message=f"{where(pointer)}: {error.message}", pointer=pointer)
        elif "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str) and not is_leaf(error):
            yield Fault(
                id="invalid-name",
                message=f'{where(pointer)} has the key "{error.instance}", {reason(error)}',
                pointer=(*pointer, error.instance),
                key=True,
            )
        elif names := excluded(error):
            message = f"{where(pointer)} {exclusion(names)}"
            yield Fault(id="invalid-value", message=message, pointer=(*pointer, names[-1]), key=True)
        else:
            yield Fault(
                id="invalid-value",
                message=f"{where(pointer)} is {show(error.instance)}, {reason(error)}",
                pointer=pointer,
            )

    def _best_branch(self, error: Any) -> Iterator[Fault]:
        """The branch of anyOf or oneOf that the value came closest to; all of them if none came close."""
        pointer: Pointer = tuple(error.absolute_path)
        found = branches(error)
        close = [errors for errors in found if not any(misses(one, pointer) for one in errors)]
        if close and all(lacks_only(errors, pointer) for errors in close):
            names = sorted({name for errors in close for one in errors for name in one.validator_value})
            message = f"{where(pointer)} lacks {'one of the fields' if len(names) > 1 else 'the field'} {quoted(names)}"
            yield Fault(
                id="missing-field", message=message, pointer=pointer, missing=names[0] if len(names) == 1 else ""
            )
            return
        if close:
            for inner in min(
                close, key=lambda errors: (distance(errors), -max(len(one.absolute_path) for one in errors))
            ):
                yield from self._explain(inner)
            return
        reasons = list(dict.fromkeys(reason(inner) for errors in found for inner in leaves(errors[:1])))
        message = f"{where(pointer)} is {show(error.instance)}, {joined(reasons)}"
        yield Fault(id="invalid-value", message=message, pointer=pointer)

    def _unknown_fields(self, error: Any, pointer: Pointer) -> Iterator[Fault]:
        base = next((uri for uri in self.documents if self.documents[uri] is error.schema), "")
        base = base or self._base_of(error.schema)
        known = set(self.known_fields(error.schema, error.instance, base))
        if self._is_undecided(error.schema, error.instance, base):
            known |= set(self.known_fields(error.schema, EVERY, base))
        for name in error.instance:
            if name in known:
                continue  # its branch failed for another reason, which has a fault of its own
            near = nearest(str(name), known)
            message = f'{where(pointer)} has no field "{name}"'
            help = f'did you mean "{near}"?' if near else f"legal: {', '.join(sorted(known)) or 'none'}"
            yield Fault(id="unknown-field", message=message, pointer=(*pointer, name), key=True, help=help)

    def _is_undecided(self, schema: Json, value: Json, base: str) -> bool:
        """Whether a field on which the other fields depend, such as `type`, is absent or at fault itself."""
        parts = list(self.parts(schema, value, base))
        deciding = {name for part, _ in parts for name in part.get("if", {}).get("properties", {})}
        return any(
            name not in value or not self._is_branch(part["properties"][name], value[name], uri)
            for part, uri in parts
            for name in deciding & part.get("properties", {}).keys()
        )

    def _base_of(self, schema: Json) -> str:
        return next((uri for uri, document in self.documents.items() if _contains(document, schema)), "")

    def known_fields(self, schema: Json, value: Json, base: str) -> Iterator[str]:
        """Names of the properties that a schema knows for a value, through references and conditions."""
        for part, _ in self.parts(schema, value, base):
            yield from part.get("properties", {})

    def parts(self, schema: Json, value: Json, base: str) -> Iterator[tuple[Json, str]]:
        """A schema and the schemas that apply beside it: $ref, allOf and the taken side of if; with their URIs.

        Of a value that is no map no side is taken, of `EVERY` both.
        """
        if not isinstance(schema, dict):
            return
        yield schema, base
        if "$ref" in schema:
            target, uri = self.resolve(schema["$ref"], base)
            yield from self.parts(target, value, uri)
        for inner in schema.get("allOf", ()):
            yield from self.parts(inner, value, base)
        if "if" in schema and (value is EVERY or isinstance(value, dict)):
            holds = value is EVERY or self._is_branch(schema["if"], value, base)
            if holds:
                yield from self.parts(schema.get("then"), value, base)
            if value is EVERY or not holds:
                yield from self.parts(schema.get("else"), value, base)

    def resolve(self, reference: str, base: str) -> tuple[Json, str]:
        """The schema a reference points at and the URI of its document."""
        uri, _, fragment = reference.partition("#")
        target_uri = _join(base, uri)
        node = self.documents[target_uri]
        for step in fragment.split("/")[1:]:
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return node, target_uri

    def with_defaults(self, uri: str, value: Json) -> Json:
        """A copy of a valid value in which absent properties have their `default`."""
        return self._filled(self.documents[uri], copy.deepcopy(value), uri)

    def _filled(self, schema: Json, value: Json, base: str) -> Json:
        if not isinstance(value, (dict, list)):
            return value
        for part, uri in self._parts(schema, value, base):
            if isinstance(value, dict):
                self._fill_properties(part, value, uri)
            elif "items" in part:
                for item in value:
                    self._filled(part["items"], item, uri)
        for part, uri in self._parts(schema, value, base):
            if "oneOf" in part or "anyOf" in part:
                for inner in (*part.get("oneOf", ()), *part.get("anyOf", ())):
                    if self._is_branch(inner, value, uri):
                        self._filled(inner, value, uri)
        return value

    def _fill_properties(self, part: Json, value: dict[str, Json], uri: str) -> None:
        properties = part.get("properties", {})
        for name, inner in properties.items():
            if name not in value:
                default = self._default(inner, uri)
                if default is not None:
                    value[name] = copy.deepcopy(default)
            if name in value:
                self._filled(inner, value[name], uri)
        rest = part.get("additionalProperties")
        if isinstance(rest, dict):
            for name in value.keys() - properties.keys():
                self._filled(rest, value[name], uri)

    def _parts(self, schema: Json, value: Json, base: str) -> Sequence[tuple[Json, str]]:
        """As `parts`, of a schema within a document; those that hold for any value are found once."""
        key = id(schema), base
        if key not in self._fixed:
            found = tuple(self.parts(schema, None, base))
            self._fixed[key] = None if any("if" in part for part, _ in found) else found
        fixed = self._fixed[key]
        return list(self.parts(schema, value, base)) if fixed is None else fixed

    def _default(self, schema: Json, base: str) -> Json:
        key = id(schema), base
        if key not in self._defaults:
            parts = self.parts(schema, None, base)
            self._defaults[key] = next((part["default"] for part, _ in parts if "default" in part), None)
        return self._defaults[key]


def malformed(document: Json) -> str:
    """Why a document is no JSON Schema of draft 2020-12; empty if it is one. References are not followed."""
    try:
        jsonschema_rs.meta.validate(document)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(str(step) for step in error.instance_path)
        return f"this is not a JSON Schema of draft 2020-12: {error.message} at {where or 'its root'}"
    return _malformed_rule(document, "")


def _malformed_rule(node: Json, place: str) -> str:
    """Why rules in CEL (x-kubernetes-validations) beside the schema cannot be read; empty if they can."""
    if isinstance(node, list):
        return next(filter(None, (_malformed_rule(one, f"{place}/{index}") for index, one in enumerate(node))), "")
    if not isinstance(node, dict):
        return ""
    rules = node.get(RULES, [])
    if not (isinstance(rules, list) and all(map(_is_rule, rules))):
        return f"{RULES} at {place.lstrip('/') or 'its root'} is not a list of rules, each with rule and message"
    return next(filter(None, (_malformed_rule(one, f"{place}/{name}") for name, one in node.items())), "")


def _is_rule(rule: Json) -> bool:
    """Whether it has an expression and a message, and of the rest at most the field it is about."""
    return (
        isinstance(rule, dict)
        and {"rule", "message"} <= rule.keys() <= {"rule", "message", "fieldPath"}
        and all(isinstance(one, str) and one for one in rule.values())
    )


def _join(base: str, uri: str) -> str:
    return urljoin(base, uri) if uri else base


def _contains(document: Json, schema: Json) -> bool:
    if document is schema:
        return True
    children = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return any(_contains(child, schema) for child in children)


def _without_dialect(document: Json) -> Json:
    """A schema without `$schema`: all are of one draft, and jsonschema would go back to its own patterns there."""
    return _WITHOUT_DIALECT.of(lambda: {name: item for name, item in document.items() if name != "$schema"}, document)


_WITHOUT_DIALECT: Kept[Json] = Kept(2048)
_REFERENCES: Kept[frozenset[str] | None] = Kept(2048)
_COMPILED: Kept[jsonschema_rs.Validator] = Kept(2048)


def _references(document: Json) -> frozenset[str] | None:
    """The documents that a schema names in its references; None if parts of it have URIs of their own."""

    def found() -> frozenset[str] | None:
        names: set[str] = set()
        pending: list[Json] = [{name: one for name, one in document.items() if name != "$id"}]
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                if isinstance(node.get("$id"), str):
                    return None
                names.update(one.partition("#")[0] for one in _named_in(node))
                node = node.values()
            pending += [one for one in node if isinstance(one, (dict, list))]
        return frozenset(names - {""})

    return _REFERENCES.of(found, document)


def _named_in(node: Mapping[str, Json]) -> list[str]:
    return [one for name in ("$ref", "$dynamicRef") if isinstance(one := node.get(name), str)]


@cache
def _explainer() -> Any:
    """jsonschema's validator with the patterns of the fast engine: Python's `$` and `\\d` mean something else."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(validator: Any, pattern: str, instance: Json, schema: Json) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not _pattern(pattern).is_valid(instance):
            yield ValidationError(f"{instance!r} does not match {pattern!r}")

    return extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]


@cache
def _pattern(pattern: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern})


def _order(pointer: Pointer) -> list[tuple[bool, int, str]]:
    """Items of a list in their order, keys by name."""
    return [(isinstance(step, str), step if isinstance(step, int) else 0, str(step)) for step in pointer]


def _absolute(schema: Json, base: str) -> Json:
    """A part of a schema whose references hold without the document around it."""
    if isinstance(schema, list):
        return [_absolute(item, base) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: urljoin(base, item) if name == "$ref" and isinstance(item, str) else _absolute(item, base)
        for name, item in schema.items()
        if name != "$id"
    }


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
