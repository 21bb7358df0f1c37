"""JUnit XML for CI systems: errors fail, warnings and accepted findings are skipped, and any text is well-formed."""

from __future__ import annotations

from xml.etree import ElementTree as xml

from hypothesis import given
from hypothesis import strategies as st

from paddock.diagnostics import Diagnostic, Location, Severity, Suppressed
from paddock.report import junit
from paddock.report.outcome import Outcome


def found(path: str = "environments/a.yaml", severity: Severity = Severity.ERROR, message: str = "wrong") -> Diagnostic:
    at = Location(path=path, line=2, column=3, end_line=2, end_column=8)
    return Diagnostic(id="unknown-team", severity=severity, message=message, location=at, help="write it")


def document(outcome: Outcome) -> xml.Element:
    text = junit.render(outcome)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    return xml.fromstring(text)


def test_a_suite_for_each_file_and_a_test_for_each_finding() -> None:
    warning = found(severity=Severity.WARNING)
    accepted = Suppressed(diagnostic=found(), by="comment", reason="known", location=warning.location)
    root = document(Outcome(diagnostics=[found(), warning, found("environments/b.yaml")], suppressed=[accepted]))
    assert root.attrib == {"name": "paddock", "tests": "4", "failures": "2", "skipped": "2"}
    first, second = root
    assert first.attrib == {
        "name": "environments/a.yaml",
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "2",
    }
    assert second.get("name") == "environments/b.yaml"
    assert [[child.tag for child in case] for case in first] == [["failure"], ["skipped"], ["skipped"]]
    failure = first[0][0]
    assert failure.get("message") == "wrong"
    assert (failure.text or "").startswith("error[unknown-team]: wrong\n --> environments/a.yaml:2:3\n")
    assert first[1][0].get("message") == "warning: wrong"
    assert first[2][0].get("message") == "accepted by comment: known"
    assert (first[0].get("file"), first[0].get("line")) == ("environments/a.yaml", "2")


def test_a_clean_run_is_one_test_that_passed() -> None:
    root = document(Outcome(diagnostics=[]))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert [case.get("name") for case in root.iter("testcase")] == ["no findings"]


@given(st.text(st.characters()))
def test_any_text_is_well_formed(text: str) -> None:
    root = document(Outcome(diagnostics=[found(path=f"environments/{text}", message=text)]))
    assert root.get("tests") == "1"
