"""Each name in a rendered object is one of its cluster: of the tree, of Kubernetes, or of what a component provides."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from paddock import storage_classes
from paddock.analysis import object_names, object_references
from paddock.analysis.object_links import Offer
from paddock.analysis.object_names import KUBERNETES, Name, Names
from paddock.analysis.references import Target, known_kind
from paddock.catalogue import FOLDER, Component
from paddock.diagnostics import Note, Place, Pointer, Problem, Severity
from paddock.model import Cluster, Fleet, Json, Spec
from paddock.provenance import trace
from paddock.render import ObjectRef, content

IDS = ("dangling-reference", "dangling-key", "secret-written-twice")

Trees = Mapping[str, Mapping[str, str]]

_RUNS = frozenset({"ConfigMap", "TrainJob", "TrainingRuntime"})
_FOR_PODS = frozenset({"ConfigMap", "PersistentVolumeClaim", "Secret", "ServiceAccount"})
_IMPLICIT = "Cohort"
"""Kueue makes a cohort of every name; one without an object has no quota of its own and no parent (Kueue, "Cohort")."""
_MOST = 8
"""Names that a help lists at most."""


def check(
    objects: Sequence[ObjectRef], trees: Trees, fleet: Fleet, catalogue: Mapping[str, Component]
) -> Iterator[Problem]:
    """Every reference of every object on a cluster of the fleet; there must be no further objects."""
    clusters = {one.identity: one for one in fleet.clusters()}
    names = _names(objects, clusters, catalogue)
    for ref, wanted in _references(objects):
        cluster = _cluster(ref, wanted, clusters)
        if cluster is None or _of_worker(ref, wanted, fleet, cluster):
            continue
        known = names[cluster.identity]
        found = known.found(wanted)
        keys = known.keys_of(found) if found is not None else None
        if found is None:
            yield _dangling(ref, wanted, known, trees, fleet)
        elif wanted.key and keys is not None and wanted.key not in keys:
            yield _without_key(ref, wanted, keys, trees, fleet)
    yield from _written_twice(objects)


def _names(
    objects: Sequence[ObjectRef], clusters: Mapping[str, Cluster], catalogue: Mapping[str, Component]
) -> dict[str, Names]:
    """The names of each cluster."""
    names: dict[str, Names] = {}
    for identity, cluster in clusters.items():
        names[identity] = Names()
        names[identity].add(KUBERNETES)
        names[identity].add(Offer("StorageClass", "", one) for one in storage_classes.provided(cluster, catalogue))
        names[identity].add(Offer(object_references.DESTINATION, "", one) for one in ("in-cluster",))
        for one in cluster.components.keys() & catalogue.keys():
            names[identity].add(object_names.provided(catalogue[one].data))
    for ref in objects:
        if ref.cluster in names:
            itself = Offer(known_kind(ref.api_version, ref.kind), ref.namespace, ref.name)
            offers = ref.links.offers
            names[ref.cluster].add(offers if any(one[:3] == itself[:3] for one in offers) else (itself, *offers))
    return names


def _references(objects: Sequence[ObjectRef]) -> Iterator[tuple[ObjectRef, Target]]:
    """What each object names; its namespace only once for each template and cluster."""
    seen: set[tuple[str, str, str]] = set()
    for ref in objects:
        key = (ref.cluster, ref.namespace, ref.template)
        if ref.namespace and key not in seen:
            seen.add(key)
            yield ref, Target("Namespace", "", ref.namespace)
        for wanted in ref.links.references:
            yield ref, wanted


def _cluster(ref: ObjectRef, wanted: Target, clusters: Mapping[str, Cluster]) -> Cluster | None:
    """The cluster that has what an object names: its own, and for the account of a pod identity the one of its folder;
    None where nothing of it is rendered."""
    if ref.kind == "PodIdentityAssociation" and wanted.kind == "ServiceAccount":
        named = clusters.get(f"{ref.environment}-{ref.path.split('/')[1]}")
        return named if named is not None and named.registered else None
    return clusters.get(ref.cluster)


def _of_worker(ref: ObjectRef, wanted: Target, fleet: Fleet, cluster: Cluster) -> bool:
    """Whether a manager of MultiKueue only holds a run whose pods start elsewhere, where the others are."""
    if ref.kind not in _RUNS or wanted.kind not in _FOR_PODS:
        return False
    environment = fleet.environments[ref.environment]
    parts = ref.path.split("/")
    workload = environment.workloads.get((parts[3], parts[4])) if parts[2] == "workloads" else None
    return workload is not None and cluster.name in workload.dispatch


def _dangling(ref: ObjectRef, wanted: Target, known: Names, trees: Trees, fleet: Fleet) -> Problem:
    pointer = _pointer(ref, wanted, trees)
    where = f'its namespace "{wanted.namespace}"' if wanted.namespace else "its cluster"
    if wanted.namespace and wanted.namespace != ref.namespace:
        where = f'namespace "{wanted.namespace}" of the cluster'
    names = known.near(wanted)
    near = difflib.get_close_matches(wanted.name, names, n=1)
    shown = [f'"{name}"' for name in (near or names[:_MOST])]
    there = f"did you mean {shown[0]}? " if near else f"there {'is' if len(names) == 1 else 'are'} {_listed(names)}; "
    soft = wanted.kind == _IMPLICIT
    return Problem(
        id="dangling-reference",
        severity=Severity.WARNING if soft else Severity.ERROR,
        message=f'{ref.kind} "{ref.name}" names the {wanted.kind} "{wanted.name}" in {_path(pointer)}, '
        f"and {where} has none of that name",
        place=_place(ref, pointer, wanted.name, fleet),
        related=_notes(ref, pointer, wanted.name, fleet),
        help=(there if names else "") + _remedy(ref, wanted),
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(f'"{name}"' for name in names[:_MOST]) + more


def _remedy(ref: ObjectRef, wanted: Target) -> str:
    if ref.template.startswith(FOLDER):
        folder = ref.template.split("/")[2]
        return f"render it, correct the name, or list it under provides of {FOLDER}{folder}/component.yaml " + (
            "if its chart or somebody else makes it"
        )
    return "correct the name, or let a component of the cluster provide it"


def _without_key(ref: ObjectRef, wanted: Target, keys: frozenset[str], trees: Trees, fleet: Fleet) -> Problem:
    pointer = _pointer(ref, wanted, trees)
    names = sorted(keys)
    near = difflib.get_close_matches(wanted.key, names, n=1)
    what = "port" if wanted.kind == "Service" else "key"
    legal = f"legal: {', '.join(names)}" if names else f"it has no {what} at all"
    return Problem(
        id="dangling-key",
        message=f'{ref.kind} "{ref.name}" names the {what} "{wanted.key}" of the {wanted.kind} "{wanted.name}" in '
        f"{_path(pointer)}, which has no such {what}",
        place=_place(ref, pointer, wanted.key, fleet),
        related=_notes(ref, pointer, wanted.key, fleet),
        help=(f'did you mean "{near[0]}"? ' if near else "") + legal,
    )


def _pointer(ref: ObjectRef, wanted: Target, trees: Trees) -> Pointer:
    """Where an object names something, looked for again: the references of objects carry no places."""
    if wanted.kind == "Namespace" and wanted not in ref.links.references:
        return ("metadata", "namespace")
    found = object_references.references(content(ref, trees))
    return next(pointer for one, pointer in found if one == wanted)


def _path(pointer: Pointer) -> str:
    """A place in an object, as kubectl explain has it, with the places in lists."""
    text = ""
    for step in pointer:
        plain = isinstance(step, str) and step.replace("-", "").isalnum()
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if plain else f'["{step}"]')
    return text.removeprefix(".")


def _place(ref: ObjectRef, pointer: Pointer, value: Json, fleet: Fleet) -> Place:
    """The leaf of the spec that holds the name; else the line of a component's template; else the spec."""
    origin = _origin(ref, pointer, value, fleet)
    if origin is not None:
        return origin
    return ref.mended_at(str(value)) if ref.template.startswith(FOLDER) else ref.place


def _origin(ref: ObjectRef, pointer: Pointer, value: Json, fleet: Fleet) -> Place | None:
    spec = _spec(ref, fleet)
    if spec is None:
        return None
    data = spec.data
    if isinstance(spec, Cluster):
        # What other components are called there is no origin of a name in this one.
        parts = ref.path.split("/")
        stated = data["components"].get(parts[3]) if parts[2] == "components" else None
        data = {"components": {parts[3]: stated}} if stated is not None else {}
    found = trace(pointer, value, data)
    node: Json = data
    for step in found or ():
        node = node[step]
    return spec.place(*found) if found and node == value else None


def _spec(ref: ObjectRef, fleet: Fleet) -> Spec | None:
    """The spec that an object was rendered for."""
    environment = fleet.environments[ref.environment]
    parts = ref.path.split("/")
    if parts[0] != "clusters":
        return None
    if parts[2] == "workloads":
        return environment.workloads.get((parts[3], parts[4]))
    return environment.teams.get(parts[3]) if parts[2] == "teams" else environment.clusters.get(parts[1])


def _notes(ref: ObjectRef, pointer: Pointer, value: Json, fleet: Fleet) -> tuple[Note, ...]:
    """The rendered file, and the other end of the way to it: the template, or the spec that it was rendered for."""
    template = ref.template.startswith(FOLDER) and _origin(ref, pointer, value, fleet) is None
    other = (
        Note(message="rendered for this spec", place=ref.place)
        if template
        else Note(message="by this template", place=Place(path=ref.template, line=1, text=str(value)))
    )
    return (Note(message=f"rendered to {ref.path}"), other)


def _written_twice(objects: Sequence[ObjectRef]) -> Iterator[Problem]:
    """Secrets that two objects of the tree write: each takes back what the other wrote."""
    writers: dict[tuple[str, Name], ObjectRef] = {}
    for ref in objects:
        for kind, namespace, name, _ in ref.links.offers:
            if kind != "Secret":
                continue
            first = writers.setdefault((ref.cluster, (kind, namespace, name)), ref)
            if (first.kind, first.name) != (ref.kind, ref.name):
                yield _twice(first, ref, name)


def _twice(first: ObjectRef, ref: ObjectRef, name: str) -> Problem:
    return Problem(
        id="secret-written-twice",
        message=f'{ref.kind} "{ref.name}" writes the Secret "{name}", which {first.kind} "{first.name}" writes, too',
        place=ref.mended_at(name),
        related=(
            Note(message=f"rendered to {first.path}", place=first.place),
            Note(message=f"rendered to {ref.path}", place=ref.place),
        ),
        help="give one of them another target, or let one object write all its keys",
    )
