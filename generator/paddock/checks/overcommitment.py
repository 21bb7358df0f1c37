"""Quota that is promised twice: runs that Kueue admits beyond their namespace's ResourceQuota, and ratios above the
environment's own. Over-commitment by itself is legal."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from paddock import accounts, demands
from paddock.accounts import text
from paddock.analysis.quota_ledger import Line, counted, ledger
from paddock.analysis.quota_tree import QuotaTree
from paddock.checks.quota_words import on, place
from paddock.checks.workload_references import merged
from paddock.demands import Demand
from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Environment, Fleet
from paddock.quantity import parse

IDS = ("admitted-runs-above-quota", "overcommitted-quota")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each team on each cluster."""
    yield from merged(one for environment in fleet.environments.values() for one in _environment(environment))


def _environment(environment: Environment) -> Iterator[Problem]:
    ratio = environment.data.get("maxOvercommitment")
    for cluster in environment.clusters.values():
        tree = accounts.kueue_tree(environment, cluster)
        for demand in demands.everyone(environment, cluster):
            keys = demand.quota if demand.runs and tree is not None else ()
            for key in sorted(filter(accounts.is_counted, keys)):
                yield from _admitted(demand, tree, key, parse(demand.quota[key]) - demand.steady(key))
            if ratio:
                lines = ledger(accounts.entries(demand, tree), accounts.limits(demand))
                yield from _ratios(demand, Fraction(str(ratio)), [one for one in lines if not one.account.flavor])


def _admitted(demand: Demand, tree: QuotaTree | None, key: str, left: Fraction) -> Iterator[Problem]:
    """gpu-platform.md 5.3: a ResourceQuota below what Kueue may admit keeps pods of admitted runs from being made; the
    runs lose their quota after waitForPodsReady, wait again, and are admitted again. A run that does not fit alone is
    quota-below-one-run; of a workload one run counts, because a second one of it waits for the first."""
    needs = [one.pods * counted(one.shape, key) for one in demand.runs if one.queued]
    if not any(needs) or max(needs) > left or accounts.one_each(demand, key) <= left:
        return
    most = accounts.admitted(demand, tree, key, once=True)
    if most > left:
        beside = f" with {text(demand.steady(key), key)} always in use" if demand.steady(key) else ""
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
