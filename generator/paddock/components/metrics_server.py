"""Alerts of metrics-server."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting
from paddock.model import Cluster, Fleet, Json


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`ruleGroups` of a PrometheusRule."""
    down = alerting.controller_down(
        "MetricsServerDown", namespace="kube-system", job="metrics-server", what="metrics-server"
    )
    return {"ruleGroups": [alerting.group("metrics-server", [down], fleet)]}
