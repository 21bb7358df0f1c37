"""`paddock baseline`: accept what is wrong with a repository today, so that only new findings count."""

from __future__ import annotations

import sys
from pathlib import Path

from paddock import baseline
from paddock.acceptance import COMMENT, EXCEPTION
from paddock.baseline import Key
from paddock.commands.session import Session, progress
from paddock.diagnostics import Diagnostic
from paddock.errors import OK, USAGE, Fatal
from paddock.layout import BASELINE
from paddock.pipeline import Result
from paddock.wording import ending

ROUNDS = 8
"""What was hidden behind an accepted error shows in the next round: specs, rendered objects, relations of these."""


def run(session: Session) -> int:
    """Write environments/baseline.yaml, or delete it where nothing is left. Errors that nobody can accept stop it."""
    if session.environments:
        help = "run it without --environment: what it leaves out would count"
        raise Fatal("a baseline is of the whole repository", help=help, code=USAGE)
    accepted: frozenset[Key] = frozenset()
    bar = progress()
    for _ in range(ROUNDS):
        result, _ = session.pipeline(bar, accepted=accepted)
        found = frozenset(_key(one) for one in result.diagnostics if one.id in COMMENT | EXCEPTION)
        if found <= accepted:
            break
        accepted |= found
    bar.end()
    if result.failed:
        return session.report(_of_today(result), result.skipped, result.accepted)
    file = session.root / BASELINE
    existed = file.exists()
    _write(file, baseline.text(accepted) if accepted else None)
    if accepted:
        sys.stdout.write(f"wrote {BASELINE}: {len(accepted)} finding{ending(len(accepted))}\n")
    else:
        sys.stdout.write(f"deleted {BASELINE}: nothing is left\n" if existed else "there is nothing to accept\n")
    return OK


def _key(one: Diagnostic) -> Key:
    return one.location.path, one.id, one.message


def _of_today(result: Result) -> list[Diagnostic]:
    """What has to be mended first: acceptances that accept nothing are about the old baseline."""
    return [one for one in result.diagnostics if one.id not in COMMENT | EXCEPTION]


def _write(file: Path, text: str | None) -> None:
    try:
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(text.encode())
    except OSError as error:
        raise Fatal(f"cannot write {file}: {error.strerror}") from error
