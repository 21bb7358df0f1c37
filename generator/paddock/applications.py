"""Argo CD's side of an environment: the root Application, projects, cluster Secrets, and one Application for each
component, team and workload on each cluster. View-models only; the texts are templates/argocd/."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.catalogue import Component
from paddock.components.context import chart_version, platform_labels
from paddock.model import Cluster, Environment, Fleet, Team, Workload
from paddock.names import application_name

Json = Any

CLUSTER_NAMESPACE = "kube-system"
"""Destination namespace of Applications whose objects are cluster-scoped; it exists on every cluster."""
FINALIZER = "resources-finalizer.argocd.argoproj.io"
CONFIRM = "Prune=confirm,Delete=confirm"
SYNC_OPTIONS = ("ServerSideApply=true", "RespectIgnoreDifferences=true", "SkipDryRunOnMissingResource=true")
NAMESPACES_WAVE, TEAMS_WAVE, WORKLOADS_WAVE = -20, 5, 10
# Kueue holds a run back and Trainer fills in its patches: gpu-platform.md 8 #19, facts on TrainJob.
RUN_DIFFERENCES = (
    {"group": "trainer.kubeflow.org", "kind": "TrainJob", "jsonPointers": ["/spec/suspend", "/spec/runtimePatches"]},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an Application is for: who it belongs to, its folder in the tree and how it is synced."""

    parts: tuple[str, ...]
    project: str
    namespace: str
    wave: int
    folder: str
    labels: Mapping[str, str]
    self_heal: bool = True
    prune: bool = True
    sync_options: tuple[str, ...] = ()
    compare_options: tuple[str, ...] = ()
    ignore_differences: tuple[Json, ...] = ()
    chart: Mapping[str, Json] | None = None


def application(
    fleet: Fleet, environment: Environment, cluster: Cluster, subject: Subject, folders: set[str]
) -> dict[str, Json]:
    """The context of an Application. `folders` are the folders of the tree that hold files."""
    name = application_name(cluster.identity, *subject.parts)
    annotations = {"argocd.argoproj.io/sync-wave": str(subject.wave), "argocd.argoproj.io/sync-options": CONFIRM}
    annotations["argocd.argoproj.io/manifest-generate-paths"] = f"/{subject.folder}"
    if subject.compare_options:
        annotations["argocd.argoproj.io/compare-options"] = ",".join(subject.compare_options)
    resources = next((one for one in (f"{subject.folder}/resources", subject.folder) if one in folders), None)
    return {
        "name": name,
        "namespace": fleet.platform.argocd_namespace,
        "labels": subject.labels,
        "annotations": annotations,
        "finalizers": [] if environment.production else [FINALIZER],
        "project": subject.project,
        "destination": {"name": cluster.identity, "namespace": subject.namespace},
        "chart": subject.chart,
        "repoURL": fleet.platform.repository_url,
        "targetRevision": f"refs/heads/{environment.branch}",
        "path": resources if resources != subject.folder or not subject.chart else None,
        "automated": {"prune": subject.prune, "selfHeal": subject.self_heal},
        "syncOptions": [*SYNC_OPTIONS, *subject.sync_options],
        "ignoreDifferences": list(subject.ignore_differences),
    }


def component_subject(fleet: Fleet, environment: Environment, cluster: Cluster, component: Component) -> Subject:
    """A component on a cluster: a chart with its values, and plain objects beside it."""
    data = component.data
    folder = f"clusters/{cluster.name}/components/{component.name}"
    chart = None
    if data.get("chart"):
        chart = {
            "repoURL": component.repo_url,
            "chart": data["chart"]["name"],
            "targetRevision": chart_version(fleet, component),
            "releaseName": data["chart"].get("releaseName", component.name),
            "valueFile": f"$values/{folder}/values.yaml" if component.values else None,
            "skipCrds": data["skipCrds"],
        }
    return Subject(
        parts=(component.name,),
        project=platform_project_name(environment),
        namespace=component.namespace,
        wave=data["wave"],
        folder=folder,
        labels=platform_labels(fleet, environment.name),
        prune=data["prune"],
        sync_options=tuple(one for one in data["syncOptions"] if one not in SYNC_OPTIONS),
        compare_options=tuple(data["compareOptions"]),
        ignore_differences=tuple(data["ignoreDifferences"]),
        chart=chart,
    )


def namespaces_subject(fleet: Fleet, environment: Environment, cluster: Cluster) -> Subject:
    """Every Namespace of a cluster."""
    return Subject(
        parts=("namespaces",),
        project=platform_project_name(environment),
        namespace=CLUSTER_NAMESPACE,
        wave=NAMESPACES_WAVE,
        folder=f"clusters/{cluster.name}/namespaces",
        labels=platform_labels(fleet, environment.name),
    )


def team_subject(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team) -> Subject:
    """A team's quota, access and queue on a cluster; the platform's, so that a team cannot widen its own."""
    return Subject(
        parts=("team", team.name),
        project=platform_project_name(environment),
        namespace=team.name,
        wave=TEAMS_WAVE,
        folder=f"clusters/{cluster.name}/teams/{team.name}",
        labels=platform_labels(fleet, environment.name),
    )


def workload_subject(environment: Environment, cluster: Cluster, workload: Workload) -> Subject:
    """A workload on a cluster, in its team's project. A run is never healed: it happens once."""
    run = workload.data.get("run")
    return Subject(
        parts=(workload.team, workload.name),
        project=team_project_name(environment, workload.team),
        namespace=workload.team,
        wave=WORKLOADS_WAVE,
        folder=f"clusters/{cluster.name}/workloads/{workload.team}/{workload.name}",
        labels={
            "app.kubernetes.io/part-of": workload.team,
            "app.kubernetes.io/managed-by": "paddock",
            "team": workload.team,
        },
        self_heal=run != "onChange",
        ignore_differences=RUN_DIFFERENCES if run is not None else (),
    )


def root_project_name(environment: Environment) -> str:
    """The project of the root Application."""
    return f"root-{environment.name}"


def platform_project_name(environment: Environment) -> str:
    """The project of everything the platform team owns in an environment."""
    return f"platform-{environment.name}"


def team_project_name(environment: Environment, team: str) -> str:
    """The project of a team in an environment."""
    return f"{team}-{environment.name}"


def root(fleet: Fleet, environment: Environment) -> dict[str, Json]:
    """The Application that syncs argocd/, itself included."""
    return {
        "name": application_name("root", environment.name),
        "namespace": fleet.platform.argocd_namespace,
        "labels": platform_labels(fleet, environment.name),
        "annotations": {
            "argocd.argoproj.io/sync-options": CONFIRM,
            "argocd.argoproj.io/manifest-generate-paths": "/argocd",
        },
        "finalizers": [],
        "project": root_project_name(environment),
        "destination": {"name": fleet.platform.hub_identity, "namespace": fleet.platform.argocd_namespace},
        "chart": None,
        "repoURL": fleet.platform.repository_url,
        "targetRevision": f"refs/heads/{environment.branch}",
        "path": "argocd",
        "automated": {"prune": True, "selfHeal": True},
        "syncOptions": list(SYNC_OPTIONS),
        "ignoreDifferences": [],
    }


def projects(
    fleet: Fleet, environment: Environment, catalogue: Mapping[str, Component], tenant_kinds: list[Json]
) -> Iterator[dict[str, Json]]:
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
    yield _platform_project(fleet, environment, catalogue)
    for team in environment.teams.values():
        if team.clusters:
            yield _team_project(fleet, environment, team, tenant_kinds)


def _platform_project(fleet: Fleet, environment: Environment, catalogue: Mapping[str, Component]) -> dict[str, Json]:
    repos = {fleet.platform.repository_url}
    destinations: set[tuple[str, str]] = set()
    kinds: set[tuple[str, str, str]] = set()
    for cluster in environment.clusters.values():
        used = [catalogue[name] for name in cluster.components]
        repos |= {one.repo_url for one in used if one.repo_url}
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


def _team_project(fleet: Fleet, environment: Environment, team: Team, tenant_kinds: list[Json]) -> dict[str, Json]:
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
            if cluster in environment.clusters
        ],
        namespaced=tenant_kinds,
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


def cluster_secret(fleet: Fleet, cluster: Cluster) -> dict[str, Json]:
    """Context of the Secret that registers a cluster; it holds no credential (argocd.md 4.2, 4.3)."""
    eks = cluster.data["eks"]
    data = {"name": cluster.identity}
    if fleet.platform.capability:
        data["server"] = f"arn:aws:eks:{cluster.region}:{cluster.account_id}:cluster/{eks['name']}"
    else:
        config = {
            "awsAuthConfig": {"clusterName": eks["name"], "roleARN": eks["argoCDRoleARN"]},
            "tlsClientConfig": {"insecure": False, "caData": eks["certificateAuthority"]},
        }
        data |= {"server": eks["endpoint"], "config": json.dumps(config, sort_keys=True)}
    return {
        "name": f"cluster-{cluster.identity}",
        "namespace": fleet.platform.argocd_namespace,
        "labels": {
            **platform_labels(fleet, cluster.environment),
            "argocd.argoproj.io/secret-type": "cluster",
            f"{fleet.platform.data['labelDomain']}/role": cluster.role,
            f"{fleet.platform.data['labelDomain']}/region": cluster.region,
        },
        "stringData": data,
    }


def cluster_namespaces(
    environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> dict[str, dict[str, str]]:
    """Labels by name of every namespace that we own on a cluster, sorted; those of EKS itself are not ours."""
    found: dict[str, dict[str, str]] = {}
    for name in cluster.components:
        component = catalogue[name]
        if component.namespace not in ("kube-system", "default"):
            found.setdefault(component.namespace, {}).update(component.data["namespaceLabels"])
    # EFA wants the capability IPC_LOCK (gpu-platform.md 6.2), which the level baseline does not allow.
    locking = {one.team for one in environment.workloads_on(cluster.name) if one.data["resources"]["efa"]}
    for team in environment.teams_on(cluster.name):
        found[team.name] = {
            "pod-security.kubernetes.io/enforce": "privileged" if team.name in locking else "baseline",
            "pod-security.kubernetes.io/warn": "restricted",
            "team": team.name,
            "cost-center": team.data["costCenter"],
        }
    return dict(sorted(found.items()))


def namespace(fleet: Fleet, environment: Environment, name: str, labels: Mapping[str, str]) -> dict[str, Json]:
    """Context of a Namespace."""
    return {
        "name": name,
        "labels": {**platform_labels(fleet, environment.name), **labels},
        "annotations": {"argocd.argoproj.io/sync-options": CONFIRM},
    }


TENANT_KINDS: tuple[dict[str, str], ...] = (
    {"group": "", "kind": "ConfigMap"},
    {"group": "", "kind": "PersistentVolumeClaim"},
    {"group": "", "kind": "Service"},
    {"group": "", "kind": "ServiceAccount"},
    {"group": "apps", "kind": "Deployment"},
    {"group": "autoscaling", "kind": "HorizontalPodAutoscaler"},
    {"group": "batch", "kind": "CronJob"},
    {"group": "external-secrets.io", "kind": "ExternalSecret"},
    {"group": "monitoring.coreos.com", "kind": "PodMonitor"},
    {"group": "monitoring.coreos.com", "kind": "PrometheusRule"},
    {"group": "monitoring.coreos.com", "kind": "ServiceMonitor"},
    {"group": "networking.k8s.io", "kind": "Ingress"},
    {"group": "networking.k8s.io", "kind": "NetworkPolicy"},
    {"group": "policy", "kind": "PodDisruptionBudget"},
    {"group": "serving.kserve.io", "kind": "InferenceService"},
    {"group": "trainer.kubeflow.org", "kind": "TrainJob"},
    {"group": "trainer.kubeflow.org", "kind": "TrainingRuntime"},
)
"""Kinds that a team's project may sync: what the workload types render, no RBAC and nothing of Argo CD (3.1 #3, #6)."""
