"""Capacity reservations that a pool names but cannot use, or not in full: what is paid for must be reachable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.devices import GPU
from paddock.diagnostics import Problem
from paddock.instances import instances
from paddock.model import Cluster, Fleet, Json, NodePool
from paddock.quantity import parse

IDS = (
    "reservation-outside-zone",
    "reservation-instance-type",
    "reservation-without-reserved",
    "several-capacity-blocks",
    "capacity-block-without-end",
    "capacity-block-reversed",
    "limit-below-reservation",
    "replicas-above-reservation",
)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each reservation of each pool, and all of a pool together."""
    for cluster in fleet.clusters():
        for pool in cluster.node_pools.values():
            reservations = pool.data.get("capacityReservations", {})
            for id, reservation in sorted(reservations.items()):
                yield from _one(cluster, pool, id, reservation)
            if reservations:
                yield from _together(cluster, pool, reservations)


def _one(cluster: Cluster, pool: NodePool, id: str, reservation: Mapping[str, Json]) -> Iterator[Problem]:
    place = ("nodePools", pool.name, "capacityReservations", id)
    if reservation["zone"] not in pool.data["zones"]:
        yield Problem(
            id="reservation-outside-zone",
            message=f'reservation {id} is in {reservation["zone"]}, but pool "{pool.name}" makes nodes in '
            f"{', '.join(sorted(pool.data['zones']))}",
            place=cluster.place(*place, "zone"),
            help="give the pool the reservation's zone, or the reservation a pool of its own",
        )
    if reservation["instanceType"] not in pool.data["instanceTypes"]:
        yield Problem(
            id="reservation-instance-type",
            message=f'reservation {id} is for {reservation["instanceType"]}, but pool "{pool.name}" makes '
            f"{', '.join(sorted(pool.data['instanceTypes']))}",
            place=cluster.place(*place, "instanceType"),
            help="give the pool the reservation's instance type, or the reservation a pool of its own",
        )
    if reservation["type"] == "capacity-block" and "ends" not in reservation:
        yield Problem(
            id="capacity-block-without-end",
            message=f'capacity block {id} of pool "{pool.name}" does not say when it ends',
            place=cluster.place(*place, key=True),
            help='add ends, e.g. ends: "2027-02-26T11:30:00Z"; AWS states it with the block',
        )

    if reservation.get("starts", "") >= reservation.get("ends", "Z"):
        yield Problem(
            id="capacity-block-reversed",
            message=f'capacity block {id} of pool "{pool.name}" ends at {reservation["ends"]}, and begins only at '
            f"{reservation['starts']}",
            place=cluster.place(*place, "ends"),
            help="write both as AWS states them with the block",
        )


def _together(cluster: Cluster, pool: NodePool, reservations: Mapping[str, Json]) -> Iterator[Problem]:
    place = ("nodePools", pool.name, "capacityReservations")
    if "reserved" not in pool.data["capacityTypes"]:
        yield Problem(
            id="reservation-without-reserved",
            message=f'pool "{pool.name}" names capacity reservations, but its capacityTypes have no "reserved"',
            place=cluster.place("nodePools", pool.name, "capacityTypes"),
            help="add reserved to capacityTypes, or take the reservations away: they are paid for and not used",
        )
    blocks = [id for id, one in sorted(reservations.items()) if one["type"] == "capacity-block"]
    if len(blocks) > 1:
        yield Problem(
            id="several-capacity-blocks",
            message=f'pool "{pool.name}" has {len(blocks)} capacity blocks: {", ".join(blocks)}',
            place=cluster.place(*place, blocks[1], key=True),
            help="write one pool for each block: Karpenter does not tell blocks of one type and zone apart "
            "(karpenter-provider-aws#8514), and each ends at its own time",
        )
    yield from _size(cluster, pool, sum(one["instanceCount"] for one in reservations.values()))


def _size(cluster: Cluster, pool: NodePool, reserved: int) -> Iterator[Problem]:
    """Whether the pool may grow to its reservations, and a static pool of nothing else has as many."""
    for resource, limit in sorted(pool.data["limits"].items()):
        each = _of_smallest(pool, resource)
        wanted = each * reserved
        if each <= parse(limit) < wanted:  # below one instance is pool-limit-below-instance
            yield Problem(
                id="limit-below-reservation",
                message=f'{reserved} instances are reserved for pool "{pool.name}", together {wanted} of {resource}, '
                f"but its limit is {limit}",
                place=cluster.place("nodePools", pool.name, "limits", resource),
                help=f"write at least {wanted}: what is above the limit is paid for and never used",
            )
    if pool.data["capacityTypes"] == ["reserved"] and pool.data.get("replicas", 0) > reserved:
        yield Problem(
            id="replicas-above-reservation",
            message=f'pool "{pool.name}" has {pool.data["replicas"]} replicas of reserved capacity alone, but '
            f"{reserved} instances are reserved",
            place=cluster.place("nodePools", pool.name, "replicas"),
            help=f"write at most {reserved}, reserve more, or add on-demand to capacityTypes",
        )


def _of_smallest(pool: NodePool, resource: str) -> int:
    """What the pool's smallest instance type has of a resource that counts whole things; 0 for any other resource."""
    if resource == "nodes":
        return 1
    known = [instances()[name] for name in pool.data["instanceTypes"] if name in instances()]
    return min((one.gpu_count for one in known), default=0) if resource == GPU else 0
