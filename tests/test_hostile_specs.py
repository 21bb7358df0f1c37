"""Hostile specs: whatever stands in them ends in findings with a file and a line, never in a bug of paddock.

`python tests/test_hostile_specs.py 100000 500` tries 500 other seeds, of which the suite has no time for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hostile import Hostile
from paddock import cli, load, pipeline, verdict
from paddock.analysis.cost_fleet import costs
from paddock.commands import cost, quota
from paddock.diagnostics import Diagnostic, Problem, Severity
from paddock.inputs import Inputs, combine
from paddock.locating import locate
from paddock.model import Fleet
from paddock.report import REPORTERS
from paddock.report.cost import FORMATS, Report
from paddock.report.outcome import Outcome
from paddock.whatif.replay import replay
from repositories import gathered, reference, run, small, with_spec

AS_OF = "2026-11-25"
VERBS: tuple[tuple[str, ...], ...] = (
    ("validate", "--format", "json", "--as-of", AS_OF),
    ("validate", "--format", "sarif", "--as-of", AS_OF),
    ("validate", "--format", "junit"),
    ("cost", "--by", "workload", "--format", "json", "--as-of", AS_OF),
    ("cost", "--by", "pool", "--format", "csv", "--hourly"),
    ("quota", "--format", "json"),
    ("whatif", "--format", "json"),
    ("policy", "test", "--format", "sarif"),
    ("baseline", "--as-of", AS_OF),
)


BESIDE = {
    "environments/exceptions.yaml": b"""apiVersion: paddock/v1alpha1
kind: Exceptions
metadata: {name: exceptions}
spec:
  spare-quota:
    finding: quota-above-pool-limit
    path: environments/dev/teams/vision.yaml
    field: clusters.one.flavors.h100
    reason: The pool grows next week
    expires: "2027-01-31"
    approver: vision-edit
""",
    "environments/baseline.yaml": b"""apiVersion: paddock/v1alpha1
kind: Baseline
metadata: {name: baseline}
spec:
  environments/base/workloads/vision/train.yaml:
    - {finding: grace-period-below-deadline, message: a run may take longer}
""",
}


def policies() -> dict[str, bytes]:
    """The reference platform's policies that name nothing the small repository has not."""
    names = ("cost-centers", "internal-load-balancers", "no-spot-for-large-gpus")
    return {path: reference()[path] for path in (f"environments/policies/{name}.yaml" for name in names)}


@cache
def hostile(name: str) -> Hostile:
    specs = reference() if name == "reference" else {**small(), **BESIDE, **policies()}
    return Hostile(specs, load.spec_schemas(gathered(specs)))


def found(inputs: Inputs, problems: Sequence[Problem]) -> tuple[list[Problem], Fleet | None]:
    """What is found before anything is rendered, and the fleet where it has no errors."""
    loaded = load.load(inputs)
    every = [*problems, *loaded.problems]
    if loaded.fleet is None:
        return every, None
    judge = verdict.judge(loaded.fleet, inputs, AS_OF, accepted=None)
    every += [*pipeline.text_problems(inputs), *judge.problems]
    every += [*pipeline.spec_problems(loaded.fleet, loaded), *pipeline.dated_problems(loaded.fleet, AS_OF)]
    kept, _ = judge.split(every)
    every = [*kept, *judge.unused(loaded.fleet, frozenset())]
    return every, loaded.fleet if not any(one.severity is Severity.ERROR for one in loaded.problems) else None


def told(fleet: Fleet, *, replayed: bool) -> None:
    """The reports about a fleet that could be read."""
    environments = list(fleet.environments.values())
    counted = costs(fleet, environments, as_of=AS_OF)
    for by in ("workload", "pool", "team"):
        rows = list(cost._rows(environments, counted, by, ()))
        report = Report(by=by, rows=rows, missing=counted.missing, hourly=by == "pool", as_of=AS_OF, several=True)
        for form in FORMATS.values():
            assert form(report)
    lines = [quota._row(line) for line in quota._lines(fleet, (), None)]
    for write in quota._FORMATS.values():
        write(lines)
    for environment in environments if replayed else ():
        replay(fleet, environment, ())


def sound(diagnostics: Sequence[Diagnostic]) -> None:
    """Every finding is about a line of a file, and none is a bug of paddock."""
    bugs = [one.message for one in diagnostics if one.id.endswith("-crashed") or "a bug of paddock" in one.message]
    assert not bugs, bugs
    assert all(one.location.line >= 1 and one.location.path for one in diagnostics)
    outcome = Outcome(diagnostics=diagnostics, suppressed=(), skipped=0, color=False)
    for write in REPORTERS.values():
        write(outcome).encode()


def before_rendering(name: str, seed: int) -> None:
    inputs, problems = combine(specs=hostile(name).mutated(seed), own={})
    every, fleet = found(inputs, problems)
    sound(locate(every, inputs))
    if fleet is not None:
        told(fleet, replayed=not any(one.severity is Severity.ERROR for one in every))


def whole(name: str, seed: int) -> None:
    sound(run(hostile(name).mutated(seed), as_of=AS_OF).diagnostics)


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_before_rendering(first: int) -> None:
    for seed in range(first, first + 20):
        before_rendering("small", seed)


def test_the_reference_platform_before_rendering() -> None:
    for seed in range(4):
        before_rendering("reference", seed)


def test_the_whole_way() -> None:
    for seed in range(1000, 1010):
        whole("small", seed)


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_verbs(arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 or 1, and what they print is whole."""
    for seed in range(2000, 2002):
        root = tmp_path / str(seed)
        for path, content in hostile("small").mutated(seed).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        words = 2 if arguments[0] == "policy" else 1
        code = cli.main([*arguments[:words], "--root", str(root), *arguments[words:]])
        printed = capsys.readouterr()
        assert code in (0, 1), printed
        assert "Traceback" not in printed.err + printed.out
        if code == 0 and "json" in arguments:
            json.loads(printed.out)


def test_a_reversed_estimate_has_a_bill() -> None:
    """Parts of a pool's bill never become less from the least to the most; they divided by nothing where they did."""
    path = "environments/base/workloads/simulation/splat-train.yaml"
    hours = {"min": 4, "expected": 0.000000001, "max": 12}
    cost = {**hostile("reference").parsed[path]["spec"]["cost"], "hoursPerRun": hours}
    inputs, _ = combine(specs=with_spec(reference(), path, {"cost": cost}), own={})
    every, fleet = found(inputs, [])
    assert {one.id for one in every} == {"estimate-reversed"}
    assert fleet is not None
    told(fleet, replayed=True)


def test_mutations_are_repeatable_and_many_are_legal() -> None:
    """A fuzzer whose specs are all refused at the door finds nothing behind it."""
    legal = 0
    for seed in range(60):
        specs = hostile("small").mutated(seed)
        assert specs == hostile("small").mutated(seed)
        loaded = load.load(gathered(specs))
        legal += not any(one.severity is Severity.ERROR for one in loaded.problems)
    assert 15 < legal < 55


def main(arguments: Sequence[str]) -> None:
    """Try seeds from the first number on, as many as the second says."""
    first, count = map(int, arguments)
    for seed in range(first, first + count):
        trials: tuple[tuple[Any, str], ...] = (
            (before_rendering, "small"),
            (before_rendering, "reference"),
            (whole, "small"),
        )
        for attempt, name in trials:
            try:
                attempt(name, seed)
            except Exception as error:
                print(f"{attempt.__name__}({name!r}, {seed}): {type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
