"""Alerts of the AWS Load Balancer Controller."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting
from paddock.model import Cluster, Fleet, Json

# The controller is built with controller-runtime, which names this metric.
_ERRORS = (
    'sum by (controller) (rate(controller_runtime_reconcile_errors_total{namespace="kube-system", '
    'job=~"aws-load-balancer.*"}[15m])) > 0.1'
)


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`ruleGroups` of a PrometheusRule."""
    alerts = [
        alerting.controller_down(
            "LoadBalancerControllerDown",
            namespace="kube-system",
            job="aws-load-balancer.*",
            what="the AWS Load Balancer Controller",
        ),
        alerting.Alert(
            name="LoadBalancerReconcileErrors",
            expr=_ERRORS,
            wait="30m",
            severity="warning",
            summary="Load balancers of {{ $labels.controller }} objects cannot be brought into the state asked for.",
        ),
    ]
    return {"ruleGroups": [alerting.group("aws-load-balancer-controller", alerts, fleet)]}
