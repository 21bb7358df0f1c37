"""Whether some node of a cluster can hold a pod without GPUs: of a workload, a notebook of a team or a job of its
runners. Nodes are those of pools and managed node groups, beside the daemons that run there (analysis.feasibility)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from paddock import notebooks, runners
from paddock.analysis.feasibility import Constraint, Obstacle, Request
from paddock.catalogue import Component
from paddock.checks import fitting, fitting_words
from paddock.checks.fitting import Offer
from paddock.checks.fitting_words import Against
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.quantity import parse

IDS = ("pod-does-not-fit",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pod:
    """What is to be placed: in words and in numbers, and the place of the field that an obstacle is about."""

    title: str
    asked: str
    wanted: Request
    place: Callable[[Obstacle], Place]
    spread: bool = False
    what: str = "nodes"
    notes: Callable[[Against], tuple[Note, ...]] = lambda _: ()


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each workload, step of a pipeline, notebook and runner without GPUs, on each of its clusters."""
    yield from merged(_all(fleet, catalogue))


def _all(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Many pods ask for the same; `fine` is what was seen to fit on a cluster."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            offers = fitting.offers(cluster, catalogue)
            fine: set[tuple[Request, bool]] = set()
            for pod in _pods(environment, cluster):
                if (pod.wanted, pod.spread) not in fine:
                    found = list(_fits(cluster, pod, offers))
                    yield from found
                    if not found:
                        fine.add((pod.wanted, pod.spread))


def _pods(environment: Environment, cluster: Cluster) -> Iterator[_Pod]:
    for workload in environment.workloads_on(cluster.name):
        for part in workload.parts():
            if "gpu" not in part.data["resources"]:
                yield _workload(cluster, part)
    for team in environment.teams_on(cluster.name):
        if notebooks.offered(cluster, team):
            for name, stated in sorted(team.data["notebooks"]["profiles"].items()):
                if "gpu" not in stated:
                    title = f'notebook "{name}" of team "{team.name}"'
                    yield _of_team(team, title, stated, ("notebooks", "profiles", name))
    for one in runners.of(environment, cluster.name):
        if "gpu" not in one.data:
            title = f'a job of runners "{one.name}" of team "{one.team.name}"'
            yield _of_team(one.team, title, one.data["resources"], ("runners", one.name, "resources"))


def _workload(cluster: Cluster, workload: Workload) -> _Pod:
    wanted = fitting.request(cluster, workload)
    return _Pod(
        title=workload.title,
        asked=fitting_words.amount(workload.data["resources"]) + fitting_words.each(workload, wanted),
        wanted=wanted,
        place=lambda one: workload.place(*fitting_words.field(workload, one)),
        spread="replicas" in workload.data,
        what=fitting_words.plural(workload),
        notes=lambda against: fitting_words.companions(against, workload, wanted),
    )


def _of_team(team: Team, title: str, stated: Mapping[str, Json], pointer: tuple[str, ...]) -> _Pod:
    """Notebooks and jobs without GPUs name no pool and tolerate no taint (components.jupyterhub,
    components.gha_runner_scale_set)."""
    wanted = Request(gpu_model=None, gpus=0, cpu=parse(stated["cpu"]), memory=parse(stated["memory"]), tolerant=False)
    fields = {Constraint.CPU: "cpu", Constraint.MEMORY: "memory"}
    return _Pod(
        title=title,
        asked=fitting_words.amount(stated),
        wanted=wanted,
        place=lambda one: team.place(*pointer, *([fields[one.constraint]] if one.constraint in fields else [])),
    )


def _fits(cluster: Cluster, pod: _Pod, offers: tuple[Offer, ...]) -> Iterator[Problem]:
    wanted = pod.wanted
    mine = [one for one in offers if wanted.pool is None or (wanted.pool == one.pool.name and not one.group)]
    if not mine or (wanted.pool is None and cluster.provisioner == "existing"):
        return  # the pool is unknown, the cluster has no nodes (both say so), or nodes that nobody here knows of
    against = fitting.obstacles(mine, wanted, spread=pod.spread)
    if against is None:
        return
    where = f'pool "{wanted.pool}" on ' if wanted.pool else ""
    _, closest = fitting_words.closest(against)
    yield Problem(
        id="pod-does-not-fit",
        message=f'{pod.title} asks for {pod.asked}, and no node of {where}cluster "{cluster.identity}" can give it',
        place=pod.place(closest),
        related=fitting_words.notes(against) + pod.notes(against),
        help=fitting_words.advice(against, what=pod.what),
    )
