"""ResourceQuotas that refuse pods of the specs beside them: what always runs, what rolls out, what an autoscaler adds.

Only what is certain is said: over-commitment is legal, and a warning only above the environment's own ratio."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from paddock import accounts, demands
from paddock.accounts import text
from paddock.analysis.quota_ledger import Line, counted, ledger, unavailable
from paddock.analysis.quota_tree import QuotaTree
from paddock.checks.workload_references import merged
from paddock.demands import Demand, Standing
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Fleet
from paddock.quantity import parse

IDS = (
    "admitted-runs-above-quota",
    "demand-above-quota",
    "overcommitted-quota",
    "replicas-above-quota",
    "rollout-above-quota",
)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each team on each cluster."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        ratio = environment.data.get("maxOvercommitment")
        for cluster in environment.clusters.values():
            tree = accounts.kueue_tree(environment, cluster)
            for demand in demands.everyone(environment, cluster):
                for key, limit in sorted(demand.quota.items()):
                    if accounts.is_counted(key):
                        yield from _resource(demand, tree, key, parse(limit))
                if ratio:
                    lines = ledger(accounts.entries(demand, tree), accounts.limits(demand))
                    yield from _ratios(demand, Fraction(str(ratio)), [one for one in lines if not one.account.flavor])


def place(demand: Demand, key: str) -> Place:
    """Where the hard limit of a resource stands."""
    return demand.team.place("clusters", demand.cluster.name, "quota", key)


def on(demand: Demand) -> str:
    """Whose quota it is, in words."""
    return f'team "{demand.team.name}" on cluster "{demand.cluster.identity}"'


def _resource(demand: Demand, tree: QuotaTree | None, key: str, limit: Fraction) -> Iterator[Problem]:
    steady = demand.steady(key)
    if steady > limit:
        yield _too_much(demand, key, steady)
        return
    yield from _admitted(demand, tree, key, limit - steady)
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


def _admitted(demand: Demand, tree: QuotaTree | None, key: str, left: Fraction) -> Iterator[Problem]:
    """gpu-platform.md 5.3: a ResourceQuota below what Kueue may admit keeps pods of admitted runs from being made; the
    runs lose their quota after waitForPodsReady, wait again, and are admitted again. A run that does not fit alone is
    quota-below-one-run."""
    needs = [one.pods * counted(one.shape, key) for one in demand.runs if one.queued]
    if not any(needs) or max(needs) > left or accounts.at_most(demand, key) <= left:
        return
    most = accounts.admitted(demand, tree, key)
    if most > left:
        beside = f", of which {text(demand.steady(key), key)} are always in use" if demand.steady(key) else ""
        yield Problem(
            id="admitted-runs-above-quota",
            severity=Severity.WARNING,
            message=f"Kueue may admit runs of {on(demand)} that take {text(most, key)} of {key} together, and the "
            f"quota of their namespace is {demand.quota[key]}{beside}",
            place=place(demand, key),
            related=tuple(
                Note(message=f"{one.part.title}: {text(need, key)} a run", place=one.part.place("queue", key=True))
                for one, need in zip((one for one in demand.runs if one.queued), needs, strict=True)
                if need
            ),
            help=f"raise it by {text(most - left, key)}, or lower what the queue may have: admitted runs would wait "
            "for pods that are refused",
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


def _ratios(demand: Demand, most: Fraction, lines: list[Line]) -> Iterator[Problem]:
    for line in lines:
        ratio = line.ratio
        if ratio is not None and ratio > most:
            yield Problem(
                id="overcommitted-quota",
                severity=Severity.WARNING,
                message=f"all that may be at once of {on(demand)} is {accounts.percent(ratio)} of its quota of "
                f"{line.resource}, and {accounts.percent(most)} is the most that environment "
                f'"{demand.environment.name}" wants',
                place=place(demand, line.resource),
                label=f"{text(line.peak, line.resource)} may be asked for",
                related=tuple(
                    Note(message=f"{one.owner}: {text(one.peak, line.resource)} ({one.because})")
                    for one in line.entries
                    if one.peak
                ),
                help="raise the quota, lower replicas.max, or raise maxOvercommitment of the environment",
            )
