"""What components say of each other: the waves that follow, and faults such as a cycle. Nothing of a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from paddock.catalogue import Component
from paddock.diagnostics import Note, Place, Problem

Requires = Mapping[str, Sequence[str]]


def waves(components: Mapping[str, Component]) -> dict[str, int]:
    """Sync wave of each component among those that run together; without a cycle, as `settled` leaves them.

    It is the stated `wave`, and at least one more than the largest of what it requires; with neither it is 0, Argo CD's
    default. What does not run is left out.
    """
    found: dict[str, int] = {}

    def wave(name: str) -> int:
        if name not in found:
            data = components[name].data
            after = [wave(one) + 1 for one in data["requires"] if one in components]
            stated = [data["wave"]] if "wave" in data else []
            found[name] = max(after + stated, default=0)
        return found[name]

    return {name: wave(name) for name in components}


def settled(components: Mapping[str, Component], *, known: Iterable[str]) -> tuple[dict[str, Component], list[Problem]]:
    """The components without the requirements and conflicts that cannot be met, and a finding for each of these.

    `known` are the names of all component folders, broken ones too. What is left has no cycle, so nothing follows.
    """
    names = set(known)
    problems = [one for component in components.values() for one in _unknown(component, names)]
    requires = {name: [one for one in each.data["requires"] if one in names] for name, each in components.items()}
    conflicts = {name: [one for one in each.data["conflicts"] if one in names] for name, each in components.items()}
    for name in sorted(requires):
        while cycle := _path(name, name, requires):
            problems.append(_cycle(cycle, components))
            requires[cycle[-2]].remove(name)
    for name in sorted(conflicts):
        for other in list(conflicts[name]):
            path = [name] if other == name else _path(name, other, requires) or _path(other, name, requires)
            if path:
                problems.append(_contradiction(components[name], other, path))
                conflicts[name].remove(other)
    return {
        name: replace(each, data={**each.data, "requires": requires[name], "conflicts": conflicts[name]})
        for name, each in components.items()
    }, problems


def _path(start: str, end: str, requires: Requires) -> list[str]:
    """The shortest way from one component to another over at least one requirement; empty if there is none."""
    ways, seen = [[start]], {start}
    while ways:
        longer = [[*way, one] for way in ways for one in requires.get(way[-1], ())]
        for way in longer:
            if way[-1] == end:
                return way
        ways = []
        for way in longer:
            if way[-1] not in seen:
                seen.add(way[-1])
                ways.append(way)
    return []


def _place(component: Component, field: str, other: str) -> Place:
    return Place(path=component.path, pointer=(field, component.data[field].index(other)))


def _unknown(component: Component, names: set[str]) -> list[Problem]:
    return [
        Problem(
            id="unknown-requirement",
            message=f'component "{component.name}" {verb} "{other}", which does not exist',
            place=_place(component, field, other),
            help=f"legal: {', '.join(sorted(names - {component.name}))}",
        )
        for field, verb in (("requires", "requires"), ("conflicts", "conflicts with"))
        for other in component.data[field]
        if other not in names
    ]


def _cycle(cycle: Sequence[str], components: Mapping[str, Component]) -> Problem:
    first, *others = pairwise(cycle)
    return Problem(
        id="component-cycle",
        message=f"components require each other in a circle: {' -> '.join(cycle)}"
        if others
        else f'component "{first[0]}" requires itself',
        place=_place(components[first[0]], "requires", first[1]),
        related=tuple(
            Note(message=f"{name} requires {other}", place=_place(components[name], "requires", other))
            for name, other in others
        ),
        help="remove one of these requirements",
    )


def _contradiction(component: Component, other: str, path: Sequence[str]) -> Problem:
    message = f'component "{component.name}" conflicts with "{other}", but {" requires ".join(path)}'
    return Problem(
        id="contradictory-requirement",
        message=message if len(path) > 1 else f'component "{component.name}" conflicts with itself',
        place=_place(component, "conflicts", other),
        help="remove the conflict or a requirement: as it is, one of them can run nowhere",
    )
