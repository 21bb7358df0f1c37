"""The dashboard of Karpenter: limits of node pools, launches that failed, nodes that went. Data only; metric names are
in charts.md 4.1."""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_ANY_IS_BAD = ((None, "green"), (1.0, "red"))
_NEAR = ((None, "green"), (0.8, "yellow"), (0.9, "red"))
_POOL = 'nodepool=~"$nodepool"'
_USED = (
    f"max by (nodepool, resource_type) (karpenter_nodepools_usage{{{_POOL}}}) / "
    f"(max by (nodepool, resource_type) (karpenter_nodepools_limit{{{_POOL}}}) > 0)"
)
_FAILED = "karpenter_cloudprovider_instance_launch_failures_total"

KARPENTER_CAPACITY = Dashboard(
    uid="paddock-karpenter-capacity",
    title="Karpenter capacity",
    description="How full node pools are, what EC2 refuses, which nodes come and go, and what they cost.",
    tags=("paddock", "karpenter"),
    variables=(
        Variable(name="nodepool", label="Node pool", query="label_values(karpenter_nodepools_limit, nodepool)"),
    ),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Fullest pool",
                    description="The largest share of any limit in use.",
                    unit="percentunit",
                    expr=f"max({_USED})",
                    steps=_NEAR,
                ),
                stat(
                    "Pods without a node",
                    description="Pods that fit no node pool.",
                    unit="short",
                    expr="sum(karpenter_scheduler_unschedulable_pods_count) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Refused launches",
                    description="Launches that EC2 refused within an hour.",
                    unit="short",
                    expr=f"sum(increase({_FAILED}[1h])) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Spot interruptions",
                    description="Notices of interruption within 24 hours.",
                    unit="short",
                    expr='sum(increase(karpenter_interruption_received_messages_total{message_type=~"spot.*"}[24h])) '
                    "or vector(0)",
                ),
                stat(
                    "Pools not ready",
                    description="Node classes that are not ready: their pools are left out.",
                    unit="short",
                    expr='sum(operator_ec2nodeclass_status_condition_count{type="Ready", status!="True"}) or vector(0)',
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Price",
                    description="Estimated price of all nodes of the chosen pools an hour.",
                    unit="currencyUSD",
                    expr=f"sum(node:price_usd:hourly * on (node) node:nodepool:info{{{_POOL}}}) or vector(0)",
                ),
            ),
        ),
        Row(
            title="Node pools",
            panels=(
                Panel(
                    title="Share of limits in use",
                    description="By pool and resource; at the limit nothing more is launched.",
                    kind="bargauge",
                    unit="percentunit",
                    queries=(Query(expr=_USED, legend="{{nodepool}} {{resource_type}}"),),
                    steps=_NEAR,
                    maximum=1,
                ),
                lines(
                    "GPUs by node pool",
                    description="GPUs of nodes that run.",
                    unit="short",
                    queries=(
                        Query(
                            expr="sum by (nodepool) (karpenter_nodepools_usage"
                            f'{{{_POOL}, resource_type="nvidia.com/gpu"}})',
                            legend="{{nodepool}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "Price by node pool",
                    description="Estimated price an hour; reserved nodes count as on-demand.",
                    unit="currencyUSD",
                    queries=(
                        Query(
                            expr="sum by (nodepool) (node:price_usd:hourly * on (node) group_left (nodepool) "
                            f"node:nodepool:info{{{_POOL}}})",
                            legend="{{nodepool}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "Time until a pod runs",
                    description="Median and slowest 5 % of pods, from creation to running.",
                    unit="s",
                    queries=tuple(
                        Query(
                            expr=f"histogram_quantile({quantile}, "
                            "sum by (le) (rate(karpenter_pods_startup_duration_seconds_bucket[30m])))",
                            legend=f"p{round(quantile * 100)}",
                        )
                        for quantile in (0.5, 0.95)
                    ),
                ),
            ),
        ),
        Row(
            title="Nodes that come and go",
            panels=(
                lines(
                    "Launches refused by EC2",
                    description="Within an hour, by reason, zone and capacity type.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (reason, zone, capacity_type) (increase({_FAILED}[1h])) > 0",
                            legend="{{reason}} {{zone}} {{capacity_type}}",
                        ),
                    ),
                ),
                lines(
                    "Nodes made and ended",
                    description="NodeClaims an hour.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (nodepool) (increase(karpenter_nodeclaims_created_total{{{_POOL}}}[1h]))",
                            legend="{{nodepool}} made",
                        ),
                        Query(
                            expr=f"sum by (nodepool) (increase(karpenter_nodeclaims_terminated_total{{{_POOL}}}[1h]))",
                            legend="{{nodepool}} ended",
                        ),
                    ),
                ),
                lines(
                    "Disruptions by reason",
                    description="Nodes that Karpenter itself disrupted, an hour.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (reason) (increase(karpenter_nodeclaims_disrupted_total{{{_POOL}}}[1h]))",
                            legend="{{reason}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "Errors of AWS calls",
                    description="A second, by method and error.",
                    unit="ops",
                    queries=(
                        Query(
                            expr="sum by (method, error) (rate(karpenter_cloudprovider_errors_total[10m])) > 0",
                            legend="{{method}} {{error}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
