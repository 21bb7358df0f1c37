"""The report for programs: its shape is schemas/report.schema.json, and its bytes are stable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.diagnostics import Diagnostic, Location, Related, Severity, Suppressed
from paddock.report import json as report
from paddock.report.outcome import Outcome

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "schemas" / "report.schema.json").read_text())
AT = Location(path="environments/a.yaml", line=2, column=3, end_line=2, end_column=8)
FOUND = Diagnostic(
    id="unknown-team",
    severity=Severity.ERROR,
    message="the team “é” does not exist",
    location=AT,
    label="here",
    related=(Related(message="a fact", location=AT), Related(message="another")),
    help="write it",
    source="  team: é",
)


def render(*found: Diagnostic, skipped: int = 0) -> Any:
    text = report.render(Outcome(diagnostics=found, skipped=skipped))
    assert text.isascii()
    document = json.loads(text)
    jsonschema_rs.validate(SCHEMA, document)
    return document


def test_the_shape() -> None:
    location = {"path": "environments/a.yaml", "line": 2, "column": 3, "end_line": 2, "end_column": 8}
    assert render(FOUND, skipped=3) == {
        "version": 1,
        "summary": {"errors": 1, "warnings": 0, "suppressed": 0, "skipped": 3},
        "suppressed": [],
        "diagnostics": [
            {
                "id": "unknown-team",
                "severity": "error",
                "message": "the team “é” does not exist",
                "location": location,
                "label": "here",
                "related": [{"message": "a fact", "location": location}, {"message": "another", "location": None}],
                "help": "write it",
            }
        ],
    }


def test_a_clean_run_is_a_document_too() -> None:
    counts = {"errors": 0, "warnings": 0, "suppressed": 0, "skipped": 0}
    assert render() == {"version": 1, "summary": counts, "diagnostics": [], "suppressed": []}


def test_what_is_accepted_says_by_what_and_why() -> None:
    accepted = Suppressed(diagnostic=FOUND, by="comment", reason="known", location=AT)
    document = json.loads(report.render(Outcome(diagnostics=[], suppressed=[accepted])))
    jsonschema_rs.validate(SCHEMA, document)
    assert document["summary"]["suppressed"] == 1
    (one,) = document["suppressed"]
    assert one["diagnostic"]["id"] == "unknown-team"
    assert one["accepted"] == {
        "by": "comment",
        "reason": "known",
        "location": {"path": "environments/a.yaml", "line": 2, "column": 3, "end_line": 2, "end_column": 8},
    }


def test_the_same_findings_give_the_same_bytes() -> None:
    outcome = Outcome(diagnostics=[FOUND, FOUND])
    assert report.render(outcome) == report.render(outcome)
    assert report.render(outcome).splitlines()[:2] == ["{", '  "diagnostics": [']


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_is_ascii_and_reads_back(text: str) -> None:
    written = report.render(
        Outcome(diagnostics=[Diagnostic(id="a", severity=Severity.ERROR, message=text, location=AT)])
    )
    assert written.isascii()
    assert json.loads(written)["diagnostics"][0]["message"] == text


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"extra": 1}, {"diagnostics": [{}]}, {"summary": {"errors": -1, "warnings": 0, "skipped": 0}}],
)
def test_the_schema_is_closed(change: dict[str, Any]) -> None:
    assert jsonschema_rs.meta.is_valid(SCHEMA)
    assert not jsonschema_rs.is_valid(SCHEMA, {**render(FOUND), **change})


def descriptions(node: Any) -> list[bool]:
    if not isinstance(node, dict):
        return []
    own = ["description" in one for one in node.get("properties", {}).values()]
    return own + [one for item in node.values() for one in descriptions(item)]


def test_every_field_is_described() -> None:
    assert len(descriptions(SCHEMA)) > 15
    assert all(descriptions(SCHEMA))
