"""The dashboard of what GPUs exchange: EFA devices, NVLink, PCIe and the nodes' own network. Data only; metric names
are in charts.md 4.1, those of nodes are node-exporter's and kube-state-metrics'.
node-exporter sees state and rate of EFA devices, but not their bytes (prometheus/node_exporter#3670): what crosses PCIe
shows them, with what GPUs exchange with the host.
"""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_ANY_IS_BAD = ((None, "green"), (1.0, "red"))
_POOL = ' * on (node) group_left (nodepool) node:nodepool:info{nodepool=~"$nodepool"}'
_EFA = 'job="kube-state-metrics", resource="vpc_amazonaws_com_efa"'
_NODE = " * on (instance) group_left (nodename) node_uname_info"
_PORT = 'device=~"rdmap.+|efa_.+"'
_DEVICE = 'device!~"lo|veth.*|eni.*|cni.*"'
_NETWORK = 'kube_node_status_condition{job="kube-state-metrics", condition="NetworkingReady", status="true"}'

GPU_NETWORK = Dashboard(
    uid="paddock-gpu-network",
    title="EFA and NCCL network",
    description="What GPUs exchange with each other and with other nodes, and what is wrong on the way.",
    tags=("paddock", "gpu", "network"),
    variables=(Variable(name="nodepool", label="Node pool", query="label_values(node:nodepool:info, nodepool)"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "EFA devices",
                    description="EFA devices that nodes offer.",
                    unit="short",
                    expr=f"sum(kube_node_status_allocatable{{{_EFA}}}{_POOL}) or vector(0)",
                ),
                stat(
                    "EFA devices held",
                    description="EFA devices that pods on these nodes hold.",
                    unit="short",
                    expr=f'sum(kube_pod_container_resource_requests{{{_EFA}, node!=""}}{_POOL}) or vector(0)',
                ),
                stat(
                    "Without EFA",
                    description="Nodes with an EFA device less allocatable than they have.",
                    unit="short",
                    expr=f"count((kube_node_status_capacity{{{_EFA}}} - on (node) "
                    f"kube_node_status_allocatable{{{_EFA}}} > 0){_POOL}) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Unhealthy networks",
                    description="Nodes whose monitoring agent reports faults of the network.",
                    unit="short",
                    expr=f"count(({_NETWORK} == 0){_POOL}) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "NVLink errors",
                    description="GPUs with XID 74 as their last error: NVLink.",
                    unit="short",
                    expr=f"count((DCGM_FI_DEV_XID_ERRORS == 74){_POOL}) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "PCIe replays",
                    description="Retries on PCIe within an hour.",
                    unit="short",
                    expr=f"sum(increase(DCGM_FI_DEV_PCIE_REPLAY_COUNTER[1h]){_POOL}) or vector(0)",
                    steps=((None, "green"), (1.0, "yellow"), (100.0, "red")),
                ),
            ),
        ),
        Row(
            title="Between GPUs",
            panels=(
                lines(
                    "Sent over PCIe by node",
                    description="GPUs to EFA and host; nodes of one run send alike.",
                    unit="Bps",
                    queries=(Query(expr=f"sum by (node) (DCGM_FI_PROF_PCIE_TX_BYTES{_POOL})", legend="{{node}}"),),
                ),
                lines(
                    "Received over PCIe by node",
                    description="EFA and host to GPUs.",
                    unit="Bps",
                    queries=(Query(expr=f"sum by (node) (DCGM_FI_PROF_PCIE_RX_BYTES{_POOL})", legend="{{node}}"),),
                ),
                lines(
                    "NVLink traffic by node",
                    description="To be compared with other nodes of a run: DCGM's unit differs by generation of GPUs.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (node) (rate(DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL[5m]){_POOL})",
                            legend="{{node}}",
                        ),
                    ),
                ),
                Panel(
                    title="Nodes that compute least",
                    description="Mean activity of a node's GPUs: all nodes of a run wait for its slowest.",
                    kind="table",
                    unit="percentunit",
                    queries=(
                        Query(expr=f"bottomk(20, avg by (node, nodepool) (DCGM_FI_PROF_GR_ENGINE_ACTIVE{_POOL}))"),
                    ),
                    steps=((None, "red"), (0.3, "yellow"), (0.6, "green")),
                ),
            ),
        ),
        Row(
            title="EFA devices",
            panels=(
                lines(
                    "EFA line rate by node",
                    description="What EFA devices could send: a node with less than its neighbours lost one.",
                    unit="Bps",
                    queries=(
                        Query(
                            expr=f"sum by (nodename) (node_infiniband_rate_bytes_per_second{{{_PORT}}}{_NODE})",
                            legend="{{nodename}}",
                        ),
                    ),
                ),
                lines(
                    "EFA ports that are not active",
                    description="Ports in any state but 4, active.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"count by (nodename) ((node_infiniband_state_id{{{_PORT}}} != 4){_NODE})",
                            legend="{{nodename}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            title="Nodes' own network",
            panels=(
                lines(
                    "Sent by node",
                    description="All but EFA: storage, images, NCCL's bootstrap, runs without EFA.",
                    unit="Bps",
                    queries=(
                        Query(
                            expr="topk(20, sum by (nodename) "
                            f"(rate(node_network_transmit_bytes_total{{{_DEVICE}}}[5m]){_NODE}))",
                            legend="{{nodename}}",
                        ),
                    ),
                ),
                lines(
                    "Received by node",
                    description="All but EFA.",
                    unit="Bps",
                    queries=(
                        Query(
                            expr="topk(20, sum by (nodename) "
                            f"(rate(node_network_receive_bytes_total{{{_DEVICE}}}[5m]){_NODE}))",
                            legend="{{nodename}}",
                        ),
                    ),
                ),
                lines(
                    "Dropped packets by node",
                    description="Packets that were dropped, a second.",
                    unit="pps",
                    queries=(
                        Query(
                            expr="topk(20, sum by (nodename) ("
                            f"(rate(node_network_receive_drop_total{{{_DEVICE}}}[5m]) "
                            f"+ rate(node_network_transmit_drop_total{{{_DEVICE}}}[5m])){_NODE}) > 0)",
                            legend="{{nodename}}",
                        ),
                    ),
                ),
                lines(
                    "TCP retransmissions by node",
                    description="Share of segments that were sent again.",
                    unit="percentunit",
                    queries=(
                        Query(
                            expr="topk(20, sum by (nodename) (rate(node_netstat_Tcp_RetransSegs[5m]) "
                            f"/ rate(node_netstat_Tcp_OutSegs[5m]){_NODE}))",
                            legend="{{nodename}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
