"""environments/baseline.yaml: the findings that a repository had when it began to use paddock. Only new ones count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from paddock import emit
from paddock.diagnostics import Problem, Severity
from paddock.documents import API_VERSION
from paddock.model import Spec

Json = Any
Key = tuple[str, str, str]
"""Path, id and message of a finding: lines move with every edit."""

_HEADER = """\
# Written by `paddock baseline`: findings that were there when this repository began to use paddock. It should only
# become shorter: mend what is listed, then run it again.
"""


def key(problem: Problem) -> Key:
    """What makes two findings the same."""
    return problem.place.path, problem.id, problem.message


def read(spec: Spec | None) -> frozenset[Key]:
    """The findings that are accepted."""
    entries = spec.data.items() if spec is not None else ()
    return frozenset((path, one["finding"], one["message"]) for path, found in entries for one in found)


def text(keys: Iterable[Key]) -> str:
    """The file that accepts these findings; sorted, so that its diffs are small."""
    spec: dict[str, list[Json]] = {}
    for path, id, message in sorted(set(keys)):
        spec.setdefault(path, []).append({"finding": id, "message": message})
    document = {"apiVersion": API_VERSION, "kind": "Baseline", "metadata": {"name": "baseline"}, "spec": spec}
    return _HEADER + emit.document(document)


def unused(spec: Spec, used: Collection[Key]) -> Iterator[Problem]:
    """Entries that accept nothing any more."""
    for path, entries in spec.data.items():
        for index, one in enumerate(entries):
            if (path, one["finding"], one["message"]) not in used:
                yield Problem(
                    id="stale-baseline",
                    message=f'{path} has no finding "{one["finding"]}" any more that says: {one["message"]}',
                    place=spec.place(path, index, "finding"),
                    severity=Severity.WARNING,
                    help="run paddock baseline, which leaves it out",
                )
