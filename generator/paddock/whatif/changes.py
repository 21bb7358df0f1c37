"""A fleet as it would be with other pools, quota or workloads: what the options of `paddock whatif` ask for.

An option that names no cluster holds wherever the chosen environments have what it names. What names nothing, or
nothing that can be changed so, is a usage error that says what would be legal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from paddock.devices import GPU
from paddock.errors import USAGE, Fatal
from paddock.model import Cluster, Environment, Fleet, NodePool, Team, Workload
from paddock.quantity import binary, decimal, parse
from paddock.whatif import nodes, queueing
from paddock.wording import nearest

Json = Any

_NUMBER = re.compile(r"([+-]?)([0-9]{1,6})")
_BYTES = ("memory", "ephemeral-storage", "hugepages-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options as they were given, each in its order."""

    pools: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an option did to one cluster, or to one environment where it is of no cluster (`where`)."""

    option: str
    value: str
    where: str
    what: str
    unit: str
    before: Fraction
    after: Fraction
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """`key=±N`, taken apart."""

    option: str
    text: str
    key: str
    sign: str
    amount: int

    def of(self, before: Fraction, where: str) -> Fraction:
        """The number that comes of another; Fatal if it is below 0."""
        after = {"+": before + self.amount, "-": before - self.amount, "": Fraction(self.amount)}[self.sign]
        if after < 0:
            raise _usage(
                f'{self.option} {self.text}: in "{where}" there are only {shown(before)}',
                "take away less, or leave that one out by -e or --cluster",
            )
        return after


def shown(value: Fraction) -> str:
    """A count for people: a whole number, or a tenth of one."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.1f}"


def apply(fleet: Fleet, chosen: Iterable[str], clusters: Iterable[str], wishes: Wishes) -> tuple[Fleet, list[Applied]]:
    """The fleet after all wishes in the chosen environments and (by identity) clusters, and what each did."""
    known, names, applied = dict(fleet.environments), set(chosen), list[Applied]()
    allowed = set(clusters)
    for wish in (_parsed("--pool", one) for one in wishes.pools):
        applied += _pool(known, names, allowed, wish)
    for wish in (_parsed("--team", one) for one in wishes.teams):
        applied += _team(known, names, allowed, wish)
    for wish in (_parsed("--workload", one) for one in wishes.workloads):
        applied += _workload(known, names, allowed, wish)
    for name in wishes.without:
        applied += _without(known, names, allowed, name)
    return replace(fleet, environments=known), applied


def closest(message: str, name: str, legal: Iterable[str]) -> Fatal:
    """A usage error for a name that names nothing."""
    every = sorted(set(legal))
    written = {one if "/" in name else one.rpartition("/")[2]: one for one in every}
    near = written.get(nearest(name, written), "")
    suggestion = f'did you mean "{near}"? ' if near else ""
    return _usage(message, f"{suggestion}legal: {', '.join(every)}" if every else "there is none at all")


def _usage(message: str, help: str = "") -> Fatal:
    return Fatal(message, help=help, code=USAGE)


def _parsed(option: str, text: str) -> _Wish:
    key, equals, number = text.partition("=")
    match = _NUMBER.fullmatch(number)
    if not key or not equals or match is None:
        form = {"--pool": "CLUSTER/POOL=-2", "--team": "TEAM.FLAVOR=+64", "--workload": "TEAM/NAME=16"}[option]
        raise _usage(f"{option} {text}: it does not end in =N, =+N or =-N", f"write it as {form}")
    return _Wish(option=option, text=text, key=key, sign=match[1], amount=int(match[2]))


# Pools


def _pool(known: dict[str, Environment], names: set[str], allowed: set[str], wish: _Wish) -> list[Applied]:
    found, legal = [], []
    for environment, cluster in _clusters(known, names, allowed):
        for pool in cluster.node_pools.values():
            legal.append(f"{cluster.name}/{pool.name}")
            if wish.key in (f"{cluster.name}/{pool.name}", f"{cluster.identity}/{pool.name}"):
                changed, before, after = _resized(cluster, pool, wish)
                known[environment.name] = _with_cluster(known[environment.name], _with_pool(cluster, changed))
                found.append(_applied(wish, cluster.identity, f"pool {pool.name}", "nodes", before, after))
    if not found:
        raise closest(f'--pool: there is no pool "{wish.key}"', wish.key, legal)
    return found


def _resized(cluster: Cluster, pool: NodePool, wish: _Wish) -> tuple[NodePool, Fraction, Fraction]:
    """A pool of so many nodes more or less: its replicas, and every limit by what these nodes have."""
    one, before = nodes.largest(pool), nodes.number(pool)
    if one is None or before is None:
        raise _usage(
            f'{wish.option} {wish.text}: the number of nodes of pool "{pool.name}" is not known',
            "it has no limit, shares its GPUs, or names only instance types that paddock does not know",
        )
    after = wish.of(before, cluster.identity)
    data = {**pool.data, "limits": _shifted(pool, nodes.in_node(one), after - before)}
    if "replicas" in pool.data:
        data["replicas"] = int(after)
    return replace(pool, data=data), before, after


def _shifted(pool: NodePool, has: Mapping[str, Fraction], difference: Fraction) -> dict[str, Json]:
    return {
        resource: _quantity(resource, max(Fraction(0), parse(str(limit)) + difference * has.get(resource, Fraction(0))))
        for resource, limit in pool.data["limits"].items()
    }


def _quantity(resource: str, value: Fraction) -> str:
    return binary(value) if resource.startswith(_BYTES) else decimal(value)


def _with_pool(cluster: Cluster, pool: NodePool) -> Cluster:
    data = {**cluster.data, "nodePools": {**cluster.data["nodePools"], pool.name: pool.data}}
    return replace(cluster, data=data, node_pools={**cluster.node_pools, pool.name: pool})


def _with_cluster(environment: Environment, cluster: Cluster) -> Environment:
    return replace(environment, clusters={**environment.clusters, cluster.name: cluster})


# Quota of teams


def _team(known: dict[str, Environment], names: set[str], allowed: set[str], wish: _Wish) -> list[Applied]:
    key, _, where = wish.key.partition("@")
    found, legal = [], []
    for environment, cluster in _clusters(known, names, allowed):
        for team in known[environment.name].teams_on(cluster.name):
            for flavor in team.clusters[cluster.name]["flavors"]:
                legal.append(f"{team.name}.{flavor}@{cluster.name}" if where else f"{team.name}.{flavor}")
                if key == f"{team.name}.{flavor}" and where in ("", cluster.name, cluster.identity):
                    changed, before, after = _granted(team, cluster, flavor, wish)
                    teams = {**known[environment.name].teams, team.name: changed}
                    known[environment.name] = replace(known[environment.name], teams=teams)
                    note = "its other resources there in proportion" if before and after != before else ""
                    what = f"quota of {team.name} in {flavor}"
                    found.append(_applied(wish, cluster.identity, what, "GPUs", before, after, note))
    if not found:
        raise closest(f'--team: there is no quota "{wish.key}"', wish.key, legal)
    return found


def _granted(team: Team, cluster: Cluster, flavor: str, wish: _Wish) -> tuple[Team, Fraction, Fraction]:
    """A team with other nominal quota of GPUs in a flavor, and of what goes with them in proportion; what it lends is
    never more than it has, as Kueue wants it."""
    stated = team.clusters[cluster.name]["flavors"][flavor]
    if GPU not in stated:
        raise _usage(f"{wish.option} {wish.text}: the team has no GPUs in {flavor} of {cluster.identity}")
    before = parse(stated[GPU]["nominalQuota"])
    after = wish.of(before, cluster.identity)
    scaled = {name: _scaled(name, one, after / before) for name, one in stated.items()} if before else dict(stated)
    scaled[GPU] = {**scaled[GPU], "nominalQuota": decimal(after)}
    use = team.clusters[cluster.name]
    use = {**use, "flavors": {**use["flavors"], flavor: scaled}}
    return replace(team, data={**team.data, "clusters": {**team.clusters, cluster.name: use}}), before, after


def _scaled(resource: str, quota: Mapping[str, Json], factor: Fraction) -> dict[str, Json]:
    nominal = parse(quota["nominalQuota"]) * factor
    found = {**quota, "nominalQuota": _quantity(resource, nominal)}
    if "lendingLimit" in quota:
        found["lendingLimit"] = _quantity(resource, min(nominal, parse(quota["lendingLimit"])))
    return found


# Workloads


def _workload(known: dict[str, Environment], names: set[str], allowed: set[str], wish: _Wish) -> list[Applied]:
    found, legal = [], []
    for name, workload in _queued(known, names, allowed):
        if "nodes" not in workload.data:
            continue
        legal.append(f"{workload.team}/{workload.name}")
        if wish.key in (workload.name, legal[-1]):
            before = Fraction(workload.data["nodes"])
            after = wish.of(before, name)
            if not after:
                raise _usage(f"{wish.option} {wish.text}: a run has at least one node", f"write --without {wish.key}")
            changed = replace(workload, data={**workload.data, "nodes": int(after)})
            workloads = {**known[name].workloads, (workload.team, workload.name): changed}
            known[name] = replace(known[name], workloads=workloads)
            found.append(_applied(wish, name, legal[-1], "nodes", before, after))
    if not found:
        raise closest(f'--workload: Kueue queues no run "{wish.key}" that has nodes', wish.key, legal)
    return found


def _without(known: dict[str, Environment], names: set[str], allowed: set[str], key: str) -> list[Applied]:
    found, legal = [], []
    for name, workload in _queued(known, names, allowed):
        legal.append(f"{workload.team}/{workload.name}")
        if key in (workload.name, legal[-1]):
            left = {one: it for one, it in known[name].workloads.items() if one != (workload.team, workload.name)}
            known[name] = replace(known[name], workloads=left)
            wish = _Wish(option="--without", text=key, key=key, sign="", amount=0)
            found.append(_applied(wish, name, legal[-1], "runs", Fraction(1), Fraction(0)))
    if not found:
        raise closest(f'--without: Kueue queues no workload "{key}"', key, legal)
    return found


def _queued(known: Mapping[str, Environment], names: set[str], allowed: set[str]) -> list[tuple[str, Workload]]:
    """Workloads with a queue, each with its environment."""
    return [
        (name, workload)
        for name, environment in sorted(known.items())
        if name in names
        for workload in environment.workloads.values()
        if queueing.parts(workload) and {f"{name}-{one}" for one in workload.named_clusters} & allowed
    ]


def _clusters(
    known: Mapping[str, Environment], names: set[str], allowed: set[str]
) -> list[tuple[Environment, Cluster]]:
    return [
        (environment, cluster)
        for name, environment in sorted(known.items())
        if name in names
        for cluster in environment.clusters.values()
        if cluster.identity in allowed
    ]


def _applied(
    wish: _Wish, where: str, what: str, unit: str, before: Fraction, after: Fraction, note: str = ""
) -> Applied:
    return Applied(
        option=wish.option, value=wish.text, where=where, what=what, unit=unit, before=before, after=after, note=note
    )
