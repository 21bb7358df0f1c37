"""Whether runs that MultiKueue sends away can be admitted on each worker, and are the same on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Cluster, Environment, Fleet, Workload
from paddock.wording import quoted
from paddock.workloads import pods, runs

Json = Any

IDS = ("checkpoint-on-several-workers", "dispatched-workload-on-worker", "worker-without-quota", "workers-differ")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each workload whose queue sends runs away."""
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            if workload.dispatch:
                yield from merged(_workload(fleet, environment, workload))


def _workload(fleet: Fleet, environment: Environment, workload: Workload) -> Iterator[Problem]:
    yield from _twice(environment, workload)
    for names in workload.dispatch.values():
        # Where the team has no namespace, or the pool is none, there is a finding.
        team = environment.teams.get(workload.team)
        workers = [environment.clusters[one] for one in names if team is not None and one in team.clusters]
        workers = [one for one in workers if workload.data.get("pool", "") in ("", *one.node_pools)]
        for worker in workers:
            yield from _flavor(environment, worker, workload)
        if len(workers) > 1:
            yield from _differences(fleet, environment, workers, workload)
            yield from _checkpoint(workers, workload)


def _twice(environment: Environment, workload: Workload) -> Iterator[Problem]:
    for manager, workers in workload.dispatch.items():
        for name in workload.data["clusters"]:
            if name in workers:
                yield Problem(
                    id="dispatched-workload-on-worker",
                    message=f'workload "{workload.name}" names cluster "{environment.clusters[name].identity}", to '
                    f'which its queue on "{environment.clusters[manager].identity}" sends runs already',
                    place=workload.cluster_place(name),
                    help=f"remove {name}: the queue takes the run there when there is room",
                )


def _flavor(environment: Environment, worker: Cluster, workload: Workload) -> Iterator[Problem]:
    team = environment.teams[workload.team]
    flavors = team.clusters[worker.name]["flavors"]
    legal = [pool.name for pool in pods.pools(worker, workload)]
    if flavors and legal and not set(flavors) & set(legal):
        yield Problem(
            id="worker-without-quota",
            message=f'workload "{workload.name}" may run on {quoted(sorted(legal))} of worker "{worker.identity}", '
            f'where team "{team.name}" has quota of {quoted(sorted(flavors))} only',
            place=_queue(workload),
            related=(Note(message="its quota there", place=team.place("clusters", worker.name, "flavors", key=True)),),
            help=f"add one of these pools to spec.clusters.{worker.name}.flavors of "
            f"{team.origin.overlay or team.origin.base}, or send the run to another worker",
        )


def _queue(workload: Workload) -> Place:
    return workload.place("queue", "name")


def _differences(
    fleet: Fleet, environment: Environment, workers: list[Cluster], workload: Workload
) -> Iterator[Problem]:
    """A run is written once, for the first worker. Kueue ends it as out of sync where containers or tolerations differ
    on another (kueue v0.19.2, pkg/util/equality/podset.go), and its node selector wants the same pools."""
    first, *others = workers
    ours = _written(fleet, environment, first, workload)
    for other in others:
        theirs = _written(fleet, environment, other, workload)
        different = [what for what in ours if ours[what] != theirs[what]]
        if different:
            notes = [
                Note(message=f'{what} on "{cluster.identity}": {_text(said[what])}')
                for what in different
                for cluster, said in ((first, ours), (other, theirs))
            ]
            yield Problem(
                id="workers-differ",
                message=f'workload "{workload.name}" would not be the same on workers "{first.identity}" and '
                f'"{other.identity}": {", ".join(different)}',
                place=_queue(workload),
                related=tuple(notes),
                help="let the workers' pools have the same names, taints and interfaces, or give the workload a queue "
                "of one of them",
            )


def _written(fleet: Fleet, environment: Environment, worker: Cluster, workload: Workload) -> dict[str, Json]:
    team = environment.teams[workload.team]
    placement = pods.placement(fleet, worker, workload)
    known = "checkpoint" not in workload.data or workload.data["checkpoint"]["bucket"] in team.data["buckets"]
    return {
        "node pools": sorted(pool.name for pool in pods.pools(worker, workload)),
        "resources": pods.resources(worker, workload),
        "tolerations": placement["tolerations"] or [],
        "variables": runs.variables(fleet, environment, worker, team, workload) if known else {},
    }


def _text(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value) or "none"
    if isinstance(value, dict):
        return " ".join(f"{key}={_text(one)}" for key, one in value.items())
    return str(value)


def _checkpoint(workers: list[Cluster], workload: Workload) -> Iterator[Problem]:
    """A file system is its cluster's: a run that is queued again and admitted elsewhere finds an empty one."""
    if "checkpoint" in workload.data:
        yield Problem(
            id="checkpoint-on-several-workers",
            severity=Severity.WARNING,
            message=f'checkpoints of workload "{workload.name}" lie on a volume of the worker that admits a run, and '
            f"the next attempt may be on another: {quoted(sorted(one.identity for one in workers))}",
            place=workload.place("checkpoint", key=True),
            help="let the program begin with what is in CHECKPOINT_BUCKET, or give it a queue of one worker",
        )
