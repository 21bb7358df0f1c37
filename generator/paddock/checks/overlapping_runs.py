"""Schedules whose runs may overlap (concurrencyPolicy: Allow) in a queue that never holds two of them."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import accounts, demands
from paddock.analysis.quota_tree import QuotaTree
from paddock.checks.quota_words import on
from paddock.checks.workload_references import merged
from paddock.demands import Demand, Run
from paddock.diagnostics import Problem, Severity
from paddock.model import Fleet, Workload
from paddock.workloads import runs

IDS = ("overlapping-runs-above-quota",)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each schedule of training, on the clusters on which its pods run. Steps of a pipeline wait one by one anyway."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        overlapping = [one for one in environment.workloads.values() if _may_overlap(one)]
        for name in dict.fromkeys(name for one in overlapping for name in one.clusters):
            cluster = environment.clusters.get(name)
            tree = accounts.kueue_tree(environment, cluster) if cluster else None
            for team in environment.teams_on(name) if cluster else ():
                mine = [one for one in overlapping if one.team == team.name and name in one.clusters]
                if cluster is not None and tree is not None:
                    demand = demands.demand(environment, cluster, team, mine)
                    yield from (one for run in demand.runs for one in _overlap(demand, tree, run))


def _may_overlap(workload: Workload) -> bool:
    """Whether two runs may go at a time. Those that MultiKueue sends to several workers need not meet on one."""
    if workload.type != "training" or not runs.is_scheduled(workload):
        return False
    if workload.data["run"]["concurrencyPolicy"] != "Allow" or (workload.dispatch and len(workload.clusters) > 1):
        return False
    return accounts.at_once(workload) > 1


def _overlap(demand: Demand, tree: QuotaTree, run: Run) -> Iterator[Problem]:
    """Where a second run never fits beside the first, they queue up one behind the other. Where even one does not,
    quota-below-one-run says so."""
    name, wanted = demand.team.name, accounts.asked(demand, run)
    legal = accounts.flavors(demand, run)
    whole = [one for one in legal if all(amount <= tree.most(name, (one, what)) for what, amount in wanted.items())]
    twice = (all(2 * amount <= tree.most(name, (one, what)) for what, amount in wanted.items()) for one in whole)
    if len(whole) != 1 or any(twice):
        return
    deadline = run.part.data.get("activeDeadline")
    bound = f"within the {deadline} that one may take" if deadline else "however long one takes"
    yield Problem(
        id="overlapping-runs-above-quota",
        severity=Severity.WARNING,
        message=f"runs of {run.part.title} may overlap (concurrencyPolicy: Allow), and the queue of {on(demand)} never "
        "holds two of them",
        place=run.part.place("run", "concurrencyPolicy"),
        label=f"{run.part.data['run']['schedule']} begins another {bound}",
        help="write Forbid or Replace, or raise the quota: runs would wait one behind the other, and more each time",
    )
