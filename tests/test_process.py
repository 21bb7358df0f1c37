"""Processes: what comes back, what never happens (a shell, a prompt, an orphan), and every way not to start one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from paddock import process
from paddock.errors import Fatal


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_code_and_both_streams(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1]); sys.stderr.write('no'); sys.exit(7)"
    done = process.run(python(script), cwd=tmp_path, stdin=b"\x00abc", timeout=20)
    assert (done.code, done.stdout, done.stderr) == (7, b"cba\x00", b"no")


def test_arguments_are_no_shell(tmp_path: Path) -> None:
    done = process.run([*python("import sys; print(sys.argv[1])"), "$(id); `id` > x"], cwd=tmp_path, timeout=20)
    assert done.stdout == b"$(id); `id` > x\n"
    assert not list(tmp_path.iterdir())


def test_nothing_to_read_and_no_terminal(tmp_path: Path) -> None:
    script = """
import os, sys
print(repr(sys.stdin.read()))
try:
    os.open("/dev/tty", os.O_RDWR)
except OSError:
    print("no terminal")
"""
    assert process.run(python(script), cwd=tmp_path, timeout=20).stdout == b"''\nno terminal\n"


def test_git_variables_are_left_out_and_prompts_are_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_ASKPASS", "/bin/echo")
    monkeypatch.setenv("KEPT", "1")
    names = "GIT_DIR", "GIT_ASKPASS", "GIT_TERMINAL_PROMPT", "KEPT", "NEW"
    script = f"import os; print(*(os.environ.get(name) for name in {names}))"
    done = process.run(python(script), cwd=tmp_path, timeout=20, env={"NEW": "2"})
    assert done.stdout == b"None  0 1 2\n"


def test_clean_environment_is_for_the_whole_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"GIT_DIR": "/nowhere", "GIT_": "", "GITHUB_ACTIONS": "true", "PATH": "/bin"})
    process.clean_environment()
    assert os.environ == {"GITHUB_ACTIONS": "true", "PATH": "/bin"}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["paddock-no-such-program", "x"], "paddock-no-such-program is not installed"),
        (["./plain"], "./plain cannot be started: Permission denied"),
        (["git", "a\0b"], "git cannot be started: embedded null byte"),
        (["git", "x" * 5_000_000], "git cannot be started: Argument list too long"),
    ],
)
def test_what_cannot_start_is_fatal(tmp_path: Path, command: list[str], message: str) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(Fatal) as caught:
        process.run(command, cwd=tmp_path, timeout=5)
    assert caught.value.message == message


def test_a_missing_folder_is_fatal(tmp_path: Path) -> None:
    with pytest.raises(Fatal) as caught:
        process.run(["git"], cwd=tmp_path / "gone", timeout=5)
    assert caught.value.message == f"there is no folder {tmp_path / 'gone'}"


STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    open(sys.argv[1] + ".child", "w").write(str(os.getpid()))
    time.sleep(60)
open(sys.argv[1] + ".parent", "w").write(str(os.getpid()))
time.sleep(60)
"""


def ended(file: Path) -> bool:
    """Whether the process whose id is in a file is gone, or a zombie that nobody has waited for yet."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{file.read_text()}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_timeout_ends_the_whole_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.1)
    with pytest.raises(Fatal) as caught:
        process.run([*python(STUBBORN), str(tmp_path / "id")], cwd=tmp_path, timeout=1.0)
    assert caught.value.message.endswith(" did not end within 1 seconds")
    assert ended(tmp_path / "id.parent")
    assert ended(tmp_path / "id.child")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_ctrl_c_ends_the_whole_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.1)

    def interrupt() -> None:
        while not ((tmp_path / "id.parent").exists() and (tmp_path / "id.child").exists()):
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        process.run([*python(STUBBORN), str(tmp_path / "id")], cwd=tmp_path, timeout=30)
    thread.join()
    assert ended(tmp_path / "id.parent")
    assert ended(tmp_path / "id.child")


def test_a_timeout_names_the_verb(tmp_path: Path) -> None:
    script = tmp_path / "git"
    script.write_text("#!/bin/sh\nsleep 20\n")
    script.chmod(0o755)
    with pytest.raises(Fatal) as caught:
        process.run([str(script), "-c", "core.hooksPath=/dev/null", "push", "x"], cwd=tmp_path, timeout=0.2)
    assert caught.value.message == f"{script} push did not end within 0.2 seconds"
