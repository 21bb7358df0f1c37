"""SARIF for code scanning: valid under the schema of OASIS whatever a spec holds, and regions are lines of specs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock import cli
from paddock.diagnostics import Diagnostic, Location, Related, Severity, Suppressed
from paddock.report import sarif
from paddock.report.outcome import Outcome
from test_findings import build

# The schema comes as a string in a Go module that `make test` fetches; it is of draft 4.
SOURCE = Path(__file__).resolve().parents[2] / ".venv" / "sarif_schema.go"
needs_schema = pytest.mark.skipif(
    not SOURCE.is_file(), reason="the schema of SARIF is not there: `make test` fetches it"
)

AT = Location(path="environments/base/workloads/vision/my train.yaml", line=2, column=3, end_line=2, end_column=8)
FOUND = Diagnostic(
    id="unknown-team",
    severity=Severity.ERROR,
    message="there is no team é",
    location=AT,
    related=(Related(message="a fact", location=AT), Related(message="another")),
    help="write it",
)


def run_of(outcome: Outcome) -> Any:
    text = sarif.render(outcome)
    assert text.isascii()
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


def schema() -> jsonschema.Draft4Validator:
    text = SOURCE.read_text()
    return jsonschema.Draft4Validator(json.loads(text[text.index("`") + 1 : text.rindex("`")]))


def test_a_result() -> None:
    region = {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 8}
    place = {
        "artifactLocation": {"uri": "environments/base/workloads/vision/my%20train.yaml", "uriBaseId": "SRCROOT"},
        "region": region,
    }
    run = run_of(Outcome(diagnostics=[FOUND]))
    assert run["results"] == [
        {
            "ruleId": "unknown-team",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "there is no team é\nanother\nHelp: write it"},
            "locations": [{"physicalLocation": place}],
            "relatedLocations": [{"id": 1, "physicalLocation": place, "message": {"text": "a fact"}}],
            "partialFingerprints": {"paddock/v1": run["results"][0]["partialFingerprints"]["paddock/v1"]},
        }
    ]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unknown-team"]


def test_a_fingerprint_stays_when_lines_move_and_tells_equal_findings_apart() -> None:
    def moved(line: int) -> Diagnostic:
        at = Location(path=AT.path, line=line, column=1, end_line=line, end_column=2)
        return Diagnostic(id="unknown-team", severity=Severity.ERROR, message="there is no team é", location=at)

    def fingerprints(*found: Diagnostic) -> list[str]:
        return [one["partialFingerprints"]["paddock/v1"] for one in run_of(Outcome(diagnostics=found))["results"]]

    assert fingerprints(FOUND) == fingerprints(moved(90))
    first, second = fingerprints(moved(1), moved(2))
    assert first != second


def test_an_accepted_finding_is_a_suppressed_result() -> None:
    accepted = Suppressed(diagnostic=FOUND, by="exception", reason="it is planned", location=AT)
    (result,) = run_of(Outcome(diagnostics=[], suppressed=[accepted]))["results"]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "it is planned"


@needs_schema
@settings(max_examples=50, deadline=None)
@given(st.text(st.characters()), st.sampled_from(list(Severity)), st.integers(1, 10**6))
def test_any_finding_is_valid_under_the_schema(text: str, severity: Severity, line: int) -> None:
    at = Location(path=f"environments/{text}", line=line, column=1, end_line=line, end_column=2)
    found = Diagnostic(
        id="unknown-team",
        severity=severity,
        message=text or "x",
        location=at,
        related=(Related(message=text, location=at),),
        help=text,
    )
    accepted = Suppressed(diagnostic=found, by="comment", reason=text, location=at)
    document = json.loads(sarif.render(Outcome(diagnostics=[found], suppressed=[accepted])))
    assert [error.message for error in schema().iter_errors(document)] == []


@needs_schema
@pytest.mark.parametrize("case", ["unknown-team", "gpu-does-not-fit", "legal--exception", "template-syntax"])
def test_what_validate_prints_is_valid_and_points_into_files_of_people(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(tmp_path, case)
    code = cli.main(["validate", "--root", str(tmp_path), "--format", "sarif", "--as-of", "2026-11-01"])
    document = json.loads(capsys.readouterr().out)
    assert [error.message for error in schema().iter_errors(document)] == []
    assert code == (0 if case.startswith("legal") else 1)
    assert document["runs"][0]["results"]
    for result in document["runs"][0]["results"]:
        at = result["locations"][0]["physicalLocation"]
        lines = (tmp_path / at["artifactLocation"]["uri"]).read_text().splitlines()
        assert 1 <= at["region"]["startLine"] <= len(lines)
        assert at["region"]["endColumn"] <= len(lines[at["region"]["endLine"] - 1]) + 1
