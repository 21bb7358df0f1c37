"""Problems become diagnostics: located, sorted, each once."""

from __future__ import annotations

from paddock import layout
from paddock.diagnostics import Diagnostic, Location, Note, Place, Problem, Related, Severity, has_errors
from paddock.inputs import Inputs
from paddock.locating import locate

A, B = "environments/a.yaml", "environments/b.yaml"
INPUTS = Inputs(
    specs={
        A: b"spec:\n  nodes: 16\n  pool: x\n",
        B: b"spec: [\n",
        "environments/link.yaml": layout.refused("a link"),
    },
    templates={"templates/t.yaml.j2": "a: 1\nb: {{ x }}\n"},
    schemas={},
)


def problem(id: str, path: str, *pointer: str | int, message: str = "wrong") -> Problem:
    return Problem(id=id, message=message, place=Place(path=path, pointer=pointer))


def lines(*problems: Problem) -> list[tuple[str, str, int, int]]:
    found = locate(problems, INPUTS)
    return [(one.id, one.location.path, one.location.line, one.location.column) for one in found]


def test_diagnostics_are_sorted_by_place_and_id() -> None:
    assert lines(
        problem("b", B, "x"),
        problem("z", A, "spec", "pool"),
        problem("c", A, "spec", "nodes"),
        problem("a", A, "spec", "nodes"),
    ) == [("a", A, 2, 10), ("c", A, 2, 10), ("z", A, 3, 9), ("b", B, 1, 1)]


def test_the_same_finding_is_reported_once() -> None:
    same = problem("a", A, "spec", "nodes")
    by_line = Problem(id="a", message="wrong", place=Place(path=A, pointer=("spec", "nodes")), label="other label")
    assert lines(same, same, by_line) == [("a", A, 2, 10)]
    assert len(lines(same, problem("a", A, "spec", "nodes", message="wrong in another way"))) == 2


def test_everything_of_a_problem_is_kept() -> None:
    stated = Problem(
        id="a",
        message="m",
        severity=Severity.WARNING,
        place=Place(path=A, pointer=("spec", "nodes"), key=True),
        label="l",
        help="h",
        related=(Note(message="n", place=Place(path="templates/t.yaml.j2", line=2)), Note(message="o")),
    )
    template = Location(path="templates/t.yaml.j2", line=2, column=1, end_line=2, end_column=2)
    assert locate([stated], INPUTS) == [
        Diagnostic(
            id="a",
            severity=Severity.WARNING,
            message="m",
            location=Location(path=A, line=2, column=3, end_line=2, end_column=8),
            label="l",
            related=(Related(message="n", location=template), Related(message="o")),
            help="h",
            source="  nodes: 16",
        )
    ]


def test_files_without_content_are_located_on_line_1() -> None:
    found = locate([problem("a", "environments/absent.yaml", "x"), problem("b", "environments/link.yaml")], INPUTS)
    assert [(one.location.line, one.source) for one in found] == [(1, ""), (1, "")]


def test_only_errors_are_errors() -> None:
    warning = Problem(id="a", message="m", place=Place(path=A), severity=Severity.WARNING)
    assert not has_errors([])
    assert not has_errors([warning])
    assert has_errors([warning, problem("b", A)])
