"""Alerts on the way of logs: Fluent Bit and OpenSearch.

Metrics and thresholds: charts.md 4.1 and 4.2; OpenSearch's are those of the plugin prometheus-exporter.
"""

from __future__ import annotations

from paddock.components.alerting import Alert, controller_down


def fluent_bit() -> list[Alert]:
    """Lines that are lost, and those that wait: an output's name says whose they are. A sink that is away makes
    retries; errors count only what is dropped at once (Fluent Bit, src/flb_engine.c, handle_output_event)."""
    dropped = (
        "sum by (pod, name) (rate(fluentbit_output_retries_failed_total[5m])) > 0 "
        "or sum by (pod, name) (rate(fluentbit_output_dropped_records_total[5m])) > 0"
    )
    failing = (
        "sum by (name) (rate(fluentbit_output_retries_total[15m])) > 0 "
        "unless on (name) sum by (name) (rate(fluentbit_output_proc_records_total[15m])) > 0"
    )
    return [
        controller_down("FluentBitDown", namespace="logging", job="fluent-bit", what="Fluent Bit"),
        Alert(
            name="FluentBitDropping",
            expr=dropped,
            wait="10m",
            severity="warning",
            summary="Fluent Bit in pod {{ $labels.pod }} drops lines of output {{ $labels.name }}.",
        ),
        Alert(
            name="FluentBitOutputFailing",
            expr=failing,
            wait="30m",
            severity="critical",
            summary="Nothing gets through output {{ $labels.name }} of Fluent Bit; lines wait on the disks of nodes "
            "until their room is full.",
        ),
    ]


def opensearch(*, metrics: bool) -> list[Alert]:
    """What Kubernetes knows of OpenSearch, and with `metrics` what its exporter says."""
    down = Alert(
        name="OpenSearchNodesMissing",
        expr='kube_statefulset_status_replicas_ready{job="kube-state-metrics", namespace="opensearch"} '
        '< kube_statefulset_replicas{job="kube-state-metrics", namespace="opensearch"}',
        wait="15m",
        severity="warning",
        summary="{{ $value }} nodes of OpenSearch are ready, which are not all.",
    )
    return [down, setup_failed("opensearch"), *(_exported() if metrics else [])]


def setup_failed(namespace: str) -> Alert:
    """The setup job in a namespace ended without success; it retries by itself until then. kube_job_status_failed
    would count the pods that failed before one succeeded (kube-state-metrics, internal/store/job.go)."""
    return Alert(
        name="OpenSearchSetupFailed",
        expr=f'kube_job_failed{{job="kube-state-metrics", namespace="{namespace}", condition="true"}} > 0',
        wait="15m",
        severity="warning",
        summary="Job {{ $labels.job_name }}, which gives teams their indexes and roles in OpenSearch, failed.",
    )


def _exported() -> list[Alert]:
    return [
        Alert(
            name="OpenSearchRed",
            expr="max by (cluster) (opensearch_cluster_status) == 2",
            wait="5m",
            severity="critical",
            summary="OpenSearch is red: some shards have no copy, and what should be written to them is refused.",
        ),
        Alert(
            name="OpenSearchHeapHigh",
            expr="max by (node) (opensearch_jvm_mem_heap_used_percent) > 90",
            wait="5m",
            severity="warning",
            summary="Node {{ $labels.node }} of OpenSearch uses {{ $value }} % of its heap.",
        ),
        Alert(
            name="OpenSearchTasksPending",
            expr="max by (cluster) (opensearch_cluster_pending_tasks_number) > 100",
            wait="15m",
            severity="warning",
            summary="{{ $value }} tasks wait for OpenSearch's cluster manager.",
        ),
    ]
