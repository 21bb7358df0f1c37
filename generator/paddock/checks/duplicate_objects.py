"""Each object has one owner: (cluster, group, kind, namespace, name) is unique over all Applications and environments.

Argo CD finds such a pair only when it syncs, and then the two overwrite each other (argo-cd#18166, #18754)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock.diagnostics import Note, Problem
from paddock.render import ObjectRef

IDS = ("duplicate-object",)


def check(objects: Sequence[ObjectRef]) -> Iterator[Problem]:
    """Every pair of rendered objects with one identity, at the spec of the later one."""
    seen: dict[tuple[str, str, str, str, str], ObjectRef] = {}
    for one in objects:
        key = (one.cluster, one.group, one.kind, one.namespace, one.name)
        first = seen.setdefault(key, one)
        if first is not one:
            where = f' in namespace "{one.namespace}"' if one.namespace else ""
            yield Problem(
                id="duplicate-object",
                message=f'{one.kind} "{one.name}"{where} on cluster "{one.cluster}" is rendered twice',
                place=one.place,
                related=(
                    Note(message=f"rendered to {first.path}", place=first.place),
                    Note(message=f"rendered to {one.path}", place=one.place),
                ),
                help="rename one of the two specs, or let only one template render the object",
            )
