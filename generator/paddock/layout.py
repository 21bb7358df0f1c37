"""Where things are: the folders of a repository, the files that ship with the package, and what a spec's path says."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from paddock.errors import Fatal

ENVIRONMENTS = "environments"
TEMPLATES = "templates"
SCHEMAS = "schemas"
BASELINE = "environments/baseline.yaml"
EXCEPTIONS = "environments/exceptions.yaml"
INPUTS = (ENVIRONMENTS, TEMPLATES, SCHEMAS)
RENDERED = "rendered"
MAX_INPUT_BYTES = 8 << 20
"""Largest file that is read at all; specs have a smaller limit of their own (`source.MAX_BYTES`)."""

_NAME = r"[a-z](?:[-a-z0-9]*[a-z0-9])?"
_PLACES = (
    ("Baseline", re.compile(r"environments/baseline\.yaml")),
    ("Exceptions", re.compile(r"environments/exceptions\.yaml")),
    ("Platform", re.compile(r"environments/platform\.yaml")),
    # Not `environment`: whatever lies in a folder's environment.yaml is an environment.
    ("Policy", re.compile(rf"environments/policies/(?!environment\.)(?P<name>{_NAME})\.yaml")),
    ("Environment", re.compile(rf"environments/(?P<environment>{_NAME})/environment\.yaml")),
    ("Cluster", re.compile(rf"environments/(?P<environment>{_NAME})/clusters/(?P<name>{_NAME})\.yaml")),
    ("Team", re.compile(rf"environments/(?P<environment>{_NAME})/teams/(?P<name>{_NAME})\.yaml")),
    (
        "Workload",
        re.compile(rf"environments/(?P<environment>{_NAME})/workloads/(?P<team>{_NAME})/(?P<name>{_NAME})\.yaml"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecPath:
    """What the path of a spec file says about it. `environment` is "base" for base objects."""

    path: str
    kind: str
    environment: str = ""
    team: str = ""
    name: str = ""


def spec_path(path: str) -> SpecPath | None:
    """The meaning of a path below environments/; None where no spec may lie."""
    for kind, pattern in _PLACES:
        if match := pattern.fullmatch(path):
            groups = {"name": "", **match.groupdict()}
            name = groups.pop("name") or groups.get("environment", "")
            if groups.get("environment") == "base" and kind not in ("Team", "Workload"):
                return None
            if groups.get("environment") == "policies":
                return None
            return SpecPath(path=path, kind=kind, name=name, **groups)
    return None


def find_root(start: Path) -> Path:
    """The nearest folder upward that holds environments/. Fatal if there is none."""
    for folder in (start, *start.parents):
        if (folder / ENVIRONMENTS).is_dir():
            return folder
    raise Fatal(
        f"no folder {ENVIRONMENTS}/ in {start} or above it",
        help="run paddock inside a repository, or name one with --root",
    )


def packaged(folder: str) -> Path:
    """The templates or schemas that ship with the package: beside it in the wheel, at the top in a clone."""
    package = Path(__file__).parent
    inside = package / folder
    return inside if inside.is_dir() else package.parents[1] / folder


def read_folder(root: Path, folder: str) -> dict[str, bytes]:
    """Every file below `root/folder` by path relative to root, sorted. Symlinks and oversize files give a marker.

    A file that must not be read appears with the content of `refused(reason)`.
    """
    found: dict[str, bytes] = {}
    top = root / folder
    if top.is_symlink():
        raise Fatal(f"{top} is a symbolic link", help="put the folder itself there")
    if not top.exists():
        return found
    for current, folders, files in os.walk(top, onerror=_unreadable):
        folders.sort()
        here = Path(current)
        for name in sorted([*files, *(one for one in folders if (here / one).is_symlink())]):
            path = here / name
            if name.startswith(".") or name.endswith("~"):
                continue
            found[path.relative_to(root).as_posix()] = _read(path)
        folders[:] = [one for one in folders if not unread_folder(one) and not (here / one).is_symlink()]
    return dict(sorted(found.items()))


def unread_folder(name: str) -> bool:
    """Whether a folder of this name is passed over: hidden ones, and what Python keeps beside the programs of templates
    (pip compiles every file that ends in .py when it installs the wheel)."""
    return name.startswith(".") or name == "__pycache__"


REFUSED = b"\0paddock-refused\0"
"""Begins the content that stands for a file that was not read; no text file holds it."""


def refused(reason: str) -> bytes:
    """Content that stands for a file that was not read, with the reason."""
    return REFUSED + reason.encode()


def _read(path: Path) -> bytes:
    if path.is_symlink():
        return refused("it is a symbolic link, and links are not followed")
    try:
        if not path.is_file():
            return refused("it is not a regular file")
        if path.stat().st_size > MAX_INPUT_BYTES:
            return refused(f"it has {path.stat().st_size:,} bytes; at most {MAX_INPUT_BYTES:,} are read")
        return path.read_bytes()
    except OSError as error:
        return refused(error.strerror or str(error))


def _unreadable(error: OSError) -> None:
    raise Fatal(f"cannot list {error.filename}: {error.strerror}")
