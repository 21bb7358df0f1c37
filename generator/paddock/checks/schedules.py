"""Cron schedules that the API server refuses, or whose day never comes."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.analysis.schedules import fault
from paddock.checks.workload_references import merged
from paddock.diagnostics import Place, Problem
from paddock.model import Fleet
from paddock.workloads import runs

IDS = ("invalid-schedule",)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Those of runs, of freeze windows and of disruption budgets."""
    yield from merged(
        Problem(
            id="invalid-schedule",
            message=f'the schedule "{schedule}" of {what} starts nothing: {wrong}',
            place=place,
            help="write five fields: minute, hour, day of the month, month, day of the week from Sunday as 0",
        )
        for what, schedule, place in _schedules(fleet)
        if (wrong := fault(schedule)) is not None
    )


def _schedules(fleet: Fleet) -> Iterator[tuple[str, str, Place]]:
    for environment in fleet.environments.values():
        for name, window in environment.data["freezeWindows"].items():
            place = environment.place("freezeWindows", name, "schedule")
            yield f'freeze window "{name}"', window["schedule"], place
        for workload in environment.workloads.values():
            if runs.is_scheduled(workload):
                yield workload.title, workload.data["run"]["schedule"], workload.place("run", "schedule")
    for cluster in fleet.clusters():
        for pool in cluster.node_pools.values():
            for index, budget in enumerate(pool.data["disruption"].get("budgets", ())):
                if "schedule" in budget:
                    place = cluster.place("nodePools", pool.name, "disruption", "budgets", index, "schedule")
                    yield f'a disruption budget of pool "{pool.name}"', budget["schedule"], place
