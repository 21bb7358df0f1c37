"""What kube-prometheus-stack's templates need: dashboards, rules, routes, Grafana, secrets and labels for joins."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alert_routing, grafana, interfaces, panels, platform_rules
from paddock.components.dashboard_argo_cd import ARGO_CD
from paddock.components.dashboard_gpu_fleet import GPU_FLEET
from paddock.components.dashboard_gpu_network import GPU_NETWORK
from paddock.components.dashboard_karpenter_capacity import KARPENTER_CAPACITY
from paddock.components.dashboard_kserve_endpoints import KSERVE_ENDPOINTS
from paddock.components.dashboard_kueue_queues import KUEUE_QUEUES
from paddock.components.dashboard_mlflow import MLFLOW
from paddock.components.dashboard_team_usage import TEAM_USAGE
from paddock.components.dashboard_training import TRAINING
from paddock.components.panels import Dashboard
from paddock.components.remote_secrets import external_secret
from paddock.model import Cluster, Fleet, Json

DASHBOARDS = (GPU_FLEET, GPU_NETWORK, TEAM_USAGE)
OF_COMPONENTS: dict[str, Dashboard] = {
    "argo-cd": ARGO_CD,
    "karpenter": KARPENTER_CAPACITY,
    "kserve": KSERVE_ENDPOINTS,
    "kubeflow-trainer": TRAINING,
    "kueue": KUEUE_QUEUES,
    "mlflow": MLFLOW,
}
"""Dashboards of clusters that run a component."""
FOLDER = "Platform"
"""Folder of the platform's dashboards in Grafana."""


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`dashboards`, `ruleGroups`, `routing`, `grafana`, `secrets`, `singleSignOn`, `remoteWrite`, `labelAllowlist`."""
    receivers = settings["receivers"]
    ingress, sign_in = settings["grafana"]["ingress"], grafana.signs_in(settings["grafana"])
    keys = alert_routing.secret_keys(receivers)
    return {
        "dashboards": [
            {"name": f"dashboard-{one.uid}", "file": f"{one.uid}.json", "folder": FOLDER, "text": panels.text(one)}
            for one in (*DASHBOARDS, *(OF_COMPONENTS[name] for name in OF_COMPONENTS if name in cluster.components))
        ],
        "ruleGroups": platform_rules.groups(fleet, cluster),
        "routing": alert_routing.config(receivers, region=cluster.region, cluster=cluster.identity),
        "grafana": {
            **grafana.view(fleet, cluster, settings["grafana"]),
            "ingressAnnotations": interfaces.entry(fleet, cluster, ingress, health="/api/health", sign_in=sign_in),
        },
        "secrets": [
            *grafana.secrets(settings["grafana"]),
            *([external_secret(alert_routing.SECRET, keys)] if keys else []),
        ],
        "singleSignOn": interfaces.single_sign_on(fleet, ingress, sign_in=sign_in),
        "remoteWrite": [
            {"name": name, "url": target["url"], "sigv4": {"region": target.get("region", cluster.region)}}
            for name, target in sorted(settings["prometheus"]["remoteWrite"].items())
        ],
        "labelAllowlist": _label_allowlist(fleet.platform.data["labelDomain"]),
    }


def _label_allowlist(domain: str) -> list[str]:
    """Labels that kube-state-metrics shows, for joins by team, queue and node pool (charts.md 4.6)."""
    labels = {
        "namespaces": ["team", "project", "cost-center", "environment"],
        "nodes": [
            "karpenter.sh/nodepool",
            "karpenter.sh/capacity-type",
            "node.kubernetes.io/instance-type",
            "nvidia.com/gpu.product",
            "topology.kubernetes.io/zone",
            f"{domain}/pool",
        ],
        "pods": ["team", "project", "kueue.x-k8s.io/queue-name", "ray.io/cluster", f"{domain}/workload"],
    }
    return [f"{kind}=[{','.join(names)}]" for kind, names in labels.items()]
