"""Capacity reservations that several pools and clusters name: all say the same of one, and it is enough for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from paddock.analysis.flow import bottleneck
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Fleet, Json, NodePool

IDS = ("reservation-stated-differently", "reserved-capacity-exceeded")

_FACTS = ("instanceCount", "instanceType", "type", "zone")
Uses = list[tuple[Cluster, NodePool, Mapping[str, Json]]]


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each reservation by id, over the clusters of all environments: accounts may share one."""
    uses: dict[str, Uses] = {}
    for cluster in fleet.clusters():
        for pool in cluster.node_pools.values():
            for id, stated in sorted(pool.data.get("capacityReservations", {}).items()):
                uses.setdefault(id, []).append((cluster, pool, stated))
    for id, found in sorted(uses.items()):
        yield from _differences(id, found)
    yield from _exceeded(uses)


def _place(cluster: Cluster, pool: NodePool, id: str, *pointer: str, key: bool = False) -> Place:
    return cluster.place("nodePools", pool.name, "capacityReservations", id, *pointer, key=key)


def _differences(id: str, uses: Uses) -> Iterator[Problem]:
    """A reservation has one size, type and zone: where two pools disagree, one of them is wrong."""
    cluster, pool, first = uses[0]
    for other_cluster, other_pool, other in uses[1:]:
        for fact in _FACTS:
            if other[fact] != first[fact]:
                yield Problem(
                    id="reservation-stated-differently",
                    message=f'{fact} of reservation {id} is {other[fact]} in pool "{other_pool.name}" of cluster '
                    f'"{other_cluster.identity}", and {first[fact]} in pool "{pool.name}" of cluster '
                    f'"{cluster.identity}"',
                    place=_place(other_cluster, other_pool, id, fact),
                    related=(Note(message="the other", place=_place(cluster, pool, id, fact)),),
                    help="write in both what AWS says of it",
                )


def _exceeded(uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """Static pools of reserved capacity alone: nodes that always run in what these pools share."""
    counts = {id: Fraction(min(stated["instanceCount"] for *_, stated in found)) for id, found in uses.items()}
    fixed = {
        f"{cluster.identity}/{pool.name}": (cluster, pool)
        for found in uses.values()
        for cluster, pool, _ in found
        if pool.data["capacityTypes"] == ["reserved"] and pool.data.get("replicas")
    }
    wants = {
        name: (list(pool.data["capacityReservations"]), Fraction(pool.data["replicas"]))
        for name, (_, pool) in fixed.items()
    }
    found = bottleneck(wants, counts)
    if found is None or len(found.wants) < 2:
        return  # replicas-above-reservation says what is wrong with one pool
    cluster, pool = fixed[found.wants[-1]]
    yield Problem(
        id="reserved-capacity-exceeded",
        message=f"pools that always run in {' and '.join(found.places)} have {found.total} nodes together, and "
        f"{found.limit} instances are reserved",
        place=cluster.place("nodePools", pool.name, "replicas"),
        related=tuple(
            Note(
                message=f'pool "{one.name}" of cluster "{at.identity}": {one.data["replicas"]} nodes',
                place=at.place("nodePools", one.name, "replicas"),
            )
            for at, one in (fixed[name] for name in found.wants)
        ),
        help="lower replicas of one of them, reserve more, or add on-demand to capacityTypes",
    )
