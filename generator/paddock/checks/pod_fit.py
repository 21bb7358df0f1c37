"""Whether some node of a cluster can hold a workload without GPUs: those of its node pools and its managed node groups,
beside the daemons that run there (analysis.feasibility)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.catalogue import Component
from paddock.checks import fitting, fitting_words
from paddock.checks.fitting import Offer
from paddock.checks.workload_references import merged
from paddock.diagnostics import Problem
from paddock.model import Cluster, Fleet, Workload

IDS = ("pod-does-not-fit",)


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each workload and each step of a pipeline without GPUs, on each of its clusters."""
    yield from merged(_all(fleet, catalogue))


def _all(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    fine: set[object] = set()
    for environment in fleet.environments.values():
        offers = {name: fitting.offers(one, catalogue) for name, one in environment.clusters.items()}
        for workload in environment.workloads.values():
            for part in workload.parts():
                if "gpu" not in part.data["resources"]:
                    for name in workload.clusters:
                        if name in offers:
                            yield from _fits(environment.clusters[name], part, offers[name], fine)


def _fits(cluster: Cluster, workload: Workload, offers: tuple[Offer, ...], fine: set[object]) -> Iterator[Problem]:
    """Many workloads ask for the same; `fine` is what was seen to fit."""
    wanted = fitting.request(cluster, workload)
    spread = "replicas" in workload.data
    if (cluster.identity, wanted, spread) in fine:
        return
    mine = [one for one in offers if wanted.pool is None or (wanted.pool == one.pool.name and not one.group)]
    if not mine or (wanted.pool is None and cluster.provisioner == "existing"):
        return  # the pool is unknown, the cluster has no nodes (both say so), or nodes that nobody here knows of
    against = fitting.obstacles(mine, wanted, spread=spread)
    if against is None:
        fine.add((cluster.identity, wanted, spread))
        return
    where = f'pool "{wanted.pool}" on ' if wanted.pool else ""
    asked = fitting_words.amount(workload) + fitting_words.each(workload, wanted)
    _, closest = fitting_words.closest(against)
    yield Problem(
        id="pod-does-not-fit",
        message=f'{workload.title} asks for {asked}, and no node of {where}cluster "{cluster.identity}" can give it',
        place=workload.place(*fitting_words.field(workload, closest)),
        related=fitting_words.notes(against) + fitting_words.companions(against, workload, wanted),
        help=fitting_words.advice(against, workload, wanted),
    )
