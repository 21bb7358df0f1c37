"""Each name in a rendered object is one of its cluster: of the tree, of Kubernetes, or of what a component provides."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from paddock import cluster_names
from paddock.analysis import object_references, value_references
from paddock.analysis.object_names import Names
from paddock.analysis.references import Target
from paddock.catalogue import FOLDER, Component
from paddock.diagnostics import Pointer, Severity
from paddock.model import Cluster, Fleet
from paddock.render import VALUES, ObjectRef, content
from paddock.schema import Fault
from paddock.wording import did_you_mean

IDS = ("dangling-reference", "dangling-key")

Trees = Mapping[str, Mapping[str, str]]

_RUNS = frozenset({"ConfigMap", "TrainJob", "TrainingRuntime"})
_FOR_PODS = frozenset({"PersistentVolumeClaim", "ResourceClaimTemplate", "Secret"})
"""What runs name that is where their pods are (workloads.MANAGER_TEMPLATES)."""
_IDENTITY = "PodIdentityAssociation"
_IMPLICIT = "Cohort"
"""Kueue makes a cohort of every name; one without an object has no quota of its own and no parent (Kueue, "Cohort")."""
_MOST = 8
"""Names that a help lists at most."""


def check(
    objects: Sequence[ObjectRef], trees: Trees, fleet: Fleet, catalogue: Mapping[str, Component]
) -> Iterator[tuple[ObjectRef, Fault]]:
    """Every reference of every object on a cluster of the fleet; there must be no further objects."""
    clusters = {one.identity: one for one in fleet.clusters()}
    names = cluster_names.names(objects, fleet, catalogue)
    for ref, wanted in _references(objects):
        cluster = _cluster(ref, wanted, clusters)
        if cluster is None or _of_worker(ref, wanted, fleet, cluster):
            continue
        known = names[cluster.identity]
        found = known.found(wanted)
        keys = known.keys_of(found) if found is not None else None
        if found is None:
            if wanted.key and wanted._replace(key="") in ref.links.references:
                continue  # the same without its key is one fault
            yield ref, _dangling(ref, wanted, known, trees)
        elif wanted.key and keys is not None and wanted.key not in keys:
            yield ref, _without_key(ref, wanted, keys, trees)


def _references(objects: Sequence[ObjectRef]) -> Iterator[tuple[ObjectRef, Target]]:
    """What each object names; its namespace only once for each template and cluster."""
    seen: set[tuple[str, str, str]] = set()
    for ref in objects:
        key = (ref.cluster, ref.namespace, ref.template)
        if ref.namespace and ref.kind != VALUES and key not in seen:
            seen.add(key)
            yield ref, Target("Namespace", "", ref.namespace)
        for one in ref.links.targets:
            yield ref, Target(*one)


def _cluster(ref: ObjectRef, wanted: Target, clusters: Mapping[str, Cluster]) -> Cluster | None:
    """The cluster that has what an object names: its own, and for the account of a pod identity the one of its folder;
    None where nothing of it is rendered."""
    if ref.kind == _IDENTITY and wanted.kind == "ServiceAccount":
        named = clusters.get(f"{ref.environment}-{ref.path.split('/')[1]}")
        return named if named is not None and named.registered else None
    return clusters.get(ref.cluster)


def _of_worker(ref: ObjectRef, wanted: Target, fleet: Fleet, cluster: Cluster) -> bool:
    """Whether a manager of MultiKueue only holds a run whose pods start elsewhere, where the others are."""
    if ref.kind not in _RUNS or wanted.kind not in _FOR_PODS:
        return False
    workload = ref.workload(fleet)
    return workload is not None and cluster.name in workload.dispatch


def _dangling(ref: ObjectRef, wanted: Target, known: Names, trees: Trees) -> Fault:
    pointer = _pointer(ref, wanted, trees)
    where = f'its namespace "{wanted.namespace}"' if wanted.namespace else "its cluster"
    if wanted.namespace and wanted.namespace != ref.namespace:
        where = f'namespace "{wanted.namespace}" of the cluster'
    names = known.near(wanted)
    there = did_you_mean(wanted.name, names) or (f"legal: {_listed(names)}; " if names else "")
    return Fault(
        id="dangling-reference",
        severity=Severity.WARNING if wanted.kind == _IMPLICIT else Severity.ERROR,
        message=f'{ref.kind} "{ref.name}" names the {wanted.kind} "{wanted.name}" in {_path(pointer)}, '
        f"and {where} has none of that name",
        pointer=pointer,
        help=there + _remedy(ref),
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _remedy(ref: ObjectRef) -> str:
    if ref.template.startswith(FOLDER):
        file = f"{FOLDER}{ref.template.split('/')[2]}/component.yaml"
        return f"correct the name, render it, or list it under provides of {file} if it is made elsewhere"
    if ref.kind == _IDENTITY:
        return "correct it in iam.yaml of the component, or list it under provides of its component.yaml"
    return "correct the name, or let a component of the cluster provide it"


def _without_key(ref: ObjectRef, wanted: Target, keys: frozenset[str], trees: Trees) -> Fault:
    names = sorted(keys)
    near = difflib.get_close_matches(wanted.key, names, n=1)
    what = "port" if wanted.kind == "Service" else "key"
    legal = f"legal: {', '.join(names)}" if names else f"it has no {what} at all"
    pointer = _pointer(ref, wanted, trees)
    return Fault(
        id="dangling-key",
        message=f'{ref.kind} "{ref.name}" names the {what} "{wanted.key}" of the {wanted.kind} "{wanted.name}" in '
        f"{_path(pointer)}, which has no such {what}",
        pointer=pointer,
        help=(f'did you mean "{near[0]}"? ' if near else "") + legal,
    )


def _pointer(ref: ObjectRef, wanted: Target, trees: Trees) -> Pointer:
    """Where an object names something, looked for again: the references of objects carry no places."""
    if wanted.kind == "Namespace" and wanted not in ref.links.references:
        return ("metadata", "namespace")
    data = content(ref, trees)
    values = ref.kind == VALUES
    found = value_references.references(data, ref.namespace) if values else object_references.references(data)
    return next(pointer for one, pointer in found if one == wanted)


def _path(pointer: Pointer) -> str:
    """A place in an object, e.g. spec.rules[0].host."""
    text = ""
    for step in pointer:
        plain = isinstance(step, str) and step.replace("-", "").isalnum()
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if plain else f'["{step}"]')
    return text.removeprefix(".")
