"""The dashboard of MLflow: requests, errors, how long they take. Data only; metric names are in charts.md 4.1, which
says that they have no label for the path."""

from __future__ import annotations

from paddock.components.panels import Dashboard, Query, Row, lines, stat

_REQUESTS = "mlflow_http_request_total"
_DURATION = "mlflow_http_request_duration_seconds_bucket"
_FEW_ARE_BAD = ((None, "green"), (0.01, "yellow"), (0.05, "red"))
_SLOW_IS_BAD = ((None, "green"), (1.0, "yellow"), (5.0, "red"))
_POD = 'job="kube-state-metrics", namespace="mlflow"'

MLFLOW = Dashboard(
    uid="paddock-mlflow",
    title="MLflow",
    description="Requests to the tracking server, how many fail and how long they take.",
    tags=("paddock", "mlflow"),
    variables=(),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Requests",
                    description="Requests a second.",
                    unit="reqps",
                    expr=f"sum(rate({_REQUESTS}[5m])) or vector(0)",
                ),
                stat(
                    "Server errors",
                    description="Share of requests that end in a server error.",
                    unit="percentunit",
                    expr=f'sum(rate({_REQUESTS}{{status=~"5.."}}[5m])) / sum(rate({_REQUESTS}[5m])) or vector(0)',
                    steps=_FEW_ARE_BAD,
                ),
                stat(
                    "Slowest 5 %",
                    description="Time that 95 % of the requests stay below.",
                    unit="s",
                    expr=f"histogram_quantile(0.95, sum by (le) (rate({_DURATION}[5m])))",
                    steps=_SLOW_IS_BAD,
                ),
                stat(
                    "Replicas",
                    description="Replicas that are ready.",
                    unit="short",
                    expr=f"sum(kube_deployment_status_replicas_available{{{_POD}}}) or vector(0)",
                    steps=((None, "red"), (1.0, "green")),
                ),
                stat(
                    "Restarts",
                    description="Restarts of its containers within 24 hours.",
                    unit="short",
                    expr=f"sum(increase(kube_pod_container_status_restarts_total{{{_POD}}}[24h])) or vector(0)",
                    steps=((None, "green"), (1.0, "red")),
                ),
                stat(
                    "Exceptions",
                    description="Requests that ended in an exception, within an hour.",
                    unit="short",
                    expr="sum(increase(mlflow_http_request_exceptions_total[1h])) or vector(0)",
                    steps=((None, "green"), (1.0, "red")),
                ),
            ),
        ),
        Row(
            title="Requests",
            panels=(
                lines(
                    "Requests by status",
                    description="A second.",
                    unit="reqps",
                    queries=(Query(expr=f"sum by (status) (rate({_REQUESTS}[5m]))", legend="{{status}}"),),
                    stacked=True,
                ),
                lines(
                    "Requests by method",
                    description="Reads are GET, and POST for searches; runs log with POST.",
                    unit="reqps",
                    queries=(Query(expr=f"sum by (method) (rate({_REQUESTS}[5m]))", legend="{{method}}"),),
                    stacked=True,
                ),
                lines(
                    "Time of a request",
                    description="Median, slowest 5 % and slowest 1 %.",
                    unit="s",
                    queries=tuple(
                        Query(
                            expr=f"histogram_quantile({quantile}, sum by (le) (rate({_DURATION}[5m])))",
                            legend=f"p{round(quantile * 100)}",
                        )
                        for quantile in (0.5, 0.95, 0.99)
                    ),
                ),
                lines(
                    "Memory of its pods",
                    description="Working set by pod.",
                    unit="bytes",
                    queries=(
                        Query(
                            expr="sum by (pod) "
                            '(container_memory_working_set_bytes{namespace="mlflow", container!="", image!=""})',
                            legend="{{pod}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
