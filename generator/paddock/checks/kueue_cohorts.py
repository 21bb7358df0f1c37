"""What Kueue's webhooks refuse or ignore: cohorts that lead nowhere or in a circle, limits without a cohort to borrow
from, preemption that excludes itself. The reject rules are those of gpu-platform.md 5.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.checks.workload_references import merged, unknown
from paddock.components.kueue_cohorts import covered, parent, settings_of
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Environment, Fleet, Json
from paddock.wording import counted

IDS = (
    "borrow-preemption-with-fair-sharing",
    "borrow-preemption-without-reclaim",
    "cohort-cycle",
    "limit-without-cohort",
    "preference-without-next-flavor",
    "queue-too-large",
    "unknown-cohort",
    "unknown-flavor",
)

MAX_FLAVORS = 64
MAX_RESOURCES = 64
MAX_PAIRS = 512
"""Flavors, resources, and flavors times resources of one resource group."""


def check(fleet: Fleet) -> Iterator[Problem]:
    """Kueue's settings of each cluster, and what teams say there."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            settings = settings_of(cluster)
            if settings is not None:
                yield from _cohorts(cluster, settings)
                yield from _preemption(cluster, settings)
        yield from merged(_teams(environment))


def place(cluster: Cluster, *pointer: str, key: bool = False) -> Place:
    """The place of a stated setting of Kueue."""
    return cluster.place("components", "kueue", "settings", *pointer, key=key)


def _cohorts(cluster: Cluster, settings: Mapping[str, Json]) -> Iterator[Problem]:
    names = {cluster.name, *settings["cohorts"]}
    for name, cohort in settings["cohorts"].items():
        above = cohort.get("parent")
        if above is not None and above not in names:
            where = f' on cluster "{cluster.identity}"'
            yield unknown("unknown-cohort", "cohort", above, names - {name}, _at(cluster, name, "parent"), where=where)
        yield from _flavors(cluster, name, cohort["flavors"])
        yield from _size(f'cohort "{name}"', cohort["flavors"], _at(cluster, name, "flavors", key=True))
    yield from _cycles(cluster, settings)


def _at(cluster: Cluster, cohort: str, *pointer: str, key: bool = False) -> Place:
    return place(cluster, "cohorts", cohort, *pointer, key=key)


def _flavors(cluster: Cluster, name: str, flavors: Mapping[str, Json]) -> Iterator[Problem]:
    for flavor, resources in flavors.items():
        if flavor not in cluster.node_pools:
            on = f' on cluster "{cluster.identity}"'
            at = _at(cluster, name, "flavors", flavor, key=True)
            yield unknown("unknown-flavor", "node pool", flavor, cluster.node_pools, at, where=on)
        limits = [(resource, limit) for resource in resources for limit in ("borrowingLimit", "lendingLimit")]
        for resource, limit in limits:
            if name == cluster.name and limit in resources[resource]:
                yield Problem(
                    id="limit-without-cohort",
                    message=f'{limit} of {resource} in cohort "{name}" limits nothing: it is the root of cluster '
                    f'"{cluster.identity}" and has no parent',
                    place=_at(cluster, name, "flavors", flavor, resource, limit),
                    help=f"remove {limit}: Kueue refuses it on a cohort without a parent",
                )


def _cycles(cluster: Cluster, settings: Mapping[str, Json]) -> Iterator[Problem]:
    """One finding a circle, at its first member by name; a member without a stated parent is below the root."""
    seen: set[str] = set()
    for name in sorted(settings["cohorts"]):
        path = [name]
        while (above := parent(path[-1], cluster, settings)) is not None and above not in path:
            path.append(above)
        if above is None or above in seen:
            seen |= set(path)
            continue
        circle = path[path.index(above) :]
        if not seen & set(circle):
            yield _cycle(cluster, settings, circle)
        seen |= set(path)


def _cycle(cluster: Cluster, settings: Mapping[str, Json], circle: list[str]) -> Problem:
    stated = [one for one in circle if "parent" in settings["cohorts"].get(one, {})]
    first = min(stated)
    start = circle.index(first)
    way = [*circle[start:], *circle[:start], first]
    return Problem(
        id="cohort-cycle",
        message=f'cohorts of cluster "{cluster.identity}" are above each other in a circle: {" below ".join(way)}',
        place=_at(cluster, first, "parent"),
        help=f'remove one parent; the cohort "{cluster.name}" is the root and has none',
    )


def _preemption(cluster: Cluster, settings: Mapping[str, Json]) -> Iterator[Problem]:
    preemption, fungibility = settings["preemption"], settings["flavorFungibility"]
    if preemption["borrowWithinCohort"]["policy"] != "Never":
        at = place(cluster, "preemption", "borrowWithinCohort", "policy")
        if preemption["reclaimWithinCohort"] == "Never":
            yield Problem(
                id="borrow-preemption-without-reclaim",
                message="borrowWithinCohort preempts runs of other teams, but reclaimWithinCohort is Never",
                place=at,
                help="let reclaimWithinCohort be LowerPriority or Any: Kueue refuses every ClusterQueue otherwise",
            )
        elif settings["fairSharing"]:
            yield Problem(
                id="borrow-preemption-with-fair-sharing",
                message="borrowWithinCohort has no effect, because fairSharing is on",
                place=at,
                help="remove borrowWithinCohort and give teams weights, or write fairSharing: false",
            )
    searches = [fungibility[name] for name in ("whenCanBorrow", "whenCanPreempt")]
    if "preference" in fungibility and searches != ["TryNextFlavor", "TryNextFlavor"]:
        yield Problem(
            id="preference-without-next-flavor",
            message=f"flavorFungibility.preference is {fungibility['preference']}, but whenCanBorrow is {searches[0]} "
            f"and whenCanPreempt is {searches[1]}",
            place=place(cluster, "flavorFungibility", "preference"),
            help="let both be TryNextFlavor, or remove preference: Kueue refuses every ClusterQueue otherwise",
        )


def _teams(environment: Environment) -> Iterator[Problem]:
    for team in environment.teams.values():
        for name, use in team.clusters.items():
            cluster = environment.clusters.get(name)
            settings = settings_of(cluster) if cluster else None
            if cluster is None or settings is None:
                continue
            names = {cluster.name, *settings["cohorts"]}
            if use.get("cohort", cluster.name) not in names:
                at, where = team.place("clusters", name, "cohort"), f' on cluster "{cluster.identity}"'
                yield unknown("unknown-cohort", "cohort", use["cohort"], names, at, where=where)
            at = team.place("clusters", name, "flavors", key=True)
            yield from _size(f'team "{team.name}" on cluster "{cluster.identity}"', use["flavors"], at)


def _size(owner: str, flavors: Mapping[str, Json], at: Place) -> Iterator[Problem]:
    """All flavors of a queue are one resource group, so that a run gets everything from one pool."""
    resources = covered(flavors)
    sizes = (len(flavors), len(resources), len(flavors) * len(resources))
    if any(size > most for size, most in zip(sizes, (MAX_FLAVORS, MAX_RESOURCES, MAX_PAIRS), strict=True)):
        yield Problem(
            id="queue-too-large",
            message=f"the quota of {owner} has {counted(sizes[0], 'flavor')} and "
            f"{counted(sizes[1], 'resource')}: {counted(sizes[2], 'pair')}",
            place=at,
            related=(Note(message="every flavor of a queue lists every resource that one of them has"),),
            help=f"at most {MAX_FLAVORS} flavors, {MAX_RESOURCES} resources and {MAX_PAIRS} pairs are legal",
        )
