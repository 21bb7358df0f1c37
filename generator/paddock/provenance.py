"""From a node of a rendered object back to the spec leaf it came from, for faults that only the object shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paddock.diagnostics import Pointer

Json = Any

_EVERYWHERE: tuple[Json, ...] = (None, "", 0, 1, {}, [])
"""Values that stand at so many places that being equal says nothing; 0 and 1 are False and True, too."""


_EVERYWHERE_KEYS = ("key", "name")
"""Keys that stand at so many places that one of them in common says nothing."""


def trace(pointer: Pointer, value: Json, spec: Mapping[str, Json], *, exact: bool = False) -> Pointer | None:
    """The pointer into `spec` that most likely gave the value at `pointer` of a rendered object; None if nothing fits.

    A node fits if it ends in the same keys or holds the same value; the longest common ending wins, then the value.
    With `exact` it must hold the same value.
    """
    best: tuple[int, bool, int] = (0, False, 0)
    found: Pointer | None = None
    for candidate, node in _nodes(spec, ()):
        common = _common_ending(pointer, candidate)
        equal = node == value and type(node) is type(value) and value not in _EVERYWHERE
        if not equal and (exact or not common or (common == 1 and pointer[-1] in _EVERYWHERE_KEYS)):
            continue
        score = (common + equal, equal, -len(candidate))
        if score > best:
            best, found = score, candidate
    return found


def _nodes(value: Json, pointer: Pointer) -> Iterator[tuple[Pointer, Json]]:
    if pointer:
        yield pointer, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _nodes(item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nodes(item, (*pointer, index))


def _common_ending(left: Pointer, right: Pointer) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += isinstance(one, str)
    return count
