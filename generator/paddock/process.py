"""The one place that starts a process: never a shell, never a prompt, nothing left running on a timeout or Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddock.errors import Fatal

GRACE_SECONDS = 2.0
"""How long a process may take to remove its lock files after SIGTERM before it is killed."""
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",  # empty: neither core.askPass nor SSH_ASKPASS is asked (git's prompt.c)
    "GCM_INTERACTIVE": "never",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
}
"""Variables that keep git, its credential helpers and ssh from asking. There is no terminal either: see `run`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a process ended: its exit code (negative: the signal that killed it) and all it wrote."""

    code: int
    stdout: bytes
    stderr: bytes


def clean_environment() -> None:
    """Remove every GIT_* variable of this process for good: GitPython hands its environment on to git."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes | None = None,
    timeout: float,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program to its end in a session of its own, so without a terminal. `timeout` is in seconds.

    `env` is added to the inherited environment, of which GIT_* is left out. Fatal if the program is missing or cannot
    start, or does not end in time; then, as on Ctrl-C, its whole process group is ended first.
    """
    process = _start(command, cwd, stdin, env)
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        raise Fatal(
            f"{_name(command)} did not end within {timeout:g} seconds", help="look at the network, then run it again"
        ) from None
    except BaseException:
        _end(process)
        raise
    return Completed(code=process.returncode, stdout=stdout, stderr=stderr)


def _start(
    command: Sequence[str], cwd: Path, stdin: bytes | None, env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**inherited, **QUIET, **(env or {})},
            start_new_session=True,
        )
    except FileNotFoundError as error:
        if not cwd.is_dir():
            raise Fatal(f"there is no folder {cwd}") from error
        raise Fatal(f"{command[0]} is not installed", help="install it, and put it on PATH") from error
    except (OSError, ValueError) as error:  # not executable, arguments too long, NUL in an argument
        raise Fatal(f"{command[0]} cannot be started: {getattr(error, 'strerror', None) or error}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all it started: asked first, so that lock files go, then killed."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):  # what stdin still held goes to nobody
                stream.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # everyone in the group has ended (macOS: zombies)
        os.killpg(process.pid, number)


def _name(command: Sequence[str]) -> str:
    """The program and the first argument that is no option: `git push`."""
    verb = next((one for one in command[1:] if not one.startswith("-") and "=" not in one), "")
    return f"{command[0]} {verb}".strip()
