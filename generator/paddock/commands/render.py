"""`paddock render`: the trees of all environments on disk, and a summary a person wants to read."""

from __future__ import annotations

import sys
from pathlib import Path

from paddock import tree
from paddock.commands.session import Session, kinds, progress
from paddock.commands.verification import Second, second_engine
from paddock.diagnostics import Diagnostic, Place, Problem, has_errors
from paddock.errors import OK
from paddock.inputs import Inputs
from paddock.locating import locate
from paddock.pipeline import Result
from paddock.report.table import aligned
from paddock.tree import Written


def run(session: Session, *, output: Path, engine: str, overwrite: bool) -> int:
    """Render and write; nothing is written if there is any error."""
    bar = progress()
    result, gathered = session.pipeline(bar)
    problems: list[Problem] = []
    second = Second()
    written: dict[str, Written] = {}
    if not result.failed:
        bar.begin("second engine")
        second = second_engine(engine, result, gathered.schemas)
        problems += second.problems
    if not result.failed and not has_errors(problems):
        bar.begin("write")
        for name, files in result.trees.items():
            written[name] = tree.write(output / name, files, overwrite_edited=overwrite)
        problems += _edited(output, written)
    seconds = bar.end()
    diagnostics = sorted([*result.diagnostics, *locate(problems, gathered)], key=Diagnostic.sort_key)
    code = (
        session.report(diagnostics, result.skipped, result.accepted) if diagnostics or session.format != "text" else OK
    )
    if session.format == "text" and not result.failed and not has_errors(problems):
        sys.stdout.write(summary(result, gathered, second, written, seconds))
    return code


def _edited(output: Path, written: dict[str, Written]) -> list[Problem]:
    return [
        Problem(
            id="edited-file",
            message=f"{output / name / path} was edited by hand, or is not paddock's; nothing of {name} was written",
            place=Place(path=str(output / name / path), line=1),
            help="move the change into a spec or template, then render with --overwrite",
        )
        for name, one in written.items()
        for path in one.edited
    ]


def summary(result: Result, inputs: Inputs, second: Second, written: dict[str, Written], seconds: float) -> str:
    """Environments, clusters, teams, workloads, objects by kind, findings, time."""
    fleet = result.fleet
    assert fleet is not None
    lines = [f"platform {fleet.platform.name}", ""]
    header = ("environment", "clusters", "teams", "workloads", "objects", "added", "changed", "deleted")
    rows: list[tuple[str, ...]] = [header]
    for name in result.trees:
        environment = fleet.environments[name]
        one = written.get(name, Written())
        numbers = (
            len(environment.clusters),
            sum(bool(team.clusters) for team in environment.teams.values()),
            len(environment.workloads),
            len(result.objects[name]),
            one.added,
            one.changed,
            one.deleted,
        )
        rows.append((name, *(str(number) for number in numbers)))
    lines += aligned(rows, left=1)
    objects = [one for refs in result.objects.values() for one in refs]
    counts = kinds(one.kind for one in objects)
    lines += ["", f"{len(objects):,} objects of {len(counts)} kinds"]
    cells = [f"{number:5} {kind}" for kind, number in counts.items()]
    columns = 3
    height = -(-len(cells) // columns)
    for index in range(height):
        lines.append("".join(f"  {cell:<32}" for cell in cells[index::height]).rstrip())
    lines += ["", _engines(len(objects), second)]
    findings = f"{len(result.diagnostics)} warnings" if result.diagnostics else "no findings"
    findings += f", {len(result.accepted)} suppressed" if result.accepted else ""
    lines.append(f"{len(inputs.specs)} spec files, {findings}, {seconds:.1f} s")
    return "\n".join(lines) + "\n"


def _engines(count: int, second: Second) -> str:
    first = f"embedded engine: {count:,} of {count:,} objects have a schema and are valid"
    if second.count is None:
        return f"{first}; kubeconform: {second.why}"
    return f"{first}; kubeconform -strict: {second.count:,}"
