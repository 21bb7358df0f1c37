"""A team on a cluster: quota, queue, access, isolation, alerts and the retention of its runs. The platform owns these
objects, so that a team cannot widen its own; what the team runs is workloads/."""

from __future__ import annotations

from paddock import multikueue, notebooks, runners, tracking
from paddock.components import panels, workflow_access
from paddock.components.dashboard_team import team_dashboard
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Team
from paddock.quantity import seconds
from paddock.workloads import companions, mounts, network, runs

RETENTION = "run-retention"
SCHEDULER = "run-scheduler"
EXECUTOR = "pipeline-executor"
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
    {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": _RUN},
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
    {
        "apiGroups": ["argoproj.io"],
        "resources": ["cronworkflows", "workflowtaskresults", "workflowtemplates"],
        "verbs": _LOOK,
    },
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
NOTEBOOKS = "notebook-hub"
_NOTEBOOK_PORT = 8888
_HUB_PORT = 8081
# What KubeSpawner does in a namespace (zero-to-jupyterhub-k8s 4.4.0, templates/hub/rbac.yaml), without Secrets and
# Services, which it wants for TLS of its own only, and without the right to delete homes.
NOTEBOOK_RULES: tuple[dict[str, list[str]], ...] = (
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete", *_LOOK]},
    {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["create", *_LOOK]},
    {"apiGroups": [""], "resources": ["events"], "verbs": _LOOK},
)
SCHEDULER_RULES: tuple[dict[str, list[str]], ...] = ({**_RUN_RESOURCES, "verbs": ["create", "delete", "get", "list"]},)
# The least that Argo's executor, which runs beside each step, must do (argo-workflows, workflow-rbac).
EXECUTOR_RULES: tuple[dict[str, list[str]], ...] = (
    {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]},
)
# What people do on the page of Argo Workflows. Its service accounts can do nothing else, whoever holds their token.
_WORKFLOW_PARTS = {
    "apiGroups": ["argoproj.io"],
    "resources": ["cronworkflows", "workfloweventbindings", "workflowtaskresults", "workflowtemplates"],
    "verbs": _LOOK,
}
_WORKFLOW_PODS = {"apiGroups": [""], "resources": ["events", "pods", "pods/log"], "verbs": _LOOK}
PAGE_RULES: dict[str, tuple[dict[str, list[str]], ...]] = {
    workflow_access.EDIT: (
        {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": _RUN},
        _WORKFLOW_PARTS,
        _WORKFLOW_PODS,
    ),
    workflow_access.VIEW: (
        {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": _LOOK},
        _WORKFLOW_PARTS,
        _WORKFLOW_PODS,
    ),
}


def view(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team) -> dict[str, Json]:
    """The context of templates/team/. `queues` is empty where the team has no Kueue quota on the cluster."""
    stated = team.clusters[cluster.name]
    schedulers = _schedulers(environment, cluster, team)
    pipelines = _pipelines(environment, cluster, team)
    accounts = _page_accounts(fleet, cluster, team)
    return {
        "name": team.name,
        "namespace": team.name,
        "labels": _labels(fleet, environment, team),
        "queues": _queues(environment, cluster, team),
        "quota": dict(sorted(stated["quota"].items())),
        "limits": _limits(team),
        "persistentVolumes": mounts.persistent_volumes(environment, cluster, team.name),
        "roles": [
            *_roles(schedulers),
            *_pipeline_roles(pipelines, accounts),
            *_notebook_roles(cluster, team),
        ],
        "roleBindings": [
            *_role_bindings(fleet, team, schedulers),
            *_managers(environment, cluster, team),
            *_pipeline_bindings(team, pipelines, accounts),
            *_notebook_bindings(cluster, team),
        ],
        "pageAccounts": accounts,
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
    """LocalQueues: the team's own, those of a manager, and on a worker one of the name that the manager's has."""
    own = [team.name] if team.clusters[cluster.name]["flavors"] else []
    found = {name: name for name in (*own, *(one.name for one in multikueue.team_queues(cluster, team.name)))}
    for _, queues in multikueue.managers(environment, cluster):
        found |= {one.name: team.name for one in queues if one.team == team.name and own}
    return [{"name": name, "clusterQueue": queue} for name, queue in sorted(found.items())]


def _managers(environment: Environment, cluster: Cluster, team: Team) -> list[Json]:
    """What managers of MultiKueue may do in the namespace of a worker: make and delete the team's runs."""
    found = []
    for manager, queues in multikueue.managers(environment, cluster):
        if team.name in {one.team for one in queues}:
            name = multikueue.account(manager)
            account = {"kind": "ServiceAccount", "name": name, "namespace": multikueue.NAMESPACE}
            found.append(_binding(name, "ClusterRole", multikueue.dispatch_role(manager), [account]))
    return found


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
    mine = [one for one in environment.workloads_with_objects_on(cluster.name) if one.team == team.name]
    mine = [one for one in mine if cluster.name in one.data["clusters"]]  # not where a manager sends its runs
    # Argo Workflows has a schedule of its own for pipelines.
    return sorted(runs.scheduler(one) for one in mine if one.type == "training" and runs.is_scheduled(one))


def _pipelines(environment: Environment, cluster: Cluster, team: Team) -> list[str]:
    """ServiceAccounts of the team's pipelines on the cluster: each has one of its name."""
    mine = [one for one in environment.workloads_on(cluster.name) if one.team == team.name]
    return sorted(one.name for one in mine if one.type == "pipeline")


def _page_accounts(fleet: Fleet, cluster: Cluster, team: Team) -> list[Json]:
    """The accounts that members of the team act as on the page of Argo Workflows, where people can sign in to it."""
    use = cluster.components.get("argo-workflows")
    if use is None or "oidc" not in use.settings:
        return []
    groups = fleet.platform.data["identityGroups"]
    ranks = {"edit": (workflow_access.EDIT, 2), "view": (workflow_access.VIEW, 1)}
    return [
        workflow_access.account(name, workflow_access.claims(groups, [team.data["groups"][role]]), precedence=rank)
        for role, (name, rank) in ranks.items()
        if role in team.data["groups"]
    ]


def _pipeline_roles(pipelines: list[str], accounts: list[Json]) -> list[Json]:
    roles: list[Json] = [{"name": EXECUTOR, "rules": EXECUTOR_RULES}] if pipelines else []
    return [*roles, *({"name": one["name"], "rules": PAGE_RULES[one["name"]]} for one in accounts)]


def _pipeline_bindings(team: Team, pipelines: list[str], accounts: list[Json]) -> list[Json]:
    bindings = []
    if pipelines:
        bindings.append(_binding(EXECUTOR, "Role", EXECUTOR, [_account(team, name) for name in pipelines]))
    names = [one["name"] for one in accounts]
    return [*bindings, *(_binding(name, "Role", name, [_account(team, name)]) for name in names)]


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


def _notebook_roles(cluster: Cluster, team: Team) -> list[Json]:
    return [{"name": NOTEBOOKS, "rules": NOTEBOOK_RULES}] if notebooks.offered(cluster, team) else []


def _notebook_bindings(cluster: Cluster, team: Team) -> list[Json]:
    """JupyterHub, from its own namespace, starts and ends notebooks here."""
    if not notebooks.offered(cluster, team):
        return []
    hub = {"kind": "ServiceAccount", "name": "hub", "namespace": notebooks.NAMESPACE}
    return [_binding(NOTEBOOKS, "Role", NOTEBOOKS, [hub])]


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
        "workload-kind": RETENTION,
    }
    return {
        "name": RETENTION,
        "image": reference(fleet.platform.data["images"]["kubectl"]),
        "podLabels": dict(sorted((_labels(fleet, environment, team) | cost).items())),
        "script": companions.script("run-retention.sh"),
        "seconds": str(seconds(team.data["runRetention"])),
        "selector": f"{domain}/team={team.name},{domain}/workload",
    }
