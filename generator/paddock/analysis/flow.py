"""How much can flow through a network, what cannot, and the heaviest set of steps that may run side by side.

Amounts are exact; the networks are those of one cluster or one pipeline, so the plain algorithm (shortest augmenting
paths, Edmonds and Karp 1972) is fast enough."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)
Network = Mapping[Node, Mapping[Node, Fraction]]
"""Capacity by the node where an edge begins and the node where it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """Wants that together are more than the limits of all places that they may go to."""

    wants: tuple[str, ...]
    places: tuple[str, ...]
    total: Fraction
    limit: Fraction


def bottleneck(
    wants: Mapping[str, tuple[Collection[str], Fraction]], limits: Mapping[str, Fraction]
) -> Bottleneck | None:
    """Whether amounts can be spread over the places that each may go to, without one of them above its limit.

    `wants` are places and amount by name; a place without limit takes everything. None: they can. Else the wants and
    the places of a minimum cut, which prove by themselves that they cannot (Ford and Fulkerson; Hall's theorem).
    """
    tight = {name: want for name, want in sorted(wants.items()) if want[1] and set(want[0]) <= set(limits)}
    together = sum((amount for _, amount in tight.values()), Fraction(0))
    if all(together <= limits[place] for places, _ in tight.values() for place in places):
        return None
    network: dict[tuple[str, str], dict[tuple[str, str], Fraction]] = {("source", ""): {}}
    for name, (places, amount) in tight.items():
        network[("source", "")][("want", name)] = amount
        network[("want", name)] = {("place", place): amount for place in sorted(places)}
        for place in sorted(places):
            network[("place", place)] = {("sink", ""): limits[place]}
    _, reached = max_flow(network, ("source", ""), ("sink", ""))
    stuck = tuple(name for name in tight if ("want", name) in reached)
    if not stuck:
        return None
    places_of = tuple(sorted({place for name in stuck for place in tight[name][0]}))
    return Bottleneck(
        wants=stuck,
        places=places_of,
        total=sum((tight[name][1] for name in stuck), Fraction(0)),
        limit=sum((limits[place] for place in places_of), Fraction(0)),
    )


def heaviest_antichain(weights: Mapping[str, Fraction], before: Mapping[str, Collection[str]]) -> Fraction:
    """The greatest sum of weights of steps of which none waits for another; `before` are the steps a step waits for.

    By Dilworth's theorem with weights: the sum of all weights less the maximum flow through the bipartite network of
    the order (each step once as an earlier and once as a later one). Steps in a circle count as one after the other.
    """
    earlier = _closure(weights, before)
    source, sink = ("source", ""), ("sink", "")
    network: dict[tuple[str, str], dict[tuple[str, str], Fraction]] = {source: {}}
    for name, weight in sorted(weights.items()):
        network[source][("first", name)] = weight
        network[("then", name)] = {sink: weight}
        for other in sorted(earlier[name]):
            network.setdefault(("first", other), {})[("then", name)] = min(weight, weights[other])
    flow, _ = max_flow(network, source, sink)
    return sum(weights.values(), Fraction(0)) - flow


def _closure(names: Collection[str], before: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """All steps before each step, not only those that it names."""
    found: dict[str, set[str]] = {}
    for name in names:
        seen: set[str] = set()
        todo = list(before.get(name, ()))
        while todo:
            one = todo.pop()
            if one in names and one not in seen:
                seen.add(one)
                todo += before.get(one, ())
        found[name] = seen - {name}
    return found


def max_flow(network: Network[Node], source: Node, sink: Node) -> tuple[Fraction, set[Node]]:
    """The greatest flow, and the nodes that could be reached with more of it: the source's side of a minimum cut."""
    left: dict[Node, dict[Node, Fraction]] = {}
    for begin, edges in network.items():
        for end, capacity in edges.items():
            left.setdefault(begin, {})[end] = left.get(begin, {}).get(end, Fraction(0)) + capacity
            left.setdefault(end, {}).setdefault(begin, Fraction(0))
    total = Fraction(0)
    while True:
        came = _search(left, source)
        if sink not in came:
            return total, set(came)
        total += _push(left, came, sink)


def _search(left: Mapping[Node, Mapping[Node, Fraction]], source: Node) -> dict[Node, Node]:
    """Each node that can be reached with the node before it, breadth first."""
    came = {source: source}
    queue = deque([source])
    while queue:
        node = queue.popleft()
        for end, capacity in left.get(node, {}).items():
            if capacity > 0 and end not in came:
                came[end] = node
                queue.append(end)
    return came


def _push(left: dict[Node, dict[Node, Fraction]], came: Mapping[Node, Node], sink: Node) -> Fraction:
    """Use the shortest path as far as its narrowest edge allows."""
    path = [sink]
    while came[path[-1]] != path[-1]:
        path.append(came[path[-1]])
    edges = [(begin, end) for end, begin in itertools.pairwise(path)]
    amount = min(left[begin][end] for begin, end in edges)
    for begin, end in edges:
        left[begin][end] -= amount
        left[end][begin] += amount
    return amount
