"""`paddock render`: what it writes, when it writes nothing, and how it ends what was interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paddock import cli, tree
from repositories import ROOT, SMALL


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(SMALL, tmp_path / "repository")
    return tmp_path / "repository"


def render(repository: Path, *options: str) -> int:
    return cli.main(["render", "--root", str(repository), *options])


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def change(repository: Path, old: str, new: str, path: str = "environments/base/workloads/vision/train.yaml") -> None:
    spec = repository / path
    assert old in spec.read_text()
    spec.write_text(spec.read_text().replace(old, new))


def test_summary(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render(repository) == 0
    out = capsys.readouterr().out
    assert "platform small" in out
    assert "TrainJob" in out
    assert "kubeconform: not asked for" in out


def test_a_second_run_writes_no_file(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    render(repository)
    before = {path: path.stat().st_mtime_ns for path in (repository / "rendered").rglob("*") if path.is_file()}
    render(repository)
    after = {path: path.stat().st_mtime_ns for path in (repository / "rendered").rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} <= {repository / "rendered/dev/.paddock/lock"}
    assert before.keys() == after.keys()


def test_the_manifest_names_digests_and_sources(repository: Path) -> None:
    render(repository)
    manifest = json.loads((repository / "rendered/dev" / tree.MANIFEST).read_text())
    files = {path for path in content(repository / "rendered/dev") if not path.startswith(".paddock/")}
    assert set(manifest["files"]) == files
    entry = manifest["files"]["clusters/one/workloads/vision/api/deployment-api.yaml"]
    assert entry["sources"] == [
        "environments/base/teams/vision.yaml",
        "environments/base/workloads/vision/api.yaml",
        "environments/dev/clusters/one.yaml",
        "environments/dev/teams/vision.yaml",
    ]


def test_a_changed_image_adds_one_run_and_alters_none(repository: Path) -> None:
    render(repository)
    before = content(repository / "rendered/dev")
    change(repository, "sha256:0123", "sha256:ffff")
    render(repository)
    after = content(repository / "rendered/dev")
    added, gone = after.keys() - before.keys(), before.keys() - after.keys()
    assert sorted(Path(path).name.split("-")[0] for path in added) == ["configmap", "trainjob"]
    assert sorted(Path(path).name.split("-")[0] for path in gone) == ["configmap", "trainjob"]
    assert [path for path in before.keys() & after.keys() if before[path] != after[path]] == [tree.MANIFEST]


def test_nothing_is_written_if_there_is_an_error(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(repository, "nodes: 4", "nodes: four")
    assert render(repository) == 1
    assert not (repository / "rendered").exists()


def test_an_edited_file_is_reported_not_overwritten(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    render(repository)
    target = repository / "rendered/dev/clusters/one/workloads/vision/api/service-api.yaml"
    target.write_text("mine\n")
    change(repository, "8080", "8081", "environments/base/workloads/vision/api.yaml")
    before = content(repository / "rendered")
    assert render(repository) == 1
    assert "edited-file" in capsys.readouterr().out
    assert content(repository / "rendered") == before
    assert render(repository, "--overwrite") == 0
    assert "8081" in target.read_text()


def test_a_removed_workload_takes_its_files_with_it(repository: Path) -> None:
    render(repository)
    (repository / "rendered/dev/notes.txt").write_text("not ours\n")
    (repository / "environments/base/workloads/vision/model.yaml").unlink()
    render(repository)
    assert not (repository / "rendered/dev/clusters/one/workloads/vision/model").exists()
    assert (repository / "rendered/dev/notes.txt").exists()


@pytest.mark.parametrize("after", [1, 5, 40])
def test_killed_in_the_middle_of_writing(
    after: int, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """kill -9 after some files: each is whole, other verbs refuse the tree, the next render ends it."""
    shutil.copytree(repository, tmp_path / "other")
    render(tmp_path / "other")
    script = f"""
import os, signal, sys
from paddock import cli, tree
put, count = tree._put, 0
def counting(*arguments):
    global count
    count += 1
    if count > {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    put(*arguments)
tree._put = counting
cli.main(["render", "--root", {str(repository)!r}])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, env={**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    )
    assert done.returncode == -signal.SIGKILL
    whole = content(tmp_path / "other/rendered/dev")
    for path, text in content(repository / "rendered/dev").items():
        if not path.startswith(".paddock/"):
            assert text == whole[path]
    assert cli.main(["validate", "--root", str(repository)]) == 3
    assert "unfinished" in capsys.readouterr().err
    assert render(repository) == 0
    assert content(repository / "rendered/dev") == whole


def test_an_output_folder_that_cannot_be_written(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "rendered").write_text("a file where the folder shall be\n")
    assert render(repository) == 3
    assert "cannot write" in capsys.readouterr().err


def test_a_full_disk(repository: Path) -> None:
    """A file size limit stands for the full disk: the write fails in the middle of a file."""
    script = f"""
import resource, signal, sys
from paddock.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
sys.exit(main(["render", "--root", {str(repository)!r}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
    )
    assert done.returncode == 3
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert render(repository) == 0


def test_output_elsewhere(repository: Path, tmp_path: Path) -> None:
    assert render(repository, "--output", str(tmp_path / "out")) == 0
    assert (tmp_path / "out/dev/argocd/root.yaml").is_file()
    assert not (repository / "rendered").exists()
