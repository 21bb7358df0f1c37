"""Which of the things with labels a selector finds, by an index of labels: a large fleet has thousands of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from paddock.analysis.object_links import Selected, Selector

Space = tuple[str, str]
"""Cluster and namespace."""


@dataclass(slots=True, kw_only=True)
class Selection:
    """All that can be selected, by place, kind and label. Only labels with `keys` are kept in the index."""

    keys: frozenset[str]
    _by_label: dict[tuple[Space, str, str, str], list[Selected]] = field(default_factory=dict)
    _open: dict[tuple[Space, str], list[Selected]] = field(default_factory=dict)

    def add(self, space: Space, selected: Iterable[Selected]) -> None:
        """Take in what an object there makes."""
        for one in selected:
            for key, value in one.labels:
                if key not in self.keys:
                    continue
                self._by_label.setdefault((space, one.kind, key, value), []).append(one)
            if one.open:
                self._open.setdefault((space, one.kind), []).append(one)

    def rarest(self, space: Space, selector: Selector) -> str:
        """The key of the label that the fewest have: the likeliest fault of a selector that finds nothing."""
        return min(selector.labels, key=lambda one: (len(self._by_label.get((space, selector.kind, *one), ())), one))[0]

    def matching(self, space: Space, selector: Selector) -> list[Selected]:
        """What surely has all labels; without any of that, what may get those that it lacks."""
        lists = [self._by_label.get((space, selector.kind, *label), []) for label in selector.labels]
        found = [one for one in min(lists, key=len) if _has(one, selector)]
        return found or [one for one in self._open.get((space, selector.kind), ()) if _may_have(one, selector)]


def _has(one: Selected, selector: Selector) -> bool:
    return set(selector.labels) <= set(one.labels)


def _may_have(one: Selected, selector: Selector) -> bool:
    labels = dict(one.labels)
    return all(labels.get(key, value) == value for key, value in selector.labels)
