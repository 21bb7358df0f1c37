"""A name in one object by which it needs another: the form in which all modules of references give it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from paddock.diagnostics import Pointer

Json = Any


class Target(NamedTuple):
    """What is named: an object, and the key of it that is needed. No namespace: an object of the whole cluster."""

    kind: str
    namespace: str
    name: str
    key: str = ""


_EMPTY: Mapping[str, Json] = {}

Reference = tuple[Target, Pointer]
"""A target, and where in the object it is named."""

CLUSTER_WIDE = frozenset(
    {
        "AdmissionCheck",
        "ClusterIssuer",
        "ClusterQueue",
        "ClusterRole",
        "ClusterSecretStore",
        "ClusterServingRuntime",
        "ClusterTrainingRuntime",
        "ClusterWorkflowTemplate",
        "Cohort",
        "DeviceClass",
        "EC2NodeClass",
        "IngressClass",
        "MultiKueueCluster",
        "MultiKueueConfig",
        "Namespace",
        "PersistentVolume",
        "PriorityClass",
        "ProvisioningRequestConfig",
        "ResourceFlavor",
        "RuntimeClass",
        "StorageClass",
        "Topology",
        "VolumeSnapshotClass",
        "WorkloadPriorityClass",
    }
)
"""Kinds without a namespace, of those that others name."""

ACK = "services.k8s.aws"


def known_kind(api_version: str, kind: str) -> str:
    """The kind as references name it: kinds of ACK have names (Role, Policy) that others have, too."""
    return f"ACK {kind}" if f"{ACK}/" in api_version else kind


def target(kind: str, namespace: str, name: str, key: str = "") -> Target:
    """A target of a kind, in the namespace only if the kind has one."""
    return Target(kind, "" if kind in CLUSTER_WIDE else namespace, name, key)


def mapping(value: Json, *keys: str) -> Mapping[str, Json]:
    """The map below some keys; empty where there is none."""
    # Objects are parsed: their maps are dicts, and to ask for that is quicker than to ask for any Mapping.
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else _EMPTY


def items(value: Json, key: str) -> Iterator[tuple[int, Mapping[str, Json]]]:
    """The maps of a list below a key, with their places in it."""
    found = value.get(key)
    if isinstance(found, list):
        for index, one in enumerate(found):
            if isinstance(one, dict):
                yield index, one


def named(kind: str, namespace: str, value: Mapping[str, Json], at: Pointer, field: str) -> Iterator[Reference]:
    """The target that a field names, if it names one."""
    name = value.get(field)
    if isinstance(name, str) and name and isinstance(kind, str):
        yield target(kind, namespace, name), (*at, field)


def keyed(kind: str, namespace: str, value: Mapping[str, Json], at: Pointer) -> Iterator[Reference]:
    """The target of a selector of Kubernetes with name and key, unless it may be absent."""
    name, key = value.get("name"), value.get("key")
    if isinstance(name, str) and name and not value.get("optional"):
        yield target(kind, namespace, name, key if isinstance(key, str) else ""), (*at, "name")
