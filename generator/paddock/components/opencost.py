"""Costs of teams by OpenCost's prices, their alerts against budgets, and the entry of its user interface.

Metric names: charts.md 4.1; budget: charts.md 4.2 (CostBudget) over all that a team holds, not GPUs alone, which
TeamOverBudget of kube-prometheus-stack watches by Karpenter's prices where there is no OpenCost.
"""

from __future__ import annotations

from collections.abc import Mapping

from paddock import hosts
from paddock.analysis.money import HOURS_A_MONTH
from paddock.components import alerting, interfaces
from paddock.model import Cluster, Fleet, Json

PROMETHEUS = "http://kube-prometheus-stack-prometheus.monitoring.svc:9090"
INTERVAL = "1m"
_TEAM = " * on (namespace) group_left (team) namespace:team:info"
_OF_TEAM = "{{ $labels.team }}"
_GIB = 1 << 30


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`prometheus` (URL), `host`, `ingressAnnotations`, `singleSignOn` and the `ruleGroups` of a PrometheusRule."""
    ingress = settings["ingress"]
    sign_in = ingress["enabled"] and ingress["singleSignOn"]
    return {
        "prometheus": PROMETHEUS,
        "host": hosts.interface(fleet, cluster, "opencost", settings),
        "ingressAnnotations": interfaces.entry(fleet, cluster, ingress, health="/healthz", sign_in=sign_in),
        "singleSignOn": interfaces.single_sign_on(fleet, ingress, sign_in=sign_in),
        "ruleGroups": [
            {"name": "opencost-costs", "interval": INTERVAL, "rules": _costs()},
            alerting.group("opencost", _alerts(), fleet),
        ],
    }


def _costs() -> list[Json]:
    """US dollars an hour by namespace for each kind of resource, and by team for all of them.

    What pods hold times the price on their node: CPUs, GiB of memory, GPUs; volumes have prices by the hour and GiB.
    """
    held = {
        "cpu": "container_cpu_allocation",
        "memory": "container_memory_allocation_bytes",
        "gpu": "container_gpu_allocation",
    }
    prices = {"cpu": "node_cpu_hourly_cost", "memory": "node_ram_hourly_cost", "gpu": "node_gpu_hourly_cost"}
    rules = [
        {
            "record": "namespace:cost_usd:hourly",
            "expr": f"sum by (namespace) (max by (namespace, pod, container, node) ({held[kind]})"
            f"{f' / {_GIB}' if kind == 'memory' else ''} * on (node) group_left () max by (node) ({prices[kind]}))",
            "labels": {"resource": kind},
        }
        for kind in held
    ]
    volumes = f"max by (namespace, persistentvolume) (pod_pvc_allocation) / {_GIB}"
    price = "max by (persistentvolume) (pv_hourly_cost)"
    rules.append(
        {
            "record": "namespace:cost_usd:hourly",
            "expr": f"sum by (namespace) ({volumes} * on (persistentvolume) group_left () {price})",
            "labels": {"resource": "storage"},
        }
    )
    team = f"sum by (team, resource) (namespace:cost_usd:hourly{_TEAM})"
    return [*rules, {"record": "team:cost_usd:hourly", "expr": team}]


def _alerts() -> list[alerting.Alert]:
    """The team's namespace carries the alert on its budget, so that the team's own routes see it."""
    month = f"sum by (team) (avg_over_time(team:cost_usd:hourly[6h])) * {HOURS_A_MONTH}"
    return [
        alerting.controller_down("OpenCostDown", namespace="opencost", job="opencost", what="OpenCost"),
        alerting.Alert(
            name="OpenCostNodeWithoutPrice",
            expr='count(kube_node_info{job="kube-state-metrics"} unless on (node) (node_total_hourly_cost > 0)) > 0',
            wait="1h",
            severity="warning",
            summary="{{ $value }} nodes have no price: what runs on them seems to cost nothing.",
        ),
        alerting.Alert(
            name="CostBudget",
            expr=f"{month} > on (team) team:budget_usd:monthly",
            wait="6h",
            severity="info",
            team=_OF_TEAM,
            labels={"namespace": _OF_TEAM},
            summary="At this rate all that team {{ $labels.team }} holds costs ${{ $value | humanize }} a month on "
            "this cluster alone, which is over the team's budget.",
        ),
    ]
