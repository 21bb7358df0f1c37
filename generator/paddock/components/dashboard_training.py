"""The dashboard of training runs: how much of the GPU time held is work, and what takes the rest. Data only; metric
names are in charts.md 4.1.
Goodput here is the share of held GPU time in which the GPU computes: waiting for pods, data and peers counts as loss.
What a program counts itself (samples, steps) belongs on a dashboard of its own.
"""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_LOW_IS_BAD = ((None, "red"), (0.3, "yellow"), (0.6, "green"))
_ANY_IS_BAD = ((None, "green"), (1.0, "red"))
_TEAM = 'namespace=~"$team"'
_HELD = f'{_TEAM}, pod!=""'
_QUEUE = 'cluster_queue=~"$team"'
_PENDING = f'kube_pod_status_phase{{job="kube-state-metrics", {_TEAM}, phase="Pending"}} == 1'
_REQUESTS = (
    f'kube_pod_container_resource_requests{{job="kube-state-metrics", resource="nvidia_com_gpu", node!="", {_TEAM}}}'
)


def _ended(metric: str) -> str:
    """JobSets counted for the first time within a day, by team. A counter that begins at 1 has no increase; and the
    chart's monitor does not honour labels, so that the metric's own namespace is exported_namespace."""
    series = f'{metric}{{exported_namespace=~"$team"}}'
    return f"count by (exported_namespace) ({series} unless {series} offset 1d)"


TRAINING = Dashboard(
    uid="paddock-training",
    title="Training throughput and goodput",
    description="How much of the GPU time that runs hold is work, and what takes the rest.",
    tags=("paddock", "training"),
    variables=(Variable(name="team", label="Team", query="label_values(namespace:team:info, team)"),),
    since="now-24h",
    rows=(
        Row(
            title="In the chosen time",
            panels=(
                stat(
                    "Goodput",
                    description="Share of held GPU time in which GPUs compute.",
                    unit="percentunit",
                    expr=f"avg(avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{_HELD}}}[$__range]))",
                    steps=_LOW_IS_BAD,
                ),
                stat(
                    "Tensor cores",
                    description="Share of held GPU time in which tensor cores compute: the throughput that counts.",
                    unit="percentunit",
                    expr=f"avg(avg_over_time(DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{_HELD}}}[$__range]))",
                    steps=((None, "red"), (0.15, "yellow"), (0.3, "green")),
                ),
                stat(
                    "Lost GPU hours",
                    description="GPU hours held in which GPUs did not compute.",
                    unit="short",
                    expr=f"sum(count_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{_HELD}}}[$__range:1m]) * "
                    f"(1 - avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{_HELD}}}[$__range]))) / 60 or vector(0)",
                ),
                stat(
                    "Starting GPUs",
                    description="GPUs held now by pods that have not started: image pulls, volumes, peers.",
                    unit="short",
                    expr=f"sum({_REQUESTS} and on (namespace, pod) ({_PENDING})) or vector(0)",
                ),
                stat(
                    "Preempted",
                    description="Runs that lost their quota to others.",
                    unit="short",
                    expr=f'sum(increase(kueue_evicted_workloads_total{{{_QUEUE}, reason="Preempted"}}[$__range])) '
                    "or vector(0)",
                    steps=((None, "green"), (1.0, "yellow"), (20.0, "red")),
                ),
                stat(
                    "GPU errors",
                    description="GPUs under runs that report an error now.",
                    unit="short",
                    expr=f"count(DCGM_FI_DEV_XID_ERRORS{{{_HELD}}} > 0) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
            ),
        ),
        Row(
            title="Throughput",
            panels=(
                lines(
                    "Goodput by team",
                    description="Mean activity of held GPUs.",
                    unit="percentunit",
                    queries=(
                        Query(
                            expr=f"avg by (namespace) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{_HELD}}})",
                            legend="{{namespace}}",
                        ),
                    ),
                    maximum=1,
                ),
                lines(
                    "Tensor cores by team",
                    description="Mean activity of the tensor pipe; it falls when a run waits for data or peers.",
                    unit="percentunit",
                    queries=(
                        Query(
                            expr=f"avg by (namespace) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{_HELD}}})",
                            legend="{{namespace}}",
                        ),
                    ),
                    maximum=1,
                ),
                lines(
                    "Memory bandwidth by team",
                    description="Mean activity of GPU memory: near one, the run is bound by it.",
                    unit="percentunit",
                    queries=(
                        Query(expr=f"avg by (namespace) (DCGM_FI_PROF_DRAM_ACTIVE{{{_HELD}}})", legend="{{namespace}}"),
                    ),
                    maximum=1,
                ),
                Panel(
                    title="Slowest pods",
                    description="Pods whose GPUs compute least: one slow pod slows its whole run.",
                    kind="table",
                    unit="percentunit",
                    queries=(Query(expr=f"bottomk(20, namespace_pod:gpu_utilisation:avg{{{_TEAM}}})"),),
                    steps=_LOW_IS_BAD,
                ),
            ),
        ),
        Row(
            title="Loss",
            panels=(
                lines(
                    "Starting GPUs by team",
                    description="GPUs held by pods that have not started.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (namespace) ({_REQUESTS} and on (namespace, pod) ({_PENDING}))",
                            legend="{{namespace}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "Evictions by reason",
                    description="Runs that lost their quota, an hour.",
                    unit="short",
                    queries=(
                        Query(
                            expr="sum by (cluster_queue, reason) "
                            f"(increase(kueue_evicted_workloads_total{{{_QUEUE}}}[1h])) > 0",
                            legend="{{cluster_queue}} {{reason}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "Runs that ended",
                    description="JobSets that failed or completed within a day.",
                    unit="short",
                    queries=(
                        Query(expr=_ended("jobset_failed_total"), legend="{{exported_namespace}} failed"),
                        Query(expr=_ended("jobset_completed_total"), legend="{{exported_namespace}} completed"),
                    ),
                ),
                lines(
                    "Time until admission",
                    description="Slowest 5 % of the runs that were admitted.",
                    unit="s",
                    queries=(
                        Query(
                            expr="histogram_quantile(0.95, sum by (le, cluster_queue) "
                            f"(rate(kueue_admission_wait_time_seconds_bucket{{{_QUEUE}}}[1h])))",
                            legend="{{cluster_queue}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
