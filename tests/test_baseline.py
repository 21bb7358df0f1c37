"""`paddock baseline`: what is wrong today does not count tomorrow, and what is new does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from paddock import cli
from test_findings import FINDINGS, build

TRAIN = Path("environments/base/workloads/vision/train.yaml")
BASELINE = Path("environments/baseline.yaml")
DAY = ["--as-of", "2026-11-01", "--color", "never"]


def run(verb: str, root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = cli.main([verb, "--root", str(root), *DAY])
    return code, capsys.readouterr().out


def lay(root: Path, case: str) -> None:
    shutil.copyfile(FINDINGS / case / "input" / TRAIN, root / TRAIN)


def test_adopting_a_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path, "grace-period-below-deadline", "gpu-does-not-fit")
    assert run("validate", tmp_path, capsys)[0] == 1
    assert run("baseline", tmp_path, capsys) == (0, "wrote environments/baseline.yaml: 1 finding\n")
    written = yaml.safe_load((tmp_path / BASELINE).read_text())
    assert [one["finding"] for one in written["spec"][TRAIN.as_posix()]] == ["gpu-does-not-fit"]
    assert run("validate", tmp_path, capsys) == (0, "no findings, 1 suppressed\n")

    lay(tmp_path, "grace-period-below-deadline")
    code, out = run("validate", tmp_path, capsys)
    assert (code, "warning[grace-period-below-deadline]" in out, "warning[stale-baseline]" in out) == (0, True, True)

    assert run("baseline", tmp_path, capsys) == (0, "wrote environments/baseline.yaml: 1 finding\n")
    assert run("validate", tmp_path, capsys) == (0, "no findings, 1 suppressed\n")


def test_it_is_deleted_when_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path)
    assert run("baseline", tmp_path, capsys) == (0, "there is nothing to accept\n")
    build(tmp_path, "legal--baseline")
    build(tmp_path)  # the repository as it was, beside the baseline
    assert run("baseline", tmp_path, capsys) == (0, "deleted environments/baseline.yaml: nothing is left\n")
    assert not (tmp_path / BASELINE).exists()


def test_what_hid_behind_an_accepted_error_is_accepted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rendered objects of a spec with an error are looked at once the error is accepted."""
    build(tmp_path, "policy-blocks-pod--workload")
    path = tmp_path / TRAIN
    path.write_text(path.read_text().replace("nodes: 4", "nodes: 16"))
    assert run("baseline", tmp_path, capsys)[0] == 0
    found = {
        one["finding"] for some in yaml.safe_load((tmp_path / BASELINE).read_text())["spec"].values() for one in some
    }
    assert {"gpu-does-not-fit", "policy-blocks-pod"} <= found
    code, out = run("validate", tmp_path, capsys)
    assert (code, out.startswith("no findings, ")) == (0, True)


def test_an_error_that_nobody_can_accept_stops_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path, "unknown-team")
    code, out = run("baseline", tmp_path, capsys)
    assert (code, "error[unknown-team]" in out) == (1, True)
    assert not (tmp_path / BASELINE).exists()


def test_a_render_takes_what_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path, "legal--exception")
    assert run("render", tmp_path, capsys)[0] == 0
    assert list((tmp_path / "rendered/dev/clusters/one/workloads/vision/train").glob("trainjob-*.yaml"))


def test_it_is_of_the_whole_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path)
    code = cli.main(["baseline", "--root", str(tmp_path), "-e", "dev"])
    assert (code, "a baseline is of the whole repository" in capsys.readouterr().err) == (2, True)
