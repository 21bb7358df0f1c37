"""Each finding by example: `findings/<id>[--variant]/` holds files laid over the repository `findings/_repository`.

`covers.yaml` says for which findings a case is `silent` (near to the fault, and legal) or `borderline` (at its very
edge, on either side), each with the reason. `expected.txt` is the exit code and exactly what `paddock validate` prints.
`input/<path>.delete` deletes a file, `input/<path>.make` is Python that gives the bytes of a file that no editor would
save.
"""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path

import pytest
import yaml

from paddock import cli, explanations, verdict
from paddock.checks import (
    DATED_CHECKS,
    OBJECT_CHECKS,
    OUTPUT_CHECKS,
    RELATION_CHECKS,
    SPEC_CHECKS,
    TEXT_CHECKS,
    TREE_CHECKS,
)
from paddock.explanations import EXPLANATIONS

FINDINGS = Path(__file__).parent / "findings"
REPOSITORY = FINDINGS / "_repository"
CASES = sorted(path.name for path in FINDINGS.iterdir() if path.is_dir() and not path.name.startswith("_"))

# Findings that no spec can show: their tests are elsewhere.
ELSEWHERE = {
    "application-renamed": "test_publish.py",
    "destination-changed": "test_publish.py",
    "check-crashed": "test_pipeline.py",
    "render-crashed": "test_pipeline.py",
    "diverged-source": "test_publish.py",
    "edited-file": "test_render_command.py",
    "engine-count": "test_kubeconform.py",
    "foreign-branch": "test_publish.py",
    "kubeconform": "test_kubeconform.py",
    "kubernetes-downgrade": "test_publish.py",
    "kubernetes-skips-version": "test_publish.py",
    "stale-codeowners": "test_codeowners.py",
    "unannounced-removal": "test_publish.py",
}

CHECKS = (
    *SPEC_CHECKS,
    *TEXT_CHECKS,
    *DATED_CHECKS,
    *OBJECT_CHECKS,
    *OUTPUT_CHECKS,
    *RELATION_CHECKS,
    *TREE_CHECKS,
)
# Every finding that a check of the registries may report.
CHECKED = sorted({*verdict.IDS, *(id for check in CHECKS for id in check.ids)})


def _covers(case: str) -> dict[str, dict[str, str]]:
    path = FINDINGS / case / "covers.yaml"
    found = yaml.safe_load(path.read_text()) if path.exists() else {}
    return {"silent": {}, "borderline": {}, **found}


COVERS = {case: _covers(case) for case in CASES}


def build(root: Path, *cases: str) -> None:
    """The small repository with the files of some cases laid over it, in order."""
    shutil.copytree(REPOSITORY, root, dirs_exist_ok=True)
    for case in cases:
        _lay(FINDINGS / case / "input", root)


def _lay(folder: Path, root: Path) -> None:
    for path in sorted(folder.rglob("*")):
        target = root / path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".delete":
            target.with_suffix("").unlink()
        elif path.suffix == ".make":
            scope: dict[str, bytes] = {}
            exec(compile(path.read_text(), str(path), "exec"), {}, scope)
            target.with_suffix("").write_bytes(scope["content"])
        elif path.is_symlink():
            target.unlink(missing_ok=True)
            target.symlink_to(path.readlink())
        else:
            shutil.copyfile(path, target)


def validate(root: Path, capsys: pytest.CaptureFixture[str], as_of: str = "2026-11-01") -> str:
    """Exit code and output of `paddock validate` on a day."""
    code = cli.main(["validate", "--root", str(root), "--color", "never", "--jobs", "1", "--as-of", as_of])
    captured = capsys.readouterr()
    return f"exit {code}\n{captured.out}{captured.err}".replace(str(root), "<root>")


@pytest.mark.parametrize("case", CASES)
def test_finding(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], update_golden: bool) -> None:
    build(tmp_path, case)
    day = FINDINGS / case / "as-of"
    found = validate(tmp_path, capsys, *([day.read_text().strip()] if day.exists() else []))
    expected = FINDINGS / case / "expected.txt"
    if update_golden:
        expected.write_text(found)
    assert found == expected.read_text()
    id = case.split("--")[0]
    if id == "legal":
        assert re.fullmatch(r"exit 0\nno findings(, \d+ suppressed)?\n", found)
    else:
        warning = f"warning[{id}]: " in found
        assert warning or f"error[{id}]: " in found
        assert found.startswith("exit 0\n" if warning else "exit 1\n")
    assert "Traceback" not in found


def test_the_repository_itself_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path)
    assert validate(tmp_path, capsys) == "exit 0\nno findings\n"


def test_every_finding_has_a_case_and_an_explanation() -> None:
    shown = {case.split("--")[0] for case in CASES} - {"legal"}
    assert shown <= EXPLANATIONS.keys()
    assert EXPLANATIONS.keys() - shown - ELSEWHERE.keys() == set()


def test_each_finding_is_explained_in_one_module() -> None:
    modules = [value for value in vars(explanations).values() if hasattr(value, "EXPLANATIONS")]
    ids = [id for module in modules for id in module.EXPLANATIONS]
    assert sorted(ids) == sorted(EXPLANATIONS)


def test_every_check_states_its_ids() -> None:
    assert set(CHECKED) <= EXPLANATIONS.keys()


@pytest.mark.parametrize("id", CHECKED)
def test_every_check_knows_where_to_stay_silent(id: str) -> None:
    """For each finding a case that is near to it and legal, and the case at its very edge, on either side."""
    lacking = {kind for kind in ("silent", "borderline") if not any(id in one[kind] for one in COVERS.values())}
    assert lacking == set(), f"no case is {' or '.join(sorted(lacking))} for {id}"


def test_what_a_case_covers_is_said_in_a_sentence_and_true() -> None:
    for case, covers in COVERS.items():
        assert set(covers) <= {"silent", "borderline"}, case
        for id, reason in (*covers["silent"].items(), *covers["borderline"].items()):
            assert id in CHECKED, f"{case}: {id} is no finding of a check"
            assert len(str(reason).split()) >= 3, f"{case}: say in a sentence why {id} belongs here"
        shown = re.findall(r"^(?:error|warning)\[(.*?)\]", (FINDINGS / case / "expected.txt").read_text(), re.MULTILINE)
        assert not covers["silent"].keys() & set(shown), case


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.ids[0])
def test_disabling_a_check_would_be_noticed(check: object) -> None:
    """Each id of a check has a case, so a check that is switched off makes `test_finding` fail."""
    shown = {case.split("--")[0] for case in CASES}
    assert set(check.ids) <= shown  # type: ignore[attr-defined]


def test_three_faults_in_three_files_are_three_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = ("unknown-field", "duplicate-key", "unknown-team")
    build(tmp_path, *cases)
    found = validate(tmp_path, capsys)
    assert found.startswith("exit 1\n")
    assert [line for line in found.splitlines() if line.startswith("error[")] == [
        line
        for case in ("unknown-team", "unknown-field", "duplicate-key")  # in the order of their paths
        for line in (FINDINGS / case / "expected.txt").read_text().splitlines()
        if line.startswith("error[")
    ]
    assert found.endswith("found 3 errors, 0 warnings, 3 skipped\n")


def test_a_file_without_read_permission(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions do not stop root, so the operating system's refusal is put in its place."""
    build(tmp_path)
    refused = tmp_path / "environments/base/workloads/vision/model.yaml"
    read_bytes = Path.read_bytes

    def read(path: Path) -> bytes:
        if path == refused:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    found = validate(tmp_path, capsys)
    assert found.startswith("exit 1\nerror[unreadable-file]: the file cannot be read: Permission denied\n")
    assert "--> environments/base/workloads/vision/model.yaml:1:1\n" in found
    assert found.endswith("found 1 error, 0 warnings, 1 skipped\n")
