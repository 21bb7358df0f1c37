"""Recording rules on GPUs and money, and alerts on nodes, pods, volumes and money that belong to no other component.

Metric names and thresholds: charts.md 4.1 and 4.2; DCGM series get their label `node` from gpu-operator's
relabelings.
"""

from __future__ import annotations

from typing import Any

from paddock.analysis.money import HOURS_A_MONTH
from paddock.components.alerting import Alert, group
from paddock.model import Cluster, Fleet

Json = Any

INTERVAL = "1m"
"""Evaluation interval of the recording rules; sums over time count minutes because of it."""

_KSM = 'job="kube-state-metrics"'
_TEAM = " * on (namespace) group_left (team) namespace:team:info"
_OF_TEAM = "{{ $labels.team }}"


def groups(fleet: Fleet, cluster: Cluster) -> list[Json]:
    """Groups of the platform's PrometheusRule on a cluster."""
    return [
        {"name": "paddock-owners", "interval": INTERVAL, "rules": _owners()},
        {"name": "paddock-gpus", "interval": INTERVAL, "rules": _gpus()},
        {"name": "paddock-cost", "interval": INTERVAL, "rules": [*_prices(), *_budgets(fleet, cluster)]},
        group("paddock-node-alerts", _node_alerts(), fleet),
        group("paddock-pod-alerts", _pod_alerts(), fleet),
        group("paddock-volume-alerts", _volume_alerts(), fleet),
        group("paddock-cost-alerts", _cost_alerts(), fleet),
    ]


def _record(name: str, expr: str, labels: dict[str, str] | None = None) -> Json:
    return {"record": name, "expr": expr} | ({"labels": labels} if labels else {})


def _label(expr: str, target: str, source: str, pattern: str = "(.+)", value: str = "$1") -> str:
    return f'label_replace({expr}, "{target}", "{value}", "{source}", "{pattern}")'


def _owners() -> list[Json]:
    """Who owns a namespace, and which node pool a node is from; each is 1."""
    team = _label(f'kube_namespace_labels{{{_KSM}, label_team!=""}}', "team", "label_team")
    pool = _label(
        f'kube_node_labels{{{_KSM}, label_karpenter_sh_nodepool!=""}}', "nodepool", "label_karpenter_sh_nodepool"
    )
    return [
        _record("namespace:team:info", f"max by (namespace, team) ({team})"),
        _record("node:nodepool:info", f"max by (node, nodepool) ({pool})"),
    ]


def _gpus() -> list[Json]:
    """GPUs that pods on nodes hold, how busy these are, and hours of them."""
    requests = f'kube_pod_container_resource_requests{{{_KSM}, resource="nvidia_com_gpu", node!=""}}'
    running = f'max by (namespace, pod) (kube_pod_status_phase{{{_KSM}, phase=~"Pending|Running"}} == 1)'
    busy = 'avg by (namespace, pod) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{namespace!="", pod!=""})'
    return [
        _record(
            "namespace_node:gpu_allocated:sum",
            f"sum by (namespace, node) ({requests} * on (namespace, pod) group_left () {running})",
        ),
        _record("team:gpu_allocated:sum", f"sum by (team) (namespace_node:gpu_allocated:sum{_TEAM})"),
        _record("team:gpu_hours:sum1h", "sum_over_time(team:gpu_allocated:sum[1h]) / 60"),
        _record("namespace_pod:gpu_utilisation:avg", busy),
        _record(
            "team:gpu_utilisation:avg",
            f'avg by (team) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{{namespace!="", pod!=""}}{_TEAM})',
        ),
        _record(
            "nodepool:gpu_utilisation:avg",
            'avg by (nodepool) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{node!=""} '
            "* on (node) group_left (nodepool) node:nodepool:info)",
        ),
    ]


def _prices() -> list[Json]:
    """US dollars an hour: of a node by Karpenter's estimate, of one GPU on it, and of what each team holds.

    A reserved node is priced as on-demand: Karpenter gives reservations, which are paid already, a price near zero.
    """
    labels = f'kube_node_labels{{{_KSM}, label_karpenter_sh_nodepool!=""}}'
    labels = _label(labels, "instance_type", "label_node_kubernetes_io_instance_type")
    labels = _label(labels, "zone", "label_topology_kubernetes_io_zone")
    labels = _label(labels, "capacity_type", "label_karpenter_sh_capacity_type")
    labels = _label(labels, "capacity_type", "label_karpenter_sh_capacity_type", "reserved", "on-demand")
    keys = "instance_type, capacity_type, zone"
    price = f"max by ({keys}) (karpenter_cloudprovider_instance_type_offering_price_estimate)"
    gpus = f'max by (node) (kube_node_status_capacity{{{_KSM}, resource="nvidia_com_gpu"}} > 0)'
    return [
        _record(
            "node:price_usd:hourly",
            f"max by (node) (max by (node, {keys}) ({labels}) * on ({keys}) group_left () {price})",
        ),
        _record("node:gpu_price_usd:hourly", f"node:price_usd:hourly / on (node) {gpus}"),
        _record(
            "team:gpu_cost_usd:hourly",
            "sum by (team) (namespace_node:gpu_allocated:sum * on (node) group_left () node:gpu_price_usd:hourly"
            f"{_TEAM})",
        ),
    ]


def _budgets(fleet: Fleet, cluster: Cluster) -> list[Json]:
    """Each team's budget in the cluster's environment, from the specs; it covers all clusters of the environment."""
    return [
        _record("team:budget_usd:monthly", f"vector({team.data['budget']['monthlyUSD']})", {"team": team.name})
        for team in fleet.environments[cluster.environment].teams_on(cluster.name)
        if "budget" in team.data
    ]


def _node_alerts() -> list[Alert]:
    """What the EKS node monitoring agent sees; alerts on GPU metrics are gpu-operator's (gpu-platform.md 4.5)."""
    return [
        _unhealthy("AcceleratedHardware", what="The GPUs", severity="critical"),
        _unhealthy("ContainerRuntime", what="The container runtime", severity="warning"),
        _unhealthy("Kernel", what="The kernel", severity="warning"),
        _unhealthy("Networking", what="The network", severity="warning"),
        _unhealthy("Storage", what="The storage", severity="warning"),
    ]


def _unhealthy(condition: str, *, what: str, severity: str) -> Alert:
    selector = f'{_KSM}, condition="{condition}Ready", status="true"'
    return Alert(
        name=f"Node{condition}Unhealthy",
        expr=f"kube_node_status_condition{{{selector}}} == 0",
        wait="5m",
        severity=severity,
        summary=f"{what} of node {{{{ $labels.node }}}} failed, says the EKS node monitoring agent.",
    )


def _pod_alerts() -> list[Alert]:
    by = "max by (namespace, pod, container)"
    restarted = f"increase(kube_pod_container_status_restarts_total{{{_KSM}}}[15m]) > 0"
    oom = (
        f'{by} (kube_pod_container_status_terminated_reason{{{_KSM}, reason="OOMKilled"}} == 1) or '
        f'{by} (kube_pod_container_status_last_terminated_reason{{{_KSM}, reason="OOMKilled"}} == 1 '
        f"and on (namespace, pod, container) {restarted})"
    )
    crashing = (
        f'{by} (max_over_time(kube_pod_container_status_waiting_reason{{{_KSM}, reason="CrashLoopBackOff"}}[5m])) >= 1'
    )
    images = 'reason=~"ErrImagePull|ImagePullBackOff|InvalidImageName"'
    pulling = f"{by} (kube_pod_container_status_waiting_reason{{{_KSM}, {images}}}) == 1"
    where = "{{ $labels.namespace }}/{{ $labels.pod }} ({{ $labels.container }})"
    return [
        Alert(
            name="PodOOMKilled",
            expr=f"({oom}){_TEAM}",
            severity="warning",
            team=_OF_TEAM,
            summary=f"{where} ran out of memory.",
        ),
        Alert(
            name="PodCrashLooping",
            expr=f"({crashing}){_TEAM}",
            wait="15m",
            severity="warning",
            team=_OF_TEAM,
            summary=f"{where} crashes again and again.",
        ),
        Alert(
            name="PodImagePullFailing",
            expr=f"({pulling}){_TEAM}",
            wait="15m",
            severity="warning",
            team=_OF_TEAM,
            summary=f"{where} cannot start: its image cannot be pulled.",
        ),
    ]


def _volume_alerts() -> list[Alert]:
    free = (
        "min by (namespace, persistentvolumeclaim) "
        "(kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) < {}"
    )
    claim = "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }}"
    return [
        Alert(
            name="PersistentVolumeNearFull",
            expr=f"({free.format(0.1)}){_TEAM}",
            wait="15m",
            severity="warning",
            team=_OF_TEAM,
            summary=f"Volume {claim} has {{{{ $value | humanizePercentage }}}} of its space left.",
        ),
        Alert(
            name="PersistentVolumeFull",
            expr=f"({free.format(0.03)}){_TEAM}",
            wait="5m",
            severity="critical",
            team=_OF_TEAM,
            summary=f"Volume {claim} has {{{{ $value | humanizePercentage }}}} of its space left.",
        ),
    ]


def _cost_alerts() -> list[Alert]:
    """The team's namespace carries the alert, so that the team's own routes see it."""
    month = f"avg_over_time(team:gpu_cost_usd:hourly[6h]) * {HOURS_A_MONTH}"
    return [
        Alert(
            name="TeamOverBudget",
            expr=f"{month} > on (team) team:budget_usd:monthly",
            wait="6h",
            severity="info",
            team=_OF_TEAM,
            labels={"namespace": _OF_TEAM},
            summary="At this rate GPUs of team {{ $labels.team }} cost ${{ $value | humanize }} a month on this "
            "cluster alone, which is over the team's budget.",
        ),
    ]
