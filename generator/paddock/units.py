"""What is rendered together: a component, team or workload on a cluster, and Argo CD's own objects of an environment.

A unit names its templates and carries their context; nothing here renders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from paddock import (
    applications,
    components,
    emit,
    mirrors,
    multikueue,
    namespaces,
    projects,
    runners,
    teams,
    workloads,
)
from paddock.catalogue import Component
from paddock.components import gha_runner_scale_set, network
from paddock.components.context import context
from paddock.diagnostics import Place
from paddock.infrastructure import plan
from paddock.inputs import Inputs
from paddock.model import Cluster, ComponentUse, Environment, Fleet, Spec, Team, Workload
from paddock.requirements import waves

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Helm values: the template, the URI of the schema they must satisfy, and what makes two renders equal.
    `namespace` is the release's."""

    template: str
    schema: str
    path: str
    namespace: str
    deterministic: tuple[Mapping[str, Json], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Templates with one context. Objects go to `folder`; `file` names a single object's file instead."""

    environment: str
    cluster: str
    kubernetes_version: str
    folder: str
    templates: tuple[str, ...]
    context: Mapping[str, Json]
    place: Place
    spec: Spec | None = None
    sources: tuple[str, ...] = ()
    values: Values | None = None
    file: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """Texts by path that are written as they are: what another language's own writer made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A unit that is not built yet: its view-model is computed only where it is rendered."""

    place: Place
    build: Callable[[], Iterable[Unit]]


def cluster_units(
    fleet: Fleet, environment: Environment, catalogue: Mapping[str, Component], inputs: Inputs
) -> Iterator[Pending]:
    """Every unit below clusters/ of an environment, in order."""
    for cluster in environment.clusters.values():
        build = partial(_infrastructure_units, fleet, environment, cluster, catalogue)
        yield Pending(place=cluster.place("eks"), build=build)
        if not cluster.registered:
            continue  # nothing can be synced to it yet
        yield Pending(
            place=cluster.name_place(), build=partial(_namespace_units, fleet, environment, cluster, catalogue)
        )
        for name in cluster.components:
            build = partial(component_units, fleet, environment, cluster, catalogue[name])
            yield Pending(place=cluster.place("components", name, key=True), build=build)
        for team in environment.teams_on(cluster.name):
            yield Pending(place=team.name_place(), build=partial(team_units, fleet, environment, cluster, team, inputs))
        for workload in environment.workloads_with_objects_on(cluster.name):
            build = partial(workload_units, fleet, environment, cluster, workload, inputs)
            yield Pending(place=workload.name_place(), build=build)


_SIGN_IN = "templates/ingress/single-sign-on.yaml.j2"


def component_units(fleet: Fleet, environment: Environment, cluster: Cluster, component: Component) -> Iterator[Unit]:
    """A component on a cluster: its one release, or one for each of what teams have of it."""
    use = cluster.components[component.name]
    stated = component.data.get("releases") is not None
    teams = [one.team for one in runners.of(environment, cluster.name)] if stated else []
    sources = (cluster.origin.base, component.path, *_sources(*teams))
    for folder, data in contexts(fleet, environment, cluster, component, use):
        yield _component_unit(fleet, environment, cluster, component, folder, data, sources)


def contexts(
    fleet: Fleet, environment: Environment, cluster: Cluster, component: Component, use: ComponentUse
) -> Iterator[tuple[str, dict[str, Json]]]:
    """(folder, context of the templates) of each release of a component with some settings on a cluster."""
    data = context(fleet, environment, cluster, component, use)
    view = components.VIEWS.get(component.name)
    if view is not None:
        data |= view(fleet, cluster, use.settings, component.files)
    if component.data.get("releases") is None:
        yield applications.component_folder(cluster, component), data
        return
    for scale_set in runners.of(environment, cluster.name):
        found = gha_runner_scale_set.release(fleet, cluster, scale_set, use.settings)
        yield applications.component_folder(cluster, component, scale_set), data | found


def _component_unit(
    fleet: Fleet,
    environment: Environment,
    cluster: Cluster,
    component: Component,
    folder: str,
    data: dict[str, Json],
    sources: tuple[str, ...],
) -> Unit:
    use = cluster.components[component.name]
    opened = network.policies(component, use.settings)
    shared = [*([network.TEMPLATE] if opened else []), *([_SIGN_IN] if data.get("singleSignOn") else [])]
    stated = component.name in cluster.data["components"]
    return Unit(
        environment=environment.name,
        cluster=cluster.identity,
        kubernetes_version=cluster.kubernetes_version,
        folder=f"{folder}/resources",
        templates=(*component.resources, *shared),
        context={**data, "networkPolicies": opened},
        place=cluster.place(*(("components", component.name) if stated else ("role",)), key=stated),
        spec=cluster,
        sources=sources,
        values=Values(
            template=component.values,
            schema=component.values_schema or "",
            path=f"{folder}/values.yaml",
            namespace=data.get("runner", {}).get("namespace", component.namespace),
            deterministic=tuple(component.data["deterministic"]),
        )
        if component.values
        else None,
        texts=_image_values(fleet, environment, component, folder),
    )


def _image_values(fleet: Fleet, environment: Environment, component: Component, folder: str) -> dict[str, str]:
    """The values of a chart's mirrored images, by path; none without a mirror."""
    mirror = mirrors.of(fleet, environment.name)
    data = mirrors.values(component.data.get("images") or (), mirror) if mirror else {}
    return {f"{folder}/{mirrors.VALUES_FILE}": emit.document(data)} if data else {}


def team_units(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team, inputs: Inputs) -> Iterator[Unit]:
    """A team on a cluster."""
    yield Unit(
        environment=environment.name,
        cluster=cluster.identity,
        kubernetes_version=cluster.kubernetes_version,
        folder=f"clusters/{cluster.name}/teams/{team.name}",
        templates=_templates(inputs, "templates/team/"),
        context=teams.view(fleet, environment, cluster, team),
        place=team.name_place(),
        spec=team,
        sources=_sources(team, cluster, *(manager for manager, _ in multikueue.managers(environment, cluster))),
    )


def workload_units(
    fleet: Fleet, environment: Environment, cluster: Cluster, workload: Workload, inputs: Inputs
) -> Iterator[Unit]:
    """A workload on a cluster."""
    view = workloads.VIEWS[workload.type]
    templates = _templates(inputs, f"templates/workloads/{workload.type}/")
    if cluster.name in workload.dispatch:
        templates = tuple(one for one in templates if one.rpartition("/")[2] in workloads.MANAGER_TEMPLATES)
    yield Unit(
        environment=environment.name,
        cluster=cluster.identity,
        kubernetes_version=cluster.kubernetes_version,
        folder=f"clusters/{cluster.name}/workloads/{workload.team}/{workload.name}",
        templates=templates,
        context=view(fleet, environment, cluster, environment.teams[workload.team], workload),
        place=workload.name_place(),
        spec=workload,
        sources=_sources(workload, environment.teams[workload.team], cluster, *_dispatchers(environment, workload)),
    )


def argocd_units(
    fleet: Fleet, environment: Environment, catalogue: Mapping[str, Component], folders: set[str]
) -> list[Pending]:
    """Argo CD's own objects of an environment. `folders` are the folders that the cluster units filled."""
    build = partial(_argocd_units, fleet, environment, catalogue, folders)
    return [Pending(place=environment.name_place(), build=build)]


def _argocd_units(
    fleet: Fleet, environment: Environment, catalogue: Mapping[str, Component], folders: set[str]
) -> Iterator[Unit]:
    hub = fleet.hub
    version = hub.kubernetes_version if hub else next(iter(environment.clusters.values())).kubernetes_version

    def unit(template: str, folder: str, data: Mapping[str, Json], spec: Spec, *, file: str | None = None) -> Unit:
        return Unit(
            environment=environment.name,
            cluster=fleet.platform.hub_identity,
            kubernetes_version=version,
            folder=folder,
            templates=(f"templates/argocd/{template}.yaml.j2",),
            context=data,
            place=spec.name_place(),
            spec=spec,
            sources=(spec.origin.base, fleet.platform.origin.base),
            file=file,
        )

    yield unit("application", "argocd", applications.root(fleet, environment), environment, file="argocd/root.yaml")
    for project in projects.projects(fleet, environment, catalogue):
        yield unit("appproject", "argocd/projects", project, environment)
    for cluster in environment.clusters.values():
        if cluster.provisioner == "ack":
            data = applications.application(
                fleet, environment, cluster, applications.infrastructure_subject(fleet, environment, cluster), folders
            )
            yield unit("application", f"argocd/applications/{cluster.name}", data, cluster)
        if not cluster.registered:
            continue
        yield unit("secret", "argocd/clusters", applications.cluster_secret(fleet, cluster), cluster)
        for subject, spec in _subjects(fleet, environment, cluster, catalogue):
            if not subject.chart and subject.folder not in folders and f"{subject.folder}/resources" not in folders:
                continue  # nothing was rendered for it: an Application of a path that does not exist never syncs
            data = applications.application(fleet, environment, cluster, subject, folders)
            yield unit("application", f"argocd/applications/{cluster.name}", data, spec)


def _subjects(
    fleet: Fleet, environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> Iterator[tuple[applications.Subject, Spec]]:
    yield applications.namespaces_subject(fleet, environment, cluster), cluster
    for name, wave in waves({name: catalogue[name] for name in cluster.components}).items():
        for subject in applications.component_subjects(fleet, environment, cluster, catalogue[name], wave=wave):
            yield subject, cluster
    for team in environment.teams_on(cluster.name):
        yield applications.team_subject(fleet, environment, cluster, team), team
    for workload in environment.workloads_with_objects_on(cluster.name):
        yield applications.workload_subject(environment, cluster, workload), workload


def _infrastructure_units(
    fleet: Fleet, environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> Iterator[Unit]:
    """What a cluster needs of AWS, for whoever makes it; nothing where it exists."""
    if cluster.provisioner == "existing":
        return
    made = plan.inventory(fleet, environment, cluster, catalogue)
    hub = fleet.hub
    yield Unit(
        environment=environment.name,
        cluster=fleet.platform.hub_identity,
        kubernetes_version=hub.kubernetes_version if hub else cluster.kubernetes_version,
        folder=f"clusters/{cluster.name}/infrastructure",
        templates=("templates/infrastructure/ack.yaml.j2",) if made.objects else (),
        context={"objects": made.objects},
        place=cluster.place("eks"),
        spec=cluster,
        sources=(cluster.origin.base, environment.origin.base, fleet.platform.origin.base),
        texts={f"terraform/{name}/main.tf.json": text for name, text in made.stacks.items()},
    )


def _namespace_units(
    fleet: Fleet, environment: Environment, cluster: Cluster, catalogue: Mapping[str, Component]
) -> Iterator[Unit]:
    for name, labels in namespaces.cluster_namespaces(environment, cluster, catalogue).items():
        yield Unit(
            environment=environment.name,
            cluster=cluster.identity,
            kubernetes_version=cluster.kubernetes_version,
            folder=f"clusters/{cluster.name}/namespaces",
            templates=("templates/cluster/namespace.yaml.j2",),
            context=namespaces.namespace(fleet, environment, name, labels),
            place=cluster.name_place(),
            spec=cluster,
            sources=(cluster.origin.base,),
        )


def _templates(inputs: Inputs, folder: str) -> tuple[str, ...]:
    return tuple(path for path in inputs.templates if path.startswith(folder) and path.endswith(".yaml.j2"))


def _dispatchers(environment: Environment, workload: Workload) -> list[Cluster]:
    """Clusters that have a say in a workload whose runs are sent away: its managers and their workers."""
    names = {name for manager, workers in workload.dispatch.items() for name in (manager, *workers)}
    return [environment.clusters[name] for name in sorted(names)]


def _sources(*specs: Spec) -> tuple[str, ...]:
    files = {path for spec in specs for path in (spec.origin.base, spec.origin.overlay) if path}
    return tuple(sorted(files))
