"""The dashboard of GPUs: how many, how busy, how healthy. Data only; metric names are in charts.md 4.1."""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_GPU = 'job="kube-state-metrics", resource="nvidia_com_gpu"'
_POOL = ' * on (node) group_left (nodepool) node:nodepool:info{nodepool=~"$nodepool"}'
_ALLOCATABLE = f"kube_node_status_allocatable{{{_GPU}}}{_POOL}"
_FAULTY = 'condition="AcceleratedHardwareReady", status="true"'
_XID = f"max by (node, nodepool, gpu, modelName, namespace, pod) (DCGM_FI_DEV_XID_ERRORS{_POOL}) > 0"
_LOW_IS_BAD = ((None, "red"), (0.3, "yellow"), (0.6, "green"))
_ANY_IS_BAD = ((None, "green"), (1.0, "red"))

GPU_FLEET = Dashboard(
    uid="paddock-gpu-fleet",
    title="GPU fleet",
    description="GPUs of the cluster: how many, how busy, how healthy.",
    tags=("paddock", "gpu"),
    variables=(Variable(name="nodepool", label="Node pool", query="label_values(node:nodepool:info, nodepool)"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "GPUs",
                    description="Allocatable GPUs of the chosen pools.",
                    unit="short",
                    expr=f"sum({_ALLOCATABLE}) or vector(0)",
                ),
                stat(
                    "Allocated",
                    description="GPUs that pods on these nodes hold.",
                    unit="short",
                    expr=f"sum(namespace_node:gpu_allocated:sum{_POOL}) or vector(0)",
                ),
                stat(
                    "Allocated share",
                    description="Share of the allocatable GPUs that is held.",
                    unit="percentunit",
                    expr=f"sum(namespace_node:gpu_allocated:sum{_POOL}) / sum({_ALLOCATABLE})",
                    steps=_LOW_IS_BAD,
                ),
                stat(
                    "Busy share",
                    description="Mean of the graphics engine's activity over GPUs that pods hold.",
                    unit="percentunit",
                    expr=f'avg(DCGM_FI_PROF_GR_ENGINE_ACTIVE{{pod!=""}}{_POOL})',
                    steps=_LOW_IS_BAD,
                ),
                stat(
                    "Unhealthy nodes",
                    description="Nodes whose monitoring agent reports faulty GPUs.",
                    unit="short",
                    expr=f'count(kube_node_status_condition{{job="kube-state-metrics", {_FAULTY}}} == 0) or vector(0)',
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Price",
                    description="Estimated price of the GPU nodes an hour; reserved nodes count as on-demand.",
                    unit="currencyUSD",
                    expr=f"sum((node:price_usd:hourly and on (node) node:gpu_price_usd:hourly){_POOL}) or vector(0)",
                ),
            ),
        ),
        Row(
            title="Use",
            panels=(
                lines(
                    "GPUs by node pool",
                    description="Allocatable and allocated GPUs.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (nodepool) ({_ALLOCATABLE})",
                            legend="{{nodepool}} allocatable",
                        ),
                        Query(
                            expr=f"sum by (nodepool) (namespace_node:gpu_allocated:sum{_POOL})",
                            legend="{{nodepool}} allocated",
                        ),
                    ),
                ),
                lines(
                    "Busy share by node pool",
                    description="Mean activity of the graphics engine, idle GPUs included.",
                    unit="percentunit",
                    queries=(Query(expr='nodepool:gpu_utilisation:avg{nodepool=~"$nodepool"}', legend="{{nodepool}}"),),
                    maximum=1,
                ),
                lines(
                    "Tensor cores busy by node pool",
                    description="Mean activity of the tensor pipe: near zero means that mixed precision is not used.",
                    unit="percentunit",
                    queries=(
                        Query(
                            expr=f"avg by (nodepool) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{_POOL})", legend="{{nodepool}}"
                        ),
                    ),
                    maximum=1,
                ),
                lines(
                    "Memory used by node pool",
                    description="Frame buffer in use.",
                    unit="mbytes",
                    queries=(Query(expr=f"sum by (nodepool) (DCGM_FI_DEV_FB_USED{_POOL})", legend="{{nodepool}}"),),
                    stacked=True,
                ),
            ),
        ),
        Row(
            title="Health",
            panels=(
                lines(
                    "Hottest GPU of each node",
                    description="Core temperature; a warning is raised above 85 °C.",
                    unit="celsius",
                    queries=(Query(expr=f"topk(10, max by (node) (DCGM_FI_DEV_GPU_TEMP{_POOL}))", legend="{{node}}"),),
                ),
                lines(
                    "Power by node pool",
                    description="Power that the GPUs draw.",
                    unit="watt",
                    queries=(Query(expr=f"sum by (nodepool) (DCGM_FI_DEV_POWER_USAGE{_POOL})", legend="{{nodepool}}"),),
                    stacked=True,
                ),
                lines(
                    "PCIe replays by node",
                    description="Rising counts point to a bad link.",
                    unit="cps",
                    queries=(
                        Query(
                            expr=f"topk(10, sum by (node) (rate(DCGM_FI_DEV_PCIE_REPLAY_COUNTER[15m]){_POOL}) > 0)",
                            legend="{{node}}",
                        ),
                    ),
                ),
                Panel(
                    title="Last XID of each GPU",
                    description="The last XID error that a GPU reported since its reset.",
                    kind="table",
                    unit="none",
                    queries=(Query(expr=_XID),),
                    steps=_ANY_IS_BAD,
                ),
            ),
        ),
    ),
)
