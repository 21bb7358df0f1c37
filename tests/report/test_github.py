"""Annotations and summary for GitHub: within its limits, and nothing of a spec is a command or markup."""

from __future__ import annotations

import re
from typing import Any

import pytest

from paddock.diagnostics import Diagnostic, Location, Related, Severity
from paddock.report import github
from paddock.report.outcome import Outcome


def diagnostic(id: str = "unknown-team", line: int = 1, **changes: Any) -> Diagnostic:
    at = Location(path="environments/a.yaml", line=line, column=3, end_line=line, end_column=8)
    fields = {"id": id, "severity": Severity.ERROR, "message": "wrong", "location": at}
    return Diagnostic(**{**fields, **changes})


def render(*found: Diagnostic) -> list[str]:
    return github.render(Outcome(diagnostics=found)).splitlines()


def test_an_annotation_names_file_line_and_help() -> None:
    found = diagnostic(related=(Related(message="a fact"),), help="do that")
    assert render(found) == [
        "::error file=environments/a.yaml,line=1,col=3,endLine=1,endColumn=8,title=unknown-team::"
        "wrong%0Aa fact%0Ahelp: do that",
        "found 1 error, 0 warnings",
    ]


def test_at_most_ten_annotations_of_a_level() -> None:
    found = [diagnostic(line=line) for line in range(50)] + [
        diagnostic(severity=Severity.WARNING, line=line) for line in range(11)
    ]
    lines = render(*found)
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert "40 more errors: see the job summary" in lines
    assert "1 more warning: see the job summary" in lines
    assert lines[-1] == "found 50 errors, 11 warnings"


def test_errors_come_first_and_no_kind_of_fault_hides_another() -> None:
    found = [diagnostic("a", line) for line in range(40)] + [
        diagnostic("b", 41),
        diagnostic("c", 42, severity=Severity.WARNING),
    ]
    titles = [match[1] for line in render(*found) if (match := re.search(r"title=(\w+)::", line))]
    assert titles == ["a", "b", *["a"] * 8, "c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100%", "100%25"),
        ("%0A::error::x", "%250A::error::x"),
        ("a\nb", "a\\nb"),
        ("a\r\n::set-env name=X::y", "a\\r\\n::set-env name=X::y"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u2028::error::x", "\\u2028::error::x"),
    ],
)
def test_a_message_cannot_begin_another_command(text: str, expected: str) -> None:
    line, last = render(diagnostic(message=text, id="x"))
    assert line.endswith(f"title=x::{expected}")
    assert last == "found 1 error, 0 warnings"


def test_a_path_cannot_add_a_property() -> None:
    at = Location(path="a,line=9:b\n%", line=1)
    assert render(diagnostic(location=at))[0].startswith("::error file=a%2Cline=9%3Ab\\n%25,line=1,")


def test_the_summary_is_a_table_of_everything() -> None:
    outcome = Outcome(diagnostics=[diagnostic(help="do that"), diagnostic("b", 2, severity=Severity.WARNING)])
    assert (
        github.summary(outcome)
        == """\
### paddock: found 1 error, 1 warning

| severity | id | place | message | help |
|---|---|---|---|---|
| error | `unknown-team` | <code>environments/a.yaml:1</code> | wrong | do that |
| warning | `b` | <code>environments/a.yaml:2</code> | wrong |  |
"""
    )


def test_the_summary_of_nothing_is_one_line() -> None:
    assert github.summary(Outcome(diagnostics=[])) == "### paddock: no findings\n\n"


@pytest.mark.parametrize(
    "text", ["| a |", "<img src=x>", "[a](b)", "`a`", "*a*", "_a_", "a\n| b", "&lt;", "@team", "\\|", "~~a~~"]
)
def test_nothing_of_a_spec_is_markup_in_the_summary(text: str) -> None:
    at = Location(path=f"x{text}", line=1)
    row = github.summary(Outcome(diagnostics=[diagnostic(message=text, help=text, location=at)])).splitlines()[-1]
    cells = row.split("|")
    assert len(cells) == 7
    for cell in (cells[3].replace("<code>", "").replace("</code>", ""), cells[4], cells[5]):
        assert not re.search(r"[<>`*_\[\]{}@~]|&(?!#\d+;)|\\(?!n)", cell.replace("&#92;", ""))


def test_the_summary_stays_below_what_github_drops() -> None:
    found = [diagnostic(line=line, message="é" * 2000) for line in range(1, 400)]
    text = github.summary(Outcome(diagnostics=found))
    assert 900_000 < len(text.encode()) < 1 << 20
    left = int(text.rsplit("\n", 2)[-2].split(" ")[0])
    assert text.count("| error |") + left == 399
