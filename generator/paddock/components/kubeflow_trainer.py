"""Image of the torch runtime and alerts of Kubeflow Trainer."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting
from paddock.images import reference
from paddock.model import Cluster, Fleet, Json

_ERRORS = (
    'sum by (controller) (rate(controller_runtime_reconcile_errors_total{namespace="kubeflow-system"}[15m])) > 0.1'
)


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`torchImage` and the `ruleGroups` of a PrometheusRule."""
    alerts = [
        alerting.controller_down(
            "KubeflowTrainerDown",
            namespace="kubeflow-system",
            job="kubeflow-trainer-controller-manager",
            what="Kubeflow Trainer",
        ),
        alerting.Alert(
            name="KubeflowTrainerReconcileErrors",
            expr=_ERRORS,
            wait="30m",
            severity="warning",
            summary="Kubeflow Trainer fails again and again at {{ $labels.controller }} objects.",
        ),
    ]
    return {
        "torchImage": reference(settings["torch"]["image"]),
        "ruleGroups": [alerting.group("kubeflow-trainer", alerts, fleet)],
    }
