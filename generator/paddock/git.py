"""git plumbing: commits and trees are read with GitPython; objects are written and remotes spoken to through `process`.

Neither the work tree, what is staged, HEAD nor a ref outside refs/paddock/ is touched (but for refs/remotes/, which git
moves after a push), and no hook of the user runs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import fsdecode
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from paddock import dates, layout, process
from paddock.errors import Fatal

if TYPE_CHECKING:
    from git import Repo

LOCAL_SECONDS = 300.0
NETWORK_SECONDS = 600.0
FILE_MODE = "100644"
_EPOCH = "1970-01-01"
_SYMLINK, _SUBMODULE = "120000", "160000"
_SHA = re.compile(r"[0-9a-f]{40}")
_CONFIG = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false")
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a commit is what its id says
}


_QUIETLY = {"with_exceptions": False, "with_extended_output": True}
_MISSING, _INSTALL = "git is not installed", "install git 2.30 or newer, and put it on PATH"


class Entry(NamedTuple):
    """A file of a tree: mode in octal, and object id in hex."""

    mode: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who and when: `date` in ISO 8601, `stamp` as git stores it (seconds since the epoch, offset from UTC)."""

    name: str
    email: str
    date: str
    stamp: str

    @property
    def raw(self) -> str:
        """As a commit object has it: `Name <email> 1700000000 +0100`."""
        return f"{self.name} <{self.email}> {self.stamp}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit without its tree. `subject` is the first paragraph on one line, `body` the rest."""

    sha: str
    author: Identity
    committer: Identity
    subject: str
    body: str


def is_sha(text: str) -> bool:
    """Whether a text is a whole object id; GitPython reads no SHA-256 repositories."""
    return _SHA.fullmatch(text) is not None


def resolve(root: Path, rev: str) -> Commit:
    """The commit that a revision names (HEAD, a branch, a tag, an id). Fatal if there is none."""
    if rev.startswith("-") or not rev.isprintable() or not rev:
        raise Fatal(f"{rev!r} is not a revision", help="name a commit, branch or tag", code=2)
    with _repository(root) as repo:
        code, sha, _ = repo.git.rev_parse("--verify", "--quiet", f"{rev}^{{commit}}", **_QUIETLY)
        if code != 0:
            help = "commit first" if rev == "HEAD" else "a shallow clone may lack it: git fetch --unshallow"
            raise Fatal(f"there is no commit {rev} in {root}", help=help)
        if not is_sha(sha):
            raise Fatal(f"{root} stores objects by SHA-256, which is not supported", help="use a SHA-1 repository")
        fields = "%x00".join(f"%{who}n%x00%{who}e%x00%{who}I%x00%{who}d" for who in "ac")
        options = ("-1", "--no-show-signature", "--encoding=UTF-8", "--date=raw", f"--format={fields}%x00%B")
        *about, message = repo.git.log(*options, sha, stdout_as_string=False).decode("utf-8", "replace").split("\0")
        subject, _, body = message.strip().replace("\r\n", "\n").partition("\n\n")
        return Commit(
            sha=sha,
            author=_identity(*about[:4]),
            committer=_identity(*about[4:]),
            subject=" ".join(subject.split()),
            body=body.strip(),
        )


def head(root: Path) -> str:
    """The id of the commit that is checked out. Fatal if there is none."""
    return resolve(root, "HEAD").sha


def commit_date(root: Path, rev: str = "HEAD") -> str | None:
    """The day of a commit in UTC, as an ISO date; None where there is no git, repository or commit."""
    command = ["git", "log", "-1", "--no-show-signature", "--format=%ct", rev, "--"]
    try:
        done = process.run(command, cwd=root, timeout=LOCAL_SECONDS, env=_ENVIRONMENT)
    except Fatal:
        return None
    seconds = done.stdout.strip()
    return dates.shifted(_EPOCH, int(seconds) // 86400) if done.code == 0 and seconds else None


def read_commit(root: Path, rev: str, paths: Sequence[str]) -> dict[str, bytes]:
    """Files of a commit below folders of `root`, by path relative to `root`: what `layout.read_folder` reads from disk.

    Symbolic links, submodules and oversize files have the content of `layout.refused(reason)`.
    """
    found: dict[str, bytes] = {}
    with _repository(root) as repo:
        prefix = _prefix(repo, root)
        for entry, size, path in _listed(repo, rev, [prefix + one for one in paths]):
            path = path.removeprefix(prefix)
            if path in paths:
                raise Fatal(f"{path} is not a folder in commit {rev[:12]}", help="put the folder itself there")
            if not _hidden(path):
                found[path] = _content(repo, entry, size)
    return found


def list_files(root: Path, rev: str) -> dict[str, Entry]:
    """Every file of a commit by path."""
    with _repository(root) as repo:
        return {path: entry for entry, _, path in _listed(repo, rev, [])}


def read_files(root: Path, files: Mapping[str, Entry]) -> dict[str, str]:
    """The texts of files that `list_files` gave, by path; links and oversize files are left out."""
    with _repository(root) as repo:
        contents = {
            path: repo.odb.stream(bytes.fromhex(entry.id))
            for path, entry in files.items()
            if entry.mode not in (_SYMLINK, _SUBMODULE)
        }
        return {
            path: one.read().decode("utf-8", "replace")
            for path, one in contents.items()
            if one.size <= layout.MAX_INPUT_BYTES
        }


def changed_against(root: Path, rev: str, paths: Sequence[str]) -> list[str]:
    """Files below folders of `root` in which the work tree, untracked files included, differs from a commit; sorted."""
    with _repository(root) as repo:
        prefix = _prefix(repo, root)
        within = ("--", *(prefix + path for path in paths))
        options = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none")
        changed = _names(repo.git.diff(*options, rev, *within, stdout_as_string=False))
        new = _names(repo.git.ls_files("--others", "--exclude-standard", "-z", *within, stdout_as_string=False))
        return sorted({path for path in (one.removeprefix(prefix) for one in changed + new) if not _hidden(path)})


def has_commit(root: Path, sha: str) -> bool:
    """Whether a commit is in this clone."""
    with _repository(root) as repo:
        code, _, _ = repo.git.cat_file("-e", f"{sha}^{{commit}}", **_QUIETLY)
        return bool(code == 0)


def is_ancestor(root: Path, *, ancestor: str, descendant: str) -> bool:
    """Whether one commit can be reached from another (or is it). Both must be in this clone."""
    with _repository(root) as repo:
        return repo.is_ancestor(repo.commit(ancestor), repo.commit(descendant))


def is_shallow(root: Path) -> bool:
    """Whether history is cut off, so that "is no ancestor" means nothing."""
    with _repository(root) as repo:
        return str(repo.git.rev_parse("--is-shallow-repository")) == "true"


def entries_of(files: Mapping[str, str]) -> dict[str, Entry]:
    """The entries that files will have in a tree: git names a blob by the SHA-1 of its kind, length and content."""
    contents = ((path, text.encode()) for path, text in files.items())
    return {path: Entry(FILE_MODE, _sha1(b"blob %d\0" % len(content) + content)) for path, content in contents}


def read_branches(root: Path, *, remote: str, branches: Sequence[str]) -> dict[str, str]:
    """Fetch branches of a remote; the commit of each that exists. Fatal if the remote cannot be read."""
    listed = _network(root, ("ls-remote", "--refs"), remote, [f"refs/heads/{branch}" for branch in branches])
    lines = [line.split("\t") for line in listed.decode("utf-8", "replace").splitlines()]
    there = {line[1] for line in lines if len(line) == 2 and is_sha(line[0])}
    wanted = [branch for branch in branches if f"refs/heads/{branch}" in there]
    if wanted:
        _network(root, _FETCH, remote, [f"+refs/heads/{branch}:refs/paddock/remote/{branch}" for branch in wanted])
    return {branch: resolve(root, f"refs/paddock/remote/{branch}").sha for branch in wanted}


def fetch_commit(root: Path, *, remote: str, sha: str) -> bool:
    """Bring one commit and its history here, where the remote has it; whether it is here now."""
    if not has_commit(root, sha):
        _git(root, (*_FETCH, "--", remote, sha), timeout=NETWORK_SECONDS)
    return has_commit(root, sha)


_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules"),
    "--refmap=",  # without it a fetch also moves refs/remotes/
)


def write_commit(
    root: Path, branch: str, *, files: Mapping[str, str], parent: str | None, source: Commit, message: str
) -> str:
    """Write files as a commit on top of `parent` and return its id; refs/paddock/commits/<branch> keeps it.

    Author, committer and dates are those of `source`: the same input gives the same id. Fatal if git refuses.
    """
    known = list_files(root, parent) if parent else {}
    ref = f"refs/paddock/commits/{branch}"
    stream = _import_stream(ref, files, entries_of(files), known, parent, source, message)
    command = ("fast-import", "--quiet", "--force", "--done", "--date-format=raw-permissive")
    done = _git(root, command, stdin=stream, timeout=LOCAL_SECONDS)
    sha = done.stdout.decode("ascii", "replace").strip()
    if done.code != 0 or not is_sha(sha):
        raise Fatal(f"git cannot write a commit for {branch}: {_words(done.stderr)}", help="is the disk full?")
    return sha


def push(root: Path, *, remote: str, branch: str, new: str, old: str | None) -> str | None:
    """Move a branch of a remote from exactly `old` (None: it must not exist) to `new`; None, or why it was refused."""
    ref = f"refs/heads/{branch}"
    options = ("--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
    command = ("push", *options, f"--force-with-lease={ref}:{old or ''}", "--", remote, f"{new}:{ref}")
    done = _git(root, command, timeout=NETWORK_SECONDS)
    if done.code == 0:
        return None
    rejected = [line.split("\t")[-1] for line in done.stdout.decode("utf-8", "replace").splitlines() if line[:1] == "!"]
    return _words("\n".join(rejected).encode() + b"\n" + done.stderr)


def without_credentials(remote: str) -> str:
    """A remote as it may be shown: no user or password in a URL."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", remote)


def _import_stream(
    ref: str,
    files: Mapping[str, str],
    entries: Mapping[str, Entry],
    known: Mapping[str, Entry],
    parent: str | None,
    source: Commit,
    message: str,
) -> bytes:
    """Input of git fast-import: the whole tree, contents only of files that the parent does not have."""
    text = message.encode("utf-8", "replace")
    begin = f"reset {ref}\n\ncommit {ref}\nmark :1\nauthor {source.author.raw}\ncommitter {source.committer.raw}\n"
    parts = [begin.encode("utf-8", "replace"), b"data %d\n" % len(text), text, b"\n"]
    parts += [f"from {parent}\n".encode()] if parent else []
    parts.append(b"deleteall\n")
    for path, content in files.items():
        quoted = _quoted(path, files)
        if known.get(path) == entries[path]:
            parts.append(b"M 100644 %s %s\n" % (entries[path].id.encode(), quoted))
        else:
            data = content.encode()
            parts += [b"M 100644 inline %s\ndata %d\n" % (quoted, len(data)), data, b"\n"]
    parts.append(b"\nget-mark :1\ndone\n")
    return b"".join(parts)


def _quoted(path: str, files: Mapping[str, str]) -> bytes:
    """A path in C style. Fatal for one that a tree cannot hold, or that another file of the tree makes impossible."""
    steps = path.split("/")
    above = ("/".join(steps[:end]) for end in range(1, len(steps)))
    bad = {"", ".", "..", ".git"}
    if "\0" in path or any(step.lower() in bad for step in steps) or any(one in files for one in above):
        raise Fatal(f"git cannot hold a file named {path!r}", help="report it with the spec that gives this name")
    try:
        return b'"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").encode() + b'"'
    except UnicodeEncodeError:
        raise Fatal(f"the file name {path!r} is not UTF-8", help="rename it") from None


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@contextmanager
def _repository(root: Path) -> Iterator[Repo]:
    """The repository that holds `root`. Everything git or GitPython cannot do ends as Fatal."""
    try:
        from git import Repo
        from git.exc import GitCommandNotFound, GitError, InvalidGitRepositoryError, NoSuchPathError, ODBError
    except ImportError as error:  # GitPython says so when it finds no git
        raise Fatal(_MISSING, help=_INSTALL) from error
    try:
        with Repo(root.resolve(), search_parent_directories=True, expand_vars=False) as repo:
            repo.git.update_environment(**_ENVIRONMENT, **process.QUIET)
            repo.git.set_persistent_git_options(c=list(_CONFIG))
            yield repo
    except (InvalidGitRepositoryError, NoSuchPathError) as error:
        raise Fatal(f"{root} is not in a git repository", help="run paddock inside one, or git init") from error
    except GitCommandNotFound as error:
        raise Fatal(_MISSING, help=_INSTALL) from error
    except (GitError, ODBError, ValueError, OSError) as error:
        said = str(getattr(error, "stderr", "") or error)
        raise Fatal(f"git cannot read {root}: {_words(said.encode())}", help="git fsck finds damage") from error


def _prefix(repo: Repo, root: Path) -> str:
    """Path of `root` inside its repository, with a slash at its end; empty at the top."""
    if repo.working_tree_dir is None:
        raise Fatal(f"{root} is a bare repository", help="clone it with a work tree")
    inside = root.resolve().relative_to(Path(repo.working_tree_dir).resolve()).as_posix()
    return "" if inside == "." else inside + "/"


def _listed(repo: Repo, rev: str, paths: Sequence[str]) -> Iterator[tuple[Entry, str, str]]:
    """Entry, size and path of each file of a commit."""
    listing = repo.git.ls_tree("-r", "-l", "-z", "--full-tree", rev, "--", *paths, stdout_as_string=False)
    for line in _names(listing):
        about, _, path = line.partition("\t")
        mode, _, id, size = about.split()
        yield Entry(mode, id), size, path


def _content(repo: Repo, entry: Entry, size: str) -> bytes:
    if entry.mode == _SYMLINK:
        return layout.refused("it is a symbolic link, and links are not followed")
    if entry.mode == _SUBMODULE:
        return layout.refused("it is a submodule, and submodules are not read")
    if int(size) > layout.MAX_INPUT_BYTES:
        return layout.refused(f"it has {int(size):,} bytes; at most {layout.MAX_INPUT_BYTES:,} are read")
    content: bytes = repo.odb.stream(bytes.fromhex(entry.id)).read()
    return content


def _hidden(path: str) -> bool:
    """Whether `layout.read_folder` passes over it: hidden files and folders, and editors' backups."""
    *folders, name = path.split("/")
    return name.endswith("~") or name.startswith(".") or any(layout.unread_folder(step) for step in folders)


def _names(output: bytes | str) -> list[str]:
    """Parts of NUL-separated output."""
    data = output if isinstance(output, bytes) else output.encode()
    return [fsdecode(one) for one in data.split(b"\0") if one]


def _identity(name: str, email: str, date: str, stamp: str) -> Identity:
    """Characters that end a field of a commit object are left out."""
    name, email = re.sub(r"[<>\n]", "", name).strip(), re.sub(r"[<>\s]", "", email)
    return Identity(name=name or "unknown", email=email, date=date, stamp=stamp)


def _network(root: Path, command: Sequence[str], remote: str, refs: Sequence[str]) -> bytes:
    done = _git(root, (*command, "--", remote, *refs), timeout=NETWORK_SECONDS)
    if done.code != 0:
        shown = without_credentials(remote)
        raise Fatal(
            f"the remote {shown} cannot be read: {_words(done.stderr)}",
            help=f"check its name or URL, and that git can log in without asking: git ls-remote {shown}",
        )
    return done.stdout


def _git(root: Path, command: Sequence[str], *, stdin: bytes | None = None, timeout: float) -> process.Completed:
    options = [part for one in (*_CONFIG, *_ssh(root)) for part in ("-c", one)]
    return process.run(["git", *options, *command], cwd=root, stdin=stdin, timeout=timeout, env=_ENVIRONMENT)


def _ssh(root: Path) -> tuple[str, ...]:
    """ssh that never asks, unless the user configured another."""
    with _repository(root) as repo:
        configured = repo.git.config("--get", "core.sshCommand", with_exceptions=False)
    return () if configured else ("core.sshCommand=ssh -o BatchMode=yes",)


def _words(stderr: bytes) -> str:
    """What git said, on one line, without credentials and control characters."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    said = [line for line in lines if line and not line.startswith(("hint:", "To ", "Done"))]
    text = "; ".join(dict.fromkeys(said[-8:]))
    return without_credentials("".join(char if char.isprintable() else " " for char in text)) or "git gave no reason"
