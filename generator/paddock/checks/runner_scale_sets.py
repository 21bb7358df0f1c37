"""Runner scale sets of teams: their cluster can run them, and GitHub can tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import runners
from paddock.analysis.feasibility import Request
from paddock.catalogue import Component
from paddock.checks import fitting, fitting_words
from paddock.checks.workload_references import unknown
from paddock.diagnostics import Note, Problem
from paddock.model import Cluster, Environment, Fleet
from paddock.quantity import parse
from paddock.runners import ScaleSet

IDS = (
    "duplicate-runner-label",
    "idle-runners-above-max",
    "runner-does-not-fit",
    "runner-without-controller",
    "unknown-cluster",
)
COMPONENT = "gha-runner-scale-set"


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each scale set of each team in each environment; their names meet on GitHub."""
    for environment in fleet.environments.values():
        for one in runners.every(environment):
            yield from _one(fleet, environment, one, catalogue)
    yield from _duplicates(fleet)


def _one(
    fleet: Fleet, environment: Environment, one: ScaleSet, catalogue: Mapping[str, Component]
) -> Iterator[Problem]:
    cluster = environment.clusters.get(one.data["cluster"])
    place = one.team.place("runners", one.name, "cluster")
    if cluster is None:
        if ("Cluster", environment.name, one.data["cluster"]) not in fleet.unread:
            names: Mapping[str, object] = environment.clusters
            yield unknown("unknown-cluster", "cluster", one.data["cluster"], names, place)
        return
    if COMPONENT not in cluster.components:
        yield Problem(
            id="runner-without-controller",
            message=f'runners "{one.name}" of team "{one.team.name}" are for cluster "{cluster.identity}", on which '
            f'the component "{COMPONENT}" does not run',
            place=place,
            help=f"enable {COMPONENT} and gha-runner-scale-set-controller on the cluster, or choose another",
        )
    if one.data["minRunners"] > one.data["maxRunners"]:
        yield Problem(
            id="idle-runners-above-max",
            message=f'runners "{one.name}" of team "{one.team.name}": minRunners is {one.data["minRunners"]}, '
            f"maxRunners is {one.data['maxRunners']}",
            place=one.team.place("runners", one.name, "minRunners"),
            help="lower minRunners or raise maxRunners: the chart refuses this",
        )
    yield from _fits(cluster, one, catalogue)


def _fits(cluster: Cluster, one: ScaleSet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Jobs without GPUs are asked for in pod_fit."""
    gpu = one.data.get("gpu")
    if gpu is None:
        return
    resources, names = one.data["resources"], [pool.name for pool in runners.pools(cluster, one)]
    wanted = Request(
        gpu_model=gpu["model"], gpus=gpu["count"], cpu=parse(resources["cpu"]), memory=parse(resources["memory"])
    )
    offers = [offer for offer in fitting.offers(cluster, catalogue) if not offer.group and offer.pool.name in names]
    against = fitting.obstacles(offers, wanted, spread=False)
    if against is None:
        return
    models = sorted({pool.gpu_model for pool in cluster.node_pools.values() if pool.gpu_model and not pool.shared_gpus})
    yield Problem(
        id="runner-does-not-fit",
        message=f'a job of runners "{one.name}" of team "{one.team.name}" asks for {gpu["count"]} × {gpu["model"]}, '
        f"{resources['cpu']} CPUs and {resources['memory']} of memory, and no node pool of cluster "
        f'"{cluster.identity}" can give it',
        place=one.team.place("runners", one.name, "gpu"),
        related=fitting_words.notes(against),
        help=f"ask for what a node has; whole GPUs of the cluster: {', '.join(models) or 'none'}",
    )


def _duplicates(fleet: Fleet) -> Iterator[Problem]:
    """Names that a job could mean two scale sets by. In different runner groups of an organization they may both be
    meant: groups say which repositories use them. Two repositories know nothing of each other."""
    found: dict[tuple[str, str], list[tuple[Environment, ScaleSet]]] = {}
    for environment in fleet.environments.values():
        for one in runners.every(environment):
            for other_environment, other in found.get((one.owner, one.name), ()):
                if _meet(one, other):
                    yield _duplicate(environment, one, other_environment, other)
                    break
            found.setdefault((one.owner, one.name), []).append((environment, one))


def _meet(one: ScaleSet, other: ScaleSet) -> bool:
    if "repository" in one.data and "repository" in other.data:
        return bool(one.data["repository"] == other.data["repository"])
    if "organization" in one.data and "organization" in other.data:
        return bool(one.data["group"] == other.data["group"])
    return True


def _duplicate(environment: Environment, one: ScaleSet, other_environment: Environment, other: ScaleSet) -> Problem:
    place = one.team.place("runners", one.name, key=True)
    first = other.team.place("runners", other.name, key=True)
    return Problem(
        id="duplicate-runner-label",
        message=f'runners "{one.name}" of team "{one.team.name}" in environment "{environment.name}" have the name of '
        f'those of team "{other.team.name}" in environment "{other_environment.name}", and both are for "{one.owner}"',
        place=place,
        related=(Note(message="the first", place=first),),
        help="runs-on would mean both: rename one, or state it in one environment's overlay only",
    )
