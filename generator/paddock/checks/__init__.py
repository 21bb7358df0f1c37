"""The checks: a module each, with the ids it may report. The registries are literal: grep finds every caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paddock.catalogue import Component
from paddock.checks import (
    added_containers,
    admission_policies,
    alert_routes,
    alert_rules,
    api_versions,
    argo_annotations,
    argo_applications,
    argo_cd_capability,
    argo_clusters,
    argo_differences,
    argo_order,
    argo_permissions,
    argo_projects,
    argo_sources,
    aws_policies,
    backups,
    bucket_lifecycles,
    buckets,
    budgets,
    capacity_calendar,
    component_references,
    component_versions,
    components_required,
    container_resources,
    dashboards,
    data_residency,
    duplicate_objects,
    ended_capacity,
    file_systems,
    folder_size,
    gpu_allocation,
    gpu_fit,
    gpu_pools,
    host_access,
    host_names,
    image_pulls,
    image_tags,
    inner_names,
    kubernetes_support,
    kueue_capacity,
    kueue_cohorts,
    list_keys,
    log_coverage,
    log_retention,
    log_sinks,
    mirrored_output,
    mirrored_sources,
    mount_zones,
    mounts,
    multikueue,
    multikueue_runs,
    name_lengths,
    network_isolation,
    node_pools,
    notebooks,
    object_references,
    object_selectors,
    overcommitment,
    overlapping_runs,
    past_dates,
    permissions,
    pipelines,
    plaintext_secrets,
    platform_references,
    pod_fit,
    pod_priorities,
    pod_security,
    policies,
    pool_demand,
    prepulled_images,
    provisioning,
    quota_names,
    rbac,
    replication,
    reservations,
    resource_quotas,
    runner_scale_sets,
    runs_in_quota,
    schedules,
    secret_targets,
    secrets,
    service_quotas,
    shared_reservations,
    storage_classes,
    team_references,
    tenant_identities,
    tracking_servers,
    version_skew,
    workload_references,
    workload_shape,
)
from paddock.checks.whole_tree import WholeTree
from paddock.diagnostics import Problem
from paddock.inputs import Inputs
from paddock.model import Fleet, Json
from paddock.render import ObjectRef
from paddock.schema import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecCheck:
    """Relations between specs; one that needs the catalogue waits until every component can be read."""

    ids: tuple[str, ...]
    run: Callable[[Fleet, Mapping[str, Component]], Iterator[Problem]]
    needs_catalogue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCheck:
    """What is wrong with the texts of a run, before anything is read from them."""

    ids: tuple[str, ...]
    run: Callable[[Inputs], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCheck:
    """What is right on one day and wrong on another; the day is an ISO date."""

    ids: tuple[str, ...]
    run: Callable[[Fleet, str], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectCheck:
    """What is wrong with one rendered object, whatever others there are. It runs where the object is rendered, on many
    cores, and has the parsed object for nothing; the renderer traces each fault's pointer back to the spec leaf or the
    line of the template behind it."""

    ids: tuple[str, ...]
    run: Callable[[ObjectRef, Mapping[str, Json], Fleet], Iterator[Fault]]
    kinds: frozenset[str] = frozenset()
    """The kinds it looks at; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Which objects a check of the output has to read again, decided where they are rendered and parsed: `prepare`
    gives, for a fleet, what says so of an object of one of the kinds."""

    id: str
    kinds: frozenset[str]
    prepare: Callable[[Fleet], Callable[[ObjectRef, Mapping[str, Json]], bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputCheck:
    """Relations between rendered objects of all environments and the specs behind them; the texts are by environment
    and path. To read a text again costs 0.1 ms: one that wants every object is too slow for a large fleet."""

    ids: tuple[str, ...]
    run: Callable[[Sequence[ObjectRef], Mapping[str, Mapping[str, str]], Fleet], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationCheck:
    """Relations between rendered objects of which each must be there, with what components provide beside the tree:
    only for environments of which everything was rendered. A fault of an object is traced back as one of its own."""

    ids: tuple[str, ...]
    run: Callable[
        [Sequence[ObjectRef], Mapping[str, Mapping[str, str]], Fleet, Mapping[str, Component]],
        Iterator[tuple[ObjectRef, Fault]],
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeCheck:
    """What a tree lacks, or what nothing in it permits: run only where no template failed, since what is not there
    would be taken for a fault."""

    ids: tuple[str, ...]
    run: Callable[[WholeTree], Iterator[Problem]]


SPEC_CHECKS = (
    SpecCheck(ids=argo_cd_capability.IDS, run=lambda fleet, _: argo_cd_capability.check(fleet)),
    SpecCheck(ids=backups.IDS, run=lambda fleet, _: backups.check(fleet)),
    SpecCheck(ids=bucket_lifecycles.IDS, run=lambda fleet, _: bucket_lifecycles.check(fleet)),
    SpecCheck(ids=buckets.IDS, run=lambda fleet, _: buckets.check(fleet)),
    SpecCheck(ids=budgets.ESTIMATE_IDS, run=lambda fleet, _: budgets.estimates(fleet)),
    SpecCheck(ids=component_references.IDS, run=lambda fleet, _: component_references.check(fleet)),
    SpecCheck(ids=component_versions.IDS, run=component_versions.check, needs_catalogue=True),
    SpecCheck(ids=components_required.IDS, run=components_required.check, needs_catalogue=True),
    SpecCheck(ids=data_residency.IDS, run=lambda fleet, _: data_residency.check(fleet)),
    SpecCheck(ids=file_systems.IDS, run=lambda fleet, _: file_systems.check(fleet)),
    SpecCheck(ids=gpu_allocation.IDS, run=lambda fleet, _: gpu_allocation.check(fleet)),
    SpecCheck(ids=gpu_fit.IDS, run=gpu_fit.check, needs_catalogue=True),
    SpecCheck(ids=gpu_pools.IDS, run=lambda fleet, _: gpu_pools.check(fleet)),
    SpecCheck(ids=host_names.IDS, run=lambda fleet, _: host_names.check(fleet)),
    SpecCheck(ids=image_pulls.IDS, run=lambda fleet, _: image_pulls.check(fleet)),
    SpecCheck(ids=image_tags.IDS, run=lambda fleet, _: image_tags.check(fleet)),
    SpecCheck(ids=kueue_capacity.IDS, run=lambda fleet, _: kueue_capacity.check(fleet)),
    SpecCheck(ids=kueue_cohorts.IDS, run=lambda fleet, _: kueue_cohorts.check(fleet)),
    SpecCheck(ids=log_coverage.IDS, run=lambda fleet, _: log_coverage.check(fleet)),
    SpecCheck(ids=log_retention.IDS, run=lambda fleet, _: log_retention.check(fleet)),
    SpecCheck(ids=log_sinks.IDS, run=lambda fleet, _: log_sinks.check(fleet)),
    SpecCheck(ids=mirrored_sources.IDS, run=mirrored_sources.check, needs_catalogue=True),
    SpecCheck(ids=mount_zones.IDS, run=mount_zones.check, needs_catalogue=True),
    SpecCheck(ids=mounts.IDS, run=lambda fleet, _: mounts.check(fleet)),
    SpecCheck(ids=multikueue.IDS, run=lambda fleet, _: multikueue.check(fleet)),
    SpecCheck(ids=multikueue_runs.IDS, run=lambda fleet, _: multikueue_runs.check(fleet)),
    SpecCheck(ids=name_lengths.IDS, run=lambda fleet, _: name_lengths.check(fleet)),
    SpecCheck(ids=node_pools.IDS, run=lambda fleet, _: node_pools.check(fleet)),
    SpecCheck(ids=notebooks.IDS, run=notebooks.check, needs_catalogue=True),
    SpecCheck(ids=overcommitment.IDS, run=lambda fleet, _: overcommitment.check(fleet)),
    SpecCheck(ids=overlapping_runs.IDS, run=lambda fleet, _: overlapping_runs.check(fleet)),
    SpecCheck(ids=permissions.IDS, run=permissions.check, needs_catalogue=True),
    SpecCheck(ids=pipelines.IDS, run=lambda fleet, _: pipelines.check(fleet)),
    SpecCheck(ids=platform_references.IDS, run=lambda fleet, _: platform_references.check(fleet)),
    SpecCheck(ids=pod_fit.IDS, run=pod_fit.check, needs_catalogue=True),
    SpecCheck(ids=pod_priorities.IDS, run=lambda fleet, _: pod_priorities.check(fleet)),
    SpecCheck(ids=pool_demand.IDS, run=lambda fleet, _: pool_demand.check(fleet)),
    SpecCheck(ids=policies.IDS, run=lambda fleet, _: policies.check(fleet)),
    SpecCheck(ids=prepulled_images.IDS, run=lambda fleet, _: prepulled_images.check(fleet)),
    SpecCheck(ids=provisioning.IDS, run=lambda fleet, _: provisioning.check(fleet)),
    SpecCheck(ids=quota_names.IDS, run=lambda fleet, _: quota_names.check(fleet)),
    SpecCheck(ids=replication.IDS, run=lambda fleet, _: replication.check(fleet)),
    SpecCheck(ids=reservations.IDS, run=lambda fleet, _: reservations.check(fleet)),
    SpecCheck(ids=runner_scale_sets.IDS, run=runner_scale_sets.check, needs_catalogue=True),
    SpecCheck(ids=resource_quotas.IDS, run=lambda fleet, _: resource_quotas.check(fleet)),
    SpecCheck(ids=runs_in_quota.IDS, run=runs_in_quota.check, needs_catalogue=True),
    SpecCheck(ids=schedules.IDS, run=lambda fleet, _: schedules.check(fleet)),
    SpecCheck(ids=service_quotas.IDS, run=lambda fleet, _: service_quotas.check(fleet)),
    SpecCheck(ids=shared_reservations.IDS, run=lambda fleet, _: shared_reservations.check(fleet)),
    SpecCheck(ids=storage_classes.IDS, run=storage_classes.check, needs_catalogue=True),
    SpecCheck(ids=team_references.IDS, run=lambda fleet, _: team_references.check(fleet)),
    SpecCheck(ids=tracking_servers.IDS, run=lambda fleet, _: tracking_servers.check(fleet)),
    SpecCheck(ids=version_skew.IDS, run=lambda fleet, _: version_skew.check(fleet)),
    SpecCheck(ids=workload_references.IDS, run=lambda fleet, _: workload_references.check(fleet)),
    SpecCheck(ids=workload_shape.IDS, run=lambda fleet, _: workload_shape.check(fleet)),
)
TEXT_CHECKS = (TextCheck(ids=plaintext_secrets.IDS, run=plaintext_secrets.check),)
DATED_CHECKS = (
    DatedCheck(ids=capacity_calendar.IDS, run=capacity_calendar.check),
    DatedCheck(ids=budgets.IDS, run=budgets.check),
    DatedCheck(ids=ended_capacity.IDS, run=ended_capacity.check),
    DatedCheck(ids=kubernetes_support.IDS, run=kubernetes_support.check),
    DatedCheck(ids=past_dates.IDS, run=past_dates.check),
)
OBJECT_CHECKS = (
    ObjectCheck(ids=argo_annotations.IDS, run=lambda ref, data, _: argo_annotations.check(ref, data)),
    ObjectCheck(ids=argo_applications.IDS, run=argo_applications.check),
    ObjectCheck(ids=argo_projects.IDS, run=argo_projects.check),
    ObjectCheck(ids=aws_policies.IDS, kinds=aws_policies.KINDS, run=lambda ref, data, _: aws_policies.check(ref, data)),
    ObjectCheck(ids=container_resources.IDS, kinds=container_resources.KINDS, run=container_resources.check),
    ObjectCheck(ids=host_access.IDS, kinds=host_access.KINDS, run=host_access.check),
    ObjectCheck(ids=inner_names.IDS, run=lambda ref, data, _: inner_names.check(ref, data)),
    ObjectCheck(ids=list_keys.IDS, run=lambda ref, data, _: list_keys.check(ref, data)),
    ObjectCheck(ids=pod_security.IDS, kinds=pod_security.KINDS, run=pod_security.check),
    ObjectCheck(ids=policies.OBJECT_IDS, run=policies.check_object),
    ObjectCheck(ids=rbac.IDS, kinds=rbac.KINDS, run=lambda ref, data, _: rbac.check(ref, data)),
    ObjectCheck(ids=secrets.IDS, run=lambda ref, data, _: secrets.check(ref, data)),
    ObjectCheck(ids=tenant_identities.IDS, run=lambda ref, data, _: tenant_identities.check(ref, data)),
)
SCREENS = (Screen(id=admission_policies.IDS[0], kinds=admission_policies.KINDS, prepare=admission_policies.screen),)
OUTPUT_CHECKS = (
    OutputCheck(ids=duplicate_objects.IDS, run=lambda objects, *_: duplicate_objects.check(objects)),
    OutputCheck(ids=folder_size.IDS, run=lambda objects, trees, _: folder_size.check(objects, trees)),
    OutputCheck(ids=mirrored_output.IDS, run=mirrored_output.check),
    OutputCheck(ids=added_containers.IDS, run=lambda objects, _, fleet: added_containers.check(objects, fleet)),
    OutputCheck(ids=admission_policies.IDS, run=admission_policies.check),
    OutputCheck(ids=alert_routes.IDS, run=alert_routes.check),
    OutputCheck(ids=alert_rules.IDS, run=alert_rules.check),
    OutputCheck(ids=dashboards.IDS, run=dashboards.check),
    OutputCheck(ids=network_isolation.IDS, run=network_isolation.check),
    OutputCheck(ids=policies.OUTPUT_IDS, run=policies.check_output),
    OutputCheck(ids=api_versions.IDS, run=lambda objects, _, fleet: api_versions.check(objects, fleet)),
)
RELATION_CHECKS = (
    RelationCheck(ids=object_references.IDS, run=object_references.check),
    RelationCheck(ids=object_selectors.IDS, run=object_selectors.check),
    RelationCheck(ids=secret_targets.IDS, run=lambda objects, *_: secret_targets.check(objects)),
)
TREE_CHECKS = (
    TreeCheck(ids=argo_clusters.IDS, run=argo_clusters.check),
    TreeCheck(ids=argo_differences.IDS, run=argo_differences.check),
    TreeCheck(ids=argo_order.IDS, run=argo_order.check),
    TreeCheck(ids=argo_permissions.IDS, run=argo_permissions.check),
    TreeCheck(ids=argo_sources.IDS, run=argo_sources.check),
)
