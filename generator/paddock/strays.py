"""Spec files that nothing takes in: overlays without a base object, folders and workloads without an environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from paddock import layout
from paddock.diagnostics import Place, Problem
from paddock.documents import Document
from paddock.wording import nearest


def environment_of(path: str) -> str | None:
    """The environment in whose folder a spec lies; None for base objects, the platform and what is no spec."""
    at = layout.spec_path(path)
    return at.environment if at is not None and at.environment not in ("", "base") else None


def environments(paths: Iterable[str]) -> set[str]:
    """Every environment that has a folder with a spec, whole or broken."""
    return {name for path in paths if (name := environment_of(path)) is not None}


def missing_environments(paths: Collection[str]) -> Iterator[Problem]:
    """Folders of an environment without environment.yaml, each at its first spec."""
    for name in sorted(environments(paths)):
        needed = f"environments/{name}/environment.yaml"
        if needed not in paths:
            first = next(path for path in sorted(paths) if environment_of(path) == name)
            message = f'the environment "{name}" has no environment.yaml'
            place = Place(path=first, line=1)
            yield Problem(id="missing-environment", message=message, place=place, help=f"write {needed}")


def unknown_environments(workload: Document, known: Collection[str]) -> Iterator[Problem]:
    """Each environment that a base workload names, where none of them exists."""
    for index, name in enumerate(workload.environments or ()):
        yield Problem(
            id="unknown-environment",
            message=f'there is no environment "{name}"',
            place=Place(path=workload.at.path, pointer=("spec", "environments", index)),
            help=f"legal: {', '.join(sorted(known))}",
        )


def overlays(documents: Sequence[Document], paths: Collection[str]) -> Iterator[Problem]:
    """Overlays without a base object, or for an environment that the base object does not name."""
    bases = {(one.at.kind, one.at.team, one.at.name): one for one in documents if one.at.environment == "base"}
    for document in documents:
        at = document.at
        if at.kind not in ("Team", "Workload") or at.environment == "base":
            continue
        base = bases.get((at.kind, at.team, at.name))
        path = at.path.replace(f"/{at.environment}/", "/base/", 1)
        what = f'{at.kind.lower()} "{at.name}" has an overlay in {at.environment}'
        place = Place(path=at.path, pointer=("metadata", "name"))
        if base is None and path not in paths:
            near = nearest(at.name, {name for *group, name in bases if group == [at.kind, at.team]})
            help = f'did you mean "{near}"? Otherwise write' if near else "write"
            help = f"{help} {path}, or delete the overlay"
            yield Problem(id="overlay-without-base", message=f"{what}, but no base object", place=place, help=help)
        elif base is not None and at.environment not in (base.environments or [at.environment]):
            help = f"add {at.environment} to spec.environments of {path}, or delete the overlay"
            yield Problem(id="overlay-not-listed", message=f"{what}, but does not run there", place=place, help=help)
