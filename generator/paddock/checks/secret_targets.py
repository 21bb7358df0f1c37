"""Each Secret is written by one object: of two, each takes back what the other wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock.diagnostics import Pointer
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("secret-written-twice",)


def check(objects: Sequence[ObjectRef]) -> Iterator[tuple[ObjectRef, Fault]]:
    """Each Secret that a second object of the tree writes, at that one."""
    writers: dict[tuple[str, str, str], ObjectRef] = {}
    for ref in objects:
        for kind, namespace, name, _ in ref.links.offered:
            if kind == "Secret":
                first = writers.setdefault((ref.cluster, namespace, name), ref)
                if (first.kind, first.name) != (ref.kind, ref.name):
                    yield ref, _twice(first, ref, name)


def _twice(first: ObjectRef, ref: ObjectRef, name: str) -> Fault:
    pointers: Mapping[str, Pointer] = {"Certificate": ("spec", "secretName"), "Secret": ("metadata", "name")}
    return Fault(
        id="secret-written-twice",
        message=f'{ref.kind} "{ref.name}" writes the Secret "{name}", and so does {first.kind} "{first.name}": '
        "each takes back what the other wrote",
        pointer=pointers.get(ref.kind, ("spec", "target", "name")),
        help=f"give one of them another Secret, or let one of them write all keys; the other one is {first.path}",
    )
