"""Quota that cannot be had: more of it in a pool than the pool may grow to beside what always runs there, and runs that
ask for what has none.

Borrowing may promise the same GPU twice; nominal quota is what each team gets at the same time, so its sum is real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from paddock import demands
from paddock.checks.workload_references import merged
from paddock.components.kueue_cohorts import covered, settings_of
from paddock.devices import EFA, GPU
from paddock.diagnostics import Note, Place, Problem
from paddock.instances import instances
from paddock.model import Cluster, Environment, Fleet, NodePool, Team, Workload
from paddock.quantity import add, binary, decimal, parse
from paddock.workloads import pods

IDS = ("quota-above-pool-limit", "resource-without-quota", "topology-without-pool")

# Fields of a workload's resources that ask for a resource of another name.
_FIELDS = {GPU: "gpu", EFA: "efa", "hugepages-2Mi": "efa", "ephemeral-storage": "ephemeralStorage"}
_BYTES = ("memory", "ephemeral-storage", "hugepages-")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """Nominal quota of a team or a cohort in a pool."""

    owner: str
    quantity: str
    place: Place


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each pool of each cluster with Kueue, and each workload in a queue there."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            if settings_of(cluster) is not None:
                standing = _standing(environment, cluster)
                for pool in cluster.node_pools.values():
                    yield from _pool(environment, cluster, pool, standing.get(pool.name, []))
        yield from merged(_workloads(environment))


def _standing(environment: Environment, cluster: Cluster) -> dict[str, list[_Share]]:
    """GPUs by pool of what always runs there and nowhere else: Kueue does not know of them."""
    found: dict[str, list[_Share]] = {}
    if not any(team.clusters[cluster.name]["flavors"] for team in environment.teams_on(cluster.name)):
        return found
    for workload, low, gpus in demands.always_on_gpus(environment, cluster):
        places = pods.pools(cluster, workload)
        if low and len(places) == 1:
            share = _Share(
                owner=f'workload "{workload.name}"', quantity=str(low * gpus), place=workload.place("replicas")
            )
            found.setdefault(places[0].name, []).append(share)
    return found


def _pool(environment: Environment, cluster: Cluster, pool: NodePool, standing: list[_Share]) -> Iterator[Problem]:
    """gpu-platform.md 8 #10: Kueue admits up to the quota, Karpenter starts no node beyond the limit."""
    for resource, limit in sorted(pool.data["limits"].items()):
        if resource == GPU and parse(limit) < _largest(pool):
            continue  # pool-limit-below-instance says so
        shares = [*_team_shares(environment, cluster, pool, resource), *_cohort_shares(cluster, pool, resource)]
        total = add(one.quantity for one in shares)
        fixed = standing if resource == GPU and total else []
        always = add(one.quantity for one in fixed)
        if total + always > parse(limit):
            text = _text(total, resource)
            beside = f", beside {_text(always, resource)} always in use" if always else ""
            yield Problem(
                id="quota-above-pool-limit",
                message=f'nominal quota of {resource} in pool "{pool.name}" of cluster "{cluster.identity}" adds up to '
                f"{text}{beside}, and the pool never grows beyond {limit}",
                place=cluster.place("nodePools", pool.name, "limits", resource),
                label=f"{text} are promised",
                related=tuple(
                    Note(message=f"{one.owner}: {one.quantity}", place=one.place) for one in (*shares, *fixed)
                ),
                help="lower a nominalQuota and let the team borrow instead (borrowingLimit), or raise the limit: runs "
                "that Kueue admits would wait for nodes that never come",
            )


def _largest(pool: NodePool) -> int:
    """GPUs of the largest instance type of a pool."""
    return max((instances()[name].gpu_count for name in pool.data["instanceTypes"] if name in instances()), default=0)


def _text(total: Fraction, resource: str) -> str:
    return binary(total) if resource.startswith(_BYTES) else decimal(total)


def _team_shares(environment: Environment, cluster: Cluster, pool: NodePool, resource: str) -> Iterator[_Share]:
    for team in environment.teams_on(cluster.name):
        quota = team.clusters[cluster.name]["flavors"].get(pool.name, {}).get(resource)
        if quota:
            place = team.place("clusters", cluster.name, "flavors", pool.name, resource, "nominalQuota")
            yield _Share(owner=f'team "{team.name}"', quantity=quota["nominalQuota"], place=place)


def _cohort_shares(cluster: Cluster, pool: NodePool, resource: str) -> Iterator[_Share]:
    for name, cohort in (settings_of(cluster) or {"cohorts": {}})["cohorts"].items():
        quota = cohort["flavors"].get(pool.name, {}).get(resource)
        if quota:
            pointer = ("components", "kueue", "settings", "cohorts", name, "flavors", pool.name, resource)
            place = cluster.place(*pointer, "nominalQuota")
            yield _Share(owner=f'cohort "{name}"', quantity=quota["nominalQuota"], place=place)


def _workloads(environment: Environment) -> Iterator[Problem]:
    for workload in environment.workloads.values():
        team = environment.teams.get(workload.team)
        for name in workload.clusters:
            cluster = environment.clusters.get(name)
            for part in workload.parts() if cluster else ():
                if cluster and team and "queue" in part.data and settings_of(cluster) is not None:
                    yield from _requests(environment, cluster, team, part)
                    yield from _topology(cluster, part)


def _requests(environment: Environment, cluster: Cluster, team: Team, workload: Workload) -> Iterator[Problem]:
    """Kueue admits no run that asks for a resource its queue does not cover (gpu-platform.md 5.2).

    What no queue of the cluster covers is excluded from the count by the controller's configuration, but for GPUs.
    """
    flavors = team.clusters.get(cluster.name, {}).get("flavors", {})
    if not flavors or workload.data.get("pool", "") not in ("", *cluster.node_pools):
        return  # unknown-queue or unknown-node-pool says so
    asked = pods.resources(cluster, workload)
    elsewhere = {name for one in environment.teams_on(cluster.name) for name in _covered(one, cluster)} | {GPU}
    claimed = {GPU} if "claims" in asked else set()  # Kueue counts the claim as this: kueue.DEVICE_CLASSES
    missing = sorted(({*asked["requests"], *asked["limits"], *claimed} - set(covered(flavors))) & elsewhere)
    for resource in missing:
        yield Problem(
            id="resource-without-quota",
            message=f'{workload.title} asks for {resource}, of which queue "{team.name}" on cluster '
            f'"{cluster.identity}" has no quota',
            place=workload.place("resources", _FIELDS.get(resource, resource)),
            help=f"add {resource} to spec.clusters.{cluster.name}.flavors of "
            f"{team.origin.overlay or team.origin.base}: Kueue holds the run back for ever otherwise",
        )


def _topology(cluster: Cluster, workload: Workload) -> Iterator[Problem]:
    """Kueue places by topology only on flavors that have one, whose nodes are there already (8 #21)."""
    if "topology" not in workload.data or workload.data.get("pool", "") not in ("", *cluster.node_pools):
        return
    pools = pods.pools(cluster, workload) or list(cluster.node_pools.values())
    if any(pool.data["topology"] for pool in pools):
        return
    others = sorted(pool.name for pool in cluster.node_pools.values() if pool.data["topology"])
    yield Problem(
        id="topology-without-pool",
        message=f'workload "{workload.name}" wants topology-aware placement, and no pool of cluster '
        f'"{cluster.identity}" that it may run on has it: {", ".join(sorted(pool.name for pool in pools))}',
        place=workload.place("topology", key=True),
        help="remove topology, or let a pool of nodes that are always there have topology: true"
        + (f"; it has on {', '.join(others)}" if others else ""),
    )


def _covered(team: Team, cluster: Cluster) -> list[str]:
    return covered(team.clusters[cluster.name]["flavors"])
