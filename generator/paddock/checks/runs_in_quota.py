"""Runs that can never be admitted: Kueue admits all pods of a run or none, so one run must fit into what its queue can
have, and its pods into the ResourceQuota of their namespace beside what always runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from paddock import accounts, demands
from paddock.accounts import text
from paddock.analysis.quota_ledger import counted, counts_pods
from paddock.analysis.quota_tree import QuotaTree
from paddock.catalogue import Component
from paddock.checks.gpu_fit import fits_nowhere
from paddock.checks.quota_words import field, flavors, nominal, on, place
from paddock.checks.workload_references import merged
from paddock.demands import Demand, Run
from paddock.devices import GPU
from paddock.diagnostics import Note, Problem
from paddock.model import Environment, Fleet
from paddock.quantity import parse
from paddock.wording import quoted
from paddock.workloads import pods

IDS = ("quota-below-one-run",)


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each run of each team, on the clusters on which its pods run."""
    yield from merged(
        one for environment in fleet.environments.values() for one in _environment(environment, catalogue)
    )


def _environment(environment: Environment, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """A run that a queue sends to several workers needs one that can hold it."""
    faults: dict[tuple[str, str], list[Problem | None]] = {}
    for cluster in environment.clusters.values():
        tree = accounts.kueue_tree(environment, cluster)
        for demand in demands.everyone(environment, cluster):
            steady = {key: demand.steady(key) for key in demand.quota if demand.runs and counts_pods(key)}
            for run in demand.runs:
                key = ("" if run.part.dispatch else cluster.name, f"{run.part.team}/{run.part.title}")
                problem = _run(demand, tree, run, steady)
                silent = problem is None or fits_nowhere(demand.cluster, run.part, catalogue)
                faults.setdefault(key, []).append(None if silent else problem)
    for problems in faults.values():
        yield from (one for one in problems if one is not None and None not in problems)


def _run(demand: Demand, tree: QuotaTree | None, run: Run, steady: Mapping[str, Fraction]) -> Problem | None:
    flavors = demand.team.clusters[demand.cluster.name]["flavors"]
    problem = None
    if run.queued and tree is not None and flavors and flavors.keys() <= demand.cluster.node_pools.keys():
        problem = _queue(demand, tree, run)
    return problem or next(_namespace(demand, run, steady), None)


def _queue(demand: Demand, tree: QuotaTree, run: Run) -> Problem | None:
    """What is missing in each flavor, if something is missing in every one."""
    legal = accounts.flavors(demand, run)
    if not legal:
        return None if run.part.dispatch else _elsewhere(demand, run)
    wanted = accounts.asked(demand, run)
    short = {flavor: tree.short(demand.team.name, flavor, wanted) for flavor in legal}
    if not all(short.values()):
        return None
    first = min(short[legal[0]], key=_gpus_first)
    fit = max(_pods_in(run, short[flavor], wanted) for flavor in legal)
    return Problem(
        id="quota-below-one-run",
        message=f"a run of {run.part.title} is never admitted: the queue of {on(demand)} cannot have "
        f"{text(wanted[first], first)} of {first}, whatever it borrows",
        place=field(run, first),
        label=f"{run.pods} nodes × {text(wanted[first] / run.pods, first)}" if run.pods > 1 else "",
        related=tuple(
            Note(
                message=f'flavor "{flavor}": at most {text(most, resource)} of {resource}, '
                f"{text(wanted[resource], resource)} asked for",
                place=nominal(demand, flavor, resource),
            )
            for flavor in legal
            for resource, most in sorted(short[flavor].items(), key=lambda one: _gpus_first(one[0]))
        ),
        help=(f"ask for at most {fit} nodes, " if fit else "ask for less, ")
        + "or raise nominalQuota, borrowingLimit or what others of the cohort lend"
        + (": all pods of a run are admitted together" if run.pods > 1 else ""),
    )


def _gpus_first(resource: str) -> tuple[bool, str]:
    return resource != GPU, resource


def _pods_in(run: Run, short: Mapping[str, Fraction], wanted: Mapping[str, Fraction]) -> int:
    return min(int(most / (wanted[name] / run.pods)) for name, most in short.items())


def _elsewhere(demand: Demand, run: Run) -> Problem:
    """No pool on which the run may be is a flavor of the queue: Kueue compares node selectors with flavors' labels."""
    legal = sorted(pool.name for pool in pods.pools(demand.cluster, run.part))
    mine = sorted(demand.team.clusters[demand.cluster.name]["flavors"])
    return Problem(
        id="quota-below-one-run",
        message=f"a run of {run.part.title} is never admitted: the queue of {on(demand)} has no quota in "
        f"{quoted(legal)}, where its nodes may be",
        place=run.part.place("pool") if "pool" in run.part.data else run.part.place("resources", "gpu"),
        related=(Note(message=f"it has quota in {quoted(mine)}", place=flavors(demand)),),
        help="add the pool to the flavors of the team, or ask for what its own pools have",
    )


def _namespace(demand: Demand, run: Run, steady: Mapping[str, Fraction]) -> Iterator[Problem]:
    """gpu-platform.md 5.3: a ResourceQuota below what Kueue admits blocks runs that are admitted already."""
    for key, used in sorted(steady.items()):
        limit, need = demand.quota[key], run.pods * counted(run.shape, key)
        if used <= parse(limit) < used + need:
            beside = f" with {text(used, key)} always in use" if used else ""
            lacks = "all its pods" if run.pods > 1 else "its pod"
            yield Problem(
                id="quota-below-one-run",
                message=f"a run of {run.part.title} never has {lacks}: it takes {text(need, key)} of {key}, and the "
                f"quota of {on(demand)} is {limit}{beside}",
                place=field(run, key.rpartition("requests.")[2].removeprefix("limits.")),
                related=(Note(message=f"{key} is {limit}", place=place(demand, key)),),
                help=f"raise the quota to at least {text(used + need, key)}, or ask for less",
            )
