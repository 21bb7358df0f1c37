"""Diagnostics as SARIF 2.1.0, which GitHub code scanning and editors read; regions are lines of specs and templates.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/. What GitHub reads of it:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any
from urllib.parse import quote

from paddock import __version__
from paddock.diagnostics import Diagnostic, Location, Related, Suppressed
from paddock.explanations import EXPLANATIONS
from paddock.report.outcome import Outcome
from paddock.report.text import printable

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_KINDS = {"comment": "inSource", "exception": "external", "baseline": "external"}


def render(outcome: Outcome) -> str:
    """One log of one run, with the rules of the ids that were found and sorted keys."""
    every = [*outcome.diagnostics, *(one.diagnostic for one in outcome.suppressed)]
    rules = sorted({one.id for one in every})
    seen: Counter[str] = Counter()
    results = [_result(one, rules, seen) for one in outcome.diagnostics]
    results += [_result(one.diagnostic, rules, seen) | _accepted(one) for one in outcome.suppressed]
    driver = {
        "name": "paddock",
        "semanticVersion": __version__,
        "rules": [_rule(id) for id in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of the repository."}}},
        "results": results,
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _rule(id: str) -> dict[str, Any]:
    one = EXPLANATIONS[id]
    return {
        "id": id,
        "name": "".join(part.capitalize() for part in id.split("-")),
        "shortDescription": {"text": one.what},
        "fullDescription": {"text": f"{one.what} {one.why}"},
        "help": {"text": one.fix},
    }


def _result(one: Diagnostic, rules: list[str], seen: Counter[str]) -> dict[str, Any]:
    notes = [note.message for note in one.related if note.location is None]
    parts = [one.message, *notes, *([f"Help: {one.help}"] if one.help else [])]
    places = [note for note in one.related if note.location is not None]
    return {
        "ruleId": one.id,
        "ruleIndex": rules.index(one.id),
        "level": str(one.severity),
        "message": {"text": "\n".join(printable(part) for part in parts)},
        "locations": [{"physicalLocation": _physical(one.location)}],
        "relatedLocations": [_related(index, note) for index, note in enumerate(places, 1)],
        "partialFingerprints": {"paddock/v1": _fingerprint(one, seen)},
    }


def _related(index: int, note: Related) -> dict[str, Any]:
    assert note.location is not None
    message = {"text": printable(note.message)}
    return {"id": index, "physicalLocation": _physical(note.location), "message": message}


def _physical(at: Location) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": quote(at.path, errors="surrogatepass"), "uriBaseId": _ROOT},
        "region": {
            "startLine": at.line,
            "startColumn": at.column,
            "endLine": at.end_line,
            "endColumn": at.end_column,
        },
    }


def _fingerprint(one: Diagnostic, seen: Counter[str]) -> str:
    """What stays when lines above are edited: path, id and message, with a number where these are equal."""
    text = "\0".join((one.location.path, one.id, one.message))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def _accepted(one: Suppressed) -> dict[str, Any]:
    where = {"physicalLocation": _physical(one.location)}
    accepted = {"kind": _KINDS[one.by], "status": "accepted", "justification": one.reason, "location": where}
    return {"suppressions": [accepted]}
