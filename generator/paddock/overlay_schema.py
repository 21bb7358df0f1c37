"""The schema of an overlay, derived from the kind's own: nothing is required, and null deletes (RFC 7396)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from paddock.schema import EVERY, SchemaSet

Json = Any


def overlay_schema(documents: Mapping[str, Json], uri: str, type: str | None) -> Json:
    """The schema of an overlay (RFC 7396): of the kind's own, but below `spec` nothing is required and null deletes.

    References are inlined; `type` is the base object's type, by which conditions are decided. Without one the fields
    of every type are legal.
    """
    schemas = SchemaSet(documents)
    schema = copy.deepcopy(documents[uri])
    schema.pop("$defs", None)  # inlined wherever it is used
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
