"""The shrink guard: what a tree names, and what vanishes from it without a tombstone that says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from paddock.diagnostics import Place, Problem
from paddock.tombstones import Tombstone


def named(paths: Iterable[str]) -> dict[Tombstone, set[str]]:
    """The spec objects that a tree's paths name (design section 4), and the clusters that each is on."""
    found: dict[Tombstone, set[str]] = {}
    for path in paths:
        for kind, name, cluster in _objects(path.split("/")):
            found.setdefault((kind, name), set()).add(cluster)
    return found


def unannounced(*, before: Iterable[str], after: Iterable[str], removed: Iterable[Tombstone]) -> list[Tombstone]:
    """The objects that only the old tree names, without a tombstone; of what vanishes together, only the outermost.

    A tombstone covers all that derives from its object.
    """
    told, had, have = set(removed), named(before), named(after)
    gone = {one: clusters for one, clusters in sorted(had.items()) if one not in have}
    missing = {one for one, clusters in gone.items() if not _covered(one, clusters, told)}
    return [one for one in gone if one in missing and not _covered(one, gone[one], missing - {one})]


def _objects(steps: list[str]) -> Iterator[tuple[str, str, str]]:
    match steps:
        case ["clusters", cluster, _, *_]:
            yield "Cluster", cluster, cluster
    match steps:
        case ["clusters", cluster, "components", name, _, *_]:
            yield "Component", f"{cluster}/{name}", cluster
        case ["clusters", cluster, "teams", name, _, *_]:
            yield "Team", name, cluster
        case ["clusters", cluster, "workloads", team, name, _, *_]:
            yield "Workload", f"{team}/{name}", cluster


def _covered(one: Tombstone, clusters: set[str], told: set[Tombstone]) -> bool:
    """By its own tombstone, its team's, or those of every cluster that it was on."""
    kind, name = one
    if one in told or all(("Cluster", cluster) in told for cluster in clusters):
        return True
    return kind == "Workload" and ("Team", name.partition("/")[0]) in told


def problem(environment: str, kind: str, name: str) -> Problem:
    """The finding that refuses a removal."""
    return Problem(
        id="unannounced-removal",
        message=f'{kind} "{name}" is deployed in {environment}, and this change would delete it',
        place=Place(path=f"environments/{environment}/environment.yaml", pointer=("spec", "removed"), key=True),
        help=f"put its spec back, or add to spec.removed: - {{kind: {kind}, name: {name}, reason: ...}}; "
        "paddock publish --tombstone REASON writes it",
    )
