"""What of a ResourceQuota or LimitRange does not do what it looks like: it limits nothing, or refuses every pod."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.analysis.quota_ledger import limits_nothing
from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Problem
from paddock.model import Environment, Fleet, Team, Workload
from paddock.quantity import parse

IDS = ("default-memory-above-maximum", "memory-above-limit-range", "quota-of-cpu-limits", "quota-without-effect")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each team of each environment, and each of its containers."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            yield from _names(environment, team)
            yield from _defaults(team)
        for workload in environment.workloads.values():
            owner = environment.teams.get(workload.team)
            for part in workload.parts() if owner else ():
                if owner is not None:
                    yield from _memory(owner, part)


def _names(environment: Environment, team: Team) -> Iterator[Problem]:
    for name, use in team.clusters.items():
        for key in sorted(use["quota"]) if name in environment.clusters else ():
            if limits_nothing(key):
                resource = key.removeprefix("limits.")
                yield Problem(
                    id="quota-without-effect",
                    message=f'the quota "{key}" of team "{team.name}" limits nothing: Kubernetes counts {resource} as '
                    f"requests.{resource} alone",
                    place=team.place("clusters", name, "quota", key, key=True),
                    help=f"write requests.{resource}",
                )
            elif key == "limits.cpu":
                yield Problem(
                    id="quota-of-cpu-limits",
                    message=f'the quota "limits.cpu" of team "{team.name}" refuses every pod without a CPU limit, and '
                    "workloads have none: a limit would throttle them",
                    place=team.place("clusters", name, "quota", key, key=True),
                    help="write requests.cpu instead",
                )


def _defaults(team: Team) -> Iterator[Problem]:
    stated = team.data["containerDefaults"]
    if parse(stated["memory"]) > parse(stated["maxMemory"]):
        yield Problem(
            id="default-memory-above-maximum",
            message=f'containers of team "{team.name}" that name no memory get {stated["memory"]}, and the most that '
            f"one may have is {stated['maxMemory']}",
            place=team.place("containerDefaults", "memory"),
            help="lower memory or raise maxMemory: Kubernetes refuses the LimitRange otherwise",
        )


def _memory(team: Team, part: Workload) -> Iterator[Problem]:
    most = team.data["containerDefaults"]["maxMemory"]
    memory = part.data["resources"]["memory"]
    if parse(memory) > parse(most):
        yield Problem(
            id="memory-above-limit-range",
            message=f'{part.title} asks for {memory} of memory, and a container of team "{team.name}" may have {most}',
            place=part.place("resources", "memory"),
            related=(Note(message=f"maxMemory is {most}", place=team.place("containerDefaults", "maxMemory")),),
            help=f"ask for at most {most}, or raise containerDefaults.maxMemory of the team: the LimitRange refuses "
            "the pod",
        )
