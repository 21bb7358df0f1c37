"""Names that are too long for what Kubernetes derives from them."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.diagnostics import Problem
from paddock.model import Fleet, Workload

IDS = ("name-too-long",)

_DERIVED = {
    # TrainJob pods are `<job>-<8 hex>-node-0-<index>-<5>`; JobSet wants 63 characters for them (gpu-platform.md 6).
    "training": (
        "the names of a run's pods, <name>-<8 hex>-node-0-<index>-<5 characters>",
        len("-12345678-node-0-511-abcde"),
    ),
    # CronJob names may have 52 characters (Kubernetes CronJob documentation); runs are named as above.
    "inference": ("the name of the predictor's Service, <name>-predictor", len("-predictor")),
    # A CronWorkflow names its workflows by the time, and labels their pods so (argo-workflows v4.0.6, validate.go).
    "pipeline": ("the names of its workflows, <name>-<10 digits>", len("-1234567890")),
    # Pods of a Deployment are `<name>-<10>-<5>`, labels of a ReplicaSet hold 63 characters.
    "service": ("the names of pods, <name>-<10 characters>-<5 characters>", len("-1234567890-abcde")),
}
_LIMIT = 63


def check(fleet: Fleet) -> Iterator[Problem]:
    """Workload names, by type; a name that is too long everywhere is reported once."""
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            yield from _workload(workload)


def _workload(workload: Workload) -> Iterator[Problem]:
    what, suffix = _DERIVED[workload.type]
    if len(workload.name) + suffix > _LIMIT:
        article = "an" if workload.type[0] in "aeiou" else "a"
        yield Problem(
            id="name-too-long",
            message=f'the name "{workload.name}" has {len(workload.name)} characters; '
            f"{article} {workload.type} workload may have {_LIMIT - suffix}: {what} must fit into {_LIMIT}",
            place=workload.name_place(),
            help=f"choose a name of at most {_LIMIT - suffix} characters",
        )
