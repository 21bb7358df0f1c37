"""Capacity blocks that are over on the day for which it is asked."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Fleet

IDS = ("capacity-block-ended",)


def check(fleet: Fleet, as_of: str) -> Iterator[Problem]:
    """Each capacity block of each pool: one that ends on the day itself still counts."""
    for cluster in fleet.clusters():
        for pool in cluster.node_pools.values():
            for id, reservation in sorted(pool.data.get("capacityReservations", {}).items()):
                ends = reservation.get("ends")
                if ends is not None and ends[:10] < as_of:
                    yield Problem(
                        id="capacity-block-ended",
                        severity=Severity.WARNING,
                        message=f'capacity block {id} of pool "{pool.name}" ended at {ends}: no node comes of it',
                        place=cluster.place("nodePools", pool.name, "capacityReservations", id, "ends"),
                        related=(Note(message=f"judged as of {as_of}"),),
                        help="remove the pool, or name the block that follows it",
                    )
