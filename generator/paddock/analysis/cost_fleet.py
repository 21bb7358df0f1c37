"""The costs of environments: each cluster's services, its pools with what runs on them, and its teams' storage."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from paddock.analysis import cost_pools, cost_supply
from paddock.analysis.cost import Costs, Ledger, joined
from paddock.analysis.cost_services import services
from paddock.analysis.cost_storage import checkpoints, team_storage
from paddock.analysis.prices import Prices
from paddock.model import Cluster, Environment, Fleet, Workload


def costs(fleet: Fleet, environments: Iterable[Environment], *, as_of: str | None) -> Costs:
    """The costs of some environments. `as_of` is the day, an ISO date, on which extended support and capacity blocks
    are judged; None: standard support, and every block goes on."""
    ledgers = [
        _cluster(fleet, environment, cluster, as_of)
        for environment in environments
        for cluster in environment.clusters.values()
    ]
    return joined(ledgers)


def _cluster(fleet: Fleet, environment: Environment, cluster: Cluster, as_of: str | None) -> Ledger:
    ledger = Ledger(environment.name, cluster.name)
    prices = Prices(stated=fleet.platform.data.get("prices", {}))
    pools = cost_supply.of_cluster(ledger, prices, cluster, as_of)
    cost_pools.buffers(ledger, pools, cluster)
    for workload in environment.workloads_on(cluster.name):
        team = environment.teams.get(workload.team)
        flavors = team.clusters.get(cluster.name, {}).get("flavors", {}) if team else {}
        cost_pools.place(ledger, pools, cluster, workload, flavors=flavors, share=_share(workload, cluster))
        checkpoints(ledger, prices, cluster, workload)
    for pool in pools.values():
        cost_pools.settle(ledger, cluster, pool)
    services(ledger, fleet, environment, cluster, as_of)
    for team in environment.teams.values():
        team_storage(ledger, fleet, environment, cluster, team)
    return ledger


def _share(workload: Workload, cluster: Cluster) -> Fraction:
    """The part of a workload's runs that comes to a cluster: all where it is named, else as much as to each other
    worker of the queue (MultiKueue)."""
    if cluster.name in workload.data["clusters"] and cluster.name not in workload.dispatch:
        return Fraction(1)
    workers = [places for places in workload.dispatch.values() if cluster.name in places]
    return sum((Fraction(1, len(places)) for places in workers), Fraction(0))
