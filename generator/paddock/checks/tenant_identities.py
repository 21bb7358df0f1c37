"""Pods of teams get roles of AWS from the platform alone: no ServiceAccount of a workload names one (argocd.md 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.model import Json
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("tenant-assumes-role",)
_ROLE = "eks.amazonaws.com/role-arn"


def check(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    """One ServiceAccount below workloads/, which the team's project applies."""
    if ref.kind != "ServiceAccount" or "/workloads/" not in ref.path:
        return
    role = (data["metadata"].get("annotations") or {}).get(_ROLE)
    if role:
        yield Fault(
            id="tenant-assumes-role",
            message=f'a ServiceAccount of a workload takes the role "{role}" by itself ({_ROLE})',
            pointer=("metadata", "annotations", _ROLE),
            help="leave the annotation out: the platform associates roles with service accounts (buckets of the team, "
            "iam.yaml of a component)",
        )
