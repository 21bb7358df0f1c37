"""Feature gates, metrics endpoints and alerts of KubeRay."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting
from paddock.model import Cluster, Fleet, Json

# Ports of Ray pods by name; only heads have the last two (charts.md 4.1).
_PORTS = ("metrics", "as-metrics", "dash-metrics")

# A counter that begins at 1 has no increase: the second part sees the first eviction.
_EVICTIONS = "ray_memory_manager_worker_eviction_total"
_EVICTED = (
    f"sum by (namespace, ray_io_cluster) (increase({_EVICTIONS}[15m])) > 0 "
    f"or sum by (namespace, ray_io_cluster) ({_EVICTIONS}) > 0 "
    f"unless sum by (namespace, ray_io_cluster) ({_EVICTIONS} offset 15m)"
)


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`featureGates` (every gate: the list replaces the chart's), the PodMonitor's `endpoints`, and `ruleGroups`."""
    return {
        "featureGates": [{"name": name, "enabled": on} for name, on in sorted(settings["featureGates"].items())],
        "endpoints": [_endpoint(port) for port in _PORTS],
        "ruleGroups": [alerting.group("kuberay-operator", _alerts(), fleet)],
    }


def _endpoint(port: str) -> dict[str, Json]:
    """Ray's dashboards tell clusters apart by the label ray_io_cluster."""
    relabeling = {"sourceLabels": ["__meta_kubernetes_pod_label_ray_io_cluster"], "targetLabel": "ray_io_cluster"}
    return {"port": port, "interval": "30s", "relabelings": [relabeling]}


def _alerts() -> list[alerting.Alert]:
    """charts.md 4.2; the metrics' own namespace is the team's (honorLabels)."""
    team = "{{ $labels.namespace }}"
    return [
        alerting.controller_down(
            "KubeRayOperatorDown", namespace="kuberay-system", job="kuberay-operator", what="KubeRay"
        ),
        alerting.Alert(
            name="RayClusterNotProvisioned",
            expr='kuberay_cluster_condition_provisioned{condition="false"} == 1',
            wait="30m",
            severity="warning",
            team=team,
            summary="Not all pods of Ray cluster {{ $labels.namespace }}/{{ $labels.name }} ever became ready.",
        ),
        alerting.Alert(
            name="RayJobFailed",
            expr='kuberay_job_deployment_status{deployment_status="Failed"} == 1',
            severity="warning",
            team=team,
            summary="Ray job {{ $labels.namespace }}/{{ $labels.name }} failed.",
        ),
        alerting.Alert(
            name="RayServiceNotReady",
            expr='kuberay_service_condition_ready{condition="false"} == 1',
            wait="10m",
            severity="critical",
            team=team,
            summary="Ray service {{ $labels.namespace }}/{{ $labels.name }} is not ready.",
        ),
        alerting.Alert(
            name="RayWorkersEvicted",
            expr=_EVICTED,
            severity="warning",
            team=team,
            summary="Ray cluster {{ $labels.namespace }}/{{ $labels.ray_io_cluster }} runs out of memory.",
        ),
    ]
