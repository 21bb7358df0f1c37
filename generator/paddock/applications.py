"""Argo CD's side of an environment: the root Application, projects, cluster Secrets, and one Application for each
component, team and workload on each cluster. View-models only; the texts are templates/argocd/."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from paddock import mirrors, runners
from paddock.catalogue import Component
from paddock.components.context import chart_version, platform_labels
from paddock.infrastructure import ack
from paddock.model import Cluster, Environment, Fleet, Team, Workload
from paddock.names import application_name
from paddock.namespaces import CLUSTER_NAMESPACE, CONFIRM
from paddock.projects import (
    infrastructure_project_name,
    platform_project_name,
    root_project_name,
    team_project_name,
)
from paddock.runners import ScaleSet

Json = Any

FINALIZER = "resources-finalizer.argocd.argoproj.io"
SYNC_OPTIONS = ("ServerSideApply=true", "RespectIgnoreDifferences=true", "SkipDryRunOnMissingResource=true")
INFRASTRUCTURE_WAVE = -30
NAMESPACES_WAVE = -20
TEAMS_WAVE = 5
WORKLOADS_WAVE = 10
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
    destination: str | None = None
    """Cluster that it is synced to; None is the cluster itself."""


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
        "destination": {"name": subject.destination or cluster.identity, "namespace": subject.namespace},
        "chart": subject.chart,
        "repoURL": fleet.platform.repository_url,
        "targetRevision": f"refs/heads/{environment.branch}",
        "path": resources if resources != subject.folder or not subject.chart else None,
        "automated": {"prune": subject.prune, "selfHeal": subject.self_heal},
        "syncOptions": [*SYNC_OPTIONS, *subject.sync_options],
        "ignoreDifferences": list(subject.ignore_differences),
    }


def component_folder(cluster: Cluster, component: Component, release: ScaleSet | None = None) -> str:
    """The folder of a component on a cluster, or of a release that a team has of it."""
    folder = f"clusters/{cluster.name}/components/{component.name}"
    return folder if release is None else f"{folder}/{release.team.name}/{release.name}"


def component_subjects(
    fleet: Fleet, environment: Environment, cluster: Cluster, component: Component, *, wave: int
) -> Iterator[Subject]:
    """A component on a cluster, or each release that a team has of it: a chart with its values, and plain objects
    beside it."""
    one = _component_subject(fleet, environment, cluster, component, wave=wave)
    if component.data.get("releases") is None:
        yield one
        return
    for release in runners.of(environment, cluster.name):
        folder = component_folder(cluster, component, release)
        files = [f"$values/{folder}/{name}" for name in value_files(fleet, environment, component)]
        chart = {**(one.chart or {}), "releaseName": release.name, "valueFiles": files}
        parts = (component.data["releases"], release.team.name, release.name)
        yield replace(one, parts=parts, namespace=release.namespace, folder=folder, chart=chart)


def _component_subject(
    fleet: Fleet, environment: Environment, cluster: Cluster, component: Component, *, wave: int
) -> Subject:
    data = component.data
    folder = component_folder(cluster, component)
    chart = None
    if data.get("chart"):
        chart = {
            "repoURL": mirrors.chart_repository(fleet, environment.name, data["chart"]),
            "chart": data["chart"]["name"],
            "targetRevision": chart_version(fleet, component),
            "releaseName": data["chart"].get("releaseName", component.name),
            "valueFiles": [f"$values/{folder}/{one}" for one in value_files(fleet, environment, component)],
            "skipCrds": data["skipCrds"],
        }
    return Subject(
        parts=(component.name,),
        project=platform_project_name(environment),
        namespace=component.namespace,
        wave=wave,
        folder=folder,
        labels=platform_labels(fleet, environment.name),
        prune=data["prune"],
        sync_options=tuple(one for one in data["syncOptions"] if one not in SYNC_OPTIONS),
        compare_options=tuple(data["compareOptions"]),
        ignore_differences=tuple(data["ignoreDifferences"]),
        chart=chart,
    )


def value_files(fleet: Fleet, environment: Environment, component: Component) -> list[str]:
    """Names of the files of a chart's values; of two the later wins, so that an image of the settings, which is
    mirrored already, is not the default one of the chart."""
    mirror = mirrors.of(fleet, environment.name)
    images = mirror is not None and mirrors.values(component.data.get("images") or (), mirror)
    return [*([mirrors.VALUES_FILE] if images else []), *(["values.yaml"] if component.values else [])]


def infrastructure_subject(fleet: Fleet, environment: Environment, cluster: Cluster) -> Subject:
    """What ACK makes for a cluster: objects on the hub. Fields that AWS fills in by itself stay as they are
    (gpu-platform.md 8 #20)."""
    return Subject(
        parts=("infrastructure",),
        project=infrastructure_project_name(environment),
        namespace=ack.namespace(cluster),
        wave=INFRASTRUCTURE_WAVE,
        folder=f"clusters/{cluster.name}/infrastructure",
        labels=platform_labels(fleet, environment.name),
        compare_options=("ServerSideDiff=true",),
        destination=fleet.platform.hub_identity,
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
        ignore_differences=RUN_DIFFERENCES if workload.type == "training" else (),
    )


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


def cluster_secret(fleet: Fleet, cluster: Cluster) -> dict[str, Json]:
    """Context of the Secret that registers a cluster; it holds no credential (argocd.md 4.2, 4.3)."""
    eks = cluster.data["eks"]
    data = {"name": cluster.identity}
    if fleet.platform.capability:
        data["server"] = cluster.arn
    else:
        config = {
            "awsAuthConfig": {"clusterName": eks["name"], "roleARN": cluster.argocd_role_arn},
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
