"""Clusters whose Kubernetes version EKS no longer supports on the day for which it is asked, or not for long."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.dates import ordinal
from paddock.diagnostics import Note, Problem, Severity
from paddock.kubernetes_releases import SUPPORT
from paddock.model import Cluster, Fleet

IDS = ("kubernetes-out-of-support", "kubernetes-support-ends-soon", "kubernetes-upgraded-by-eks")

SOON = 30
"""Days before the end of support from which it is said: time for an upgrade of one environment after the other."""


def check(fleet: Fleet, as_of: str) -> Iterator[Problem]:
    """Each cluster's version on the day `as_of`; dates are written alike, so they compare as texts."""
    for cluster in fleet.clusters():
        support = SUPPORT.get(cluster.kubernetes_version)
        if support and support.extended < as_of:
            yield _ended(cluster, support.extended, as_of)
        elif support and support.standard < as_of and cluster.data["eks"]["supportType"] == "STANDARD":
            yield _upgraded(cluster, support.standard, as_of)
        elif support:
            standard = cluster.data["eks"]["supportType"] == "STANDARD"
            last = support.standard if standard else support.extended
            if ordinal(last) - ordinal(as_of) <= SOON:
                yield _soon(cluster, last, as_of, standard=standard)


def _ended(cluster: Cluster, last: str, as_of: str) -> Problem:
    return Problem(
        id="kubernetes-out-of-support",
        message=f'Kubernetes {cluster.kubernetes_version} of cluster "{cluster.identity}" had its last day of extended '
        f"support on {last}: EKS has no such cluster any more on {as_of}",
        place=cluster.place("kubernetesVersion"),
        help=f"write the version to which EKS has upgraded it: {_legal(as_of, extended=True)}",
    )


def _upgraded(cluster: Cluster, last: str, as_of: str) -> Problem:
    return Problem(
        id="kubernetes-upgraded-by-eks",
        severity=Severity.WARNING,
        message=f"standard support of Kubernetes {cluster.kubernetes_version} ended on {last}, and cluster "
        f'"{cluster.identity}" has support type STANDARD: EKS upgrades it by itself after that',
        place=cluster.place("kubernetesVersion"),
        related=(Note(message=f"judged as of {as_of}"),),
        help=f"upgrade it: {_legal(as_of)}; or write eks.supportType: EXTENDED, at a higher price an hour",
    )


def _soon(cluster: Cluster, last: str, as_of: str, *, standard: bool) -> Problem:
    days = ordinal(last) - ordinal(as_of)
    kind = "standard" if standard else "extended"
    otherwise = "; or write eks.supportType: EXTENDED, at a higher price an hour" if standard else ""
    return Problem(
        id="kubernetes-support-ends-soon",
        severity=Severity.WARNING,
        message=f"{kind} support of Kubernetes {cluster.kubernetes_version} ends on {last}, and EKS upgrades cluster "
        f'"{cluster.identity}" by itself after that: {days} day{"s are" if days != 1 else " is"} left',
        place=cluster.place("kubernetesVersion"),
        related=(Note(message=f"judged as of {as_of}"),),
        help=f"upgrade it while you choose the hour: {_later(cluster, as_of, extended=not standard)}{otherwise}",
    )


def _later(cluster: Cluster, as_of: str, *, extended: bool) -> str:
    """Versions above the cluster's that outlive the time in which this one would be said again."""
    versions = _legal(as_of, extended=extended).split(", ")
    later = [one for one in versions if one > cluster.kubernetes_version]
    return ", ".join(later) or "see the EKS user guide"


def _legal(as_of: str, *, extended: bool = False) -> str:
    known = {version: one.extended if extended else one.standard for version, one in SUPPORT.items()}
    return ", ".join(version for version, last in known.items() if as_of <= last) or "see the EKS user guide"
