"""Errors of jsonschema in words: which branch of an alternative was meant, and what would be legal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from paddock.diagnostics import Pointer

Json = Any


def branches(error: Any) -> list[list[Any]]:
    """The errors of each branch of an anyOf or oneOf, in the order of the branches."""
    found: dict[Any, list[Any]] = {}
    for inner in error.context:
        found.setdefault(inner.relative_schema_path[0], []).append(inner)
    return [found[branch] for branch in sorted(found)]


def misses(error: Any, pointer: Pointer) -> bool:
    """Whether an error says that the value at the pointer is of another kind than its branch wants."""
    if tuple(error.absolute_path) != pointer:
        return False
    if error.validator in ("anyOf", "oneOf") and error.context:
        return all(any(misses(one, pointer) for one in errors) for errors in branches(error))
    return error.validator in ("type", "const", "enum")


def excluded(error: Any) -> list[str]:
    """The fields of a map that may not stand there, or not together: of `not: {required}`, or of a oneOf of such."""
    if error.validator not in ("not", "oneOf") or not isinstance(error.instance, dict):
        return []
    rules = error.validator_value if error.validator == "oneOf" else [error.validator_value]
    if not all(isinstance(rule, dict) and list(rule) == ["required"] for rule in rules):
        return []
    return [name for rule in rules for name in rule["required"] if name in error.instance]


def exclusion(names: list[str]) -> str:
    fields = joined([f'"{name}"' for name in names])
    return f"has {fields}, which " + ("exclude each other" if len(names) > 1 else "is not legal here")


def lacks_only(errors: list[Any], pointer: Pointer) -> bool:
    return all(one.validator == "required" and tuple(one.absolute_path) == pointer for one in errors)


def distance(errors: list[Any]) -> int:
    """How far a value is from a branch: a field that the branch does not know counts more than a bad value."""
    return sum(3 if one.validator in ("additionalProperties", "unevaluatedProperties") else 1 for one in errors)


def leaves(errors: list[Any]) -> Iterator[Any]:
    for error in errors:
        if error.validator in ("anyOf", "oneOf") and error.context:
            for inner in branches(error):
                yield from leaves(inner[:1])
        else:
            yield error


def joined(reasons: list[str]) -> str:
    return " and ".join([", ".join(reasons[:-1]), reasons[-1]] if len(reasons) > 1 else reasons)


def is_leaf(error: Any) -> bool:
    """Whether an error below propertyNames is about the value of a property after all."""
    path = list(error.absolute_schema_path)
    last = len(path) - 1 - path[::-1].index("propertyNames")
    return "properties" in path[last + 1 :] or "additionalProperties" in path[last + 1 :]


def where(pointer: Pointer) -> str:
    text = ""
    for step in pointer:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").replace("-", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text or "the document"


def show(value: Json) -> str:
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


def reason(error: Any) -> str:
    """Half a sentence that names what is legal."""
    legal, name = error.validator_value, cast("str", error.validator)
    description = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    if name == "type":
        types = [legal] if isinstance(legal, str) else [one for one in legal if one != "null"] or legal
        return "not " + " or ".join(_TYPES[one] for one in types)
    if name == "enum":
        return "not one of " + ", ".join(sorted(show(one) for one in legal))
    if name == "const":
        return f"not {show(legal)}"
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
