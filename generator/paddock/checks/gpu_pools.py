"""GPU pools whose nodes would come up without GPUs, EFA or the slices they state, and long runs that they would end."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import merged, unknown
from paddock.diagnostics import Note, Problem, Severity
from paddock.gpu_slices import slices
from paddock.instances import instances
from paddock.model import Cluster, Fleet, NodePool, Workload
from paddock.quantity import seconds
from paddock.workloads import pods

IDS = (
    "pool-without-device-plugin",
    "efa-without-device-plugin",
    "driver-too-old",
    "unsupported-mig",
    "mig-without-manager",
    "mig-without-strategy",
    "unknown-mig-profile",
    "unknown-time-slicing",
    "grace-period-below-deadline",
)

# Either makes nvidia.com/gpu appear on a node; the first also cuts GPUs into MIG slices.
_OPERATOR, _PLUGIN = "gpu-operator", "nvidia-device-plugin"
_EFA_PLUGIN = "aws-efa-k8s-device-plugin"
# Of the models a spec may name, those of the "Supported GPUs" of NVIDIA's MIG user guide.
_MIG_MODELS = ("a100", "b200", "b300", "h100", "h200")
# Families that the driver of EKS' images (580) does not know (gpu-platform.md 3.4).
_NEWER_DRIVER = {"g7": "595"}


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each GPU pool of each cluster, and each run with a deadline."""
    for cluster in fleet.clusters():
        for pool in cluster.node_pools.values():
            yield from _plugins(cluster, pool)
            yield from _driver(cluster, pool)
            yield from _sharing(cluster, pool)
    yield from merged(_deadlines(fleet))


def _plugins(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """gpu-platform.md 8, rows 1 and 29. Bottlerocket's NVIDIA image has its own plugin. That ours tolerate every taint
    of the pools is the generator's part."""
    without = not (pool.bottlerocket or pool.dra) and not {_OPERATOR, _PLUGIN} & cluster.components.keys()
    if pool.gpu_model and without:
        yield Problem(
            id="pool-without-device-plugin",
            message=f'no device plugin offers the {pool.gpu_model} GPUs of pool "{pool.name}": neither '
            f'"{_OPERATOR}" nor "{_PLUGIN}" runs on cluster "{cluster.identity}"',
            place=cluster.place("nodePools", pool.name, "gpu"),
            help=f"enable one of them, e.g. components.{_OPERATOR}.enabled: true; without nvidia.com/gpu Karpenter "
            "never sees a node as ready",
        )
    if pool.efa and _EFA_PLUGIN not in cluster.components:
        yield Problem(
            id="efa-without-device-plugin",
            message=f'pool "{pool.name}" has EFA, but component "{_EFA_PLUGIN}" does not run on cluster '
            f'"{cluster.identity}"',
            place=cluster.place("nodePools", pool.name, "efa"),
            help=f"enable it: components.{_EFA_PLUGIN}.enabled: true; without it no node offers vpc.amazonaws.com/efa",
        )


def _driver(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    for index, name in enumerate(pool.data["instanceTypes"]):
        driver = _NEWER_DRIVER.get(name.split(".")[0])
        if driver:
            yield Problem(
                id="driver-too-old",
                message=f'{name} of pool "{pool.name}" wants driver {driver}, but {pool.data["ami"]} has 580',
                place=cluster.place("nodePools", pool.name, "instanceTypes", index),
                help="use another family: no pinned image of EKS has that driver",
            )


def _sharing(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    gpu = pool.data.get("gpu", {})
    place = ("nodePools", pool.name, "gpu")
    if "mig" in gpu and pool.gpu_model not in _MIG_MODELS:
        yield Problem(
            id="unsupported-mig",
            message=f'pool "{pool.name}" cuts {pool.gpu_model} GPUs into MIG slices, which they cannot do',
            place=cluster.place(*place, "mig"),
            help=f"use timeSlicing, or a model with MIG: {', '.join(_MIG_MODELS)}",
        )
    elif "mig" in gpu and _OPERATOR not in cluster.components:
        yield Problem(
            id="mig-without-manager",
            message=f'pool "{pool.name}" wants MIG profile {gpu["mig"]}, but the MIG manager of "{_OPERATOR}" does not '
            f'run on cluster "{cluster.identity}"',
            place=cluster.place(*place, "mig"),
            help=f"enable {_OPERATOR} instead of {_PLUGIN}, or use timeSlicing",
        )
    elif "mig" in gpu and _strategy(cluster) == "none":
        yield Problem(
            id="mig-without-strategy",
            message=f'pool "{pool.name}" wants MIG profile {gpu["mig"]}, but mig.strategy of "{_OPERATOR}" on cluster '
            f'"{cluster.identity}" is none',
            place=cluster.place(*place, "mig"),
            help="write strategy: single, with which each slice is one nvidia.com/gpu",
        )
    elif "mig" in gpu and _strategy(cluster) == "single" and _mixture(pool):
        yield Problem(
            id="mig-without-strategy",
            message=f'pool "{pool.name}" wants MIG profile {gpu["mig"]}, slices of several sizes, which mig.strategy '
            f'single of "{_OPERATOR}" on cluster "{cluster.identity}" cannot offer',
            place=cluster.place(*place, "mig"),
            help="use a profile of one size, or write strategy: mixed, with which pods ask for nvidia.com/mig-<size>",
        )
    if "mig" in gpu and pool.gpu_model in _MIG_MODELS:
        for name in pool.data["instanceTypes"]:
            profiles = slices(instances()[name]) if name in instances() else {}
            if profiles and gpu["mig"] not in profiles:
                at = cluster.place(*place, "mig")
                where = f" of the GPUs of {name}"
                yield unknown("unknown-mig-profile", "MIG profile", gpu["mig"], profiles, at, where=where)
    if "timeSlicing" in gpu:
        uses = [cluster.components[plugin] for plugin in (_OPERATOR, _PLUGIN) if plugin in cluster.components]
        names = {name for one in uses if one.valid for name in one.settings["timeSlicing"]}
        if gpu["timeSlicing"] not in names and all(one.valid for one in uses):
            where = f' on cluster "{cluster.identity}"'
            at = cluster.place(*place, "timeSlicing")
            yield unknown("unknown-time-slicing", "time-slicing setting", gpu["timeSlicing"], names, at, where=where)


def _mixture(pool: NodePool) -> bool:
    types = [instances()[name] for name in pool.data["instanceTypes"] if name in instances()]
    return any(len(slices(one).get(pool.data["gpu"]["mig"], ())) > 1 for one in types)


def _strategy(cluster: Cluster) -> str | None:
    """How the operator of a cluster names slices; None where its settings cannot be read, which is said elsewhere."""
    use = cluster.components[_OPERATOR]
    return str(use.settings["mig"]["strategy"]) if use.valid else None


def _deadlines(fleet: Fleet) -> Iterator[Problem]:
    """Only runs that say how long they may take can be compared; a run without a deadline says nothing."""
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            for part in workload.parts():
                if "activeDeadline" in part.data:
                    for name in workload.clusters:
                        if name in environment.clusters:
                            yield from _ended_early(environment.clusters[name], part)


def _ended_early(cluster: Cluster, workload: Workload) -> Iterator[Problem]:
    """gpu-platform.md 8, row 6: a drain ends by force after the grace period, whatever the pod's annotations say."""
    deadline = workload.data["activeDeadline"]
    short = [
        pool
        for pool in _may_run_on(cluster, workload)
        if "terminationGracePeriod" in pool.data and seconds(pool.data["terminationGracePeriod"]) < seconds(deadline)
    ]
    if short:
        yield Problem(
            id="grace-period-below-deadline",
            severity=Severity.WARNING,
            message=f'a run of "{workload.name}" may take {deadline}, but a node of cluster "{cluster.identity}" may '
            "go before",
            place=workload.place("activeDeadline"),
            related=tuple(
                Note(
                    message=f'pool "{pool.name}" ends a drain after {pool.data["terminationGracePeriod"]}',
                    place=cluster.place("nodePools", pool.name, "terminationGracePeriod"),
                )
                for pool in short
            ),
            help=f"raise the pool's terminationGracePeriod to {deadline}, or lower the deadline",
        )


def _may_run_on(cluster: Cluster, workload: Workload) -> list[NodePool]:
    """Empty where any node does, and where unknown-node-pool says what is wrong."""
    return pods.pools(cluster, workload) if workload.data.get("pool", "") in ("", *cluster.node_pools) else []
