"""The dashboard of model servers: requests, errors and latency. Data only.
Servers of KServe's own runtimes give request_predict_seconds by model_name, Triton nv_inference_* by model in
microseconds (kserve.github.io, Prometheus metrics; docs.nvidia.com Triton, metrics guide); replicas are of
kube-state-metrics.
"""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_ANY_IS_BAD = ((None, "green"), (1.0, "red"))
_FEW_ARE_BAD = ((None, "green"), (0.001, "yellow"), (0.01, "red"))
_NS = 'namespace=~"$namespace"'
_DEPLOYMENT = f'job="kube-state-metrics", {_NS}, deployment=~".+-predictor"'
_OK = f"sum by (namespace, model) (rate(nv_inference_request_success{{{_NS}}}[5m]))"
_FAILED = f"sum by (namespace, model) (rate(nv_inference_request_failure{{{_NS}}}[5m]))"


def _triton(metric: str) -> str:
    """Mean seconds of a request that Triton spends on something."""
    return f"sum by (namespace, model) (rate({metric}{{{_NS}}}[5m])) / {_OK} / 1e6"


KSERVE_ENDPOINTS = Dashboard(
    uid="paddock-kserve-endpoints",
    title="KServe latency and errors",
    description="Model servers of every team: requests, errors, latency, replicas.",
    tags=("paddock", "kserve"),
    variables=(
        Variable(
            name="namespace",
            label="Namespace",
            query='label_values(kube_deployment_spec_replicas{deployment=~".+-predictor"}, namespace)',
        ),
    ),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Requests",
                    description="Requests a second to all servers.",
                    unit="reqps",
                    expr=f"sum(rate(request_predict_seconds_count{{{_NS}}}[5m]) "
                    f"or rate(nv_inference_request_success{{{_NS}}}[5m])) or vector(0)",
                ),
                stat(
                    "Failing share",
                    description="Share of Triton's requests that fail.",
                    unit="percentunit",
                    expr=f"sum({_FAILED}) / (sum({_OK}) + sum({_FAILED})) or vector(0)",
                    steps=_FEW_ARE_BAD,
                ),
                stat(
                    "Slowest 5 %",
                    description="Time of a prediction that 95 % stay below, for servers of KServe's runtimes.",
                    unit="s",
                    expr=f"histogram_quantile(0.95, sum by (le) (rate(request_predict_seconds_bucket{{{_NS}}}[5m])))",
                ),
                stat(
                    "Endpoints without replicas",
                    description="Endpoints that should have replicas, and have none that is ready.",
                    unit="short",
                    expr=f"count(kube_deployment_status_replicas_available{{{_DEPLOYMENT}}} == 0 and "
                    f"kube_deployment_spec_replicas{{{_DEPLOYMENT}}} > 0) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Replicas",
                    description="Replicas that are ready.",
                    unit="short",
                    expr=f"sum(kube_deployment_status_replicas_available{{{_DEPLOYMENT}}}) or vector(0)",
                ),
                stat(
                    "GPUs",
                    description="GPUs that pods of model servers hold.",
                    unit="short",
                    expr='sum(kube_pod_container_resource_requests{job="kube-state-metrics", '
                    f'resource="nvidia_com_gpu", node!="", {_NS}, pod=~".+-predictor-.+"}}) or vector(0)',
                ),
            ),
        ),
        Row(
            title="Servers of KServe's runtimes",
            panels=(
                lines(
                    "Predictions by model",
                    description="A second.",
                    unit="reqps",
                    queries=(
                        Query(
                            expr=f"sum by (namespace, model_name) (rate(request_predict_seconds_count{{{_NS}}}[5m]))",
                            legend="{{namespace}}/{{model_name}}",
                        ),
                    ),
                    stacked=True,
                ),
                lines(
                    "Time of a prediction",
                    description="Slowest 5 % by model.",
                    unit="s",
                    queries=(
                        Query(
                            expr="histogram_quantile(0.95, sum by (le, namespace, model_name) "
                            f"(rate(request_predict_seconds_bucket{{{_NS}}}[5m])))",
                            legend="{{namespace}}/{{model_name}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            title="Triton",
            panels=(
                lines(
                    "Requests by model",
                    description="Requests that succeed, a second.",
                    unit="reqps",
                    queries=(Query(expr=_OK, legend="{{namespace}}/{{model}}"),),
                    stacked=True,
                ),
                lines(
                    "Failing share by model",
                    description="Requests that fail, of all.",
                    unit="percentunit",
                    queries=(Query(expr=f"{_FAILED} / ({_OK} + {_FAILED})", legend="{{namespace}}/{{model}}"),),
                    maximum=1,
                ),
                lines(
                    "Time of a request",
                    description="Mean, waiting included.",
                    unit="s",
                    queries=(
                        Query(expr=_triton("nv_inference_request_duration_us"), legend="{{namespace}}/{{model}}"),
                    ),
                ),
                lines(
                    "Time that requests wait",
                    description="Mean time in the queue: it grows first when a model is too slow for its load.",
                    unit="s",
                    queries=(Query(expr=_triton("nv_inference_queue_duration_us"), legend="{{namespace}}/{{model}}"),),
                ),
            ),
        ),
        Row(
            title="Replicas",
            panels=(
                lines(
                    "Ready replicas by endpoint",
                    description="What answers.",
                    unit="short",
                    queries=(
                        Query(
                            expr="sum by (namespace, deployment) "
                            f"(kube_deployment_status_replicas_available{{{_DEPLOYMENT}}})",
                            legend="{{namespace}}/{{deployment}}",
                        ),
                    ),
                ),
                Panel(
                    title="Missing replicas",
                    description="Replicas that are asked for and not ready.",
                    kind="table",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (namespace, deployment) (kube_deployment_spec_replicas{{{_DEPLOYMENT}}} "
                            f"- kube_deployment_status_replicas_available{{{_DEPLOYMENT}}}) > 0"
                        ),
                    ),
                    steps=_ANY_IS_BAD,
                ),
            ),
        ),
    ),
)
