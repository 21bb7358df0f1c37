"""Alerts on GPUs from the metrics of the DCGM exporter, whoever runs it: the GPU operator or its own chart.

Shapes and thresholds: charts.md 4.2. An XID is a gauge that keeps the last code: it is compared, never rated
(gpu-platform.md 8, row 25), and nothing asks for labels that MIG and sharing leave out.
"""

from __future__ import annotations

from paddock.components.alerting import Alert

# XIDs of broken hardware, and those that a program causes (charts.md 4.2).
_FATAL = (48, 63, 64, 74, 79, 92, 94, 95, 119, 120)
_PROGRAM = (13, 31, 43, 45)


def _any_of(codes: tuple[int, ...]) -> str:
    return " or ".join(f"DCGM_FI_DEV_XID_ERRORS == {code}" for code in codes)


def alerts() -> list[Alert]:
    """Every alert on GPUs; series have the labels `node` and `gpu`, and `namespace` and `pod` of the workload."""
    return [
        Alert(
            name="GPUXidCritical",
            expr=_any_of(_FATAL),
            wait="1m",
            severity="critical",
            summary="GPU {{ $labels.gpu }} of node {{ $labels.node }} reports XID {{ $value }}: drain the node.",
        ),
        Alert(
            name="GPUXidApp",
            expr=f"({_any_of(_PROGRAM)}) and changes(DCGM_FI_DEV_XID_ERRORS[1h]) > 0",
            wait="15m",
            severity="info",
            summary="A program on GPU {{ $labels.gpu }} of node {{ $labels.node }} caused XID {{ $value }}.",
        ),
        Alert(
            name="GPURowRemapFailure",
            expr="DCGM_FI_DEV_ROW_REMAP_FAILURE > 0",
            wait="5m",
            severity="critical",
            summary="GPU {{ $labels.gpu }} of node {{ $labels.node }} cannot replace broken memory rows any more.",
        ),
        Alert(
            name="GPUUncorrectableRemap",
            expr="increase(DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS[1d]) > 0",
            severity="warning",
            summary="GPU {{ $labels.gpu }} of node {{ $labels.node }} had an uncorrectable memory error.",
        ),
        Alert(
            name="GPUHot",
            expr="DCGM_FI_DEV_GPU_TEMP > 85",
            wait="10m",
            severity="warning",
            summary="GPU {{ $labels.gpu }} of node {{ $labels.node }} is at {{ $value }} degrees.",
        ),
        Alert(
            name="GPUMemHot",
            expr="DCGM_FI_DEV_MEMORY_TEMP > 95",
            wait="10m",
            severity="warning",
            summary="Memory of GPU {{ $labels.gpu }} of node {{ $labels.node }} is at {{ $value }} degrees.",
        ),
        Alert(
            name="GPUMemoryNearFull",
            expr='max by (namespace, pod) (DCGM_FI_DEV_FB_USED{pod!=""} / (DCGM_FI_DEV_FB_USED{pod!=""} + '
            'DCGM_FI_DEV_FB_FREE{pod!=""})) > 0.97',
            wait="15m",
            severity="info",
            team="{{ $labels.namespace }}",
            summary="Pod {{ $labels.pod }} fills {{ $value | humanizePercentage }} of a GPU's memory.",
        ),
        Alert(
            name="GPUAllocatedIdle",
            expr='avg by (namespace, pod) (avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{pod!=""}[2h])) < 0.05',
            wait="1h",
            severity="warning",
            team="{{ $labels.namespace }}",
            summary="Pod {{ $labels.pod }} holds GPUs that do nothing "
            "({{ $value | humanizePercentage }} busy over two hours).",
        ),
        Alert(
            name="GPUMetricsMissing",
            expr='max by (node) (kube_node_status_allocatable{job="kube-state-metrics", '
            'resource="nvidia_com_gpu"}) > 0 unless on (node) max by (node) (DCGM_FI_DEV_GPU_TEMP)',
            wait="15m",
            severity="warning",
            summary="Node {{ $labels.node }} has GPUs but no GPU metrics.",
        ),
        Alert(
            name="GPUNodeNotAllocatable",
            expr='kube_node_status_capacity{job="kube-state-metrics", resource="nvidia_com_gpu"} - on (node) '
            'kube_node_status_allocatable{job="kube-state-metrics", resource="nvidia_com_gpu"} > 0',
            wait="10m",
            severity="warning",
            summary="{{ $value }} GPUs of node {{ $labels.node }} cannot be allocated.",
        ),
    ]
