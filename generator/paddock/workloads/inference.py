"""Inference: a model behind a KServe InferenceService in Standard mode."""

from __future__ import annotations

from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.quantity import seconds
from paddock.workloads import companions, network, pods

HTTP_PORT = 8080
"""The port of the containers of KServe's serving runtimes (kserve-runtime-configs)."""


def view(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team, workload: Workload) -> dict[str, Json]:
    """The context of templates/workloads/inference/; `scaling` is None where min and max are equal."""
    data = workload.data
    # An autoscaler that goes to 0 needs Knative; in Standard mode KServe keeps one replica at least.
    low, high = (max(1, bound) for bound in pods.replicas(workload))
    context = companions.context(fleet, environment, team, workload)
    metrics = data.get("metrics", {}).get("port")
    return context | {
        "placement": pods.placement(fleet, cluster, workload),
        "deviceClaim": pods.device_claim(cluster, workload),
        "priorityClass": pods.priority_class(fleet, cluster, workload),
        "model": _model(cluster, workload),
        "minReplicas": low,
        "maxReplicas": high,
        "scaling": {"metric": "cpu", "target": data["replicas"]["cpuUtilization"]} if high > low else None,
        "containerConcurrency": data.get("concurrency"),
        "timeout": seconds(data["timeout"]),
        "disruptionBudget": low > 1,
        "relabelings": _relabelings(metrics) if metrics not in (None, HTTP_PORT) else [],
        "ingress": network.ingress(callers=data["callers"], entry=HTTP_PORT, entry_class="alb", metrics=metrics),
        "egress": network.egress(),
    }


def _model(cluster: Cluster, workload: Workload) -> dict[str, Json]:
    """The model server's part of the predictor."""
    stated = workload.data["model"]
    model_format = {"name": stated["format"]} | ({"version": stated["version"]} if "version" in stated else {})
    model = {
        "modelFormat": model_format,
        "runtime": stated.get("runtime"),
        "protocolVersion": stated["protocolVersion"],
        "storageUri": stated["storageUri"],
        "args": workload.data["args"],
        "env": pods.variables(workload, {}),
        "resources": _resources(cluster, workload),
        "securityContext": pods.security_context(locks_memory=pods.efa_interfaces(cluster, workload) > 0),
    }
    return {key: value for key, value in model.items() if value}


def _resources(cluster: Cluster, workload: Workload) -> dict[str, Json]:
    """With a CPU limit equal to the request: KServe fills in its own, smaller one where none is stated."""
    resources = pods.resources(cluster, workload)
    limits = {"cpu": resources["requests"]["cpu"], **resources["limits"]}
    return {**resources, "limits": limits}


def _relabelings(port: int) -> list[Json]:
    """Serving runtimes declare their HTTP port alone, so other ports are scraped at the address of its target."""
    return [
        {"sourceLabels": ["__meta_kubernetes_pod_ip"], "targetLabel": "__address__", "replacement": f"${{1}}:{port}"}
    ]
