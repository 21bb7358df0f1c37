"""The clusters that Argo CD knows: each registered once, by one name and one server (argo-cd#7287, #9606, #15027)."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.whole_tree import IN_CLUSTER, WholeTree, rendered, template_place
from paddock.diagnostics import Note, Problem
from paddock.render import ObjectRef

IDS = ("cluster-registered-twice",)


def check(tree: WholeTree) -> Iterator[Problem]:
    """Pairs of cluster Secrets with one name or one server."""
    own = not tree.fleet.platform.capability
    seen: dict[tuple[str, str], ObjectRef | None] = {("name", IN_CLUSTER.name): None} if own else {}
    # What the program renders itself comes first: of a pair it is the template's Secret that is one too many.
    for ref, target, _ in sorted(tree.secrets, key=lambda one: one[0].template.startswith("templates/components/")):
        for field, value in (("name", target.name), ("server", target.server)):
            if (field, value) in seen:
                first = seen[field, value]
                other = (
                    f'the Secret "{first.name}" has it too' if first is not None else "Argo CD calls its own cluster so"
                )
                yield Problem(
                    id="cluster-registered-twice",
                    message=f'the Secret "{ref.name}" registers a cluster with the {field} "{value}", but {other}',
                    place=template_place(ref, f"{field}: {value}"),
                    related=(
                        *rendered(ref),
                        *((Note(message=f"the other: {first.path}"),) if first is not None else ()),
                    ),
                    help="register each cluster once: with two of a name no Application finds it, with two of a server "
                    "both keep its state (argocd.md 4.1)",
                )
            seen.setdefault((field, value), ref)
