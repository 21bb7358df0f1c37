"""Applications that are renamed or sent to another cluster: for the one Argo CD deletes and creates, for the other it
forgets what it leaves behind (argocd.md 5.4). Two trees in, findings out."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from paddock import removal, source
from paddock.diagnostics import Place, Problem
from paddock.model import Json
from paddock.tombstones import Tombstone

_MOST = 1_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Application:
    name: str
    cluster: str
    folders: frozenset[str]
    """Folders of its own tree that it reads: objects, or the values of a chart."""


def is_application(path: str) -> bool:
    """Whether a file of a tree is an Application (design section 4)."""
    name = path.rpartition("/")[2]
    return path == "argocd/root.yaml" or (path.startswith("argocd/applications/") and name.startswith("application-"))


def unannounced(
    *, before: Mapping[str, str], after: Mapping[str, str], removed: Iterable[Tombstone], environment: str
) -> Iterator[Problem]:
    """What is wrong with the Applications that differ, by path: their texts where they were and where they are."""
    told = set(removed)
    old = {path: one for path, text in before.items() if (one := _read(path, text)) is not None}
    new = {path: one for path, text in after.items() if (one := _read(path, text)) is not None}
    for path in sorted(old.keys() & new.keys()):
        if old[path].cluster != new[path].cluster and not _gone(old[path].cluster, told):
            yield _moved(old[path], new[path].cluster, environment)
    added = [new[path] for path in sorted(new.keys() - old.keys())]
    for path in sorted(old.keys() - new.keys()):
        one = old[path]
        heir = next((other for other in added if one.folders and one.folders & other.folders), None)
        if heir is not None and not told & removal.named(f"{folder}/x" for folder in one.folders).keys():
            yield _renamed(one, heir, environment)


def _read(path: str, text: str) -> _Application | None:
    """An Application as far as this is about it; None for one that nobody can read any more."""
    data, _ = source.parse(text.encode("utf-8", "surrogatepass"), path, max_bytes=_MOST)
    try:
        spec = data["spec"]
        destination = spec["destination"]
        cluster = str(destination.get("name") or destination["server"])
        return _Application(name=str(data["metadata"]["name"]), cluster=cluster, folders=frozenset(_folders(spec)))
    except (AttributeError, KeyError, TypeError):
        return None


def _folders(spec: Mapping[str, Json]) -> Iterator[str]:
    for one in spec.get("sources") or [spec["source"]]:
        if "path" in one:
            yield posixpath.normpath(one["path"]).removesuffix("/resources")
        for file in (one.get("helm") or {}).get("valueFiles") or ():
            if file.startswith("$"):
                yield file.partition("/")[2].rpartition("/")[0]


def _gone(cluster: str, told: set[Tombstone]) -> bool:
    """Whether a tombstone says that the cluster of this identity is deliberately gone."""
    return any(kind == "Cluster" and f"-{cluster}".endswith(f"-{name}") for kind, name in told)


def _place(environment: str) -> Place:
    return Place(path=f"environments/{environment}/environment.yaml", pointer=("spec", "removed"), key=True)


def _moved(one: _Application, cluster: str, environment: str) -> Problem:
    return Problem(
        id="destination-changed",
        message=f'Application "{one.name}" goes from cluster "{one.cluster}" to "{cluster}": what it applied to '
        f'"{one.cluster}" stays there, and nobody looks after it',
        place=_place(environment),
        help="give the Application of the new cluster another name, and remove this one; if the old cluster is gone, "
        "add its tombstone to spec.removed (argo-cd#9172)",
    )


def _renamed(one: _Application, heir: _Application, environment: str) -> Problem:
    return Problem(
        id="application-renamed",
        message=f'Application "{one.name}" would be deleted and "{heir.name}" made for the same folder: with a '
        "finalizer, what runs is deleted between the two",
        place=_place(environment),
        help="keep the name; or publish a change first that takes the finalizer away, then add a tombstone of what the "
        "folder is for to spec.removed (argo-cd#28576)",
    )
