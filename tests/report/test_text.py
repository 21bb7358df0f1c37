"""The report for people, as it looks in a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.diagnostics import Diagnostic, Location, Related, Severity
from paddock.report import REPORTERS, text
from paddock.report.outcome import Outcome

SPEC = "environments/base/workloads/perception/bev-train.yaml"
LINE = '  resources: {gpu: {model: h100, count: 8}, cpu: "160", memory: 1600Gi, efa: true}'


def diagnostic(**changes: Any) -> Diagnostic:
    at = Location(path=SPEC, line=12, column=20, end_line=12, end_column=43)
    fields = {"id": "gpu-does-not-fit", "severity": Severity.ERROR, "message": "it does not fit", "location": at}
    return Diagnostic(**{**fields, "source": LINE, **changes})


def render(*found: Diagnostic, **options: Any) -> str:
    return text.render(Outcome(diagnostics=found, **options))


def test_a_whole_finding() -> None:
    related = (
        Related(
            message='pool "h100": limits["nvidia.com/gpu"] is 64',
            location=Location(path="environments/prod/clusters/train-iad.yaml", line=31),
        ),
        Related(message='pool "l40s": model l40s'),
    )
    found = diagnostic(label="16 nodes × 8 GPUs = 128", related=related, help="raise that limit to 128")
    assert (
        render(found)
        == f"""\
error[gpu-does-not-fit]: it does not fit
  --> {SPEC}:12:20
   |
12 | {LINE}
   |                    ^^^^^^^^^^^^^^^^^^^^^^^ 16 nodes × 8 GPUs = 128
   = pool "h100": limits["nvidia.com/gpu"] is 64 (environments/prod/clusters/train-iad.yaml:31)
   = pool "l40s": model l40s
   = help: raise that limit to 128

found 1 error, 0 warnings
"""
    )


def test_a_finding_without_a_line() -> None:
    found = diagnostic(source="", severity=Severity.WARNING)
    assert (
        render(found)
        == f"warning[gpu-does-not-fit]: it does not fit\n  --> {SPEC}:12:20\n\nfound 0 errors, 1 warning\n"
    )


@pytest.mark.parametrize(
    ("found", "skipped", "line"),
    [
        ([], 0, "no findings"),
        ([], 2, "found 0 errors, 0 warnings, 2 skipped"),
        ([Severity.ERROR] * 2 + [Severity.WARNING], 1, "found 2 errors, 1 warning, 1 skipped"),
    ],
)
def test_the_last_line_counts(found: list[Severity], skipped: int, line: str) -> None:
    outcome = [diagnostic(severity=severity) for severity in found]
    assert render(*outcome, skipped=skipped).splitlines()[-1] == line


def test_color_paints_and_changes_no_text() -> None:
    painted = render(diagnostic(label="here", help="h"), color=True)
    assert "\x1b[31m" in painted
    plain = painted
    for code in ("\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"):
        plain = plain.replace(code, "")
    assert plain == render(diagnostic(label="here", help="h"))


@pytest.mark.parametrize(
    ("source", "column", "end", "expected"),
    [
        ("name: 日本語 # x", 7, 10, "      ^^^^^^"),
        ("日本: x", 5, 6, "      ^"),
        ("a: e\u0301e\u0301", 4, 8, "   ^^"),
        ("a:\tx", 4, 5, "   ^"),
        ("😀: x", 4, 5, "    ^"),
        ("a: x", 99, 100, "    ^"),
        ("a: x", 4, 99, "   ^"),
    ],
    ids=["wide", "after wide", "combining", "tab", "emoji", "behind the end", "beyond the end"],
)
def test_the_underline_stands_below_its_text(source: str, column: int, end: int, expected: str) -> None:
    at = Location(path="x", line=1, column=column, end_line=1, end_column=end)
    assert render(diagnostic(location=at, source=source)).splitlines()[4] == f"  | {expected}"


def test_a_long_line_is_shown_around_its_fault() -> None:
    source = "a" * 5000 + "HERE" + "b" * 5000
    at = Location(path="x", line=1, column=5001, end_line=1, end_column=5005)
    shown, underline = render(diagnostic(location=at, source=source)).splitlines()[3:5]
    assert len(shown) < 200
    assert shown[underline.index("^") : underline.rindex("^") + 1] == "HERE"


HOSTILE = "\x1b[2J\x1b]0;title\x07\r\n\x00\x9b31m\u202e\u2028\x7f\udc80"


def test_nothing_of_a_spec_can_act_on_a_terminal() -> None:
    at = Location(path=f"x{HOSTILE}", line=1, column=2, end_line=1, end_column=3)
    related = (Related(message=HOSTILE, location=at),)
    found = diagnostic(
        message=HOSTILE, label=HOSTILE, help=HOSTILE, source=f"a{HOSTILE}b", location=at, related=related
    )
    shown = render(found)
    assert all(char.isprintable() for char in shown.replace("\n", ""))
    assert len(shown.splitlines()) == 9
    assert r"\x1b[2J" in shown


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 300), st.integers(1, 300))
def test_any_text_gives_printable_lines(source: str, column: int, width: int) -> None:
    at = Location(path="x", line=1, column=column, end_line=1, end_column=column + width)
    shown = render(diagnostic(location=at, source=source, message=source, label=source))
    assert all(char.isprintable() for char in shown.replace("\n", ""))


def test_the_registry_has_every_format() -> None:
    assert sorted(REPORTERS) == list(REPORTERS)
    assert all(render_one(Outcome(diagnostics=[])) for render_one in REPORTERS.values())
