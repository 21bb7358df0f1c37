"""PriorityClasses of pods that contradict each other, and buffers of a pool that no pod could take or no node hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.checks.workload_references import unknown
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, ComponentUse, Fleet, Json
from paddock.quantity import binary, decimal, parse

IDS = (
    "buffer-above-pool-limit",
    "buffer-not-preemptible",
    "two-priority-classes",
    "unknown-node-pool",
    "unknown-priority-class",
)


def check(fleet: Fleet) -> Iterator[Problem]:
    """The platform's classes, and the buffers of each cluster."""
    yield from _classes(fleet)
    for cluster in fleet.clusters():
        use = cluster.components.get("overprovisioning")
        if use is not None and use.valid:
            yield from _class(fleet, cluster, use)
            yield from _buffers(cluster, use.settings)


def _classes(fleet: Fleet) -> Iterator[Problem]:
    """One class for a type of workload, one default for pods that name none (Kubernetes refuses a second)."""
    seen: dict[str, Place] = {}
    for name, data in fleet.platform.data["priorityClasses"].items():
        stated = {
            f"pods of {type} workloads": fleet.platform.place("priorityClasses", name, "workloads", index)
            for index, type in enumerate(data["workloads"])
        }
        if data["globalDefault"]:
            stated["pods that name none"] = fleet.platform.place("priorityClasses", name, "globalDefault")
        for what, place in stated.items():
            if what in seen:
                yield Problem(
                    id="two-priority-classes",
                    message=f'priority class "{name}" is a second one for {what}',
                    place=place,
                    related=(Note(message="the first", place=seen[what]),),
                    help="remove it from one of the classes",
                )
            seen.setdefault(what, place)


def _place(cluster: Cluster, *pointer: str, key: bool = False) -> Place:
    return cluster.place("components", "overprovisioning", "settings", *pointer, key=key)


def _class(fleet: Fleet, cluster: Cluster, use: ComponentUse) -> Iterator[Problem]:
    name, classes = use.settings["priorityClass"], fleet.platform.data["priorityClasses"]
    stated = "priorityClass" in cluster.data["components"]["overprovisioning"]["settings"]
    place = _place(cluster, *(("priorityClass",) if stated else ()), key=not stated)
    if name not in classes:
        yield unknown("unknown-priority-class", "priority class", name, classes, place)
    elif classes[name]["value"] >= 0:
        yield Problem(
            id="buffer-not-preemptible",
            message=f'the buffers of cluster "{cluster.identity}" have priority class "{name}" of value '
            f"{classes[name]['value']}, which is not less than that of other pods",
            place=place,
            related=(Note(message="its value", place=fleet.platform.place("priorityClasses", name, "value")),),
            help="use a class with a negative value: pods without a class have 0 and must take the room",
        )


def _buffers(cluster: Cluster, settings: Mapping[str, Json]) -> Iterator[Problem]:
    for name, buffer in settings["buffers"].items():
        pool = cluster.node_pools.get(name)
        if pool is None:
            where = f' on cluster "{cluster.identity}"'
            place = _place(cluster, "buffers", name, key=True)
            yield unknown("unknown-node-pool", "node pool", name, cluster.node_pools, place, where=where)
            continue
        for resource, quantity in buffer["resources"].items():
            limit, total = pool.data["limits"].get(resource), parse(quantity) * buffer["replicas"]
            if limit is not None and total > parse(limit):
                text = binary(total) if resource == "memory" else decimal(total)
                yield Problem(
                    id="buffer-above-pool-limit",
                    message=f'the buffer of pool "{name}" holds {text} of {resource}, and the pool never grows '
                    f"beyond {limit}",
                    place=_place(cluster, "buffers", name, "resources", resource),
                    label=f"× {buffer['replicas']} replicas",
                    related=(Note(message="the limit", place=cluster.place("nodePools", name, "limits", resource)),),
                    help="lower replicas or resources, or raise the limit of the pool",
                )
