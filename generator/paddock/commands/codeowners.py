"""`paddock codeowners`: .github/CODEOWNERS from the specs, written or compared."""

from __future__ import annotations

import sys
from pathlib import Path

from paddock import codeowners
from paddock.commands.session import Session
from paddock.diagnostics import Place, Problem, Severity
from paddock.errors import OK, Fatal
from paddock.inputs import gather
from paddock.layout import ENVIRONMENTS
from paddock.load import load
from paddock.locating import locate
from paddock.model import Fleet


def run(session: Session, *, check: bool) -> int:
    """Write the file if it differs; with `check` a difference is a finding and nothing is written."""
    gathered, problems = gather(session.root)
    loaded = load(gathered)
    faults = [one for one in (*problems, *loaded.problems) if one.severity is Severity.ERROR and _of_specs(one)]
    if loaded.fleet is None or faults:
        return session.report(locate(faults, gathered), loaded.skipped)
    file = session.root / codeowners.PATH
    wanted = codeowners.text(loaded.fleet)
    current = _read(file)
    if current == wanted:
        return session.report([], 0) if check else OK
    if check:
        return session.report(locate([_stale(loaded.fleet, current, wanted)], gathered), 0)
    _write(file, wanted)
    sys.stdout.write(f"wrote {codeowners.PATH}\n")
    return OK


def _of_specs(problem: Problem) -> bool:
    """Owners stand in specs: a fault of a template or schema does not matter here."""
    return problem.place.path.startswith(ENVIRONMENTS + "/")


def _stale(fleet: Fleet, current: str | None, wanted: str) -> Problem:
    """At the first line that differs; at the platform's owners where there is no file."""
    if current is None:
        message, place = f"there is no {codeowners.PATH}", fleet.platform.place("owners", key=True)
    else:
        have, want = current.splitlines(), wanted.splitlines()
        same = (index for index, pair in enumerate(zip(have, want, strict=False)) if pair[0] != pair[1])
        line = next(same, min(len(have), len(want))) + 1
        expected = f"{want[line - 1]!r}" if line <= len(want) else "no such line"
        message = f"line {line} of {codeowners.PATH} is not what the specs say: {expected}"
        place = Place(path=codeowners.PATH, line=line)
    return Problem(id="stale-codeowners", message=message, place=place, help="run paddock codeowners, and commit it")


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Fatal(f"cannot read {file}: {error.strerror}") from error


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    except OSError as error:
        raise Fatal(f"cannot write {file}: {error.strerror}") from error
