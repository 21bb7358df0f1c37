"""Every storage class that a workload or a component names is provided, and FSx offers the sizes asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import storage_classes
from paddock.catalogue import Component
from paddock.checks.workload_references import merged, unknown
from paddock.diagnostics import Note, Pointer, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Workload
from paddock.quantity import parse

IDS = ("unknown-storage-class", "fsx-size-not-offered")

_KEYS = ("storageClass", "storageClassName")
_REPLICATION = "replication"
"""Settings of a bucket's replica, whose storageClass is one of S3."""


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each cluster's component settings, and each workload on each of its clusters."""
    yield from merged(_all(fleet, catalogue))


def _all(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            legal = storage_classes.provided(cluster, catalogue)
            yield from _settings(cluster, legal)
            for workload in environment.workloads_on(cluster.name):
                yield from _checkpoint(environment, cluster, workload, legal)


def _settings(cluster: Cluster, legal: Mapping[str, str]) -> Iterator[Problem]:
    """Settings by whose name a component asks for a class; a default that is not stated is the component's key."""
    for name, use in cluster.components.items():
        for pointer, value in _named(use.settings, ()):
            if value not in legal:
                place = cluster.place("components", name, "settings", *pointer)
                where = f' on cluster "{cluster.identity}", which component "{name}" asks for'
                yield unknown("unknown-storage-class", "storage class", value, legal, place, where=where)


def _named(value: Json, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _KEYS and isinstance(item, str):
                yield (*pointer, key), item
            elif key != _REPLICATION:
                yield from _named(item, (*pointer, key))


def _checkpoint(
    environment: Environment, cluster: Cluster, workload: Workload, legal: Mapping[str, str]
) -> Iterator[Problem]:
    stated = workload.data.get("checkpoint")
    if stated is None:
        return
    name = stated["storageClassName"]
    if name not in legal:
        place = workload.place("checkpoint", "storageClassName")
        where = f' on cluster "{cluster.identity}"'
        yield unknown("unknown-storage-class", "storage class", name, legal, place, where=where)
    elif legal[name] == "aws-fsx-csi-driver":
        yield from _size(workload, name, stated["size"])


def _size(workload: Workload, storage_class: str, size: str) -> Iterator[Problem]:
    offered = storage_classes.fsx_size(size)
    if parse(size) == offered * storage_classes.GI:
        return
    smaller = storage_classes.fsx_smaller(offered)
    yield Problem(
        id="fsx-size-not-offered",
        message=f'workload "{workload.name}" asks for {size} of class {storage_class}, of which FSx for Lustre makes '
        f"{offered}Gi",
        place=workload.place("checkpoint", "size"),
        related=(Note(message="FSx offers 1200Gi and multiples of 2400Gi; quota and cost count what is written here"),),
        help=f"write {offered}Gi" + (f", or {smaller}Gi" if smaller else ""),
    )
