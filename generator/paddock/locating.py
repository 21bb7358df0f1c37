"""From problems to diagnostics: each file with a fault is read once more, for the positions of just these faults."""

from __future__ import annotations

from collections.abc import Iterable

from paddock import source
from paddock.analysis.secret_formats import masked
from paddock.diagnostics import Diagnostic, Location, Place, Problem, Related
from paddock.inputs import Inputs


def locate(problems: Iterable[Problem], inputs: Inputs) -> list[Diagnostic]:
    """The diagnostics of problems, sorted by path, line, column and id, without repetitions."""
    unique = list(dict.fromkeys(problems))
    places = {one.place for one in unique} | {
        note.place for one in unique for note in one.related if note.place is not None
    }
    located = _locations(places, inputs)
    found: dict[tuple[str, str, Location], Diagnostic] = {}
    for problem in unique:
        location, text = located[problem.place]
        related = tuple(
            Related(message=note.message, location=located[note.place][0] if note.place else None)
            for note in problem.related
        )
        # A secret in a value or a line is nobody's to read in a log.
        diagnostic = Diagnostic(
            id=problem.id,
            severity=problem.severity,
            message=masked(problem.message),
            location=location,
            label=problem.label,
            related=related,
            help=problem.help,
            source=masked(text),
        )
        found.setdefault((problem.id, problem.message, location), diagnostic)
    return sorted(found.values(), key=Diagnostic.sort_key)


def location_of(place: Place, inputs: Inputs) -> Location:
    """Where a place is."""
    return _locations({place}, inputs)[place][0]


def _locations(places: set[Place], inputs: Inputs) -> dict[Place, tuple[Location, str]]:
    by_path: dict[str, list[Place]] = {}
    for place in places:
        by_path.setdefault(place.path, []).append(place)
    result: dict[Place, tuple[Location, str]] = {}
    for path, wanted in by_path.items():
        result |= dict(zip(wanted, source.locate(inputs.bytes_of(path), wanted), strict=True))
    return result
