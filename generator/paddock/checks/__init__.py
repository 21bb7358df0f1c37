"""The checks: a module each, with the ids it may report. The registries are literal: grep finds every caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paddock.catalogue import Component
from paddock.checks import (
    admission_policies,
    alert_routes,
    alert_rules,
    argo_cd_capability,
    backups,
    bucket_lifecycles,
    buckets,
    component_references,
    component_versions,
    components_required,
    dashboards,
    data_residency,
    duplicate_objects,
    ended_capacity,
    file_systems,
    folder_size,
    gpu_allocation,
    gpu_fit,
    gpu_pools,
    host_names,
    image_pulls,
    kubernetes_support,
    kueue_capacity,
    kueue_cohorts,
    log_coverage,
    log_retention,
    log_sinks,
    mirrored_sources,
    mounts,
    multikueue,
    multikueue_runs,
    name_lengths,
    node_pools,
    notebooks,
    permissions,
    pipelines,
    platform_references,
    pod_priorities,
    policies,
    prepulled_images,
    provisioning,
    replication,
    reservations,
    runner_scale_sets,
    secrets,
    storage_classes,
    team_references,
    tracking_servers,
    workload_references,
    workload_shape,
)
from paddock.diagnostics import Problem
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputCheck:
    """Relations between rendered objects of all environments and the specs behind them; the texts are by environment
    and path. To read a text again costs 0.1 ms: one that wants every object is too slow for a large fleet."""

    ids: tuple[str, ...]
    run: Callable[[Sequence[ObjectRef], Mapping[str, Mapping[str, str]], Fleet], Iterator[Problem]]


SPEC_CHECKS = (
    SpecCheck(ids=argo_cd_capability.IDS, run=lambda fleet, _: argo_cd_capability.check(fleet)),
    SpecCheck(ids=backups.IDS, run=lambda fleet, _: backups.check(fleet)),
    SpecCheck(ids=bucket_lifecycles.IDS, run=lambda fleet, _: bucket_lifecycles.check(fleet)),
    SpecCheck(ids=buckets.IDS, run=lambda fleet, _: buckets.check(fleet)),
    SpecCheck(ids=component_references.IDS, run=lambda fleet, _: component_references.check(fleet)),
    SpecCheck(ids=component_versions.IDS, run=component_versions.check, needs_catalogue=True),
    SpecCheck(ids=components_required.IDS, run=components_required.check, needs_catalogue=True),
    SpecCheck(ids=data_residency.IDS, run=lambda fleet, _: data_residency.check(fleet)),
    SpecCheck(ids=file_systems.IDS, run=lambda fleet, _: file_systems.check(fleet)),
    SpecCheck(ids=gpu_allocation.IDS, run=lambda fleet, _: gpu_allocation.check(fleet)),
    SpecCheck(ids=gpu_fit.IDS, run=lambda fleet, _: gpu_fit.check(fleet)),
    SpecCheck(ids=gpu_pools.IDS, run=lambda fleet, _: gpu_pools.check(fleet)),
    SpecCheck(ids=host_names.IDS, run=lambda fleet, _: host_names.check(fleet)),
    SpecCheck(ids=image_pulls.IDS, run=lambda fleet, _: image_pulls.check(fleet)),
    SpecCheck(ids=kueue_capacity.IDS, run=lambda fleet, _: kueue_capacity.check(fleet)),
    SpecCheck(ids=kueue_cohorts.IDS, run=lambda fleet, _: kueue_cohorts.check(fleet)),
    SpecCheck(ids=log_coverage.IDS, run=lambda fleet, _: log_coverage.check(fleet)),
    SpecCheck(ids=log_retention.IDS, run=lambda fleet, _: log_retention.check(fleet)),
    SpecCheck(ids=log_sinks.IDS, run=lambda fleet, _: log_sinks.check(fleet)),
    SpecCheck(ids=mirrored_sources.IDS, run=mirrored_sources.check, needs_catalogue=True),
    SpecCheck(ids=mounts.IDS, run=lambda fleet, _: mounts.check(fleet)),
    SpecCheck(ids=multikueue.IDS, run=lambda fleet, _: multikueue.check(fleet)),
    SpecCheck(ids=multikueue_runs.IDS, run=lambda fleet, _: multikueue_runs.check(fleet)),
    SpecCheck(ids=name_lengths.IDS, run=lambda fleet, _: name_lengths.check(fleet)),
    SpecCheck(ids=node_pools.IDS, run=lambda fleet, _: node_pools.check(fleet)),
    SpecCheck(ids=notebooks.IDS, run=lambda fleet, _: notebooks.check(fleet)),
    SpecCheck(ids=permissions.IDS, run=permissions.check, needs_catalogue=True),
    SpecCheck(ids=pipelines.IDS, run=lambda fleet, _: pipelines.check(fleet)),
    SpecCheck(ids=platform_references.IDS, run=lambda fleet, _: platform_references.check(fleet)),
    SpecCheck(ids=pod_priorities.IDS, run=lambda fleet, _: pod_priorities.check(fleet)),
    SpecCheck(ids=policies.IDS, run=lambda fleet, _: policies.check(fleet)),
    SpecCheck(ids=prepulled_images.IDS, run=lambda fleet, _: prepulled_images.check(fleet)),
    SpecCheck(ids=provisioning.IDS, run=lambda fleet, _: provisioning.check(fleet)),
    SpecCheck(ids=replication.IDS, run=lambda fleet, _: replication.check(fleet)),
    SpecCheck(ids=reservations.IDS, run=lambda fleet, _: reservations.check(fleet)),
    SpecCheck(ids=runner_scale_sets.IDS, run=lambda fleet, _: runner_scale_sets.check(fleet)),
    SpecCheck(ids=storage_classes.IDS, run=storage_classes.check, needs_catalogue=True),
    SpecCheck(ids=team_references.IDS, run=lambda fleet, _: team_references.check(fleet)),
    SpecCheck(ids=tracking_servers.IDS, run=lambda fleet, _: tracking_servers.check(fleet)),
    SpecCheck(ids=workload_references.IDS, run=lambda fleet, _: workload_references.check(fleet)),
    SpecCheck(ids=workload_shape.IDS, run=lambda fleet, _: workload_shape.check(fleet)),
)
DATED_CHECKS = (
    DatedCheck(ids=ended_capacity.IDS, run=ended_capacity.check),
    DatedCheck(ids=kubernetes_support.IDS, run=kubernetes_support.check),
)
OBJECT_CHECKS = (
    ObjectCheck(ids=policies.OBJECT_IDS, run=policies.check_object),
    ObjectCheck(ids=secrets.IDS, run=lambda ref, data, _: secrets.check(ref, data)),
)
OUTPUT_CHECKS = (
    OutputCheck(ids=duplicate_objects.IDS, run=lambda objects, *_: duplicate_objects.check(objects)),
    OutputCheck(ids=folder_size.IDS, run=lambda objects, trees, _: folder_size.check(objects, trees)),
    OutputCheck(ids=mirrored_sources.IDS, run=mirrored_sources.check_output),
    OutputCheck(ids=admission_policies.IDS, run=admission_policies.check),
    OutputCheck(ids=alert_routes.IDS, run=alert_routes.check),
    OutputCheck(ids=alert_rules.IDS, run=alert_rules.check),
    OutputCheck(ids=dashboards.IDS, run=dashboards.check),
    OutputCheck(ids=policies.OUTPUT_IDS, run=policies.check_output),
)
