"""A team on a cluster: quota, queue, access, isolation, alerts and the retention of its runs. The platform owns these
objects, so that a team cannot widen its own; what the team runs is workloads/."""

from __future__ import annotations

from paddock import runners
from paddock.model import Cluster, Environment, Fleet, Json, Team
from paddock.quantity import seconds
from paddock.workloads import companions, mounts, network, pods, runs

RETENTION = "run-retention"
SCHEDULER = "run-scheduler"
SLACK_SECRET = "alertmanager-slack"
RAY_OPERATOR = "kuberay-system"
RAY_DASHBOARD = 8265

_LOOK = ["get", "list", "watch"]
_RUN = ["create", "delete", "get", "list", "patch", "update", "watch"]
# Written out, without "*": what is not here is denied. Nobody edits what isolates the team or gives it rights
# (NetworkPolicies, quotas, RBAC, service accounts), and no one reads or fetches a Secret (argocd.md 3.1).
EDIT_RULES: tuple[dict[str, list[str]], ...] = (
    {"apiGroups": ["trainer.kubeflow.org"], "resources": ["trainjobs"], "verbs": _RUN},
    {"apiGroups": ["ray.io"], "resources": ["rayclusters", "rayjobs"], "verbs": _RUN},
    {"apiGroups": ["serving.kserve.io"], "resources": ["inferenceservices"], "verbs": _RUN},
    {"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"], "verbs": _RUN},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": _RUN},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete", *_LOOK]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {
        "apiGroups": [""],
        "resources": ["configmaps", "events", "limitranges", "persistentvolumeclaims", "resourcequotas", "services"],
        "verbs": _LOOK,
    },
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": _LOOK},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": _LOOK},
    {"apiGroups": ["external-secrets.io"], "resources": ["externalsecrets"], "verbs": _LOOK},
    {"apiGroups": ["jobset.x-k8s.io"], "resources": ["jobsets"], "verbs": _LOOK},
    {"apiGroups": ["kueue.x-k8s.io"], "resources": ["localqueues", "workloads"], "verbs": _LOOK},
    {
        "apiGroups": ["monitoring.coreos.com"],
        "resources": ["alertmanagerconfigs", "podmonitors", "prometheusrules", "servicemonitors"],
        "verbs": _LOOK,
    },
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"], "verbs": _LOOK},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _LOOK},
    {"apiGroups": ["trainer.kubeflow.org"], "resources": ["trainingruntimes"], "verbs": _LOOK},
)
_RUN_RESOURCES = {"apiGroups": ["trainer.kubeflow.org"], "resources": ["trainjobs"]}
RETENTION_RULES: tuple[dict[str, list[str]], ...] = (
    {**_RUN_RESOURCES, "verbs": ["delete", "get", "list"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
)
SCHEDULER_RULES: tuple[dict[str, list[str]], ...] = ({**_RUN_RESOURCES, "verbs": ["create", "delete", "get", "list"]},)


def view(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team) -> dict[str, Json]:
    """The context of templates/team/. `queue` is None where the team has no Kueue quota on the cluster."""
    stated = team.clusters[cluster.name]
    schedulers = _schedulers(environment, cluster, team)
    return {
        "name": team.name,
        "namespace": team.name,
        "labels": _labels(fleet, environment, team),
        "queue": team.name if stated["flavors"] else None,
        "quota": dict(sorted(stated["quota"].items())),
        "limits": _limits(team),
        "persistentVolumes": mounts.persistent_volumes(environment, cluster, team.name),
        "roles": _roles(schedulers),
        "roleBindings": _role_bindings(fleet, team, schedulers),
        "networkPolicies": [*_network_policies(_callees(environment, cluster, team)), *_ray_policies(cluster)],
        "alerts": _alerts(environment, team),
        "retention": _retention(fleet, environment, team),
        "runners": _runners(environment, cluster, team),
    }


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


def _schedulers(environment: Environment, cluster: Cluster, team: Team) -> list[str]:
    """ServiceAccounts of the team's workloads on the cluster that create runs on a schedule."""
    mine = [one for one in environment.workloads_on(cluster.name) if one.team == team.name]
    return sorted(runs.scheduler(one) for one in mine if runs.is_scheduled(one))


def _roles(schedulers: list[str]) -> list[Json]:
    roles = [{"name": "team-edit", "rules": EDIT_RULES}, {"name": RETENTION, "rules": RETENTION_RULES}]
    if schedulers:
        roles.append({"name": SCHEDULER, "rules": SCHEDULER_RULES})
    return roles


def _role_bindings(fleet: Fleet, team: Team, schedulers: list[str]) -> list[Json]:
    claims = {
        role: fleet.platform.data["identityGroups"][group]["claim"] for role, group in team.data["groups"].items()
    }
    bindings = [_binding("team-edit", "Role", "team-edit", [_group(claims["edit"])])]
    if "view" in claims:
        bindings.append(_binding("team-view", "ClusterRole", "view", [_group(claims["view"])]))
    bindings.append(_binding(RETENTION, "Role", RETENTION, [_account(team, RETENTION)]))
    if schedulers:
        bindings.append(_binding(SCHEDULER, "Role", SCHEDULER, [_account(team, name) for name in schedulers]))
    return bindings


def _binding(name: str, kind: str, role: str, subjects: list[Json]) -> Json:
    return {"name": name, "kind": kind, "role": role, "subjects": subjects}


def _group(claim: str) -> Json:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": claim}


def _account(team: Team, name: str) -> Json:
    return {"kind": "ServiceAccount", "name": name, "namespace": team.name}


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


def _retention(fleet: Fleet, environment: Environment, team: Team) -> dict[str, Json]:
    """The CronJob that deletes finished runs which the tree no longer names."""
    domain = fleet.platform.data["labelDomain"]
    cost = {
        "cost-center": team.data["costCenter"],
        "environment": environment.name,
        "team": team.name,
        "workload-kind": RETENTION,
    }
    return {
        "name": RETENTION,
        "image": pods.image(fleet.platform.data["images"]["kubectl"]),
        "podLabels": dict(sorted((_labels(fleet, environment, team) | cost).items())),
        "script": companions.script("run-retention.sh"),
        "seconds": str(seconds(team.data["runRetention"])),
        "selector": f"{domain}/team={team.name},{domain}/workload",
    }
