"""No Secret with data in the tree, except cluster Secrets that hold no credential (argocd.md 4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock.diagnostics import Note, Place, Problem
from paddock.render import ObjectRef

IDS = ("secret-in-tree",)

_CLUSTER_SECRET = "templates/argocd/secret.yaml.j2"


def check(objects: Sequence[ObjectRef]) -> Iterator[Problem]:
    """Every Secret that another template than the cluster Secret's renders."""
    for one in objects:
        if one.kind == "Secret" and one.group == "" and one.template != _CLUSTER_SECRET:
            yield Problem(
                id="secret-in-tree",
                message=f'the template renders the Secret "{one.name}": secrets do not belong into git',
                place=Place(path=one.template, line=1),
                related=(Note(message=f"rendered to {one.path}", place=one.place),),
                help="render an ExternalSecret instead",
            )
