"""The command line: help that teaches, exit codes, formats, colours, completion, and the error boundary."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import clones
from paddock import cli
from repositories import ROOT, SMALL

VERBS = (
    "baseline",
    "bench",
    "codeowners",
    "completion",
    "cost",
    "explain",
    "graph",
    "policy",
    "publish",
    "quota",
    "render",
    "validate",
    "whatif",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the small repository."""
    shutil.copytree(SMALL, tmp_path / "repository")
    return tmp_path / "repository"


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def break_spec(repository: Path) -> None:
    path = repository / "environments/base/workloads/vision/api.yaml"
    path.write_text(path.read_text().replace("replicas:", "replicaz:"))


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, verb, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: paddock {verb}")
    assert len(out.splitlines()) > 5


def test_help_names_verbs_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--help")
    assert code == 0
    assert all(verb in out for verb in VERBS)
    assert "2 usage" in out


def test_clean_is_0(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "validate", "--root", str(repository)) == (0, "no findings\n", "")


def test_dates_are_judged_as_of_a_day(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Outside git nothing is known of the day, and a verdict that nobody can repeat is worse than none."""
    code, out, _ = call(capsys, "validate", "--root", str(repository), "--as-of", "2026-12-03")
    assert (code, out.splitlines()[-1]) == (0, "found 0 errors, 1 warning")
    assert call(capsys, "validate", "--root", str(repository), "--as-of", "3.12.2026")[0] == 2


def test_by_default_the_day_is_that_of_the_commit(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clones.git(repository, "init", "--quiet")
    clones.git(repository, "add", ".")
    clones.git(repository, "commit", "--quiet", "-m", "x", date="2026-12-03T00:00:00Z")
    assert "warning[kubernetes-upgraded-by-eks]" in call(capsys, "validate", "--root", str(repository))[1]


def test_problems_are_1(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_spec(repository)
    code, out, err = call(capsys, "validate", "--root", str(repository))
    assert (code, err) == (1, "")
    assert 'help: did you mean "replicas"?' in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--no-such-option"],
        ["no-such-verb"],
        ["validate", "--environment", "nowhere"],
        ["validate", "--root", "/nowhere"],
        ["validate", "--format", "html"],
        ["explain", "no-such-finding"],
        ["validate", "absent.yaml"],
    ],
)
def test_usage_is_2(
    arguments: list[str], repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err


def test_a_folder_without_specs_is_fatal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capsys, "validate")
    assert (code, out) == (3, "")
    assert "no folder environments/" in err
    assert "--root" in err


def test_a_bug_is_3_with_a_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("paddock.pipeline.loading.load", broken)
    code, _, err = call(capsys, "validate", "--root", str(repository))
    assert code == 3
    assert err.startswith("paddock met a bug; please report the lines below.")
    assert "RuntimeError: boom" in err


def test_interrupted_is_130(repository: Path) -> None:
    """A real SIGINT in the middle of the work."""
    script = "import paddock.pipeline as p, time, sys; from paddock.cli import main\n"
    script += "p.loading.load = lambda *_, **__: (print('ready', flush=True), time.sleep(30))\n"
    script += f"sys.exit(main(['validate', '--root', {str(repository)!r}]))"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err.strip() == "paddock: interrupted"


def test_json(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_spec(repository)
    code, out, _ = call(capsys, "validate", "--root", str(repository), "--format", "json")
    document = json.loads(out)
    assert code == 1
    assert document["summary"]["errors"] == len(document["diagnostics"]) == 1
    assert document["diagnostics"][0]["location"]["path"] == "environments/base/workloads/vision/api.yaml"


def test_github_is_chosen_inside_actions(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    break_spec(repository)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    _, out, _ = call(capsys, "validate", "--root", str(repository))
    assert out.startswith("::error file=environments/base/workloads/vision/api.yaml,line=")
    assert "unknown-field" in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize(
    ("options", "colored"), [(["--color", "always"], True), (["--color", "never"], False), ([], False)]
)
def test_colours(options: list[str], *, colored: bool, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_spec(repository)
    _, out, _ = call(capsys, "validate", "--root", str(repository), *options)
    assert ("\x1b[" in out) is colored


def test_only_findings_of_the_named_specs(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_spec(repository)
    monkeypatch.chdir(repository)
    code, out, _ = call(capsys, "validate", "environments/base/workloads/vision/train.yaml")
    assert (code, out) == (0, "no findings\n")
    code, out, _ = call(capsys, "validate", "environments/base/workloads/vision/api.yaml")
    assert code == 1


def test_root_is_found_upward(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "environments/dev/clusters")
    assert call(capsys, "validate")[0] == 0


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "explain", "gpu-does-not-fit")
    assert code == 0
    assert out.splitlines()[0] == "gpu-does-not-fit (error)"
    titles = [line.split()[0] for line in out.splitlines()[1:] if line and not line.startswith(" ")]
    assert titles == ["What", "Why", "Example", "Fix", "Accepted", "Source"]
    code, out, _ = call(capsys, "explain")
    assert len(out.splitlines()) > 50


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "completion", shell)
    assert code == 0
    assert "_PADDOCK_COMPLETE" in out


def test_completion_completes_verbs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "paddock"],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "generator"),
            "_PADDOCK_COMPLETE": "bash_complete",
            "COMP_WORDS": "paddock va",
            "COMP_CWORD": "1",
        },
    )
    assert done.stdout == "plain,validate\n"


def test_a_closed_pipe_is_no_error(repository: Path) -> None:
    break_spec(repository)
    command = f"{sys.executable} -m paddock validate --root {repository} | head -c 1"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
    )
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
