"""Namespaces of ours in which a pod may reach everything and be reached by everything: no policy denies by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from paddock import source
from paddock.catalogue import FOLDER
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Cluster, Fleet
from paddock.render import ObjectRef

IDS = ("namespace-without-default-deny",)


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    """Each namespace of components that no NetworkPolicy of the tree isolates. Those of teams have one by template."""
    clusters = {one.identity: one for one in fleet.clusters()}
    isolated: set[tuple[str, str]] = set()
    found = []
    for one in objects:
        key = (one.cluster, one.namespace)
        if one.kind == "NetworkPolicy" and key not in isolated and _isolates(trees[one.environment][one.path]):
            isolated.add(key)
        elif one.kind == "Namespace" and one.path.startswith("clusters/") and "/namespaces/" in one.path:
            found.append(one)
    reported: dict[Place, list[ObjectRef]] = {}
    for one in found:
        owned = fleet.namespaces.get(one.cluster, {}).get(one.name)
        if owned is not None and owned.components and owned.pods and (one.cluster, one.name) not in isolated:
            place = Place(path=f"{FOLDER}{owned.components[0]}/component.yaml", pointer=("namespace",))
            reported.setdefault(place, []).append(one)
    yield from (_problem(place, refs, clusters) for place, refs in reported.items())


def _isolates(text: str) -> bool:
    """Whether a policy takes all pods of its namespace and opens nothing to all. Most are equal but for their names."""
    return _opens_nothing(text.partition("\nspec:")[2])


@lru_cache(maxsize=4096)
def _opens_nothing(spec: str) -> bool:
    if "podSelector: {}" not in spec and "match" in spec:
        return False  # it names pods: spare the reading
    data, _ = source.parse(f"spec:{spec}".encode("utf-8", "surrogatepass"), "networkpolicy.yaml")
    stated = data.get("spec") if isinstance(data, dict) else None
    if not isinstance(stated, dict) or stated.get("podSelector"):
        return False
    if not {"Egress", "Ingress"} <= set(stated.get("policyTypes") or ()):
        return False
    return {} not in [*(stated.get("ingress") or ()), *(stated.get("egress") or ())]


def _problem(place: Place, refs: Sequence[ObjectRef], clusters: Mapping[str, Cluster]) -> Problem:
    first = refs[0]
    return Problem(
        id="namespace-without-default-deny",
        message=f'no NetworkPolicy denies by default in namespace "{first.name}": its pods may reach every other '
        "namespace and the internet, and be reached from everywhere",
        place=place,
        severity=Severity.WARNING,
        related=(
            Note(message=f'on cluster "{first.cluster}"', place=clusters[first.cluster].name_place()),
            *((Note(message=f"and on {len(refs) - 1} more clusters"),) if len(refs) > 1 else ()),
        ),
        help="state `network` in component.yaml: who may reach its pods, and whom they may reach; all else is denied",
    )
