"""JSON Merge Patch (RFC 7396) that remembers what the patch set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock.diagnostics import Pointer

Json = Any


def merge(base: Json, patch: Json) -> tuple[Json, frozenset[Pointer]]:
    """The patched value, and the pointers of all that the patch set, replaced or deleted. Inputs stay as they are."""
    touched: set[Pointer] = set()
    return _merged(base, patch, (), touched), frozenset(touched)


def _merged(base: Json, patch: Json, pointer: Pointer, touched: set[Pointer]) -> Json:
    if not isinstance(patch, Mapping):
        touched.add(pointer)
        return patch
    if not isinstance(base, Mapping):
        touched.add(pointer)
        base = {}
    result = dict(base)
    for name, value in patch.items():
        if value is None:
            touched.add((*pointer, name))
            result.pop(name, None)
        elif isinstance(value, Mapping):
            result[name] = _merged(result.get(name), value, (*pointer, name), touched)
        else:
            touched.add((*pointer, name))
            result[name] = value
    return result
