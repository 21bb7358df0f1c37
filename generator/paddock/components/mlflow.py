"""Hosts, secrets, alerts and teams of MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

from paddock import hosts
from paddock.components import alerting, interfaces, mlflow_teams
from paddock.components.remote_secrets import credentials, external_secret
from paddock.model import Cluster, Fleet, Json

_SERVICES = ("mlflow.mlflow", "mlflow.mlflow.svc", "mlflow.mlflow.svc.cluster.local")
_FAILING = 'sum(rate(mlflow_http_request_total{status=~"5.."}[5m])) / sum(rate(mlflow_http_request_total[5m])) > 0.05'
# Failed jobs stay in the history after a later one succeeded; what counts is the last success, or the first chance.
_TEAMS = '{job="kube-state-metrics", namespace="mlflow", cronjob="mlflow-teams"}'
_TEAMS_FAILING = (
    f"time() - max by (cronjob) (kube_cronjob_status_last_successful_time{_TEAMS} or kube_cronjob_created{_TEAMS}) "
    "> 10800"
)
_SLOW = "histogram_quantile(0.95, sum by (le) (rate(mlflow_http_request_duration_seconds_bucket[10m]))) > 5"


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`host`, `allowedHosts`, `flags`, `ingressAnnotations`, `singleSignOn`, `secrets`, `metricsSecret`, `teams`
    (`mlflow_teams.view`) and `ruleGroups`."""
    ingress = settings["ingress"]
    host = hosts.interface(fleet, cluster, "mlflow", settings)
    sign_in = ingress["enabled"] and ingress["singleSignOn"]
    remote = settings["secrets"]
    teams = mlflow_teams.view(fleet, cluster, settings, files)
    return {
        "host": host,
        "allowedHosts": allowed_hosts(host if ingress["enabled"] else None, cluster.data["network"]["podCIDRs"]),
        "flags": ["enableWorkspaces"] if settings["workspaces"] else ["disableWorkspaces"],
        # Only /health answers without credentials.
        "ingressAnnotations": interfaces.entry(fleet, cluster, ingress, health="/health", sign_in=sign_in),
        "singleSignOn": interfaces.single_sign_on(fleet, ingress, sign_in=sign_in),
        "secrets": [*_secrets(remote), *(teams["secrets"] if teams else [])],
        "teams": teams,
        "metricsSecret": "mlflow-metrics" if "metrics" in remote else "mlflow-admin",
        "ruleGroups": [alerting.group("mlflow", _alerts(), fleet)],
    }


def allowed_hosts(host: str | None, pod_cidrs: list[str]) -> list[str]:
    """Host headers that MLflow accepts: its public host, the names of its Service, and pods' addresses for Prometheus.

    MLflow compares the port too, and reads `*` only as fnmatch does (mlflow#22095; charts.md 3.6).
    """
    services = [pattern for name in _SERVICES for pattern in (name, f"{name}:*")]
    return [*([host] if host else []), *services, *(pattern for cidr in pod_cidrs for pattern in _addresses(cidr))]


def _addresses(cidr: str) -> list[str]:
    """Patterns of a range's addresses by whole octets: 10.4.0.0/15 gives 10.4.* and 10.5.*."""
    network = IPv4Network(cidr, strict=False)
    octets = max(1, -(-network.prefixlen // 8))
    if octets == 4:
        return [f"{address}:*" for address in network]
    return [
        ".".join(str(part.network_address).split(".")[:octets]) + ".*"
        for part in network.subnets(new_prefix=8 * octets)
    ]


def _secrets(remote: Mapping[str, Json]) -> list[Json]:
    names = ["database", "admin", *(["metrics"] if "metrics" in remote else [])]
    pairs = [
        external_secret(f"mlflow-{name}", credentials(remote[name], username="username", password="password"))
        for name in names
    ]
    return [*pairs, external_secret("mlflow-flask-session", {"MLFLOW_FLASK_SERVER_SECRET_KEY": remote["flaskSession"]})]


def _alerts() -> list[alerting.Alert]:
    return [
        alerting.controller_down("MLflowDown", namespace="mlflow", job="mlflow", what="MLflow"),
        alerting.Alert(
            name="MLflowTeamsNotSetUp",
            expr=_TEAMS_FAILING,
            wait="10m",
            severity="warning",
            summary="For {{ $value | humanizeDuration }} no job could set up every team in MLflow; its log says which "
            "and why.",
        ),
        alerting.Alert(
            name="MLflowServerErrors",
            expr=_FAILING,
            wait="10m",
            severity="warning",
            summary="{{ $value | humanizePercentage }} of the requests to MLflow end in a server error.",
        ),
        alerting.Alert(
            name="MLflowSlow",
            expr=_SLOW,
            wait="10m",
            severity="warning",
            summary="The slowest 5 % of the requests to MLflow take over {{ $value | humanizeDuration }}.",
        ),
    ]
