"""The accounts of the quota ledger: a team's ResourceQuota and its quota in each flavor of Kueue, and what is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from paddock.analysis.quota_ledger import (
    Account,
    Entry,
    admitted_together,
    counted,
    counts_pods,
    runs_at_once,
    steps_at_once,
    surge,
)
from paddock.analysis.quota_tree import Cell, Member, Quota, QuotaTree
from paddock.components import kueue_cohorts
from paddock.demands import CLAIMED, VOLUMES, Demand, Run
from paddock.devices import GPU
from paddock.model import Cluster, Environment, Json, Step, Workload
from paddock.quantity import binary, decimal, parse, seconds
from paddock.workloads import pipeline, pods, runs

_BYTES = ("memory", "storage", "hugepages-")
_UNBOUNDED = 2
"""Runs at once where there is no bound: the least that overlaps."""


def kueue_tree(environment: Environment, cluster: Cluster) -> QuotaTree | None:
    """The queues of teams below the cluster's cohorts; queues are called by their team, cohorts `cohort/<name>`. None
    without Kueue, and where cohorts are in a circle, which a check reports."""
    settings = kueue_cohorts.settings_of(cluster)
    if settings is None or _circle(cluster, settings):
        return None
    queues = [
        Member(
            name=team.name,
            parent=f"cohort/{kueue_cohorts.cohort_of(team, cluster)}",
            quotas=_quotas(kueue_cohorts.resource_groups(flavors)),
        )
        for team in environment.teams_on(cluster.name)
        if (flavors := kueue_cohorts.known(team.clusters[cluster.name]["flavors"], cluster))
    ]
    cohorts = [
        Member(
            name=f"cohort/{one['name']}",
            parent=None if one["parentName"] is None else f"cohort/{one['parentName']}",
            quotas=_quotas(one["resourceGroups"]),
        )
        for one in kueue_cohorts.cohorts(cluster, settings)
    ]
    return QuotaTree(queues, cohorts)


def _circle(cluster: Cluster, settings: Mapping[str, Json]) -> bool:
    for name in settings["cohorts"]:
        seen = {name}
        above = kueue_cohorts.parent(name, cluster, settings)
        while above is not None:
            if above in seen:
                return True
            seen.add(above)
            above = kueue_cohorts.parent(above, cluster, settings)
    return False


def _quotas(groups: list[dict[str, Json]]) -> dict[Cell, Quota]:
    return {
        (flavor["name"], one["name"]): Quota(
            nominal=parse(one["nominalQuota"]),
            borrowing_limit=parse(one["borrowingLimit"]) if "borrowingLimit" in one else None,
            lending_limit=parse(one["lendingLimit"]) if "lendingLimit" in one else None,
        )
        for group in groups
        for flavor in group["flavors"]
        for one in flavor["resources"]
    }


def flavors(found: Demand, run: Run) -> list[str]:
    """The flavors of the team's queue on whose nodes a run may be, in the order in which Kueue tries them."""
    mine = kueue_cohorts.known(found.team.clusters[found.cluster.name]["flavors"], found.cluster)
    legal = {pool.name for pool in pods.pools(found.cluster, run.part)}
    return [name for name in mine if not legal or name in legal]


def asked(found: Demand, run: Run) -> dict[str, Fraction]:
    """What Kueue counts of a run: of the resources that the team's queue covers, all pods together."""
    mine = kueue_cohorts.known(found.team.clusters[found.cluster.name]["flavors"], found.cluster)
    amounts = {name: run.needs(name) for name in kueue_cohorts.covered(mine)}
    if GPU in amounts:
        amounts[GPU] += run.needs(CLAIMED)
    return {name: amount for name, amount in amounts.items() if amount}


def at_once(workload: Workload) -> int:
    """The most runs of a workload at a time. Two of onChange: the old one goes on while the new one begins."""
    how = workload.data["run"]
    if how == "onChange":
        return 2
    if not runs.is_scheduled(workload):
        return 1
    deadline = seconds(workload.data["activeDeadline"]) if "activeDeadline" in workload.data else None
    bound = runs_at_once(how["schedule"], how["concurrencyPolicy"], deadline)
    return _UNBOUNDED if bound is None else max(1, bound)


def entries(found: Demand, tree: QuotaTree | None) -> Iterator[Entry]:
    """The entries of a team's ResourceQuota and of its quota in each flavor of Kueue."""
    account = Account(cluster=found.cluster.identity, team=found.team.name)
    for key in sorted(filter(is_counted, found.quota)):
        for one in found.standing:
            each, most = counted(one.shape, key), one.high + surge(one.high)
            because = f"{one.high} replicas and {surge(one.high)} more while a new version rolls out"
            yield _entry(account, one.workload.name, key, each * one.low, each * most, because)
        if found.claimed(key):
            yield _entry(account, "volumes", key, found.claimed(key), found.claimed(key), "they are always there")
        yield from _ending(found, tree, account, key)
    if tree is not None:
        yield from _flavor_entries(found, tree)


def _entry(account: Account, owner: str, resource: str, steady: Fraction, peak: Fraction, because: str) -> Entry:
    return Entry(account=account, owner=owner, resource=resource, steady=steady, peak=peak, because=because)


def _ending(found: Demand, tree: QuotaTree | None, account: Account, key: str) -> Iterator[Entry]:
    """What runs and ends, in the ResourceQuota: the runs of a queue together are never more than Kueue admits."""
    for name, group in _by_workload(found).items():
        free = _together(group, {step(one): one.pods * counted(one.shape, key) for one in group if not one.queued})
        if free:
            times, alone = at_once(group[0].part), _by_itself(group[0].part)
            yield _entry(account, name, key, free * alone, free * times, f"{times} at once")
    most = admitted(found, tree, key)
    if most:
        steady = sum((weight * _by_itself(run.part) for weight, run in _heaviest(found, key)), Fraction(0))
        yield _entry(account, f"queue {found.team.name}", key, min(steady, most), most, "as much as Kueue admits")


def _heaviest(found: Demand, key: str) -> Iterator[tuple[Fraction, Run]]:
    """Of each workload in the queue the run that takes most of a resource of the ResourceQuota: of a pipeline one
    step, though others may be beside it."""
    for group in _by_workload(found).values():
        weights = [(one.pods * counted(one.shape, key), one) for one in group if one.queued]
        heaviest = max(weights, key=lambda pair: pair[0], default=None)
        if heaviest is not None and heaviest[0]:
            yield heaviest


def one_each(found: Demand, key: str) -> Fraction:
    """What one run of each workload in the team's queue takes of the ResourceQuota, whatever Kueue admits."""
    return sum((weight for weight, _ in _heaviest(found, key)), Fraction(0))


def admitted(found: Demand, tree: QuotaTree | None, key: str, *, once: bool = False) -> Fraction:
    """What runs that Kueue may admit at the same time take of the ResourceQuota, if nobody else uses anything: what is
    said here can come to pass, so it is no guess. With `once` one of each workload, else as many as may go at once;
    without Kueue all of them go."""
    times = [(weight, run, 1 if once else at_once(run.part)) for weight, run in _heaviest(found, key)]
    if tree is None:
        return sum((weight * count for weight, _, count in times), Fraction(0))
    wants = [(weight, run) for weight, run, count in times for _ in range(count)]
    cells: list[tuple[Fraction, Mapping[Cell, Fraction]]] = []
    room: dict[Cell, Fraction] = {}
    for weight, run in wants:
        chosen = flavor(found, tree, run)
        if chosen is not None:
            takes = {(chosen, name): amount for name, amount in asked(found, run).items()}
            cells.append((weight, takes))
            room |= {cell: tree.most(found.team.name, cell) for cell in takes}
    return admitted_together(cells, room)


def is_counted(key: str) -> bool:
    """Whether the ledger knows what draws on a resource of a ResourceQuota: pods do, and the claims of workloads."""
    return key in VOLUMES or counts_pods(key)


def _by_workload(found: Demand) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for one in found.runs:
        groups.setdefault(one.part.name, []).append(one)
    return groups


def step(run: Run) -> str:
    """Name of the step of a pipeline; empty where a run is a whole workload."""
    return run.part.step if isinstance(run.part, Step) else ""


def _together(group: list[Run], weights: Mapping[str, Fraction]) -> Fraction:
    """What the runs of one workload take at the same time: of a pipeline the steps that may be side by side."""
    if not isinstance(group[0].part, Step):
        return sum(weights.values(), Fraction(0))
    before = {step(one): pipeline.dependencies(one.part.data) for one in group}
    every = {name: weights.get(name, Fraction(0)) for name in before}
    return steps_at_once(every, before, group[0].part.data.get("parallelism"))


def _by_itself(workload: Workload) -> int:
    return int(workload.data["run"] == "onChange" or runs.is_scheduled(workload))


def _flavor_entries(found: Demand, tree: QuotaTree) -> Iterator[Entry]:
    """Each run in the first of its flavors that can hold it alone."""
    for name, group in _by_workload(found).items():
        placed: dict[str, list[Run]] = {}
        for one in group:
            chosen = flavor(found, tree, one) if one.queued else None
            if chosen is not None:
                placed.setdefault(chosen, []).append(one)
        for chosen, members in sorted(placed.items()):
            for resource in sorted({name for one in members for name in asked(found, one)}):
                weights = {step(one): asked(found, one).get(resource, Fraction(0)) for one in members}
                amount = _together(group, weights)
                times = at_once(members[0].part)
                account = Account(cluster=found.cluster.identity, team=found.team.name, flavor=chosen)
                alone = _by_itself(members[0].part)
                yield _entry(account, name, resource, amount * alone, amount * times, f"{times} at once")


def flavor(found: Demand, tree: QuotaTree, run: Run) -> str | None:
    """The first flavor in which a run could be admitted if nobody else used anything; without one the first that it may
    run in, and None where there is none."""
    legal = flavors(found, run)
    wanted = asked(found, run)
    for name in legal:
        if all(amount <= tree.most(found.team.name, (name, one)) for one, amount in wanted.items()):
            return name
    return legal[0] if legal else None


def limits(found: Demand) -> dict[tuple[Account, str], Fraction]:
    """The ResourceQuota, and nominal quota by flavor, of the team on the cluster."""
    account = Account(cluster=found.cluster.identity, team=found.team.name)
    result = {(account, key): parse(limit) for key, limit in found.quota.items() if is_counted(key)}
    if kueue_cohorts.settings_of(found.cluster) is not None:
        for name, quotas in found.team.clusters[found.cluster.name]["flavors"].items():
            mine = Account(cluster=found.cluster.identity, team=found.team.name, flavor=name)
            result |= {(mine, one): parse(quota["nominalQuota"]) for one, quota in quotas.items()}
    return result


def text(amount: Fraction, resource: str) -> str:
    """A quantity as people write it: bytes with a binary suffix, what counts things in digits."""
    if any(part in resource for part in _BYTES):
        return binary(amount)
    return str(amount.numerator) if amount.denominator == 1 else decimal(amount)


def percent(ratio: Fraction) -> str:
    """A ratio as a whole number of percent, rounded up: what is above a limit never reads as the limit."""
    return f"{-(-ratio.numerator * 100 // ratio.denominator)}%"
