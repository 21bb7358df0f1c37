"""A rendered tree on disk: written completely or known to be unfinished, and only where something changed.

Files are written aside and renamed; a journal stands while a tree is between two states. Only files that the manifest
lists are ever deleted, and a file that someone edited by hand is reported, not overwritten.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paddock.errors import Fatal

FOLDER = ".paddock"
MANIFEST = f"{FOLDER}/manifest.json"
_JOURNAL = f"{FOLDER}/journal.json"
_STAGE = f"{FOLDER}/stage"
_LOCK = f"{FOLDER}/lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What writing a tree did, by number of files; `edited` are files that someone changed by hand."""

    added: int = 0
    changed: int = 0
    deleted: int = 0
    unchanged: int = 0
    edited: list[str] = field(default_factory=list)


def digest(text: str) -> str:
    """sha256 of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_digest(files: Mapping[str, str]) -> str:
    """sha256 over every path, a NUL and the file's digest, in path order: equal exactly for equal trees."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path}\0{digest(files[path])}\n".encode())
    return total.hexdigest()


def with_manifest(files: Mapping[str, str], sources: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The files in path order with `.paddock/manifest.json`: each file's digest and the spec files behind it."""
    entries = {path: {"sha256": digest(files[path]), "sources": list(sources.get(path, ()))} for path in sorted(files)}
    manifest = json.dumps({"version": 1, "files": entries}, indent=1, ensure_ascii=False) + "\n"
    return dict(sorted({**files, MANIFEST: manifest}.items()))


def is_unfinished(folder: Path) -> bool:
    """Whether the writing of a tree was interrupted."""
    return (folder / _JOURNAL).exists()


def write(folder: Path, files: Mapping[str, str], *, overwrite_edited: bool = False) -> Written:
    """Make a folder hold exactly these files beside files that are not ours; `files` come from `with_manifest`.

    Files edited by hand stop it before anything is touched, unless they may be overwritten. Fatal if the disk refuses.
    """
    if MANIFEST not in files or not all(_safe(path) for path in files):
        raise ValueError("a tree has a manifest, and paths below its folder only")
    try:
        with _locked(folder):
            return _write(folder, files, overwrite_edited)
    except OSError as error:
        where = error.filename or folder
        raise Fatal(
            f"cannot write {where}: {error.strerror or error}",
            help="every file is whole; a tree that was being written is marked unfinished, and the next render ends it",
        ) from error


def _write(folder: Path, files: Mapping[str, str], overwrite_edited: bool) -> Written:
    before = _manifest(folder / MANIFEST)
    interrupted = _journal(folder / _JOURNAL)
    edited, same = _compare(folder, files, before, interrupted)
    if edited and not overwrite_edited:
        return Written(edited=edited)
    former = sorted((before.keys() | interrupted.keys()) - files.keys())
    gone = [path for path in former if _kind(folder / path) == "file" and (path in before or path not in edited)]
    todo = [path for path in files if path not in same and path != MANIFEST]
    if not todo and not gone and MANIFEST in same and not interrupted:
        shutil.rmtree(folder / _STAGE, ignore_errors=True)
        return Written(unchanged=len(files))
    _check_ways(folder, [*todo, MANIFEST], set(former))
    added = sum(_kind(folder / path) is None for path in todo)
    plan = {path: [*interrupted.get(path, ()), digest(files[path])] for path in todo}
    journal = {**{path: [] for path in gone}, **interrupted, **plan}
    _put(folder, _JOURNAL, json.dumps(journal, sort_keys=True))
    # First away, then new: a file may stand where a folder shall be, and a folder where a file shall be.
    for path in gone:
        (folder / path).unlink()
    for path in former:
        _remove_empty(folder, (folder / path).parent)
    for path in todo:
        _put(folder, path, files[path])
    _put(folder, MANIFEST, files[MANIFEST])
    shutil.rmtree(folder / _STAGE, ignore_errors=True)
    (folder / _JOURNAL).unlink()
    unchanged = len(files) - len(todo) - (MANIFEST not in same)
    return Written(added=added, changed=len(todo) - added, deleted=len(gone), unchanged=unchanged)


def _compare(
    folder: Path, files: Mapping[str, str], before: Mapping[str, str], interrupted: Mapping[str, list[str]]
) -> tuple[list[str], set[str]]:
    """Files that differ from all that paddock ever wrote there, and files that already are as they shall be."""
    edited, same = [], set()
    paths = before.keys() | files.keys() | interrupted.keys()
    _refuse_links(folder, _folders_of(paths))
    for path in sorted(paths):
        target = folder / path
        kind = _kind(target)
        if kind in (None, "folder"):
            continue
        wanted = files.get(path)
        content = target.read_bytes() if kind == "file" else None
        if content is not None and wanted is not None and content == wanted.encode():
            same.add(path)
        elif path != MANIFEST and not _is_ours(content, before.get(path), interrupted.get(path, [])):
            edited.append(path)
    return edited, same


def _is_ours(content: bytes | None, before: str | None, interrupted: list[str]) -> bool:
    return content is not None and hashlib.sha256(content).hexdigest() in (before, *interrupted)


def _check_ways(folder: Path, paths: Sequence[str], former: set[str]) -> None:
    """Nothing that stays may stand in the way of a file: neither a folder at its place nor a file above it."""
    leaving = former | _folders_of(former)
    for path in paths:
        target = folder / path
        if _kind(target) == "folder":
            inside = {one.relative_to(folder).as_posix() for one in target.rglob("*")}
            if path not in leaving or not inside <= leaving:
                raise Fatal(f"{target} is a folder where a file shall be", help="move it away")
    for above in sorted(_folders_of(paths) - former):
        if _kind(folder / above) not in (None, "folder"):
            raise Fatal(f"{folder / above} is a file where a folder shall be", help="move it away")


def _folders_of(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return found


def _kind(path: Path) -> str | None:
    """ "file", "folder", "other" (a link, a pipe, a device), or None where there is nothing."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def _put(folder: Path, path: str, text: str) -> None:
    target, staged = folder / path, folder / _STAGE
    staged.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = staged / "file"
    # A link that waits at this name must not lead the text out of the folder.
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(text.encode())
        if path.startswith(FOLDER):
            stream.flush()
            os.fsync(stream.fileno())
    aside.replace(target)


def _refuse_links(folder: Path, inside: Iterable[str]) -> None:
    """No folder on the way to a file may be a symbolic link: nothing is written outside the tree."""
    for path in sorted(inside):
        if (folder / path).is_symlink():
            raise Fatal(
                f"{folder / path} is a symbolic link inside the tree",
                help="remove it: files are only written below the output folder",
            )


def _remove_empty(folder: Path, parent: Path) -> None:
    while parent != folder:
        kind = _kind(parent)
        if kind not in (None, "folder") or (kind == "folder" and any(parent.iterdir())):
            return
        if kind == "folder":
            parent.rmdir()
        parent = parent.parent


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    _refuse_links(folder, (FOLDER, _STAGE))
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Fatal(f"another render is writing {folder}", help="wait until it has ended") from None
        yield
    finally:
        os.close(descriptor)


def _manifest(path: Path) -> dict[str, str]:
    """Digest by path of the files that were written last; empty where there is no manifest. Fatal if it is damaged."""
    try:
        entries = json.loads(path.read_bytes())["files"]
        return {_checked(name): str(entry["sha256"]) for name, entry in entries.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _damaged(path) from None


def _journal(path: Path) -> dict[str, list[str]]:
    """Digests by path of what interrupted runs may have written; empty where nothing was interrupted."""
    try:
        content = json.loads(path.read_bytes())
        return {_checked(name): [str(one) for one in digests] for name, digests in content.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise _damaged(path) from None


def _damaged(path: Path) -> Fatal:
    return Fatal(f"{path} is damaged", help="delete the rendered folder and render again")


def _checked(path: str) -> str:
    if not _safe(path) or path.startswith(f"{FOLDER}/"):
        raise ValueError(path)
    return path


def _safe(path: str) -> bool:
    """Whether a path stays below the folder it is joined to, and every file system takes it."""
    return path.isprintable() and not any(part in ("", ".", "..") for part in path.split("/"))
