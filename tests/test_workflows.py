"""The workflows of this repository: sound for actionlint and zizmor, and as careful as they claim to be."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from repositories import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = {path.stem: path for path in sorted((GITHUB / "workflows").glob("*.yml"))}
PROGRAMS = Path(sys.executable).parent


def parsed(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def steps() -> list[tuple[str, str, dict[str, Any]]]:
    """Workflow, job and step of every step."""
    return [
        (name, job, step)
        for name, path in WORKFLOWS.items()
        for job, body in parsed(path)["jobs"].items()
        for step in body["steps"]
    ]


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint() -> None:
    program = shutil.which("actionlint", path=str(PROGRAMS)) or shutil.which("actionlint")
    if program is None and shutil.which("go") is None:
        pytest.skip("neither actionlint nor Go is installed")
    command = [program] if program else ["go", "-C", "tools", "tool", "actionlint"]
    run(*command, "-shellcheck=", "-pyflakes=", *(str(path) for path in WORKFLOWS.values()))


def test_zizmor() -> None:
    program = shutil.which("zizmor", path=str(PROGRAMS)) or shutil.which("zizmor")
    if program is None:
        pytest.skip("zizmor is not installed")
    run(program, "--offline", "--no-progress", "--quiet", "--pedantic", str(GITHUB))


def test_actions_are_pinned_by_commit_with_their_version() -> None:
    lines = [line.strip() for path in WORKFLOWS.values() for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"- uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    pins = {line.split("@")[0].removeprefix("- uses: "): line.split("@")[1] for line in lines}
    assert {line.split("uses: ")[1] for line in lines} == {f"{action}@{pin}" for action, pin in pins.items()}


def test_only_publish_may_write_and_only_in_one_job() -> None:
    granted = {}
    for name, path in WORKFLOWS.items():
        workflow = parsed(path)
        assert workflow["permissions"] == {}, name
        for job, body in workflow["jobs"].items():
            granted |= {(name, job, scope): access for scope, access in body["permissions"].items()}
    assert {key for key, access in granted.items() if access != "read"} == {("publish", "publish", "contents")}


def test_no_checkout_leaves_a_token_and_one_step_has_it() -> None:
    for name, job, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, (name, job)
        if "paddock publish" not in step.get("run", ""):
            assert not re.search(r"secrets\.|github\.token|GH_TOKEN", str(step)), (name, job)


def test_a_failing_program_in_a_pipe_fails_its_step() -> None:
    for name, path in WORKFLOWS.items():
        assert parsed(path)["defaults"]["run"]["shell"] == "bash", f"{name}: without it there is no pipefail"


def test_required_workflows_start_on_every_pull_request_and_end_in_a_gate() -> None:
    for name in ("ci", "validate"):
        workflow = parsed(WORKFLOWS[name])
        on = workflow["on"]
        assert {"pull_request", "merge_group"} <= on.keys()
        assert on["pull_request"] is None, "a path filter would leave the required check pending"
        gate = workflow["jobs"]["gate"]
        assert gate["if"] == "always()"
        assert set(gate["needs"]) == workflow["jobs"].keys() - {"gate"}


@pytest.mark.parametrize(
    ("changes", "relevant", "validate", "passes"),
    [
        ("success", "true", "success", True),
        ("success", "false", "skipped", True),
        ("success", "true", "failure", False),
        ("success", "true", "skipped", False),
        ("success", "true", "cancelled", False),
        ("failure", "", "skipped", False),
        ("cancelled", "", "skipped", False),
    ],
)
def test_the_gate_of_validate(changes: str, relevant: str, validate: str, passes: bool) -> None:
    [step] = parsed(WORKFLOWS["validate"])["jobs"]["gate"]["steps"]
    values = {"CHANGES": changes, "RELEVANT": relevant, "VALIDATE": validate}
    assert step["env"].keys() == values.keys()
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], env=values, capture_output=True)
    assert (done.returncode == 0) is passes


@pytest.mark.parametrize(("results", "passes"), [("success", True), ("failure", False), ("cancelled", False)])
def test_the_gate_of_ci(results: str, passes: bool) -> None:
    [step] = parsed(WORKFLOWS["ci"])["jobs"]["gate"]["steps"]
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], env={"RESULTS": results}, capture_output=True)
    assert (done.returncode == 0) is passes


def test_publishing_is_never_cancelled_and_uses_no_cache() -> None:
    workflow = parsed(WORKFLOWS["publish"])
    assert workflow["on"] == {"push": {"branches": ["main"]}}
    assert workflow["concurrency"] == {"group": "publish", "cancel-in-progress": False}
    assert "cache" not in str(workflow["jobs"])


def test_kyverno_is_pinned_with_its_sum() -> None:
    module, sums = ((ROOT / "tools" / "kyverno" / name).read_text() for name in ("go.mod", "go.sum"))
    assert "tool github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno\n" in module
    version = re.search(r"github.com/kyverno/kyverno (v\S+)", module)
    assert version is not None
    assert f"github.com/kyverno/kyverno {version[1]} h1:" in sums


def test_prometheus_tools_are_pinned_with_their_sums() -> None:
    module, sums = ((ROOT / "tools" / "prometheus" / name).read_text() for name in ("go.mod", "go.sum"))
    for name, tool in (("prometheus", "promtool"), ("alertmanager", "amtool")):
        assert f"\tgithub.com/prometheus/{name}/cmd/{tool}\n" in module
        version = re.search(rf"github.com/prometheus/{name} (v\S+)", module)
        assert version is not None
        assert f"github.com/prometheus/{name} {version[1]} h1:" in sums


def test_go_tools_are_pinned_with_their_sums() -> None:
    module, sums = ((ROOT / "tools" / name).read_text() for name in ("go.mod", "go.sum"))
    tools = re.findall(r"^\t((\S+?)(?:/cmd/\S+)?)$", module, re.MULTILINE)
    assert [tool.rpartition("/")[2] for tool, _ in tools] == ["actionlint", "kubeconform", "kubectl-validate"]
    for _, name in tools:
        version = re.search(rf"^\t{name} (v\S+)", module, re.MULTILINE)
        assert version is not None
        assert f"{name} {version[1]} h1:" in sums
