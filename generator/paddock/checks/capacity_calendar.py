"""Runs that begin too late to end before the capacity block that they run on does."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import merged
from paddock.cron import first_day
from paddock.dates import ordinal
from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Cluster, Environment, Fleet, NodePool, Workload
from paddock.quantity import seconds
from paddock.workloads import pods, runs

IDS = ("run-outlives-block",)

DRAIN = 40 * 60
"""Seconds before the end of a block at which Karpenter drains its nodes: 10 minutes before EC2 begins, which is 30
minutes before the end (gpu-platform.md 3.5, "Capacity blocks")."""
_DAY = 24 * 3600


def check(fleet: Fleet, as_of: str) -> Iterator[Problem]:
    """Each workload and step with a deadline whose pools are capacity blocks that still run on the day."""
    yield from merged(_all(fleet, as_of))


def _all(fleet: Fleet, as_of: str) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            for part in workload.parts():
                for cluster in _clusters(environment, workload):
                    yield from _part(cluster, part, as_of)


def _clusters(environment: Environment, workload: Workload) -> list[Cluster]:
    return [environment.clusters[name] for name in workload.clusters if name in environment.clusters]


def _part(cluster: Cluster, part: Workload, as_of: str) -> Iterator[Problem]:
    """Whoever starts a run chooses the hour, so it is judged as if it began when the day did; what is on a schedule,
    on the first day that it has left."""
    if "activeDeadline" not in part.data or part.data.get("pool", "") not in ("", *cluster.node_pools):
        return
    last = _last(pods.pools(cluster, part))
    begins = first_day(part.data["run"]["schedule"], as_of) if runs.is_scheduled(part) else as_of
    if last is None or begins is None or last[0][:10] < as_of:
        return  # a pool beside the blocks, no schedule that can be read, or capacity-block-ended says so
    ends, pool, id = last
    left = _seconds(ends) - DRAIN - ordinal(begins) * _DAY
    if seconds(part.data["activeDeadline"]) > left:
        yield _outlives(cluster, part, pool, id, ends, begins=begins, left=left, as_of=as_of)


def _outlives(
    cluster: Cluster, part: Workload, pool: NodePool, id: str, ends: str, *, begins: str, left: int, as_of: str
) -> Problem:
    when = "begins first" if runs.is_scheduled(part) else "begins"
    hours = left // 3600
    mend = f"lower activeDeadline to at most {hours}h" if hours > 0 else "take it off its schedule or away"
    return Problem(
        id="run-outlives-block",
        severity=Severity.WARNING,
        message=f"a run of {part.title} that {when} on {begins} may take {part.data['activeDeadline']}, and capacity "
        f'block {id} of pool "{pool.name}" ends at {ends}',
        place=part.place("activeDeadline"),
        related=(
            Note(
                message="the block; Karpenter drains its nodes 40 minutes before",
                place=cluster.place("nodePools", pool.name, "capacityReservations", id, "ends"),
            ),
            Note(message=f"judged as of {as_of}"),
        ),
        help=f"{mend}, or let it run on another pool",
    )


def _last(pools: list[NodePool]) -> tuple[str, NodePool, str] | None:
    """The end that comes last of all blocks of some pools, with the pool and the block; None if there is other
    capacity, or a block without end."""
    found = []
    for pool in pools:
        reservations = pool.data.get("capacityReservations", {})
        blocks = {
            id: one["ends"] for id, one in reservations.items() if one["type"] == "capacity-block" and "ends" in one
        }
        if len(blocks) < len(reservations) or not blocks or set(pool.data["capacityTypes"]) != {"reserved"}:
            return None
        found += [(ends, pool.name, id) for id, ends in blocks.items()]
    if not found:
        return None
    ends, name, id = max(found)
    return ends, next(pool for pool in pools if pool.name == name), id


def _seconds(moment: str) -> int:
    """Seconds of a moment such as 2027-02-26T11:30:00Z since the day before the first."""
    hours, minutes, rest = (int(one) for one in moment[11:19].split(":"))
    return ordinal(moment[:10]) * _DAY + hours * 3600 + minutes * 60 + rest
