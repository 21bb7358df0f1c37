"""`paddock policy test`, and what findings cannot show of policies: places within texts, and that a policy ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paddock import cli, source
from paddock.diagnostics import Place
from repositories import ROOT, SMALL

POLICIES = Path("environments/policies")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The small repository with a policy of the reference platform."""
    shutil.copytree(SMALL, tmp_path / "repository")
    (tmp_path / "repository" / POLICIES).mkdir()
    shutil.copyfile(ROOT / POLICIES / "cost-centers.yaml", tmp_path / "repository" / POLICIES / "cost-centers.yaml")
    return tmp_path / "repository"


def call(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["policy", "test", "--root", str(root), "--format", "text", "--color", "never", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_tests_that_pass_are_listed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(repository, capsys) == (
        0,
        "cost-centers\n  ok     pass: as finance writes it\n  ok     fail: without its prefix\n"
        "2 tests pass, of 1 policy\n",
        "",
    )


def test_a_test_that_fails_is_marked_and_reported(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = repository / POLICIES / "cost-centers.yaml"
    path.write_text(path.read_text().replace("{4}", "{5}"))
    code, out, _ = call(repository, capsys, "cost-centers")
    assert code == 1
    assert "  FAILED pass: as finance writes it\n  ok     fail: without its prefix\n" in out
    assert "error[policy-test-failed]: " in out
    assert "--> environments/policies/cost-centers.yaml:18:15\n" in out


def test_a_policy_that_cannot_be_read_is_reported(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = repository / POLICIES / "cost-centers.yaml"
    path.write_text(path.read_text().replace("expect: fail", "expect: maybe"))
    code, out, _ = call(repository, capsys)
    assert code == 1
    assert "error[invalid-value]: " in out
    path.write_text(path.read_text().replace("expect: maybe", "expect: fail").replace("object.spec", "spec"))
    code, out, _ = call(repository, capsys)
    assert code == 1
    assert out.startswith("cost-centers: cannot be used\n")
    assert out.count("error[cel-syntax]: ") == 2


def test_another_format_is_a_document(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(repository, capsys, "--format", "json")
    assert code == 0
    assert json.loads(out)["diagnostics"] == []


def test_an_unknown_policy_is_a_usage_error(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(repository, capsys, "cost-centres")
    assert code == 2
    assert "legal: cost-centers" in err


def test_an_endless_policy_ends(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """10,000 rounds of loops are what one answer may take."""
    numbers = f"[{', '.join('0' * 30)}]"
    loops = f"{numbers}.all(a, {numbers}.all(b, {numbers}.all(c, a == b && b == c)))"
    text = (repository / POLICIES / "cost-centers.yaml").read_text().replace("name: cost-centers", "name: loops")
    text = text.replace("expression: object.spec.costCenter.matches('^cc-[0-9]{4}$')", f'expression: "{loops}"')
    (repository / POLICIES / "loops.yaml").write_text(text)
    code, out, _ = call(repository, capsys, "loops")
    assert code == 1
    assert out.count("the expression fails: Iteration budget exceeded") == 2


TEXT = rb"""plain: object.spec.nodes
single: 'it''s here'
double: "a\tb \u00e9 here"
block: |

    first
      second
folded: >-
  one
  two
many: one
  two
"""


@pytest.mark.parametrize(
    ("key", "inside", "line", "columns"),
    [
        ("plain", (1, 8), 1, (15, 16)),
        ("single", (1, 6), 2, (16, 17)),
        ("double", (1, 7), 3, (22, 23)),
        ("block", (2, 1), 6, (5, 6)),
        ("block", (3, 3), 7, (7, 8)),
        ("folded", (1, 5), 8, (9, 11)),
        ("many", (1, 5), 11, (7, 10)),
    ],
)
def test_a_place_within_a_text(key: str, inside: tuple[int, int], line: int, columns: tuple[int, int]) -> None:
    location, _ = source.locate(TEXT, [Place(path="a", pointer=(key,), inside=inside)])[0]
    assert (location.line, (location.column, location.end_column)) == (line, columns)
