"""Nodes that pull images in parallel and would not: too old an image, too small an instance, too slow a volume."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.diagnostics import Problem, Severity
from paddock.instances import instances
from paddock.model import Cluster, Fleet, NodePool
from paddock.user_data import FIXED

Json = Any

IDS = ("image-pull-unsupported-ami", "image-pull-ignored", "image-pull-fixed-setting", "image-pull-slow-volume")

# First releases with the SOCI snapshotter in parallel mode (aws-samples/karpenter-blueprints, soci-snapshotter); the
# first that keep its folder on a RAID0 of the instance store (amazon-eks-ami#2548; Karpenter 1.14.1,
# pkg/providers/version, SupportsDefaultBind).
_FIRST = {"al2023": (20250821,), "bottlerocket": (1, 44, 0)}
_FIRST_ON_INSTANCE_STORE = {"al2023": (20251217,), "bottlerocket": (1, 46, 0)}
# nodeadm/internal/containerd/config.go, UseSOCISnapshotter: below this the feature gate is ignored. It counts 7 GiB,
# because the kernel of an instance with 8 shows less.
_LEAST_CPUS, _LEAST_GIB = 4, 8
# nodeadm/doc/examples.md: below 600 MiB a second pulls may take longer than without it.
_LEAST_THROUGHPUT = 600
# gp3 without any statement (EBS user guide, "General Purpose SSD volumes").
_GP3_THROUGHPUT = 125


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nodes:
    """A node pool or managed node group with `imagePull`; `version` is None where EKS chooses the release."""

    what: str
    pointer: tuple[str, ...]
    data: Mapping[str, Json]
    family: str
    version: tuple[int, ...] | None = None


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each node pool and managed node group with `imagePull`."""
    for cluster in fleet.clusters():
        for nodes in _all(cluster):
            yield from _family(cluster, nodes)
            if _reaches(nodes, _FIRST):
                yield from _instances(cluster, nodes)
                yield from _volume(cluster, nodes)


def _all(cluster: Cluster) -> Iterator[_Nodes]:
    for pool in cluster.node_pools.values():
        if "imagePull" in pool.data:
            yield _pool(pool)
    for name, group in sorted(cluster.data["eks"]["nodeGroups"].items()):
        if "imagePull" in group:
            bottlerocket = group.get("amiType", "").startswith("BOTTLEROCKET")
            yield _Nodes(
                what=f'node group "{name}"',
                pointer=("eks", "nodeGroups", name),
                data=group,
                family="bottlerocket" if bottlerocket else "al2023",
            )


def _pool(pool: NodePool) -> _Nodes:
    """The schema allows AL2023's date and Bottlerocket's three numbers."""
    family, _, version = pool.data["ami"].partition("@")
    return _Nodes(
        what=f'pool "{pool.name}"',
        pointer=("nodePools", pool.name),
        data=pool.data,
        family=family,
        version=tuple(int(number) for number in re.findall(r"\d+", version)),
    )


def _reaches(nodes: _Nodes, first: Mapping[str, tuple[int, ...]]) -> bool:
    return nodes.version is None or nodes.version >= first[nodes.family]


def _family(cluster: Cluster, nodes: _Nodes) -> Iterator[Problem]:
    if not _reaches(nodes, _FIRST):
        yield Problem(
            id="image-pull-unsupported-ami",
            message=f"{nodes.data['ami']} of {nodes.what} cannot pull images in parallel",
            place=cluster.place(*nodes.pointer, "imagePull"),
            help=f"use {_text(nodes.family, _FIRST[nodes.family])} or newer, or take imagePull away",
        )
    for field in FIXED if nodes.family == "al2023" else ():
        if field in nodes.data["imagePull"]:
            yield Problem(
                id="image-pull-fixed-setting",
                message=f"{field} of {nodes.what} would do nothing: on AL2023 it is always {FIXED[field]}",
                place=cluster.place(*nodes.pointer, "imagePull", field),
                help="take it away; only Bottlerocket lets it be chosen",
            )


def _instances(cluster: Cluster, nodes: _Nodes) -> Iterator[Problem]:
    """Bottlerocket has no such threshold."""
    for index, name in enumerate(nodes.data["instanceTypes"] if nodes.family == "al2023" else ()):
        one = instances().get(name)
        if one and (one.vcpus < _LEAST_CPUS or one.memory_gib < _LEAST_GIB):
            yield Problem(
                id="image-pull-ignored",
                severity=Severity.WARNING,
                message=f"{name} has {one.vcpus} CPUs and {one.memory_gib} GiB of memory, and AL2023 pulls in parallel "
                f"only from {_LEAST_CPUS} CPUs and {_LEAST_GIB} GiB on",
                place=cluster.place(*nodes.pointer, "instanceTypes", index),
                help="use larger types (AWS recommends 2xlarge and above), or take imagePull away",
            )


def _volume(cluster: Cluster, nodes: _Nodes) -> Iterator[Problem]:
    """Only where images lie on EBS: on some type at least."""
    reason = _on_volume(nodes)
    stated = "volumePerformance" in nodes.data
    throughput = nodes.data["volumePerformance"]["throughput"] if stated else _GP3_THROUGHPUT
    if reason and throughput < _LEAST_THROUGHPUT:
        field = ("volumePerformance", "throughput") if stated else ("imagePull",)
        local = "" if nodes.version is None else ", or use types with an instance store and instanceStore: RAID0"
        yield Problem(
            id="image-pull-slow-volume",
            severity=Severity.WARNING,
            message=f"images of {nodes.what} lie on a volume with {throughput} MiB a second ({reason}); below "
            f"{_LEAST_THROUGHPUT} a parallel pull may take longer than a plain one",
            place=cluster.place(*nodes.pointer, *field),
            help=f"write volumePerformance: {{iops: 3000, throughput: {_LEAST_THROUGHPUT}}}{local}",
        )


def _on_volume(nodes: _Nodes) -> str | None:
    """Why images lie on EBS; None where they lie on the instance store."""
    if "instanceStore" not in nodes.data:
        return "there is no instanceStore" if nodes.version else "node groups have no other place"
    known = [instances()[name] for name in nodes.data["instanceTypes"] if name in instances()]
    without = [one.name for one in known if not one.local_nvme_gb]
    if without:
        return f"{without[0]} has no instance store"
    if not _reaches(nodes, _FIRST_ON_INSTANCE_STORE):
        return f"{nodes.data['ami']} keeps them there even with RAID0"
    return None


def _text(family: str, version: tuple[int, ...]) -> str:
    return f"{family}@{'v' if family == 'al2023' else ''}{'.'.join(str(number) for number in version)}"
