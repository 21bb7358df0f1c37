"""Fields of a workload that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.diagnostics import Problem
from paddock.model import Fleet, Workload

IDS = ("replicas-reversed", "efa-without-gpu", "duplicate-port")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each workload of each environment."""
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            yield from _workload(workload)


def _workload(workload: Workload) -> Iterator[Problem]:
    data = workload.data
    replicas = data.get("replicas", {})
    if replicas.get("max", replicas.get("min", 0)) < replicas.get("min", 0):
        yield Problem(
            id="replicas-reversed",
            message=f"replicas.max {replicas['max']} is less than replicas.min {replicas['min']}",
            place=workload.place("replicas", "max"),
            help="write max of at least min",
        )
    for part in workload.parts():
        if part.data["resources"]["efa"] and "gpu" not in part.data["resources"]:
            yield Problem(
                id="efa-without-gpu",
                message="resources.efa is true, but no GPU is asked for",
                place=part.place("resources", "efa"),
                help="EFA interfaces are on GPU pools: add resources.gpu, or remove efa",
            )
    seen: dict[tuple[int, str], str] = {}
    for name, port in data.get("ports", {}).items():
        key = (port["port"], port["protocol"])
        if key in seen:
            # Server-side apply refuses equal port and protocol (argo-cd#25474).
            yield Problem(
                id="duplicate-port",
                message=f'the ports "{seen[key]}" and "{name}" are both {port["protocol"]} {port["port"]}',
                place=workload.place("ports", name, key=True),
                help="give each port a number of its own",
            )
        seen.setdefault(key, name)
