"""manifest-generate-paths as Argo CD reads them: which changes of files make it render an Application again.

argo-cd, util/app/path/path.go: GetSourceRefreshPaths and AppFilesHaveChanged. Paths in, answers out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from paddock.analysis.argocd_patterns import file_match


def refresh_paths(annotation: str, source_paths: Sequence[str]) -> list[str]:
    """The paths of an annotation, each from the root and beginning with a slash: they are separated by `;`, and those
    without a slash count from the path of each source."""
    found: list[str] = []
    for item in (one.strip() for one in annotation.split(";")):
        if item.startswith("/"):
            found.append(posixpath.normpath(item))
        elif item:
            found += [posixpath.normpath(f"/{path}/{item}") for path in source_paths]
    return found


def is_below(path: str, paths: Iterable[str]) -> bool:
    """Whether a file or folder is one of the paths, or below one."""
    return any(f"/{path}/".startswith(f"{one.rstrip('/')}/") for one in paths)


def is_covered(file: str, paths: Sequence[str]) -> bool:
    """Whether a change of a file is seen: it is a path, below one, or matches one as a pattern."""
    return is_below(file, paths) or any(file_match(one, f"/{file}") for one in paths)


def outermost(folders: Iterable[str]) -> list[str]:
    """The folders that lie in no other one of them, sorted."""
    known = set(folders)
    return sorted(one for one in known if not any(one.startswith(f"{other}/") for other in known))
