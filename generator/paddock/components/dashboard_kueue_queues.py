"""The dashboard of Kueue: what waits, what runs, how far quotas reach. Data only; metric names are in charts.md 4.1."""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_PREEMPTED = 'kueue_preempted_workloads_total{preempting_cluster_queue=~"$queue"}'
_LOW_IS_BAD = ((None, "red"), (0.3, "yellow"), (0.6, "green"))
_ANY_IS_BAD = ((None, "green"), (1.0, "red"))
_MANY_ARE_BAD = ((None, "green"), (10.0, "yellow"), (50.0, "red"))
_QUEUE = 'cluster_queue=~"$queue"'
_QUOTA = f'{_QUEUE}, resource="nvidia.com/gpu"'
_RESERVED = f"kueue_cluster_queue_resource_reservation{{{_QUOTA}}}"
_NOMINAL = f"kueue_cluster_queue_nominal_quota{{{_QUOTA}}}"
_EVICTED = f"kueue_evicted_workloads_total{{{_QUEUE}}}"

KUEUE_QUEUES = Dashboard(
    uid="paddock-kueue-queues",
    title="Kueue queues",
    description="What waits, what runs, what was preempted, and how far quotas reach.",
    tags=("paddock", "kueue"),
    variables=(
        Variable(name="queue", label="Cluster queue", query="label_values(kueue_cluster_queue_info, cluster_queue)"),
    ),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Waiting",
                    description="Workloads that wait for quota.",
                    unit="short",
                    expr=f'sum(kueue_pending_workloads{{{_QUEUE}, status="active"}}) or vector(0)',
                    steps=_MANY_ARE_BAD,
                ),
                stat(
                    "Inadmissible",
                    description="Workloads that cannot be admitted until something changes.",
                    unit="short",
                    expr=f'sum(kueue_pending_workloads{{{_QUEUE}, status="inadmissible"}}) or vector(0)',
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Admitted",
                    description="Workloads that run.",
                    unit="short",
                    expr=f"sum(kueue_admitted_active_workloads{{{_QUEUE}}}) or vector(0)",
                ),
                stat(
                    "Preempted",
                    description="Workloads preempted in 24 hours.",
                    unit="short",
                    expr=f"sum(increase({_PREEMPTED}[24h])) or vector(0)",
                ),
                stat(
                    "GPU quota in use",
                    description="Share of the nominal GPU quota that is reserved.",
                    unit="percentunit",
                    expr=f"sum({_RESERVED}) / sum({_NOMINAL})",
                    steps=_LOW_IS_BAD,
                ),
                stat(
                    "Inactive queues",
                    description="Queues that admit nothing.",
                    unit="short",
                    expr=f'count(kueue_cluster_queue_status{{{_QUEUE}, status="active"}} == 0) or vector(0)',
                    steps=_ANY_IS_BAD,
                ),
            ),
        ),
        Row(
            title="Waiting",
            panels=(
                lines(
                    "Waiting workloads",
                    description="By queue and whether they can be admitted.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (cluster_queue, status) (kueue_pending_workloads{{{_QUEUE}}})",
                            legend="{{cluster_queue}} {{status}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "Time until admission",
                    description="Median and slowest 5 % of the workloads that were admitted.",
                    unit="s",
                    queries=(
                        *(
                            Query(
                                expr=f"histogram_quantile({quantile}, sum by (le, cluster_queue) "
                                f"(rate(kueue_admission_wait_time_seconds_bucket{{{_QUEUE}}}[1h])))",
                                legend=f"{{{{cluster_queue}}}} p{round(quantile * 100)}",
                            )
                            for quantile in (0.5, 0.95)
                        ),
                    ),
                ),
                lines(
                    "Admissions",
                    description="Workloads admitted an hour.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (cluster_queue) (increase(kueue_admitted_workloads_total{{{_QUEUE}}}[1h]))",
                            legend="{{cluster_queue}}",
                        ),
                    ),
                ),
                lines(
                    "Evictions",
                    description="Workloads evicted an hour, by reason.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (cluster_queue, reason) (increase({_EVICTED}[1h]))",
                            legend="{{cluster_queue}} {{reason}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            title="Quota",
            panels=(
                lines(
                    "GPUs reserved by queue",
                    description="What each queue holds, borrowed GPUs included.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (cluster_queue) ({_RESERVED})",
                            legend="{{cluster_queue}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "GPUs borrowed by queue",
                    description="What a queue holds above its nominal quota.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"clamp_min(sum by (cluster_queue) ({_RESERVED}) "
                            f"- sum by (cluster_queue) ({_NOMINAL}), 0)",
                            legend="{{cluster_queue}}",
                        ),
                    ),
                ),
                Panel(
                    title="GPU quota in use by queue and flavor",
                    description="Reserved GPUs as a share of the nominal quota; above 100 % is borrowed.",
                    kind="bargauge",
                    unit="percentunit",
                    queries=(
                        Query(
                            expr=f"sum by (cluster_queue, flavor) ({_RESERVED}) "
                            f"/ (sum by (cluster_queue, flavor) ({_NOMINAL}) > 0)",
                            legend="{{cluster_queue}} {{flavor}}",
                        ),
                    ),
                    width=24,
                    steps=((None, "green"), (0.95, "yellow"), (1.0, "red")),
                    maximum=1,
                ),
            ),
        ),
    ),
)
