"""ResourceQuotas that refuse pods of the specs beside them: what always runs, what rolls out, what an autoscaler adds.

Only what is certain is said: each workload for itself, beside what always runs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from paddock import accounts, demands
from paddock.accounts import text
from paddock.analysis.quota_ledger import counted, unavailable
from paddock.checks.quota_words import on, place
from paddock.checks.workload_references import merged
from paddock.demands import Demand, Standing
from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Fleet
from paddock.quantity import parse

IDS = ("demand-above-quota", "replicas-above-quota", "rollout-above-quota")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each team on each cluster."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            for demand in demands.everyone(environment, cluster):
                for key, limit in sorted(demand.quota.items()):
                    if accounts.is_counted(key):
                        yield from _resource(demand, key, parse(limit))


def _resource(demand: Demand, key: str, limit: Fraction) -> Iterator[Problem]:
    steady = demand.steady(key)
    if steady > limit:
        yield _too_much(demand, key, steady)
        return
    for one in demand.standing:
        each = counted(one.shape, key)
        if one.low and not unavailable(one.low) and steady + each > limit:
            yield _rollout(demand, key, one, limit - steady)
        elif each and steady + each * (one.high - one.low) > limit:
            yield _replicas(demand, key, one, one.low + int((limit - steady) / each))


def _too_much(demand: Demand, key: str, steady: Fraction) -> Problem:
    """Pods above the quota are refused, and their ReplicaSet tries again for ever (Kubernetes, "Resource Quotas")."""
    shares = [(one, one.low * counted(one.shape, key)) for one in demand.standing]
    notes = [
        Note(
            message=f'workload "{one.workload.name}": {one.low} × {text(counted(one.shape, key), key)}',
            place=one.workload.place("replicas"),
        )
        for one, amount in shares
        if amount
    ]
    if demand.claimed(key):
        notes.append(Note(message=f"volumes of workloads: {text(demand.claimed(key), key)}"))
    less = "ask for smaller volumes or fewer of them" if demand.claimed(key) else "lower replicas.min"
    return Problem(
        id="demand-above-quota",
        message=f"what always runs of {on(demand)} takes {text(steady, key)} of {key}, and its quota is "
        f"{demand.quota[key]}",
        place=place(demand, key),
        related=tuple(notes),
        help=f"write at least {text(steady, key)}, and more for what comes and goes, or {less}: what is above the "
        "quota is refused",
    )


def _rollout(demand: Demand, key: str, one: Standing, left: Fraction) -> Problem:
    """Below four replicas a Deployment keeps all until a new pod is ready (analysis.quota_ledger.unavailable)."""
    each = counted(one.shape, key)
    return Problem(
        id="rollout-above-quota",
        message=f'a new version of workload "{one.workload.name}" never starts: a rollout needs one pod more, '
        f"{text(each, key)} of {key}, and the quota of {on(demand)} has {text(left, key)} left",
        place=one.workload.place("replicas"),
        label=f"{one.low} of them always run",
        related=(Note(message=f"{key} is {demand.quota[key]}", place=place(demand, key)),),
        help=f"raise the quota by {text(each - left, key)}, or lower replicas.min of something else",
    )


def _replicas(demand: Demand, key: str, one: Standing, most: int) -> Problem:
    return Problem(
        id="replicas-above-quota",
        severity=Severity.WARNING,
        message=f'workload "{one.workload.name}" never has its {one.high} replicas: beside what always runs, {key} '
        f"of {on(demand)} holds {most} of them",
        place=one.workload.place("replicas", "max"),
        related=(Note(message=f"{key} is {demand.quota[key]}", place=place(demand, key)),),
        help=f"write at most {most}, or raise the quota: the autoscaler asks for pods that are refused",
    )
