"""What MultiKueue says of its workers and queues: workers that do not exist, cannot be watched or have no room, and
runs that would not be the same there.

Kueue itself reports none of it where a person looks: the worker stays disconnected, or the run pending."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import multikueue
from paddock.checks.workload_references import merged, unknown
from paddock.components.kueue_multikueue import watched
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Environment, Fleet, Team
from paddock.multikueue import Queue

IDS = (
    "multikueue-needs-component",
    "nested-workers",
    "queue-name-taken",
    "queue-without-worker",
    "team-not-on-cluster",
    "unknown-team",
    "unknown-worker",
    "worker-in-other-environment",
    "worker-is-manager",
    "worker-without-framework",
    "worker-without-quota",
    "worker-without-team",
)

SECRETS = "external-secrets"
# Who installs the kinds of a framework; None where no component does. The others are Kubernetes' own.
_INSTALLERS = {
    "jobset.x-k8s.io/jobset": "jobset",
    "kubeflow.org/mpijob": None,
    "leaderworkerset.x-k8s.io/leaderworkerset": None,
    "ray.io/raycluster": "kuberay-operator",
    "ray.io/rayjob": "kuberay-operator",
    "ray.io/rayservice": "kuberay-operator",
    "trainer.kubeflow.org/trainjob": "kubeflow-trainer",
}


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each manager: its workers, then its queues."""
    for environment in fleet.environments.values():
        for manager in environment.clusters.values():
            yield from _manager(manager)
            for name in multikueue.stated(manager).get("workers", {}):
                yield from _worker(fleet, environment, manager, name)
            yield from merged(_queues(fleet, environment, manager))


def _at(manager: Cluster, *pointer: str | int, key: bool = False) -> Place:
    return manager.place("components", multikueue.COMPONENT, "settings", "multiKueue", *pointer, key=key)


def _manager(manager: Cluster) -> Iterator[Problem]:
    if multikueue.stated(manager).get("workers") and SECRETS not in manager.components:
        yield Problem(
            id="multikueue-needs-component",
            message=f'MultiKueue gets the kubeconfigs of its workers by component "{SECRETS}", which does not run on '
            f'cluster "{manager.identity}"',
            place=_at(manager, "workers", key=True),
            help=f"enable {SECRETS} on the cluster",
        )


def _worker(fleet: Fleet, environment: Environment, manager: Cluster, name: str) -> Iterator[Problem]:
    place = _at(manager, "workers", name, key=True)
    worker = environment.clusters.get(name)
    if name == manager.name:
        yield Problem(
            id="worker-is-manager",
            message=f'cluster "{manager.identity}" is a worker of its own, which MultiKueue does not support',
            place=place,
            help="remove it: what is to run here names the team's own queue",
        )
    elif worker is None:
        if ("Cluster", environment.name, name) not in fleet.unread:
            yield _missing(fleet, environment, name, place)
    else:
        if multikueue.stated(worker).get("workers"):
            yield _nested(manager, worker, place)
        yield from _software(manager, worker, place)


def _missing(fleet: Fleet, environment: Environment, name: str, place: Place) -> Problem:
    """A worker lies in the environment of its manager: namespaces, accounts and secrets are those of one."""
    elsewhere = [
        one for one in fleet.clusters() if name in (one.name, one.identity) and one.environment != environment.name
    ]
    if not elsewhere:
        where = f' in environment "{environment.name}"'
        return unknown("unknown-worker", "cluster", name, environment.clusters, place, where=where)
    other = elsewhere[0]
    return Problem(
        id="worker-in-other-environment",
        message=f'cluster "{other.name}" is one of environment "{other.environment}", and a worker of '
        f'"{environment.name}" would carry its tokens and data there',
        place=place,
        related=(Note(message="the cluster", place=other.name_place()),),
        help=f'name a cluster of "{environment.name}": {", ".join(environment.clusters)}',
    )


def _nested(manager: Cluster, worker: Cluster, place: Place) -> Problem:
    return Problem(
        id="nested-workers",
        message=f'cluster "{worker.identity}" is a worker of "{manager.identity}" and has workers itself',
        place=place,
        related=(Note(message="its own workers", place=_at(worker, "workers", key=True)),),
        help="name all workers on one manager: a run that was sent once is not sent on",
    )


def _software(manager: Cluster, worker: Cluster, place: Place) -> Iterator[Problem]:
    """Kueue watches every kind of the manager's frameworks on every worker, and connects to none where one kind is
    missing (kueue v0.19.2, multikueuecluster.go, updateConfigAndRefreshWatchers)."""
    if multikueue.COMPONENT not in worker.components:
        yield _needs(
            worker, place, f'component "{multikueue.COMPONENT}"', f"enable {multikueue.COMPONENT} on the worker"
        )
        return
    for component in sorted({one for name in watched(manager) if (one := _INSTALLERS.get(name))}):
        if component not in worker.components:
            kinds = ", ".join(name for name in watched(manager) if _INSTALLERS.get(name) == component)
            help = f"enable {component} on the worker, or take {kinds} out of the manager's frameworks"
            yield _needs(worker, place, f'component "{component}", whose kinds the manager watches ({kinds})', help)
    for name in watched(manager):
        if name in _INSTALLERS and _INSTALLERS[name] is None:
            help = f"take {name} out of the manager's frameworks"
            yield _needs(worker, place, f"the kind of {name}, which no component installs", help)
    use = worker.components[multikueue.COMPONENT]
    missing = sorted(watched(manager).keys() - set(use.settings["frameworks"])) if use.valid else []
    if missing:
        yield Problem(
            id="worker-without-framework",
            message=f'Kueue on worker "{worker.identity}" does not queue {", ".join(missing)}, which manager '
            f'"{manager.identity}" may send: what arrives stays suspended',
            place=place,
            related=(Note(message="its frameworks", place=_frameworks(worker)),),
            help="let frameworks of manager and worker be the same",
        )


def _frameworks(worker: Cluster) -> Place:
    return worker.place("components", multikueue.COMPONENT, "settings", "frameworks", key=True)


def _needs(worker: Cluster, place: Place, what: str, help: str) -> Problem:
    message = f'worker "{worker.identity}" lacks {what}: MultiKueue would never connect to it'
    return Problem(id="multikueue-needs-component", message=message, place=place, help=help)


def _queues(fleet: Fleet, environment: Environment, manager: Cluster) -> Iterator[Problem]:
    known = multikueue.stated(manager).get("workers", {})
    for queue in multikueue.queues(manager):
        at = ("queues", queue.name)
        if queue.name in environment.teams:
            yield Problem(
                id="queue-name-taken",
                message=f'"{queue.name}" is the queue of team "{queue.name}" itself',
                place=_at(manager, *at, key=True),
                help=f"give the queue another name, e.g. {queue.team}-remote",
            )
        if not queue.workers:
            yield Problem(
                id="queue-without-worker",
                message=f'queue "{queue.name}" of cluster "{manager.identity}" has no worker to send runs to',
                place=_at(manager, *at, key=True),
                help="add a cluster to multiKueue.workers, or remove the queue",
            )
        for index, name in enumerate(queue.workers):
            if name not in known:
                where = f' of cluster "{manager.identity}"'
                yield unknown("unknown-worker", "worker", name, known, _at(manager, *at, "workers", index), where=where)
        yield from _team(fleet, environment, manager, queue)


def _team(fleet: Fleet, environment: Environment, manager: Cluster, queue: Queue) -> Iterator[Problem]:
    """The namespace is on both sides, the quota on the worker."""
    place = _at(manager, "queues", queue.name, "team")
    team = environment.teams.get(queue.team)
    if team is None:
        if ("Team", environment.name, queue.team) not in fleet.unread:
            yield unknown("unknown-team", "team", queue.team, environment.teams, place)
        return
    file = team.origin.overlay or team.origin.base
    if manager.name not in team.clusters:
        yield Problem(
            id="team-not-on-cluster",
            message=f'team "{team.name}" has no namespace on cluster "{manager.identity}", where its runs are to be '
            "made",
            place=place,
            help=f"add spec.clusters.{manager.name} with a quota to {file}",
        )
    for worker in multikueue.workers(environment.clusters, manager, queue):
        yield from _room(team, worker, place, file)


def _room(team: Team, worker: Cluster, place: Place, file: str) -> Iterator[Problem]:
    if worker.name not in team.clusters:
        yield Problem(
            id="worker-without-team",
            message=f'team "{team.name}" has no namespace on worker "{worker.identity}"',
            place=place,
            help=f"add spec.clusters.{worker.name} with a quota and flavors to {file}",
        )
    elif multikueue.COMPONENT in worker.components and not team.clusters[worker.name]["flavors"]:
        yield Problem(
            id="worker-without-quota",
            message=f'team "{team.name}" has no Kueue quota on worker "{worker.identity}": no run would be admitted',
            place=place,
            help=f"add flavors to spec.clusters.{worker.name} of {file}",
        )
