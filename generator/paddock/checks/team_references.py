"""Everything a team names exists: clusters, node pools as flavors, identity groups."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import merged, unknown
from paddock.diagnostics import Problem
from paddock.model import Environment, Fleet, Team
from paddock.quantity import parse

IDS = ("unknown-cluster", "unknown-flavor", "unknown-identity-group", "lending-above-nominal")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each reference of each team, in each environment."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    groups = fleet.platform.data["identityGroups"]
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            for role, group in team.data["groups"].items():
                if group not in groups:
                    yield unknown("unknown-identity-group", "identity group", group, groups, team.place("groups", role))
            yield from _clusters(fleet, environment, team)


def _clusters(fleet: Fleet, environment: Environment, team: Team) -> Iterator[Problem]:
    for name, use in team.clusters.items():
        cluster = environment.clusters.get(name)
        where = f' in environment "{environment.name}"'
        if cluster is None:
            if ("Cluster", environment.name, name) in fleet.unread:
                continue
            place = team.place("clusters", name, key=True)
            yield unknown("unknown-cluster", "cluster", name, environment.clusters, place, where=where)
            continue
        for flavor, resources in use["flavors"].items():
            if flavor not in cluster.node_pools:
                place = team.place("clusters", name, "flavors", flavor, key=True)
                on = f' on cluster "{cluster.identity}"'
                yield unknown("unknown-flavor", "node pool", flavor, cluster.node_pools, place, where=on)
            for resource, quota in resources.items():
                if "lendingLimit" in quota and parse(quota["lendingLimit"]) > parse(quota["nominalQuota"]):
                    yield Problem(
                        id="lending-above-nominal",
                        message=f"lendingLimit {quota['lendingLimit']} of {resource} is more than nominalQuota "
                        f"{quota['nominalQuota']}",
                        place=team.place("clusters", name, "flavors", flavor, resource, "lendingLimit"),
                        help=f"write at most {quota['nominalQuota']}: Kueue refuses the ClusterQueue otherwise",
                    )
