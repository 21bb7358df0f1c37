"""`paddock validate`: everything that can be known before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddock.commands.session import Session, progress, refuse_unfinished
from paddock.commands.verification import second_engine
from paddock.diagnostics import Diagnostic
from paddock.errors import Fatal
from paddock.locating import locate


def run(session: Session, *, specs: Sequence[Path], engine: str) -> int:
    """Validate the whole repository; with `specs` only findings that touch these files are reported."""
    refuse_unfinished(session.root)
    shown = {_relative(session.root, spec) for spec in specs}
    bar = progress()
    result, gathered = session.pipeline(bar)
    diagnostics = list(result.diagnostics)
    if not result.failed:
        verdict = second_engine(engine, result, gathered.schemas)
        diagnostics = sorted([*diagnostics, *locate(verdict.problems, gathered)], key=Diagnostic.sort_key)
    bar.end()
    accepted = list(result.accepted)
    if shown:
        diagnostics = [one for one in diagnostics if _touches(one, shown)]
        accepted = [one for one in accepted if _touches(one.diagnostic, shown)]
    return session.report(diagnostics, 0 if shown else result.skipped, accepted)


def _touches(one: Diagnostic, paths: set[str]) -> bool:
    places = [one.location, *(note.location for note in one.related if note.location)]
    return any(place.path in paths for place in places)


def _relative(root: Path, spec: Path) -> str:
    path = (spec if spec.is_absolute() else Path.cwd() / spec).resolve()
    if not path.is_relative_to(root.resolve()):
        raise Fatal(f"{spec} is not below {root}", help="name spec files of this repository", code=2)
    if not path.is_file():
        raise Fatal(f"there is no file {spec}", help="name spec files of this repository", code=2)
    return path.relative_to(root.resolve()).as_posix()
