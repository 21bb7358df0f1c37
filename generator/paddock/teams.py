"""A team on a cluster: quota, queue, access, isolation, alerts and the retention of its runs. The platform owns these
objects, so that a team cannot widen its own; what the team runs is workloads/."""

from __future__ import annotations

from paddock import multikueue, notebooks, runners, team_access, tracking
from paddock.components import panels
from paddock.components.dashboard_team import team_dashboard
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Team
from paddock.quantity import seconds
from paddock.workloads import companions, mounts, network

SLACK_SECRET = "alertmanager-slack"
RAY_OPERATOR = "kuberay-system"
RAY_DASHBOARD = 8265

_NOTEBOOK_PORT = 8888
_HUB_PORT = 8081


def view(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team) -> dict[str, Json]:
    """The context of templates/team/. `queues` is empty where the team has no Kueue quota on the cluster."""
    stated = team.clusters[cluster.name]
    return {
        "name": team.name,
        "namespace": team.name,
        "labels": _labels(fleet, environment, team),
        "queues": _queues(environment, cluster, team),
        "quota": dict(sorted(stated["quota"].items())),
        "limits": _limits(team),
        "persistentVolumes": mounts.persistent_volumes(environment, cluster, team.name),
        **team_access.view(fleet, environment, cluster, team),
        "networkPolicies": [
            *_network_policies(_callees(environment, cluster, team)),
            *_ray_policies(cluster),
            *_notebook_policies(cluster, team),
        ],
        "notebooks": notebooks.SERVICE_ACCOUNT if notebooks.offered(cluster, team) else None,
        "alerts": _alerts(environment, team),
        "dashboard": _dashboard(team) if "kube-prometheus-stack" in cluster.components else None,
        "tracking": _tracking(environment, cluster, team),
        "retention": _retention(fleet, environment, team),
        "runners": _runners(environment, cluster, team),
    }


def _queues(environment: Environment, cluster: Cluster, team: Team) -> list[dict[str, str]]:
    """LocalQueues: the team's own, those of a manager, and on a worker one of the name that the manager's has. Where no
    Kueue runs there are none: without its CRD nothing of the team would be applied."""
    if "kueue" not in cluster.components:
        return []
    own = [team.name] if team.clusters[cluster.name]["flavors"] else []
    found = {name: name for name in (*own, *(one.name for one in multikueue.team_queues(cluster, team.name)))}
    for _, queues in multikueue.managers(environment, cluster):
        found |= {one.name: team.name for one in queues if one.team == team.name and own}
    return [{"name": name, "clusterQueue": queue} for name, queue in sorted(found.items())]


def _labels(fleet: Fleet, environment: Environment, team: Team) -> dict[str, str]:
    domain = fleet.platform.data["labelDomain"]
    labels = {
        "app.kubernetes.io/managed-by": "paddock",
        "app.kubernetes.io/part-of": team.name,
        f"{domain}/cost-center": team.data["costCenter"],
        f"{domain}/environment": environment.name,
        f"{domain}/team": team.name,
    }
    return dict(sorted(labels.items()))


def _limits(team: Team) -> dict[str, Json]:
    """One entry of the LimitRange. CPU has a default request and no limit: a limit would throttle, not protect."""
    stated = team.data["containerDefaults"]
    return {
        "type": "Container",
        "default": {"memory": stated["memory"]},
        "defaultRequest": {"cpu": stated["cpu"], "memory": stated["memory"]},
        "max": {"memory": stated["maxMemory"]},
    }


def _runners(environment: Environment, cluster: Cluster, team: Team) -> dict[str, Json] | None:
    """What the namespace of the team's runners allows: for each job a runner, the job and a step of its own."""
    found = [one for one in runners.of(environment, cluster.name) if one.team.name == team.name]
    if not found:
        return None
    quota = {"pods": str(3 * sum(one.data["maxRunners"] for one in found))}
    gpus = sum(one.data["maxRunners"] * one.data["gpu"]["count"] for one in found if "gpu" in one.data)
    return {
        "namespace": runners.namespace(team.name),
        "ingress": [{"from": [network.SAME_NAMESPACE]}],
        "egress": network.egress(),
        "quota": quota | {"requests.nvidia.com/gpu": str(gpus)},
    }


def _callees(environment: Environment, cluster: Cluster, team: Team) -> list[str]:
    """Other teams with a workload on the cluster that names this team among its callers."""
    others = [one for one in environment.workloads_on(cluster.name) if one.team != team.name]
    return sorted({one.team for one in others if team.name in one.data.get("callers", ())})


def _network_policies(callees: list[str]) -> list[Json]:
    """Policies of every pod of the namespace: all denied, then what is allowed, each under a name that says it."""
    outward: list[tuple[str, Json]] = [
        ("allow-dns", network.DNS),
        ("allow-https", network.HTTPS),
        ("allow-pod-identity", network.POD_IDENTITY),
        ("allow-platform", {"to": [network.namespace(network.MLFLOW), network.namespace(network.MONITORING)]}),
    ]
    if callees:
        outward.append(("allow-callees", {"to": [network.namespace(name) for name in callees]}))
    monitoring = {"from": [network.namespace(network.MONITORING)]}
    return [
        {"name": "default-deny-all", "types": ["Ingress", "Egress"], "ingress": [], "egress": []},
        {
            "name": "allow-same-namespace",
            "types": ["Ingress", "Egress"],
            "ingress": [{"from": [network.SAME_NAMESPACE]}],
            "egress": [{"to": [network.SAME_NAMESPACE]}],
        },
        *({"name": name, "types": ["Egress"], "ingress": [], "egress": [rule]} for name, rule in outward),
        {"name": "allow-monitoring", "types": ["Ingress"], "ingress": [monitoring], "egress": []},
    ]


def _ray_policies(cluster: Cluster) -> list[Json]:
    """KubeRay asks the dashboard of a head how its job goes; a RayJob would never end for it otherwise."""
    if "kuberay-operator" not in cluster.components:
        return []
    rule = {"from": [network.namespace(RAY_OPERATOR)], "ports": [{"protocol": "TCP", "port": RAY_DASHBOARD}]}
    return [{"name": "allow-ray-operator", "types": ["Ingress"], "ingress": [rule], "egress": []}]


def _notebook_policies(cluster: Cluster, team: Team) -> list[Json]:
    """JupyterHub and its proxy reach notebooks, and these the hub."""
    if not notebooks.offered(cluster, team):
        return []
    hub = network.namespace(notebooks.NAMESPACE)
    return [
        {
            "name": "allow-notebooks",
            "selector": {"matchLabels": notebooks.POD_LABELS},
            "types": ["Ingress", "Egress"],
            "ingress": [{"from": [hub], "ports": [{"protocol": "TCP", "port": _NOTEBOOK_PORT}]}],
            "egress": [{"to": [hub], "ports": [{"protocol": "TCP", "port": _HUB_PORT}]}],
        }
    ]


def _alerts(environment: Environment, team: Team) -> dict[str, Json]:
    """Routing of the namespace's alerts to Slack. The texts are templates of Alertmanager."""
    return {
        "channel": team.data["alerts"]["slackChannel"],
        "secret": SLACK_SECRET,
        "store": companions.SECRET_STORE,
        "remoteRef": companions.remote_reference(f"{environment.name}/{team.name}/slack", "url"),
        "title": "[{{ .Status | toUpper }}] {{ .CommonLabels.severity }}: {{ .CommonLabels.alertname }} in "
        f"{environment.name}",
        "text": "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.runbook_url }}\n{{ end }}",
    }


def _dashboard(team: Team) -> dict[str, Json]:
    """The team's dashboard, in its own folder. Grafana gives rights to folders by its API alone: what is provisioned
    can be seen by every viewer, and changed by nobody."""
    budget = team.data.get("budget", {}).get("monthlyUSD")
    found = team_dashboard(team.name, budget)
    return {"name": "grafana-dashboard", "file": f"{found.uid}.json", "folder": team.name, "text": panels.text(found)}


def _tracking(environment: Environment, cluster: Cluster, team: Team) -> dict[str, Json] | None:
    """The Secret with the password of the team's user in MLflow; None where nothing of the team signs in to it."""
    mine = [one for one in environment.workloads_on(cluster.name) if one.team == team.name]
    signs_in = any("tracking" in one.data for one in mine) or notebooks.offered(cluster, team)
    if not signs_in or tracking.team_server(environment, cluster) is None:
        return None
    return {
        "secret": tracking.SECRET,
        "store": companions.SECRET_STORE,
        "key": tracking.PASSWORD,
        "remoteRef": companions.remote_reference(tracking.remote_key(environment, team.name), tracking.PASSWORD),
    }


def _retention(fleet: Fleet, environment: Environment, team: Team) -> dict[str, Json]:
    """The CronJob that deletes finished runs which the tree no longer names."""
    domain = fleet.platform.data["labelDomain"]
    cost = {
        "cost-center": team.data["costCenter"],
        "environment": environment.name,
        "team": team.name,
        "workload-kind": team_access.RETENTION,
    }
    return {
        "name": team_access.RETENTION,
        "image": reference(fleet.platform.data["images"]["kubectl"]),
        "podLabels": dict(sorted((_labels(fleet, environment, team) | cost).items())),
        "script": companions.script("run-retention.sh"),
        "seconds": str(seconds(team.data["runRetention"])),
        "selector": f"{domain}/team={team.name},{domain}/workload",
    }
