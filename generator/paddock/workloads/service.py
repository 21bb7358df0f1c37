"""A long-running service: a Deployment, its Service and what scales, guards and publishes it."""

from __future__ import annotations

from paddock import hosts
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.workloads import companions, mounts, network, pods

# The load balancer ends TLS with the certificate that AWS holds for the host; its targets are pods.
ALB_ANNOTATIONS = {
    "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS":443}]',
    "alb.ingress.kubernetes.io/target-type": "ip",
}


def view(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team, workload: Workload) -> dict[str, Json]:
    """The context of templates/workloads/service/; `replicas`, `scaling` and `entry` may be None."""
    data = workload.data
    low, high = pods.replicas(workload)
    scales = high > low
    ports = _ports(workload)
    mounted = mounts.view(environment, cluster, workload)
    return companions.context(fleet, environment, team, workload) | {
        "placement": pods.placement(fleet, cluster, workload),
        "deviceClaim": pods.device_claim(cluster, workload),
        "priorityClass": pods.priority_class(fleet, cluster, workload),
        # The autoscaler owns the number of replicas where there is a range (argocd.md 6).
        "replicas": None if scales else low,
        "scaling": {"min": low, "max": high, "target": data["replicas"]["cpuUtilization"]} if scales else None,
        "disruptionBudget": low > 1,
        **mounted,
        "container": _container(cluster, workload, ports, mounted["volumeMounts"]),
        "ports": [
            {
                "name": port["name"],
                "port": port["containerPort"],
                "protocol": port["protocol"],
                "targetPort": port["name"],
            }
            for port in ports
        ],
        "metricsPort": _metrics_port(workload, ports),
        "entry": _entry(fleet, cluster, workload),
        "ingress": _ingress(workload),
        "egress": network.egress(),
    }


def _ports(workload: Workload) -> list[dict[str, Json]]:
    """Container ports by name, with one for metrics where no port has its number."""
    stated = sorted(workload.data["ports"].items())
    found = [{"name": name, "containerPort": port["port"], "protocol": port["protocol"]} for name, port in stated]
    if "metrics" in workload.data and _metrics_port(workload, found) is None:
        number = workload.data["metrics"]["port"]
        found.append({"name": f"metrics-{number}", "containerPort": number, "protocol": "TCP"})
    return found


def _metrics_port(workload: Workload, ports: list[dict[str, Json]]) -> str | None:
    number = workload.data.get("metrics", {}).get("port")
    names = [port["name"] for port in ports if port["containerPort"] == number and port["protocol"] == "TCP"]
    return names[0] if names else None


def _container(
    cluster: Cluster, workload: Workload, ports: list[dict[str, Json]], mounted: list[Json]
) -> dict[str, Json]:
    data = workload.data
    locks_memory = pods.efa_interfaces(cluster, workload) > 0
    container = {
        "name": workload.name,
        "image": reference(data["image"]),
        "command": data.get("command"),
        "args": data["args"],
        "env": pods.variables(workload, {}),
        "ports": ports,
        "resources": pods.resources(cluster, workload),
        "volumeMounts": mounted,
        **_probes(workload, ports),
        "securityContext": pods.security_context(locks_memory=locks_memory)
        | {"readOnlyRootFilesystem": False, "runAsNonRoot": True},
    }
    return {key: value for key, value in container.items() if value}


def _probes(workload: Workload, ports: list[dict[str, Json]]) -> dict[str, Json]:
    """Probes as given; where none is, a TCP readiness probe on the first TCP port by name."""
    stated = workload.data.get("probes")
    if stated is not None:
        return {f"{kind}Probe": probe for kind, probe in sorted(stated.items())}
    first = next((port["name"] for port in ports if port["protocol"] == "TCP"), None)
    return {"readinessProbe": {"tcpSocket": {"port": first}}} if first else {}


def _entry(fleet: Fleet, cluster: Cluster, workload: Workload) -> dict[str, Json] | None:
    """The Ingress. Other classes than alb take the certificate from a Secret of the workload."""
    stated = workload.data.get("ingress")
    if stated is None:
        return None
    host = hosts.workload(fleet, cluster, workload)
    alb = stated["ingressClassName"] == "alb"
    annotations = (ALB_ANNOTATIONS if alb else {}) | stated["annotations"]
    return {
        "annotations": dict(sorted(annotations.items())),
        "className": stated["ingressClassName"],
        "host": host,
        "path": stated["path"],
        "port": stated["port"],
        "tls": [{"hosts": [host]} | ({} if alb else {"secretName": f"{workload.name}-tls"})],
    }


def _ingress(workload: Workload) -> list[Json]:
    """Who may reach the pods."""
    data = workload.data
    entry = data["ports"][data["ingress"]["port"]]["port"] if "ingress" in data else None
    entry_class = data["ingress"]["ingressClassName"] if "ingress" in data else ""
    metrics = data.get("metrics", {}).get("port")
    return network.ingress(callers=data["callers"], entry=entry, entry_class=entry_class, metrics=metrics)
