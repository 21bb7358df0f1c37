"""Workflow commands that GitHub shows as annotations on the lines of the pull request, and the job summary."""

from __future__ import annotations

from paddock.diagnostics import Diagnostic, Severity
from paddock.report.outcome import Outcome
from paddock.report.text import printable
from paddock.wording import ending

LIMIT = 10
"""Annotations of one level that GitHub shows for a step; the rest is dropped (github docs, argocd.md 7.2)."""
SUMMARY_LIMIT = 1_000_000
"""Bytes of a step's job summary; GitHub drops a larger one than 1 MiB whole."""


def render(outcome: Outcome) -> str:
    """At most ten annotations a level, spread over the ids so that no kind of fault hides another."""
    lines = []
    for severity in Severity:
        found = [one for one in outcome.diagnostics if one.severity is severity]
        chosen = worst_first(found)[:LIMIT]
        lines += [_annotation(one) for one in chosen]
        if len(found) > len(chosen):
            more = len(found) - len(chosen)
            lines.append(f"{more} more {severity}{ending(more)}: see the job summary")
    return "\n".join([*lines, outcome.last_line()]) + "\n"


def worst_first(found: list[Diagnostic]) -> list[Diagnostic]:
    """One of each id before the second of any, ids in the order of their first place."""
    rounds: dict[str, int] = {}
    keyed = []
    for index, one in enumerate(found):
        rounds[one.id] = rounds.get(one.id, -1) + 1
        keyed.append((rounds[one.id], index))
    return [found[index] for _, index in sorted(keyed)]


def summary(outcome: Outcome) -> str:
    """The job summary in Markdown: every diagnostic as a row of a table."""
    lines = [f"### paddock: {outcome.last_line()}", ""]
    if outcome.diagnostics:
        lines += ["| severity | id | place | message | help |", "|---|---|---|---|---|"]
    size = sum(len(line.encode()) + 1 for line in lines)
    for number, one in enumerate(outcome.diagnostics):
        place = f"{one.location.path}:{one.location.line}"
        row = (
            f"| {one.severity} | `{one.id}` | <code>{_cell(place)}</code> | {_cell(one.message)} | {_cell(one.help)} |"
        )
        size += len(row.encode()) + 1
        if size > SUMMARY_LIMIT:
            lines.append(f"\n{len(outcome.diagnostics) - number} more findings do not fit into a job summary.")
            break
        lines.append(row)
    return "\n".join(lines) + "\n"


def _annotation(one: Diagnostic) -> str:
    at = one.location
    properties = {
        "file": at.path,
        "line": at.line,
        "col": at.column,
        "endLine": at.end_line,
        "endColumn": at.end_column,
        "title": one.id,
    }
    fields = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    parts = [one.message, *(note.message for note in one.related), *([f"help: {one.help}"] if one.help else [])]
    return f"::{one.severity} {fields}::{_data(chr(10).join(printable(part) for part in parts))}"


def _data(text: str) -> str:
    """Escapes of a workflow command's message: nothing in a spec can begin another command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    """Text in a cell of a Markdown table, where nothing of it is markup."""
    text = printable(text)
    for char in "&\\`*_{}[]<>|~@":
        text = text.replace(char, f"&#{ord(char)};")
    return text
