"""Alerts of Actions Runner Controller and its listeners (charts.md 4.1, ARC)."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting
from paddock.model import Cluster, Fleet, Json

_BY = "sum by (namespace, name)"
_SLOW = (
    "histogram_quantile(0.95, sum by (le, organization, repository) "
    "(rate(gha_job_startup_duration_seconds_bucket[30m]))) > 900"
)


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """The `ruleGroups` of a PrometheusRule."""
    return {"ruleGroups": [alerting.group("actions-runner-controller", _alerts(), fleet)]}


def _alerts() -> list[alerting.Alert]:
    where = "{{ $labels.namespace }}/{{ $labels.name }}"
    return [
        alerting.controller_down(
            "GHARunnerControllerDown",
            namespace="arc-systems",
            job="arc-systems/actions-runner-controller",
            what="Actions Runner Controller",
            # Listeners are pods of the same namespace and monitor, and outlive the controller.
            container="manager",
        ),
        alerting.Alert(
            name="GHAListenerDown",
            expr=f"{_BY} (gha_controller_running_listeners) == 0",
            wait="10m",
            severity="critical",
            summary=f"Scale set {where} has no listener: its jobs wait for ever.",
        ),
        alerting.Alert(
            name="GHARunnersExhausted",
            expr=f"{_BY} (gha_assigned_jobs) > {_BY} (gha_max_runners)",
            wait="30m",
            severity="warning",
            summary=f"{{{{ $value }}}} jobs are assigned to scale set {where}, more than it may have runners.",
        ),
        alerting.Alert(
            name="GHARunnersFailing",
            expr=f"{_BY} (gha_controller_failed_ephemeral_runners) > 0",
            wait="15m",
            severity="warning",
            summary=f"{{{{ $value }}}} runners of scale set {where} could not start and are not tried again.",
        ),
        alerting.Alert(
            name="GHAJobStartupSlow",
            expr=_SLOW,
            wait="30m",
            severity="warning",
            summary="Jobs of {{ $labels.organization }}/{{ $labels.repository }} wait over "
            "{{ $value | humanizeDuration }} for a runner.",
        ),
    ]
