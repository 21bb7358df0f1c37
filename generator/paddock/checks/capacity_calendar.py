"""Runs that begin before the capacity block that they run on does, or too late to end before it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paddock.checks.workload_references import merged
from paddock.cron import first_day
from paddock.dates import ordinal
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Cluster, Environment, Fleet, NodePool, Workload
from paddock.quantity import seconds
from paddock.workloads import pods, runs

IDS = ("run-before-block-begins", "run-outlives-block")

DRAIN = 40 * 60
"""Seconds before the end of a block at which Karpenter drains its nodes: 10 minutes before EC2 begins, which is 30
minutes before the end (gpu-platform.md 3.5, "Capacity blocks")."""
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A capacity block; moments are written alike, so they compare as texts, and "" comes before all."""

    id: str
    pool: str
    starts: str
    ends: str

    def place(self, cluster: Cluster, field: str) -> Place:
        return cluster.place("nodePools", self.pool, "capacityReservations", self.id, field)


def check(fleet: Fleet, as_of: str) -> Iterator[Problem]:
    """Each workload and step whose pools are capacity blocks."""
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
    if part.data.get("pool", "") not in ("", *cluster.node_pools):
        return
    blocks = _blocks(pods.pools(cluster, part))
    if not blocks or "run" not in part.data:
        return  # what is no run has no end anyway
    begins = first_day(part.data["run"]["schedule"], as_of) if runs.is_scheduled(part) else as_of
    if begins is None:
        return
    first = min(blocks, key=lambda one: one.starts)
    if first.starts[:10] > begins and part.data["run"] != "onDemand":
        yield _before(cluster, part, first, begins=begins, as_of=as_of)
        return
    last = max(blocks, key=lambda one: one.ends)
    left = _seconds(last.ends) - DRAIN - ordinal(begins) * _DAY
    over = last.ends[:10] < as_of  # capacity-block-ended says so
    if not over and "activeDeadline" in part.data and seconds(part.data["activeDeadline"]) > left:
        yield _outlives(cluster, part, last, begins=begins, left=left, as_of=as_of)


def _before(cluster: Cluster, part: Workload, block: _Block, *, begins: str, as_of: str) -> Problem:
    return Problem(
        id="run-before-block-begins",
        severity=Severity.WARNING,
        message=f"a run of {part.title} begins on {begins}, and the first nodes that it may run on are those of "
        f'capacity block {block.id} of pool "{block.pool}", which begins at {block.starts}',
        place=part.place("run"),
        related=(
            Note(message="the block", place=block.place(cluster, "starts")),
            Note(message=f"judged as of {as_of}"),
        ),
        help="merge it when the block has begun, write run: onDemand, or let it run on another pool: it waits until "
        "then, and where Kueue does not count nodes it is deactivated after some attempts (waitForPodsReady)",
    )


def _outlives(cluster: Cluster, part: Workload, block: _Block, *, begins: str, left: int, as_of: str) -> Problem:
    when = "begins first" if runs.is_scheduled(part) else "begins"
    hours = left // 3600
    mend = f"lower activeDeadline to at most {hours}h" if hours > 0 else "take it off its schedule or away"
    return Problem(
        id="run-outlives-block",
        severity=Severity.WARNING,
        message=f"a run of {part.title} that {when} on {begins} may take {part.data['activeDeadline']}, and capacity "
        f'block {block.id} of pool "{block.pool}" ends at {block.ends}',
        place=part.place("activeDeadline"),
        related=(
            Note(message="the block; Karpenter drains its nodes 40 minutes before", place=block.place(cluster, "ends")),
            Note(message=f"judged as of {as_of}"),
        ),
        help=f"{mend}, or let it run on another pool",
    )


def _blocks(pools: list[NodePool]) -> list[_Block]:
    """The capacity blocks of some pools; none if there is other capacity, or a block without end."""
    found = []
    for pool in pools:
        reservations = pool.data.get("capacityReservations", {})
        blocks = [
            _Block(id=id, pool=pool.name, starts=one.get("starts", ""), ends=one["ends"])
            for id, one in sorted(reservations.items())
            if one["type"] == "capacity-block" and "ends" in one
        ]
        if len(blocks) < len(reservations) or not blocks or set(pool.data["capacityTypes"]) != {"reserved"}:
            return []
        found += blocks
    return found


def _seconds(moment: str) -> int:
    """Seconds of a moment such as 2027-02-26T11:30:00Z since the day before the first."""
    hours, minutes, rest = (int(one) for one in moment[11:19].split(":"))
    return ordinal(moment[:10]) * _DAY + hours * 3600 + minutes * 60 + rest
