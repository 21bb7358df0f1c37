"""StorageClasses of a cluster: what its components provide, and the rule by which FSx for Lustre sizes a volume."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from paddock.catalogue import Component
from paddock.model import Cluster
from paddock.quantity import parse

GI = 1 << 30
FSX_SMALLEST = 1200
"""Smallest SSD file system in GiB (SCRATCH_2 and PERSISTENT; gpu-platform.md 6.1, pkg/util/util.go)."""
FSX_STEP = 2400
"""All larger ones are multiples of this many GiB (the same)."""


def provided(cluster: Cluster, catalogue: Mapping[str, Component]) -> dict[str, str]:
    """Component by name of each StorageClass on a cluster: those of component.yaml, and those that settings add."""
    found: dict[str, str] = {}
    for name, use in cluster.components.items():
        if name in catalogue:
            found |= dict.fromkeys(catalogue[name].data["storageClasses"], name)
        if name == "ebs-storage" and "io2" in use.settings:
            found["io2"] = name
        if name == "aws-fsx-csi-driver":
            found |= dict.fromkeys(map(repository_class, use.settings.get("repositories", {})), name)
    return dict(sorted(found.items()))


def repository_class(repository: str) -> str:
    """StorageClass of a data repository of aws-fsx-csi-driver."""
    return f"fsx-lustre-{repository}"


def fsx_size(size: str) -> int:
    """GiB that FSx for Lustre makes of a claim's size: the next of 1200 and the multiples of 2400."""
    wanted = Fraction(parse(size)) / GI
    return FSX_SMALLEST if wanted <= FSX_SMALLEST else -(-wanted // FSX_STEP) * FSX_STEP


def fsx_smaller(size: int) -> int | None:
    """The size in GiB that FSx offers below one that it offers; None below the smallest."""
    if size <= FSX_SMALLEST:
        return None
    return FSX_SMALLEST if size == FSX_STEP else size - FSX_STEP
