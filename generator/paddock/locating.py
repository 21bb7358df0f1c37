"""From problems to diagnostics: each file with a fault is read once more, for the positions of just these faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paddock import source
from paddock.analysis.secret_formats import masked
from paddock.diagnostics import Diagnostic, Location, Place, Problem, Related
from paddock.inputs import Inputs


def locate(problems: Iterable[Problem], inputs: Inputs) -> list[Diagnostic]:
    """The diagnostics of problems, sorted by path, line, column and id, without repetitions."""
    found: dict[tuple[str, str, Location], Diagnostic] = {}
    unique = list(dict.fromkeys(problems))
    for problem, diagnostic in zip(unique, located(unique, inputs), strict=True):
        found.setdefault((problem.id, problem.message, diagnostic.location), diagnostic)
    return sorted(found.values(), key=Diagnostic.sort_key)


def located(problems: Sequence[Problem], inputs: Inputs) -> list[Diagnostic]:
    """The diagnostic of each problem, in their order."""
    places = {one.place for one in problems} | {
        note.place for one in problems for note in one.related if note.place is not None
    }
    found = locations(places, inputs)
    return [
        # A secret in a value or a line is nobody's to read in a log.
        Diagnostic(
            id=problem.id,
            severity=problem.severity,
            message=masked(problem.message),
            location=found[problem.place][0],
            label=problem.label,
            related=tuple(
                Related(message=note.message, location=found[note.place][0] if note.place else None)
                for note in problem.related
            ),
            help=problem.help,
            source=masked(found[problem.place][1]),
        )
        for problem in problems
    ]


def locations(places: set[Place], inputs: Inputs) -> dict[Place, tuple[Location, str]]:
    """Where each place is, and the text of its first line; a file is read once for all of its places."""
    by_path: dict[str, list[Place]] = {}
    for place in places:
        by_path.setdefault(place.path, []).append(place)
    result: dict[Place, tuple[Location, str]] = {}
    for path, wanted in by_path.items():
        result |= dict(zip(wanted, source.locate(inputs.bytes_of(path), wanted), strict=True))
    return result
