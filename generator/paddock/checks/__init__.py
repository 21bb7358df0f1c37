"""The checks: a module each, with the ids it may report. The registries are literal: grep finds every caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paddock.catalogue import Component
from paddock.checks import (
    admission_policies,
    component_references,
    components_required,
    duplicate_objects,
    folder_size,
    gpu_fit,
    name_lengths,
    node_pools,
    platform_references,
    secrets,
    team_references,
    workload_references,
    workload_shape,
)
from paddock.diagnostics import Problem
from paddock.model import Fleet
from paddock.render import ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecCheck:
    """Relations between specs; one that needs the catalogue waits until every component can be read."""

    ids: tuple[str, ...]
    run: Callable[[Fleet, Mapping[str, Component]], Iterator[Problem]]
    needs_catalogue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputCheck:
    """Relations between rendered objects of all environments; the texts are by environment and path."""

    ids: tuple[str, ...]
    run: Callable[[Sequence[ObjectRef], Mapping[str, Mapping[str, str]]], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeCheck:
    """Relations between rendered objects and the specs behind them; the texts are by environment and path."""

    ids: tuple[str, ...]
    run: Callable[[Sequence[ObjectRef], Mapping[str, Mapping[str, str]], Fleet], Iterator[Problem]]


SPEC_CHECKS = (
    SpecCheck(ids=component_references.IDS, run=lambda fleet, _: component_references.check(fleet)),
    SpecCheck(ids=components_required.IDS, run=components_required.check, needs_catalogue=True),
    SpecCheck(ids=gpu_fit.IDS, run=lambda fleet, _: gpu_fit.check(fleet)),
    SpecCheck(ids=name_lengths.IDS, run=lambda fleet, _: name_lengths.check(fleet)),
    SpecCheck(ids=node_pools.IDS, run=lambda fleet, _: node_pools.check(fleet)),
    SpecCheck(ids=platform_references.IDS, run=lambda fleet, _: platform_references.check(fleet)),
    SpecCheck(ids=team_references.IDS, run=lambda fleet, _: team_references.check(fleet)),
    SpecCheck(ids=workload_references.IDS, run=lambda fleet, _: workload_references.check(fleet)),
    SpecCheck(ids=workload_shape.IDS, run=lambda fleet, _: workload_shape.check(fleet)),
)
OUTPUT_CHECKS = (
    OutputCheck(ids=duplicate_objects.IDS, run=lambda objects, _: duplicate_objects.check(objects)),
    OutputCheck(ids=folder_size.IDS, run=folder_size.check),
    OutputCheck(ids=secrets.IDS, run=secrets.check),
)
TREE_CHECKS = (TreeCheck(ids=admission_policies.IDS, run=admission_policies.check),)
