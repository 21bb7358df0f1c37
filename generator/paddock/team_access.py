"""Who may do what in a team's namespace: roles of people and programs, and whom they are bound to. What isolates the
team is no part of any of them."""

from __future__ import annotations

from paddock import multikueue, notebooks
from paddock.components import workflow_access
from paddock.model import Cluster, Environment, Fleet, Json, Team
from paddock.workloads import runs

RETENTION = "run-retention"
SCHEDULER = "run-scheduler"
EXECUTOR = "pipeline-executor"
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
    """`roles`, `roleBindings` and `pageAccounts` of templates/team/."""
    schedulers = _schedulers(environment, cluster, team)
    pipelines = _pipelines(environment, cluster, team)
    accounts = _page_accounts(fleet, cluster, team)
    return {
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
    }


def _managers(environment: Environment, cluster: Cluster, team: Team) -> list[Json]:
    """What managers of MultiKueue may do in the namespace of a worker: make and delete the team's runs."""
    found = []
    for manager, queues in multikueue.managers(environment, cluster):
        if team.name in {one.team for one in queues}:
            name = multikueue.account(manager)
            account = {"kind": "ServiceAccount", "name": name, "namespace": multikueue.NAMESPACE}
            found.append(_binding(name, "ClusterRole", multikueue.dispatch_role(manager), [account]))
    return found


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


def _notebook_roles(cluster: Cluster, team: Team) -> list[Json]:
    return [{"name": NOTEBOOKS, "rules": NOTEBOOK_RULES}] if notebooks.offered(cluster, team) else []


def _notebook_bindings(cluster: Cluster, team: Team) -> list[Json]:
    """JupyterHub, from its own namespace, starts and ends notebooks here."""
    if not notebooks.offered(cluster, team):
        return []
    hub = {"kind": "ServiceAccount", "name": "hub", "namespace": notebooks.NAMESPACE}
    return [_binding(NOTEBOOKS, "Role", NOTEBOOKS, [hub])]
