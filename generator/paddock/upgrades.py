"""Kubernetes versions between the deployed tree and the next: EKS upgrades a control plane by one minor version at a
time, and neither ACK nor Terraform takes one back (gpu-platform.md, ACK). Two trees in, findings out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from paddock import source
from paddock.analysis.references import mapping
from paddock.diagnostics import Place, Problem

Json = Any

_ACK = re.compile(r"clusters/[^/]+/infrastructure/cluster-[^/]+\.yaml")
_TERRAFORM = re.compile(r"terraform/[^/]+/main\.tf\.json")
_MOST = 1_500_000
_ROLLBACK = "https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html"


def states_versions(path: str) -> bool:
    """Whether a file of a tree makes a cluster (design section 4)."""
    return bool(_ACK.fullmatch(path) or _TERRAFORM.fullmatch(path))


def refused(*, before: Mapping[str, str], after: Mapping[str, str], environment: str) -> Iterator[Problem]:
    """Clusters whose control plane cannot go from the one version to the other; texts by path, before and after."""
    old, new = _versions(before), _versions(after)
    for name in sorted(old.keys() & new.keys()):
        step = _minor(new[name]) - _minor(old[name])
        if step > 1:
            yield Problem(
                id="kubernetes-skips-version",
                message=f'cluster "{name}" goes from Kubernetes {old[name]} to {new[name]}: a control plane goes up '
                "one minor version at a time",
                place=_place(environment),
                help=f"publish {_later(old[name])} first, look at nodes and removed APIs, then the next",
            )
        elif step < 0:
            yield Problem(
                id="kubernetes-downgrade",
                message=f'cluster "{name}" goes from Kubernetes {old[name]} back to {new[name]}, which neither ACK nor '
                "Terraform does",
                place=_place(environment),
                help=f"keep {old[name]}; within seven days of an upgrade EKS rolls one version back by itself: roll "
                f"back there, then publish ({_ROLLBACK})",
            )


def _versions(texts: Mapping[str, str]) -> dict[str, str]:
    """Kubernetes versions by the name of the EKS cluster. What nobody can read any more states none."""
    found: dict[str, str] = {}
    for path, text in sorted(texts.items()):
        if _ACK.fullmatch(path):
            data, _ = source.parse(text.encode("utf-8", "surrogatepass"), path, max_bytes=_MOST)
            stated = [mapping(data, "spec")]
        else:
            stated = [mapping(one) for one in mapping(_json(text), "resource", "aws_eks_cluster").values()]
        for one in stated:
            if re.fullmatch(r"1\.[0-9]{1,3}", str(one.get("version"))):
                found[str(one.get("name"))] = str(one["version"])
    return found


def _json(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def _later(version: str) -> str:
    return f"1.{_minor(version) + 1}"


def _place(environment: str) -> Place:
    return Place(path=f"environments/{environment}/environment.yaml", pointer=("metadata", "name"))
