"""AppProjects: who may sync what to where. Positive lists only, so that a tenant cannot escape (argocd.md 3, 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paddock import mirrors
from paddock.catalogue import Component
from paddock.components.context import platform_labels
from paddock.infrastructure import ack
from paddock.model import Environment, Fleet, Team
from paddock.namespaces import CLUSTER_NAMESPACE, cluster_namespaces

Json = Any

TENANT_KINDS: tuple[dict[str, str], ...] = (
    {"group": "", "kind": "ConfigMap"},
    {"group": "", "kind": "PersistentVolumeClaim"},
    {"group": "", "kind": "Service"},
    {"group": "", "kind": "ServiceAccount"},
    {"group": "apps", "kind": "Deployment"},
    {"group": "argoproj.io", "kind": "CronWorkflow"},
    {"group": "argoproj.io", "kind": "WorkflowTemplate"},
    {"group": "autoscaling", "kind": "HorizontalPodAutoscaler"},
    {"group": "batch", "kind": "CronJob"},
    {"group": "external-secrets.io", "kind": "ExternalSecret"},
    {"group": "monitoring.coreos.com", "kind": "PodMonitor"},
    {"group": "monitoring.coreos.com", "kind": "PrometheusRule"},
    {"group": "monitoring.coreos.com", "kind": "ServiceMonitor"},
    {"group": "networking.k8s.io", "kind": "Ingress"},
    {"group": "networking.k8s.io", "kind": "NetworkPolicy"},
    {"group": "policy", "kind": "PodDisruptionBudget"},
    {"group": "resource.k8s.io", "kind": "ResourceClaimTemplate"},
    {"group": "serving.kserve.io", "kind": "InferenceService"},
    {"group": "trainer.kubeflow.org", "kind": "TrainJob"},
    {"group": "trainer.kubeflow.org", "kind": "TrainingRuntime"},
)
"""Kinds that a team's project may sync: what the workload types render, no RBAC and nothing of Argo CD, whose API
group Argo Workflows shares (3.1 #3, #6)."""

ACK_KINDS: tuple[dict[str, str], ...] = tuple(
    {"group": f"{group}.services.k8s.aws", "kind": kind}
    for group, kinds in (
        ("cloudwatchlogs", ("LogGroup",)),
        ("ec2", ("LaunchTemplate", "SecurityGroup")),
        ("ecr", ("Repository",)),
        ("eks", ("AccessEntry", "Addon", "Cluster", "Nodegroup", "PodIdentityAssociation")),
        ("eventbridge", ("Rule",)),
        ("iam", ("Policy", "Role")),
        ("kms", ("Alias", "Key")),
        ("rds", ("DBInstance", "DBSubnetGroup")),
        ("s3", ("Bucket",)),
        ("sqs", ("Queue",)),
    )
    for kind in kinds
)
"""Kinds that the infrastructure of a cluster is made of, where ACK makes it."""


def root_project_name(environment: Environment) -> str:
    """The project of the root Application."""
    return f"root-{environment.name}"


def platform_project_name(environment: Environment) -> str:
    """The project of everything the platform team owns in an environment."""
    return f"platform-{environment.name}"


def infrastructure_project_name(environment: Environment) -> str:
    """The project of what ACK makes for an environment's clusters."""
    return f"infrastructure-{environment.name}"


def team_project_name(environment: Environment, team: str) -> str:
    """The project of a team in an environment."""
    return f"{team}-{environment.name}"


def projects(fleet: Fleet, environment: Environment, catalogue: Mapping[str, Component]) -> Iterator[dict[str, Json]]:
    """Contexts of the environment's AppProjects: positive lists only (argocd.md 3 and 3.1)."""
    yield _project(
        fleet,
        environment,
        name=root_project_name(environment),
        description=f"Argo CD's own objects of {environment.name}",
        repos=[fleet.platform.repository_url],
        destinations=[{"name": fleet.platform.hub_identity, "namespace": fleet.platform.argocd_namespace}],
        namespaced=[
            {"group": "", "kind": "Secret"},
            {"group": "argoproj.io", "kind": "AppProject"},
            {"group": "argoproj.io", "kind": "Application"},
        ],
    )
    if fleet.platform.hub[0] == environment.name:
        yield _locked_default(fleet, environment)
    yield _platform_project(fleet, environment, catalogue)
    made = [ack.namespace(one) for one in environment.clusters.values() if one.provisioner == "ack"]
    if made:
        yield _infrastructure_project(fleet, environment, made)
    for team in environment.teams.values():
        if team.clusters:
            yield _team_project(fleet, environment, team)


def _locked_default(fleet: Fleet, environment: Environment) -> dict[str, Json]:
    """The project that Argo CD makes by itself and that allows everything (argocd.md 3.1 #2): it allows nothing."""
    project = _project(
        fleet, environment, name="default", description="Locked: nothing belongs here", repos=[], destinations=[]
    )
    return {**project, "namespaceResourceBlacklist": [{"group": "*", "kind": "*"}]}


def _platform_project(fleet: Fleet, environment: Environment, catalogue: Mapping[str, Component]) -> dict[str, Json]:
    repos = {fleet.platform.repository_url}
    destinations: set[tuple[str, str]] = set()
    kinds: set[tuple[str, str, str]] = set()
    for cluster in environment.clusters.values():
        if not cluster.registered:
            continue
        used = [catalogue[name] for name in cluster.components]
        repos |= {
            mirrors.chart_repository(fleet, environment.name, one.data["chart"])
            for one in used
            if one.data.get("chart")
        }
        namespaces = cluster_namespaces(environment, cluster, catalogue)
        destinations |= {(cluster.identity, namespace) for namespace in (*namespaces, CLUSTER_NAMESPACE)}
        destinations |= {(cluster.identity, extra) for one in used for extra in one.data["extraNamespaces"]}
        kinds |= {("", "Namespace", namespace) for namespace in namespaces}
        kinds |= {(kind["group"], kind["kind"], "") for one in used for kind in one.data["clusterResources"]}
        if any(one.data["crds"] for one in used):
            kinds.add(("apiextensions.k8s.io", "CustomResourceDefinition", ""))
    return _project(
        fleet,
        environment,
        name=platform_project_name(environment),
        description=f"Components, namespaces and team settings of {environment.name}",
        repos=sorted(repos),
        destinations=[{"name": name, "namespace": namespace} for name, namespace in sorted(destinations)],
        cluster_kinds=[
            {"group": group, "kind": kind} | ({"name": name} if name else {}) for group, kind, name in sorted(kinds)
        ],
    )


def _infrastructure_project(fleet: Fleet, environment: Environment, namespaces: list[str]) -> dict[str, Json]:
    return _project(
        fleet,
        environment,
        name=infrastructure_project_name(environment),
        description=f"AWS resources of the clusters of {environment.name}, made by ACK on the hub",
        repos=[fleet.platform.repository_url],
        destinations=[{"name": fleet.platform.hub_identity, "namespace": name} for name in namespaces],
        cluster_kinds=[
            *({"group": "", "kind": "Namespace", "name": name} for name in namespaces),
            *({"group": "services.k8s.aws", "kind": "IAMRoleSelector", "name": name} for name in namespaces),
        ],
        namespaced=[*ACK_KINDS, {"group": "networking.k8s.io", "kind": "NetworkPolicy"}],
    )


def _team_project(fleet: Fleet, environment: Environment, team: Team) -> dict[str, Json]:
    name = team_project_name(environment, team.name)
    groups = fleet.platform.data["identityGroups"]
    roles = [
        {
            "name": role,
            "description": f"{role} of {team.name}",
            "policies": [f"p, proj:{name}:{role}, applications, {action}, {name}/*, allow" for action in actions],
            "groups": [groups[team.data["groups"][role]]["claim"]],
        }
        for role, actions in (("edit", ("get", "sync")), ("view", ("get",)))
        if team.data["groups"].get(role) in groups
    ]
    return _project(
        fleet,
        environment,
        name=name,
        description=team.data["description"][:255],
        repos=[fleet.platform.repository_url],
        destinations=[
            {"name": environment.clusters[cluster].identity, "namespace": team.name}
            for cluster in sorted(team.clusters)
            if cluster in environment.clusters and environment.clusters[cluster].registered
        ],
        namespaced=list(TENANT_KINDS),
        roles=roles,
    )


def _project(
    fleet: Fleet,
    environment: Environment,
    *,
    name: str,
    description: str,
    repos: list[str],
    destinations: list[Json],
    cluster_kinds: list[Json] | None = None,
    namespaced: list[Json] | None = None,
    roles: list[Json] | None = None,
) -> dict[str, Json]:
    return {
        "name": name,
        "namespace": fleet.platform.argocd_namespace,
        "labels": platform_labels(fleet, environment.name),
        "description": description,
        "sourceRepos": repos,
        # The capability wants its own namespace named (argocd.md 4.3); elsewhere it would be hole 3.1 #8.
        "sourceNamespaces": [fleet.platform.argocd_namespace] if fleet.platform.capability else [],
        "destinations": destinations,
        "clusterResourceWhitelist": cluster_kinds or [],
        "namespaceResourceWhitelist": namespaced,
        "namespaceResourceBlacklist": [],
        "roles": roles or [],
        "syncWindows": [
            {
                "kind": "deny",
                "schedule": window["schedule"],
                "duration": window["duration"],
                "timeZone": window["timeZone"],
                "applications": ["*"],
                "manualSync": window["manualSync"],
            }
            for _, window in sorted(environment.data["freezeWindows"].items())
        ],
    }
