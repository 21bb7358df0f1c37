"""JSON Schema: is a value valid, and if not, why, in words a person understands.

jsonschema_rs decides (fast, on every value), jsonschema explains (slow, only on the values that failed).
"""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast
from urllib.parse import urljoin

import jsonschema_rs

from paddock.diagnostics import Pointer

Json = Any

URI = "file:///"
"""Prefix of the URIs of our schemas; a scheme that every URI library can join."""

DRAFT = "https://json-schema.org/draft/2020-12/schema"

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


class SchemaSet:
    """Schemas by URI that may refer to each other; validators are compiled once."""

    def __init__(self, documents: Mapping[str, Json]) -> None:
        self.documents = {uri: _without_dialect(document) for uri, document in documents.items()}
        self._shared = tuple(documents)
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        self._branches: dict[int, jsonschema_rs.Validator] = {}
        self._explaining: Any = None

    def add(self, uri: str, document: Json) -> None:
        """Add a schema that refers to the others, but to which none of them refers."""
        self.documents[uri] = _without_dialect(document)
        self._explaining = None

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
            validator = self._compiled(self.documents[uri], uri)
            self._validators[uri] = validator
        return bool(validator.is_valid(value))

    def _compiled(self, schema: Json, base: str) -> jsonschema_rs.Validator:
        return jsonschema_rs.Draft202012Validator(schema, registry=self._rust, base_uri=base, offline=True)

    def _is_branch(self, schema: Json, value: Json, base: str) -> bool:
        """Whether the value is valid under a part of a schema."""
        if id(schema) not in self._branches:
            # The part is kept alive by its document, so that its id stays its own.
            self._branches[id(schema)] = self._compiled(_absolute(schema, base), f"{base}/part")
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
                    message = f'{_where(pointer)} lacks the field "{name}"'
                    yield Fault(id="missing-field", message=message, pointer=pointer, missing=name)
        elif error.validator == "dependentRequired":
            yield Fault(id="missing-field", message=f"{_where(pointer)}: {error.message}", pointer=pointer)
        elif "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str) and not _is_leaf(error):
            yield Fault(
                id="invalid-name",
                message=f'{_where(pointer)} has the key "{error.instance}", {_reason(error)}',
                pointer=(*pointer, error.instance),
                key=True,
            )
        else:
            yield Fault(
                id="invalid-value",
                message=f"{_where(pointer)} is {_show(error.instance)}, {_reason(error)}",
                pointer=pointer,
            )

    def _best_branch(self, error: Any) -> Iterator[Fault]:
        """The branch of anyOf or oneOf that the value came closest to; all of them if none came close."""
        pointer: Pointer = tuple(error.absolute_path)
        branches = _branches(error)
        close = [errors for errors in branches if not any(_misses(one, pointer) for one in errors)]
        if close and all(_lacks_only(errors, pointer) for errors in close):
            names = sorted({name for errors in close for one in errors for name in one.validator_value})
            quoted = ", ".join(f'"{name}"' for name in names)
            message = f"{_where(pointer)} lacks {'one of the fields' if len(names) > 1 else 'the field'} {quoted}"
            yield Fault(
                id="missing-field", message=message, pointer=pointer, missing=names[0] if len(names) == 1 else ""
            )
            return
        if close:
            for inner in min(
                close, key=lambda errors: (_distance(errors), -max(len(one.absolute_path) for one in errors))
            ):
                yield from self._explain(inner)
            return
        reasons = list(dict.fromkeys(_reason(inner) for errors in branches for inner in _leaves(errors[:1])))
        message = f"{_where(pointer)} is {_show(error.instance)}, {_joined(reasons)}"
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
            near = difflib.get_close_matches(str(name), sorted(known), n=1)
            message = f'{_where(pointer)} has no field "{name}"'
            help = f'did you mean "{near[0]}"?' if near else f"legal: {', '.join(sorted(known)) or 'none'}"
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
        if isinstance(value, dict):
            for part, uri in list(self.parts(schema, value, base)):
                self._fill_properties(part, value, uri)
        elif isinstance(value, list):
            for part, uri in self.parts(schema, value, base):
                if "items" in part:
                    for item in value:
                        self._filled(part["items"], item, uri)
        if isinstance(value, (dict, list)):
            for part, uri in list(self.parts(schema, value, base)):
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

    def _default(self, schema: Json, base: str) -> Json:
        return next((part["default"] for part, _ in self.parts(schema, None, base) if "default" in part), None)


def malformed(document: Json) -> str:
    """Why a document is no JSON Schema of draft 2020-12; empty if it is one. References are not followed."""
    try:
        jsonschema_rs.meta.validate(document)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(str(step) for step in error.instance_path)
        return f"this is no JSON Schema of draft 2020-12: {error.message} at {where or 'its root'}"
    return ""


def overlay_schema(documents: Mapping[str, Json], uri: str, type: str | None) -> Json:
    """The schema of an overlay (RFC 7396): of the kind's own, but below `spec` nothing is required and null deletes.

    References are inlined; `type` is the base object's type, by which conditions are decided. Without one the fields
    of every type are legal.
    """
    schemas = SchemaSet(documents)
    schema = copy.deepcopy(documents[uri])
    parts = schema["properties"]
    parts["spec"] = _relaxed(schemas, parts["spec"], uri, EVERY if type is None else {"type": type})
    parts["metadata"] = _inline(schemas, parts["metadata"], uri)
    return schema


def _inline(schemas: SchemaSet, schema: Json, base: str) -> Json:
    """A schema with every reference replaced by what it points at (spec schemas are not recursive)."""
    if isinstance(schema, list):
        return [_inline(schemas, item, base) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Json] = {}
    if "$ref" in schema:
        target, uri = schemas.resolve(schema["$ref"], base)
        inlined = _inline(schemas, target, uri)
        result |= {name: item for name, item in inlined.items() if name not in ("$schema", "title")}
    for name, item in schema.items():
        if name == "properties":
            own = {field: _inline(schemas, inner, base) for field, inner in item.items()}
            result[name] = result.get(name, {}) | own
        elif name in ("const", "enum"):
            result[name] = item
        elif name not in ("$ref", "default"):
            result[name] = _inline(schemas, item, base)
    return result


def _relaxed(schemas: SchemaSet, schema: Json, base: str, value: Json) -> Json:
    """A schema of which nothing is required: what a patch may say instead of a value of it."""
    merged: dict[str, Json] = {}
    properties: dict[str, Json] = {}
    closed = False
    for part, uri in schemas.parts(schema, value, base):
        closed = closed or part.get("unevaluatedProperties") is False
        for name, item in part.items():
            if name == "properties":
                properties |= {field: _or_null(schemas, inner, uri) for field, inner in item.items()}
            elif name == "additionalProperties" and isinstance(item, dict):
                merged[name] = _or_null(schemas, item, uri)
            elif name in ("oneOf", "anyOf"):
                # Branches that only say what is required are about the whole object, not about a patch of it.
                branches = [inner for inner in item if inner.keys() - {"required", "description"}]
                if branches:
                    merged["anyOf"] = [_relaxed(schemas, inner, uri, EVERY) for inner in branches]
            elif name not in _DROPPED:
                merged.setdefault(name, _inline(schemas, item, uri))
    if properties:
        merged["properties"] = properties
    if closed and "additionalProperties" not in merged:
        merged["additionalProperties"] = False
    return merged


def _or_null(schemas: SchemaSet, schema: Json, base: str) -> Json:
    relaxed = _relaxed(schemas, schema, base, EVERY)
    description = relaxed.get("description", "")
    either = {"anyOf": [relaxed, {"type": "null"}]}
    return {"description": description, **either} if description else either


_DROPPED = frozenset(
    {"$ref", "$schema", "title", "allOf", "if", "then", "else", "required", "unevaluatedProperties", "minProperties",
     "default", "dependentRequired", "$defs"}
)  # fmt: skip


def _join(base: str, uri: str) -> str:
    return urljoin(base, uri) if uri else base


def _contains(document: Json, schema: Json) -> bool:
    if document is schema:
        return True
    children = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return any(_contains(child, schema) for child in children)


def _without_dialect(document: Json) -> Json:
    """A schema without `$schema`: all are of one draft, and jsonschema would go back to its own patterns there."""
    return {name: item for name, item in document.items() if name != "$schema"}


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


def _branches(error: Any) -> list[list[Any]]:
    """The errors of each branch of an anyOf or oneOf, in the order of the branches."""
    found: dict[Any, list[Any]] = {}
    for inner in error.context:
        found.setdefault(inner.relative_schema_path[0], []).append(inner)
    return [found[branch] for branch in sorted(found)]


def _misses(error: Any, pointer: Pointer) -> bool:
    """Whether an error says that the value at the pointer is of another kind than its branch wants."""
    if tuple(error.absolute_path) != pointer:
        return False
    if error.validator in ("anyOf", "oneOf") and error.context:
        return all(any(_misses(one, pointer) for one in errors) for errors in _branches(error))
    return error.validator in ("type", "const", "enum")


def _lacks_only(errors: list[Any], pointer: Pointer) -> bool:
    return all(one.validator == "required" and tuple(one.absolute_path) == pointer for one in errors)


def _distance(errors: list[Any]) -> int:
    """How far a value is from a branch: a field that the branch does not know counts more than a bad value."""
    return sum(3 if one.validator in ("additionalProperties", "unevaluatedProperties") else 1 for one in errors)


def _leaves(errors: list[Any]) -> Iterator[Any]:
    for error in errors:
        if error.validator in ("anyOf", "oneOf") and error.context:
            for inner in _branches(error):
                yield from _leaves(inner[:1])
        else:
            yield error


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


def _joined(reasons: list[str]) -> str:
    return " and ".join([", ".join(reasons[:-1]), reasons[-1]] if len(reasons) > 1 else reasons)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _is_leaf(error: Any) -> bool:
    """Whether an error below propertyNames is about the value of a property after all."""
    path = list(error.absolute_schema_path)
    last = len(path) - 1 - path[::-1].index("propertyNames")
    return "properties" in path[last + 1 :] or "additionalProperties" in path[last + 1 :]


def _where(pointer: Pointer) -> str:
    text = ""
    for step in pointer:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").replace("-", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text or "the document"


def _show(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a map",
    "string": "a string",
}


def _reason(error: Any) -> str:
    """Half a sentence that names what is legal."""
    legal, name = error.validator_value, cast("str", error.validator)
    description = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    if name == "type":
        types = [legal] if isinstance(legal, str) else [one for one in legal if one != "null"] or legal
        return "not " + " or ".join(_TYPES[one] for one in types)
    if name == "enum":
        return "not one of " + ", ".join(sorted(_show(one) for one in legal))
    if name == "const":
        return f"not {_show(legal)}"
    if name == "pattern":
        return f"which does not match {legal}" + (f" ({description.rstrip('.')})" if description else "")
    if name in _LIMITS:
        return _LIMITS[name].format(legal)
    return f"which is refused: {error.message}" if len(error.message) < 200 else f"which is refused by {name}"


_LIMITS = {
    "minimum": "less than {}",
    "maximum": "more than {}",
    "exclusiveMinimum": "not more than {}",
    "exclusiveMaximum": "not less than {}",
    "minLength": "shorter than {} characters",
    "maxLength": "longer than {} characters",
    "minItems": "fewer than {} items",
    "maxItems": "more than {} items",
    "minProperties": "fewer than {} fields",
    "maxProperties": "more than {} fields",
    "multipleOf": "not a multiple of {}",
    "uniqueItems": "with an item that stands twice",
    "not": "which is reserved",
}
