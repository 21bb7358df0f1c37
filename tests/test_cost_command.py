"""`paddock cost`: table, JSON and CSV for the small repository and the reference platform, and its errors."""

from __future__ import annotations

import csv
import io
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from paddock import cli
from paddock.analysis.cost import GROUPINGS
from repositories import ROOT, SMALL

GOLDEN = Path(__file__).parent / "golden" / "cost"
SCHEMA = json.loads((ROOT / "schemas" / "output" / "cost.schema.json").read_text())
AS_OF = ("--as-of", "2026-11-25")


def call(capsys: pytest.CaptureFixture[str], *arguments: str, root: Path = ROOT) -> tuple[int, str, str]:
    code = cli.main(["cost", "--root", str(root), *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *arguments: str, root: Path = ROOT) -> Any:
    code, out, err = call(capsys, "--format", "json", *AS_OF, *arguments, root=root)
    assert (code, err) == (0, "")
    assert out.isascii()
    found = json.loads(out)
    jsonschema_rs.validate(SCHEMA, found)
    return found


@pytest.mark.parametrize(
    ("name", "root", "arguments"),
    [
        ("small.txt", SMALL, ("--by", "workload")),
        ("small.json", SMALL, ("--format", "json")),
        ("small.csv", SMALL, ("--by", "pool", "--format", "csv")),
        ("reference-team.txt", ROOT, ()),
        ("reference-pool.txt", ROOT, ("--by", "pool")),
        ("reference-workload.txt", ROOT, ("--by", "workload", "--environment", "prod")),
        ("reference-environment.txt", ROOT, ("--by", "environment", "--hourly")),
    ],
)
def test_output(
    name: str, root: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    code, out, err = call(capsys, *AS_OF, *arguments, root=root)
    assert (code, err) == (0, "")
    path = GOLDEN / name
    if update_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(out)
    assert out == path.read_text()


@pytest.mark.parametrize("by", GROUPINGS)
def test_rows_of_the_document_add_up_to_its_total(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As printed, to the last digit; and every grouping has the same total."""
    found = document(capsys, "--by", by)
    for case in ("minimum", "expected", "maximum"):
        assert sum(Fraction(row[case]) for row in found["rows"]) == Fraction(found["total"][case])
    assert found["total"] == document(capsys)["total"]
    assert [row["environment"] for row in found["rows"]] == sorted(row["environment"] for row in found["rows"])


def test_budgets_stand_beside_teams_and_environments(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {(row["environment"], row["name"]): row for row in document(capsys)["rows"]}
    assert rows["prod", "perception"]["budget"] == "245000.000000"
    assert rows["prod", "(idle)"]["budget"] is None
    rows = {row["name"]: row for row in document(capsys, "--by", "environment")["rows"]}
    assert rows["prod"]["budget"] == "1600000.000000"
    # A budget of all teams says nothing of one.
    assert document(capsys, "--by", "environment", "--team", "planning")["rows"][0]["budget"] is None


def test_only_one_team_or_environment(capsys: pytest.CaptureFixture[str]) -> None:
    whole = {(row["environment"], row["name"]): row for row in document(capsys)["rows"]}
    found = document(capsys, "--team", "mapping", "--environment", "staging")
    assert found["rows"] == [whole["staging", "mapping"]]
    assert {gap["environment"] for gap in found["notCounted"]} <= {"staging"}
    assert {gap["team"] for gap in found["notCounted"]} <= {"mapping", None}


def test_an_hour_is_a_730th_of_a_month(capsys: pytest.CaptureFixture[str]) -> None:
    month, hour = document(capsys), document(capsys, "--hourly")
    assert hour["unit"] == "USD an hour"
    assert abs(Fraction(month["total"]["expected"]) / 730 - Fraction(hour["total"]["expected"])) < Fraction(1, 10**6)


def test_csv_has_a_line_for_each_row_and_each_gap(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, *AS_OF, "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(out)))
    found = document(capsys)
    assert len(lines) == len(found["rows"]) + len(found["notCounted"])
    assert {line["notCounted"] for line in lines} - {""} == {gap["why"] for gap in found["notCounted"]}
    assert all((line["expected"] == "") == (line["notCounted"] != "") for line in lines)


def test_the_day_decides_what_extended_support_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """serve-fra in prod has 1.33, whose standard support ended in July 2026: half a dollar an hour more."""
    late = document(capsys, "--by", "pool", "--environment", "prod")["rows"]
    _, out, _ = call(capsys, "--format", "json", "--by", "pool", "--environment", "prod", "--as-of", "2026-07-01")
    early = json.loads(out)["rows"]
    planes = [
        next(Fraction(row["expected"]) for row in rows if row["name"] == "(control plane)") for rows in (late, early)
    ]
    assert planes[0] - planes[1] == 365


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(SMALL, tmp_path / "repository")
    return tmp_path / "repository"


def test_a_fault_is_printed_instead(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = repository / "environments/base/workloads/vision/api.yaml"
    path.write_text(path.read_text().replace("replicas:", "replicaz:"))
    code, out, _ = call(capsys, root=repository)
    assert code == 1
    assert "error[unknown-field]" in out


def test_a_budget_that_is_exceeded_is_shown_and_no_error_here(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = repository / "environments/dev/teams/vision.yaml"
    path.write_text(path.read_text().replace("spec:\n", "spec:\n  budget: {monthlyUSD: 1000}\n", 1))
    code, out, _ = call(capsys, *AS_OF, root=repository)
    assert code == 0
    row = next(line for line in out.splitlines() if line.startswith("vision"))
    assert row.split()[-2:] == ["1,000", "218%"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--team", "nobody"), 'there is no team "nobody"'),
        (("--environment", "nowhere"), 'there is no environment "nowhere"'),
    ],
)
def test_what_does_not_exist_is_a_usage_error(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(capsys, *arguments)
    assert code == 2
    assert message in err
    assert "legal: " in err


def test_outside_git_no_day_is_known(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, root=repository)
    assert code == 0
    assert out.startswith("USD a month, 730 hours a month\n")
