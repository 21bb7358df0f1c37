"""Programs and images of nodes that are older or newer than the Kubernetes of a cluster allows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checks.workload_references import merged
from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Cluster, Fleet

IDS = ("ami-older-than-kubernetes", "kubectl-version-skew")

FIRST_AMI = {"1.36": ("al2023", "20260610")}
"""The first release of EKS' images for a Kubernetes version, where it is known (gpu-platform.md 1.6)."""
_MINOR = re.compile(r"v?1\.([0-9]+)(?:[.+-].*)?")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each pool's pinned image, and the image with kubectl, which is one for all clusters."""
    for cluster in fleet.clusters():
        yield from _images(cluster)
    yield from merged(one for cluster in fleet.clusters() for one in _kubectl(fleet, cluster))


def _images(cluster: Cluster) -> Iterator[Problem]:
    """An alias is looked up among the images for the cluster's version, so the kubelet is never apart from it; but a
    release from before the version has none."""
    family, first = FIRST_AMI.get(cluster.kubernetes_version, ("", ""))
    for pool in cluster.node_pools.values():
        name, _, release = pool.data["ami"].partition("@")
        if name == family and release.removeprefix("v") < first:
            yield Problem(
                id="ami-older-than-kubernetes",
                message=f'pool "{pool.name}" is pinned to {pool.data["ami"]}, and EKS has images for Kubernetes '
                f"{cluster.kubernetes_version} only since v{first}",
                place=cluster.place("nodePools", pool.name, "ami"),
                related=(Note(message="the cluster's version", place=cluster.place("kubernetesVersion")),),
                help=f"pin {family}@v{first} or a later release: Karpenter finds no image and makes no node otherwise",
            )


def _kubectl(fleet: Fleet, cluster: Cluster) -> Iterator[Problem]:
    """kubectl works with API servers of its own minor version, one older and one newer (kubernetes.io, "Version Skew
    Policy", kubectl)."""
    tag = fleet.platform.data["images"]["kubectl"].get("tag", "")
    match = _MINOR.fullmatch(tag)
    if match and abs(int(match[1]) - int(cluster.kubernetes_version.removeprefix("1."))) > 1:
        yield Problem(
            id="kubectl-version-skew",
            severity=Severity.WARNING,
            message=f"kubectl {tag} is more than one minor version from Kubernetes {cluster.kubernetes_version} of "
            f'cluster "{cluster.identity}"',
            place=fleet.platform.place("images", "kubectl", "tag"),
            related=(Note(message="the cluster's version", place=cluster.place("kubernetesVersion")),),
            help="mirror one that is at most one minor version from every cluster: it starts scheduled runs and "
            "removes finished ones",
        )
