"""Pools that pull images in parallel and would not: too old an image, too small an instance, too slow a volume."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.diagnostics import Problem, Severity
from paddock.instances import InstanceType, instances
from paddock.model import Cluster, Fleet, NodePool
from paddock.user_data import FIXED

IDS = ("image-pull-unsupported-ami", "image-pull-ignored", "image-pull-fixed-setting", "image-pull-slow-volume")

# First releases with the SOCI snapshotter in parallel mode (aws-samples/karpenter-blueprints, soci-snapshotter); the
# first that keep its folder on a RAID0 of the instance store (amazon-eks-ami#2548; Karpenter
# 1.14.1, pkg/providers/version, SupportsDefaultBind).
_FIRST = {"al2023": (20250821,), "bottlerocket": (1, 44, 0)}
_FIRST_ON_INSTANCE_STORE = {"al2023": (20251217,), "bottlerocket": (1, 46, 0)}
# nodeadm/internal/containerd/config.go, UseSOCISnapshotter: below this the feature gate is ignored. It counts 7 GiB,
# because the kernel of an instance with 8 shows less.
_LEAST_CPUS, _LEAST_GIB = 4, 8
# nodeadm/doc/examples.md: below 600 MiB a second pulls may take longer than without it.
_LEAST_THROUGHPUT = 600
# gp3 without any statement (EBS user guide, "General Purpose SSD volumes").
_GP3_THROUGHPUT = 125


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each pool with `imagePull`."""
    for cluster in fleet.clusters():
        for pool in cluster.node_pools.values():
            if "imagePull" in pool.data:
                yield from _family(cluster, pool)
                if _supported(pool):
                    yield from _instances(cluster, pool)
                    yield from _volume(cluster, pool)


def _family(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    family, _ = _version(pool)
    if not _supported(pool):
        yield Problem(
            id="image-pull-unsupported-ami",
            message=f'{pool.data["ami"]} of pool "{pool.name}" cannot pull images in parallel',
            place=cluster.place("nodePools", pool.name, "imagePull"),
            help=f"use {_text(family, _FIRST[family])} or newer, or take imagePull away",
        )
    for field in FIXED if family == "al2023" else ():
        if field in pool.data["imagePull"]:
            yield Problem(
                id="image-pull-fixed-setting",
                message=f'{field} of pool "{pool.name}" would do nothing: on AL2023 it is always {FIXED[field]}',
                place=cluster.place("nodePools", pool.name, "imagePull", field),
                help="take it away; only Bottlerocket lets it be chosen",
            )


def _supported(pool: NodePool) -> bool:
    family, version = _version(pool)
    return version >= _FIRST[family]


def _instances(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """Bottlerocket has no such threshold."""
    if pool.bottlerocket:
        return
    for index, name in enumerate(pool.data["instanceTypes"]):
        one = instances().get(name)
        if one and (one.vcpus < _LEAST_CPUS or one.memory_gib < _LEAST_GIB):
            yield Problem(
                id="image-pull-ignored",
                severity=Severity.WARNING,
                message=f"{name} has {one.vcpus} CPUs and {one.memory_gib} GiB of memory, and AL2023 pulls in parallel "
                f"only from {_LEAST_CPUS} CPUs and {_LEAST_GIB} GiB on",
                place=cluster.place("nodePools", pool.name, "instanceTypes", index),
                help="use larger types (AWS recommends 2xlarge and above), or take imagePull away",
            )


def _volume(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """Only where images lie on EBS: on some type at least."""
    known = [instances()[name] for name in pool.data["instanceTypes"] if name in instances()]
    reason = _on_volume(pool, known)
    throughput = pool.data.get("volumePerformance", {}).get("throughput", _GP3_THROUGHPUT)
    if reason and throughput < _LEAST_THROUGHPUT:
        stated = "volumePerformance" in pool.data
        yield Problem(
            id="image-pull-slow-volume",
            severity=Severity.WARNING,
            message=f'images of pool "{pool.name}" lie on a volume with {throughput} MiB a second ({reason}); below '
            f"{_LEAST_THROUGHPUT} a parallel pull may take longer than a plain one",
            place=cluster.place(
                "nodePools", pool.name, *(("volumePerformance", "throughput") if stated else ("imagePull",))
            ),
            help=f"write volumePerformance: {{iops: 3000, throughput: {_LEAST_THROUGHPUT}}}, or use types with an "
            "instance store and instanceStore: RAID0",
        )


def _on_volume(pool: NodePool, known: list[InstanceType]) -> str | None:
    """Why images lie on EBS; None where they lie on the instance store."""
    family, version = _version(pool)
    if "instanceStore" not in pool.data:
        return "there is no instanceStore"
    without = [one.name for one in known if not one.local_nvme_gb]
    if without:
        return f"{without[0]} has no instance store"
    if version < _FIRST_ON_INSTANCE_STORE[family]:
        return f"{pool.data['ami']} keeps them there even with RAID0"
    return None


def _version(pool: NodePool) -> tuple[str, tuple[int, ...]]:
    """Family and release of a pool's image: the schema allows AL2023's date and Bottlerocket's three numbers."""
    family, _, version = pool.data["ami"].partition("@")
    return family, tuple(int(number) for number in re.findall(r"\d+", version))


def _text(family: str, version: tuple[int, ...]) -> str:
    return f"{family}@v{'.'.join(str(number) for number in version)}".replace("bottlerocket@v", "bottlerocket@")
