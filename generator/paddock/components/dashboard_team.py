"""A team's own dashboard, from its spec alone: GPUs, queue, pods, volumes and money of its namespace. It lies in the
team's folder of Grafana; metric names are in charts.md 4.1."""

from __future__ import annotations

from paddock import names
from paddock.components.panels import Dashboard, Panel, Query, Row, lines, stat

_LOW_IS_BAD = ((None, "red"), (0.3, "yellow"), (0.6, "green"))
_ANY_IS_BAD = ((None, "green"), (1.0, "red"))
_MUCH_IS_BAD = ((None, "green"), (0.8, "yellow"), (1.0, "red"))
_UID_LIMIT = 40
"""Longest uid that Grafana takes (fluent/helm-charts#509)."""


def team_dashboard(team: str, budget: float | None) -> Dashboard:
    """The dashboard of a team, whose namespace and queue have its name; `budget` is US dollars a month."""
    of_team, namespace = f'team="{team}"', f'namespace="{team}"'
    ksm = f'job="kube-state-metrics", {namespace}'
    return Dashboard(
        uid=names.shortened(f"paddock-team-{team}", _UID_LIMIT),
        title=f"Team {team}",
        description=f"GPUs, runs, pods and money of team {team} on this cluster.",
        tags=("paddock", "team"),
        variables=(),
        since="now-24h",
        rows=(
            Row(title="Now", panels=_now(of_team, ksm, namespace, budget)),
            Row(title="GPUs", panels=_gpus(of_team, namespace)),
            Row(title="Runs and quota", panels=_runs(team, ksm)),
            Row(title="Pods and volumes", panels=_pods(ksm, namespace)),
        ),
    )


def _now(of_team: str, ksm: str, namespace: str, budget: float | None) -> tuple[Panel, ...]:
    cost = f"team:gpu_cost_usd:hourly{{{of_team}}}"
    if budget is None:
        money = stat(
            "Cost a month",
            description="Estimated cost of GPUs at the rate of the last day.",
            unit="currencyUSD",
            expr=f"sum(avg_over_time({cost}[24h])) * 730 or vector(0)",
        )
    else:
        money = stat(
            "Share of the budget",
            description=f"At the rate of the last day, of ${budget:,.0f} a month for all clusters of the environment.",
            unit="percentunit",
            expr=f"sum(avg_over_time({cost}[24h])) * 730 / {budget} or vector(0)",
            steps=_MUCH_IS_BAD,
        )
    return (
        stat(
            "GPUs held",
            description="GPUs of running pods.",
            unit="short",
            expr=f"sum(team:gpu_allocated:sum{{{of_team}}}) or vector(0)",
        ),
        stat(
            "Busy share",
            description="Mean activity of these GPUs.",
            unit="percentunit",
            expr=f"avg(team:gpu_utilisation:avg{{{of_team}}})",
            steps=_LOW_IS_BAD,
        ),
        stat(
            "GPU hours",
            description="GPU hours of the chosen time.",
            unit="short",
            expr=f"sum(sum_over_time(team:gpu_allocated:sum{{{of_team}}}[$__range])) / 60 or vector(0)",
        ),
        money,
        stat(
            "Pods in trouble",
            description="Pods that crash, or whose image cannot be pulled.",
            unit="short",
            expr=f"count(kube_pod_container_status_waiting_reason{{{ksm}, "
            'reason=~"CrashLoopBackOff|ErrImagePull|ImagePullBackOff|InvalidImageName"} == 1) or vector(0)',
            steps=_ANY_IS_BAD,
        ),
        stat(
            "Alerts",
            description="Alerts of the namespace that fire.",
            unit="short",
            expr=f'count(ALERTS{{{namespace}, alertstate="firing"}}) or vector(0)',
            steps=_ANY_IS_BAD,
        ),
    )


def _gpus(of_team: str, namespace: str) -> tuple[Panel, ...]:
    return (
        lines(
            "GPUs held and busy",
            description="GPUs of running pods, and how many of them that would be at full activity.",
            unit="short",
            queries=(
                Query(expr=f"team:gpu_allocated:sum{{{of_team}}}", legend="held"),
                Query(
                    expr=f"team:gpu_allocated:sum{{{of_team}}} * on (team) team:gpu_utilisation:avg{{{of_team}}}",
                    legend="busy",
                ),
            ),
        ),
        lines(
            "Cost an hour",
            description="Estimated price of the GPUs held.",
            unit="currencyUSD",
            queries=(Query(expr=f"team:gpu_cost_usd:hourly{{{of_team}}}", legend="cost"),),
        ),
        Panel(
            title="Least busy pods",
            description="Pods that hold GPUs, by mean activity over two hours.",
            kind="table",
            unit="percentunit",
            queries=(Query(expr=f"bottomk(20, avg_over_time(namespace_pod:gpu_utilisation:avg{{{namespace}}}[2h]))"),),
            steps=_LOW_IS_BAD,
        ),
        lines(
            "GPU memory by pod",
            description="Share of a GPU's memory in use: near one, the next larger batch fails.",
            unit="percentunit",
            queries=(
                Query(
                    expr=f"max by (pod) (DCGM_FI_DEV_FB_USED{{{namespace}}} / "
                    f"(DCGM_FI_DEV_FB_USED{{{namespace}}} + DCGM_FI_DEV_FB_FREE{{{namespace}}}))",
                    legend="{{pod}}",
                ),
            ),
            maximum=1,
        ),
    )


def _runs(team: str, ksm: str) -> tuple[Panel, ...]:
    queue = f'cluster_queue="{team}"'
    return (
        lines(
            "Runs that wait and run",
            description="Workloads of the team's queue.",
            unit="short",
            queries=(
                Query(expr=f"sum by (status) (kueue_pending_workloads{{{queue}}})", legend="waiting, {{status}}"),
                Query(expr=f"sum(kueue_admitted_active_workloads{{{queue}}})", legend="running"),
            ),
        ),
        Panel(
            title="Share of the quota in use",
            description="Of the queue's nominal quota; above 100 % is borrowed.",
            kind="bargauge",
            unit="percentunit",
            queries=(
                Query(
                    expr=f"sum by (flavor, resource) (kueue_cluster_queue_resource_reservation{{{queue}}}) / "
                    f"(sum by (flavor, resource) (kueue_cluster_queue_nominal_quota{{{queue}}}) > 0)",
                    legend="{{flavor}} {{resource}}",
                ),
            ),
            steps=_MUCH_IS_BAD,
            maximum=1,
        ),
        lines(
            "Evictions by reason",
            description="Runs that lost their quota, an hour.",
            unit="short",
            queries=(
                Query(
                    expr=f"sum by (reason) (increase(kueue_evicted_workloads_total{{{queue}}}[1h])) > 0",
                    legend="{{reason}}",
                ),
            ),
            stacked=True,
        ),
        Panel(
            title="Share of the namespace's quota",
            description="Of the ResourceQuota: above it no pod is made.",
            kind="bargauge",
            unit="percentunit",
            queries=(
                Query(
                    expr=f'max by (resource) (kube_resourcequota{{{ksm}, type="used"}}) / '
                    f'(max by (resource) (kube_resourcequota{{{ksm}, type="hard"}}) > 0)',
                    legend="{{resource}}",
                ),
            ),
            steps=((None, "green"), (0.8, "yellow"), (0.95, "red")),
            maximum=1,
        ),
    )


def _pods(ksm: str, namespace: str) -> tuple[Panel, ...]:
    return (
        lines(
            "Pods by phase",
            description="Pods of the namespace.",
            unit="short",
            queries=(Query(expr=f"sum by (phase) (kube_pod_status_phase{{{ksm}}} == 1)", legend="{{phase}}"),),
            stacked=True,
        ),
        lines(
            "Memory by workload",
            description="The ten largest pods.",
            unit="bytes",
            queries=(
                Query(
                    expr="topk(10, sum by (pod) "
                    f'(container_memory_working_set_bytes{{{namespace}, container!="", image!=""}}))',
                    legend="{{pod}}",
                ),
            ),
        ),
        lines(
            "Restarts by pod",
            description="Restarts of containers, an hour.",
            unit="short",
            queries=(
                Query(
                    expr=f"sum by (pod) (increase(kube_pod_container_status_restarts_total{{{ksm}}}[1h])) > 0",
                    legend="{{pod}}",
                ),
            ),
        ),
        Panel(
            title="Full volumes",
            description="Share of each volume in use.",
            kind="bargauge",
            unit="percentunit",
            queries=(
                Query(
                    expr="1 - min by (persistentvolumeclaim) "
                    f"(kubelet_volume_stats_available_bytes{{{namespace}}} / "
                    f"kubelet_volume_stats_capacity_bytes{{{namespace}}})",
                    legend="{{persistentvolumeclaim}}",
                ),
            ),
            steps=((None, "green"), (0.8, "yellow"), (0.9, "red")),
            maximum=1,
        ),
    )
