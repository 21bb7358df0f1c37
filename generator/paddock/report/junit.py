"""Diagnostics as JUnit XML, which CI systems show as test results: a suite for each file, a test for each finding.

Errors are failures; warnings and accepted findings are skipped tests with a message. The elements are those that
Jenkins and GitLab read (https://github.com/testmoapp/junitxml)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as xml

from paddock.diagnostics import Diagnostic, Severity, Suppressed
from paddock.report.outcome import Outcome
from paddock.report.text import printable, render_one


def render(outcome: Outcome) -> str:
    """The document; a run without findings is one test that passed."""
    root = xml.Element("testsuites", name="paddock")
    by_path: dict[str, list[Diagnostic | Suppressed]] = {}
    for found in outcome.diagnostics:
        by_path.setdefault(found.location.path, []).append(found)
    for accepted in outcome.suppressed:
        by_path.setdefault(accepted.diagnostic.location.path, []).append(accepted)
    for path in sorted(by_path):
        _suite(root, path, by_path[path])
    if not by_path:
        suite = _counted(root, "paddock", [])
        suite.set("tests", "1")
        xml.SubElement(suite, "testcase", classname="paddock", name=outcome.last_line())
    for name in ("tests", "failures", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _suite(root: xml.Element, path: str, found: Sequence[Diagnostic | Suppressed]) -> None:
    suite = _counted(root, path, found)
    for one in found:
        diagnostic = one if isinstance(one, Diagnostic) else one.diagnostic
        case = xml.SubElement(
            suite,
            "testcase",
            classname=printable(path),
            name=f"{diagnostic.id} at line {diagnostic.location.line}",
            file=printable(path),
            line=str(diagnostic.location.line),
        )
        if isinstance(one, Suppressed):
            xml.SubElement(case, "skipped", message=printable(f"accepted by {one.by}: {one.reason}"))
        elif diagnostic.severity is Severity.ERROR:
            failure = xml.SubElement(case, "failure", message=printable(diagnostic.message), type=diagnostic.id)
            failure.text = render_one(diagnostic)
        else:
            xml.SubElement(case, "skipped", message=printable(f"warning: {diagnostic.message}"))


def _counted(root: xml.Element, name: str, found: Sequence[Diagnostic | Suppressed]) -> xml.Element:
    failures = sum(isinstance(one, Diagnostic) and one.severity is Severity.ERROR for one in found)
    counts = {"tests": len(found), "failures": failures, "errors": 0, "skipped": len(found) - failures}
    attributes = {"name": printable(name)} | {key: str(value) for key, value in counts.items()}
    return xml.SubElement(root, "testsuite", attributes)
