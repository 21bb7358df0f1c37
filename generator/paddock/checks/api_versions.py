"""Versions of APIs that the Kubernetes or the operators of a cluster serve no longer, or soon no longer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock.analysis import api_lifetimes
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Cluster, Fleet
from paddock.render import ObjectRef
from paddock.wording import more_objects

IDS = ("deprecated-api", "removed-api")

Key = tuple[str, str, str, str]
"""Cluster, its Kubernetes version, apiVersion, kind."""


def check(objects: Sequence[ObjectRef], fleet: Fleet) -> Iterator[Problem]:
    """One finding for each version of a kind and each cluster that has objects of it, however many there are."""
    clusters = {one.identity: one for one in fleet.clusters()}
    found: dict[Key, list[ObjectRef]] = {}
    for one in objects:
        found.setdefault((one.cluster, one.kubernetes_version, one.api_version, one.kind), []).append(one)
    for (identity, kubernetes, api_version, kind), refs in found.items():
        cluster = clusters.get(identity)
        if cluster is None:
            continue
        if api_lifetimes.is_removed(api_version, kind, kubernetes):
            yield _problem("removed-api", cluster, refs)
        elif api_lifetimes.is_ending(api_version, kind, kubernetes):
            yield _problem("deprecated-api", cluster, refs)


def _problem(id: str, cluster: Cluster, refs: Sequence[ObjectRef]) -> Problem:
    first = refs[0]
    core = api_lifetimes.removal(first.api_version, first.kind)
    words = _core(id, cluster, first, core) if core is not None else _operator(id, cluster, first)
    # The version of Kubernetes is what differs between clusters; an operator's is the same on all.
    place = cluster.place("kubernetesVersion") if core is not None else first.mended_at(first.api_version)
    templates = [one for one in dict.fromkeys(one.template for one in refs) if one != place.path]
    return Problem(
        id=id,
        message=words,
        severity=Severity.ERROR if id == "removed-api" else Severity.WARNING,
        place=place,
        related=(
            *(Note(message="by this template", place=Place(path=one, line=1)) for one in templates),
            Note(message=f"rendered to {first.path}"),
            *((Note(message=more_objects(len(refs) - 1)),) if len(refs) > 1 else ()),
        ),
        help=_help(first, core),
    )


def _core(id: str, cluster: Cluster, ref: ObjectRef, removal: api_lifetimes.Removal) -> str:
    removed = ".".join(map(str, removal.removed))
    what = f"{ref.kind} in {ref.api_version}"
    if id == "removed-api":
        return (
            f'cluster "{cluster.identity}" runs Kubernetes {ref.kubernetes_version}, which does not serve {what}: '
            f"it was removed in {removed}"
        )
    return (
        f'cluster "{cluster.identity}" runs Kubernetes {ref.kubernetes_version}, and {what} is removed in {removed}: '
        "an upgrade would break it"
    )


def _operator(id: str, cluster: Cluster, ref: ObjectRef) -> str:
    known = api_lifetimes.superseded(ref.api_version, ref.kind)
    assert known is not None
    what = f'{ref.kind} in {ref.api_version} on cluster "{cluster.identity}"'
    if id == "removed-api":
        return f"nothing serves {what}: it is gone since {known.since}"
    return f"{what} is deprecated" + (f": {known.note}" if known.note else "")


def _help(ref: ObjectRef, removal: api_lifetimes.Removal | None) -> str:
    known = removal or api_lifetimes.superseded(ref.api_version, ref.kind)
    assert known is not None
    if " " in known.instead and not known.instead.startswith("a "):
        return f"remove it: {known.instead}"
    return f"write {known.instead} instead; its fields may have other names"
