"""Workload types: one view-model each, in a literal registry. What they render is templates/workloads/<type>/."""

from __future__ import annotations

from collections.abc import Callable

from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.workloads import inference, service, training

View = Callable[[Fleet, Environment, Cluster, Team, Workload], dict[str, Json]]
"""The whole context of a type's templates for a workload on a cluster; pure."""

VIEWS: dict[str, View] = {
    "inference": inference.view,
    "service": service.view,
    "training": training.view,
}

MANAGER_TEMPLATES = frozenset(
    f"{name}.yaml.j2" for name in ("configmap", "cronjob", "serviceaccount", "trainingruntime", "trainjob")
)
"""What MultiKueue's manager has of a workload whose runs it sends away: the runs and what makes them, and the runtime
that tells their size. Volumes, secrets, monitors and alerts are where the pods are."""
