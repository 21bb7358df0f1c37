"""Folders that Argo CD would refuse: more than 10 MB of manifests in one directory source (argo-cd#17799)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock.diagnostics import Problem
from paddock.render import ObjectRef

IDS = ("folder-too-large", "object-too-large")

FOLDER_LIMIT = 10_000_000
"""Default of reposerver.max.combined.directory.manifests.size: 10M."""
OBJECT_LIMIT = 1_000_000
"""Objects near etcd's limit of 1.5 MB are refused; managed fields are added to what is rendered (argo-cd#621)."""


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Each folder with objects, and each object."""
    sizes: dict[tuple[str, str], int] = {}
    for one in objects:
        folder = one.path.rpartition("/")[0]
        size = len(trees[one.environment][one.path].encode())
        before = sizes.get((one.environment, folder), 0)
        sizes[one.environment, folder] = before + size
        if size > OBJECT_LIMIT:
            yield Problem(
                id="object-too-large",
                message=f"{one.path} has {size:,} bytes; an object may have {OBJECT_LIMIT:,}",
                place=one.place,
                help="move large content out of the spec, e.g. into a bucket or an image",
            )
        if before <= FOLDER_LIMIT < sizes[one.environment, folder]:
            yield Problem(
                id="folder-too-large",
                message=f"the folder {folder} has more than {FOLDER_LIMIT:,} bytes, which Argo CD refuses",
                place=one.place,
                help="split what is rendered into it over two specs or components",
            )
