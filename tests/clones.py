"""Real git repositories for tests: made with the program itself, read with it, never with the code under test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

CONFIG = {
    "user.name": "Ada Example",
    "user.email": "ada@example.com",
    "init.defaultBranch": "main",
    "protocol.file.allow": "always",
    "commit.gpgSign": "false",
}
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2026-03-01T10:00:00+0100",
    "GIT_COMMITTER_DATE": "2026-03-02T11:30:00-0330",
}


def git(where: Path, *arguments: str, stdin: bytes | None = None, date: str | None = None) -> str:
    """Run git in a folder, as if on a date; what it printed, without the last newline. A failure fails the test with
    git's words."""
    return raw(where, *arguments, stdin=stdin, date=date).decode().removesuffix("\n")


def raw(where: Path, *arguments: str, stdin: bytes | None = None, date: str | None = None) -> bytes:
    """As `git`, with the bytes it printed."""
    options = [part for key, value in CONFIG.items() for part in ("-c", f"{key}={value}")]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | ENVIRONMENT
    dated = {"GIT_COMMITTER_DATE": date} if date else {}
    done = subprocess.run(
        ["git", *options, *arguments],
        cwd=where,
        input=stdin,
        capture_output=True,
        env={**clean, **dated},
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def write(root: Path, files: Mapping[str, str]) -> None:
    """Put files into a folder."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())


def commit(root: Path, files: Mapping[str, str], message: str = "Change") -> str:
    """Write files and commit everything, even nothing; the id."""
    write(root, files)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(root, "rev-parse", "HEAD")


def repository(root: Path, files: Mapping[str, str], message: str = "Begin") -> str:
    """A new repository with one commit; its id."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "--quiet")
    git(root, "config", "core.fsync", "none")
    return commit(root, files, message)


def bare(root: Path) -> Path:
    """A new bare repository."""
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--bare")
    git(root, "config", "core.fsync", "none")
    return root


def hook(root: Path, name: str, script: str) -> None:
    """A hook of a repository, bare or not."""
    file = Path(git(root, "rev-parse", "--absolute-git-dir")) / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def files_of(root: Path, rev: str) -> dict[str, bytes]:
    """Every file of a commit with its bytes."""
    listing = raw(root, "ls-tree", "-r", "-z", "--full-tree", rev).decode("utf-8", "surrogateescape")
    found = {}
    for line in filter(None, listing.split("\0")):
        about, _, path = line.partition("\t")
        found[path] = raw(root, "cat-file", "blob", about.split()[2])
    return found


def refs(root: Path) -> dict[str, str]:
    """Every ref outside refs/paddock/, with its id."""
    lines = git(root, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    pairs = dict(line.split(" ") for line in lines)
    return {name: sha for name, sha in pairs.items() if not name.startswith("refs/paddock/")}
