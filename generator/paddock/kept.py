"""What is made of a document once, for every run of a process: kept by the very document, not by what it holds.

Nobody changes a document that was handed over. What is kept has a limit; the oldest goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """At most `most` things, each made of some objects; it is made anew for other objects, even for equal ones."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[Hashable, tuple[tuple[Any, ...], T]] = {}

    def of(self, make: Callable[[], T], *objects: Any, name: Hashable = None) -> T:
        """What `make` gave for these objects, and for `name`, which is compared by its value."""
        key = (name, *map(id, objects))
        found = self._found.get(key)
        if found is None:
            # The objects live as long as what was made of them, so that no other has their ids.
            found = (objects, make())
            self._found[key] = found
            if len(self._found) > self._most:
                del self._found[next(iter(self._found))]
        return found[1]
