"""The pipeline: no fault hides another, what stands on a faulty spec is skipped, and processes never show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from paddock import checks, pipeline, workloads
from paddock.checks.whole_tree import WholeTree
from paddock.diagnostics import Diagnostic, Problem
from paddock.model import Fleet
from repositories import ROOT, run, small, with_spec

API = "environments/base/workloads/vision/api.yaml"
MODEL = "environments/base/workloads/vision/model.yaml"
TRAIN = "environments/base/workloads/vision/train.yaml"
TEAM = "environments/base/teams/vision.yaml"
CLUSTER = "environments/dev/clusters/one.yaml"
ENVIRONMENT = "environments/dev/environment.yaml"
PLATFORM = "environments/platform.yaml"


def two_environments() -> dict[str, bytes]:
    """The small repository with an environment prod, where the workload `model` runs too."""
    prod = {
        ENVIRONMENT.replace("dev", "prod"): small()[ENVIRONMENT].replace(b"name: dev", b"name: prod"),
        CLUSTER.replace("dev", "prod"): small()[CLUSTER]
        .replace(b"small-dev-one", b"small-prod-one")
        .replace(b"ABCDEF0123456789", b"9876543210FEDCBA"),
        "environments/prod/teams/vision.yaml": small()["environments/dev/teams/vision.yaml"].rstrip()
        + b"\n  buckets:\n    checkpoints: {name: small-prod-vision-checkpoints}\n",
    }
    return {**with_spec(small(), MODEL, {"environments": ["dev", "prod"]}), **prod}


def several_faults() -> dict[str, bytes]:
    """One fault of reading, one of a schema, one of a reference and one that only a rendered object shows."""
    specs = with_spec(two_environments(), TRAIN, {"queue": {"name": "vision", "priority": "urgent"}})
    probes = {"liveness": {"httpGet": {"path": "/", "port": "http"}, "periodSecond": 5}}
    specs = with_spec(specs, API, {"probes": probes})
    specs = with_spec(specs, "environments/prod/teams/vision.yaml", {"runRetention": 5})
    return {**specs, "environments/base/workloads/vision/other.yaml": b"kind: [\n"}


def ids(found: Any) -> list[str]:
    return [one.id for one in found]


def test_a_clean_run_gives_a_tree_for_each_environment() -> None:
    result = run(two_environments())
    assert result.diagnostics == []
    assert not result.failed
    assert (sorted(result.trees), result.skipped) == (["dev", "prod"], 0)
    assert "clusters/one/workloads/vision/model/inferenceservice-model.yaml" in result.trees["prod"]
    assert not any("/workloads/vision/api/" in path for path in result.trees["prod"])


def test_only_the_environments_that_are_asked_for_are_rendered() -> None:
    result = run(two_environments(), environments=["prod"])
    assert sorted(result.trees) == ["prod"]
    assert result.trees["prod"] == run(two_environments()).trees["prod"]


def test_specs_are_checked_in_environments_that_are_not_rendered() -> None:
    specs = with_spec(two_environments(), API, {"ingress": {"port": "https"}})
    assert ids(run(specs, environments=["prod"]).diagnostics) == ["unknown-port"]


def test_an_error_means_no_tree() -> None:
    result = run(with_spec(two_environments(), API, {"ingress": {"port": "https"}}))
    assert result.failed
    assert result.trees == {}
    assert result.objects["prod"], "the other environment was rendered and checked all the same"


def test_faults_of_all_stages_are_found_in_one_run() -> None:
    found = run(several_faults())
    assert [(one.id, one.location.path) for one in found.diagnostics] == [
        ("invalid-object", API),
        ("yaml-syntax", "environments/base/workloads/vision/other.yaml"),
        ("unknown-priority", TRAIN),
        ("invalid-value", "environments/prod/teams/vision.yaml"),
    ]


def test_diagnostics_are_sorted_and_equal_at_every_degree_of_parallelism() -> None:
    one, two = run(several_faults(), jobs=1), run(several_faults(), jobs=2)
    assert one.diagnostics == two.diagnostics
    assert one.diagnostics == sorted(one.diagnostics, key=Diagnostic.sort_key)
    assert one.skipped == two.skipped


def test_trees_are_equal_at_every_degree_of_parallelism() -> None:
    one, two = run(two_environments(), jobs=1), run(two_environments(), jobs=2)
    assert {name: list(tree.items()) for name, tree in one.trees.items()} == {
        name: list(tree.items()) for name, tree in two.trees.items()
    }


def test_a_template_fault_is_one_finding_however_many_processes_met_it() -> None:
    """Every training workload meets it; the spec that is named is the first."""
    specs = {**small(), TRAIN.replace("train", "train-2"): small()[TRAIN].replace(b"name: train,", b"name: train-2,")}
    inputs, _ = pipeline_inputs(specs, "templates/workloads/training/trainjob.yaml.j2", "a: {{ missing.name }}\n")
    one, two = pipeline.run(inputs, jobs=1), pipeline.run(inputs, jobs=2)
    assert ids(one.diagnostics) == ["template-undefined"]
    assert one.diagnostics[0].related[0].location is not None
    assert one.diagnostics[0].related[0].location.path == TRAIN
    assert (one.diagnostics, one.skipped) == (two.diagnostics, two.skipped)
    assert one.skipped == 2


def pipeline_inputs(specs: Mapping[str, bytes], template: str, text: str) -> tuple[Any, list[Problem]]:
    """Inputs with one packaged template replaced."""
    from paddock.inputs import combine

    inputs, problems = combine(specs=specs, own={})
    return replace(inputs, templates={**inputs.templates, template: text}), problems


@pytest.mark.parametrize(
    ("path", "skipped"),
    [
        (MODEL, 1),  # itself
        (TEAM, 5),  # itself, its three workloads in dev and `model` in prod
        (CLUSTER, 4),  # itself, and the three workloads of dev
        (ENVIRONMENT, 1),  # nothing of dev is looked at
        (PLATFORM, 1),
    ],
)
def test_what_stands_on_a_faulty_spec_is_skipped(path: str, skipped: int) -> None:
    result = run({**two_environments(), path: small()[path].replace(b"kind:", b"kind: [", 1)})
    assert ids(result.diagnostics) == ["yaml-syntax"]
    assert result.skipped == skipped


def test_known_problems_are_reported_with_the_others() -> None:
    from paddock.diagnostics import Place

    known = Problem(id="shadowed-file", message="x", place=Place(path="templates/x", line=1))
    inputs, _ = pipeline_inputs(small(), "unused", "")
    result = pipeline.run(inputs, known=[known])
    assert ids(result.diagnostics) == ["shadowed-file"]
    assert result.trees == {}


def test_a_check_that_crashes_is_a_finding_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(fleet: Fleet, _: object) -> Iterator[Problem]:
        raise KeyError("gone")
        yield

    first, *others = checks.SPEC_CHECKS
    monkeypatch.setattr(pipeline, "SPEC_CHECKS", (replace(first, run=crash), *others))
    result = run(with_spec(small(), API, {"ingress": {"port": "https"}}))
    assert ids(result.diagnostics) == ["check-crashed", "unknown-port"]
    assert (
        result.diagnostics[0].message == f"the check of {', '.join(first.ids)} met a bug of paddock: KeyError: 'gone'"
    )
    assert result.failed


def test_a_check_of_output_that_crashes_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> Iterator[Problem]:
        raise ZeroDivisionError("division by zero")
        yield

    monkeypatch.setattr(pipeline, "OUTPUT_CHECKS", (replace(checks.OUTPUT_CHECKS[0], run=crash),))
    result = run(small())
    assert ids(result.diagnostics) == ["check-crashed"]
    assert "ZeroDivisionError: division by zero" in result.diagnostics[0].message
    assert result.trees == {}


@pytest.mark.parametrize("early", [True, False])
def test_a_screen_that_crashes_spares_its_check_nothing(monkeypatch: pytest.MonkeyPatch, *, early: bool) -> None:
    """Everything is read again then: the check finds what there is, or meets the bug itself and says so."""

    def crash(*_: object) -> bool:
        raise KeyError("gone")

    def prepare(fleet: Fleet) -> Any:
        return crash(fleet) if early else crash

    files = ROOT / "tests" / "findings" / "policy-blocks-pod--workload" / "input"
    specs = small() | {path.relative_to(files).as_posix(): path.read_bytes() for path in files.rglob("*.yaml")}
    expected = run(specs)
    assert "policy-blocks-pod" in ids(expected.diagnostics)
    monkeypatch.setattr(pipeline, "SCREENS", (replace(checks.SCREENS[0], prepare=prepare),))
    assert run(specs).diagnostics == expected.diagnostics


def test_a_view_that_crashes_is_a_finding_at_its_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> dict[str, Any]:
        raise KeyError("gone")

    monkeypatch.setitem(workloads.VIEWS, "service", crash)
    result = run(small())
    assert ids(result.diagnostics) == ["render-crashed"]
    found = result.diagnostics[0]
    assert (found.location.path, found.location.line, found.location.column) == (API, 3, 18)
    assert "KeyError: 'gone' (in crash, line " in found.message
    assert (result.trees, result.skipped) == ({}, 1)
    assert any(one.name == "model" for one in result.objects["dev"])


def test_a_check_of_trees_that_crashes_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> Iterator[Problem]:
        raise LookupError("nothing there")
        yield

    monkeypatch.setattr(pipeline, "TREE_CHECKS", (replace(checks.TREE_CHECKS[0], run=crash),))
    result = run(small())
    assert ids(result.diagnostics) == ["check-crashed"]
    assert "LookupError: nothing there" in result.diagnostics[0].message


def test_a_tree_with_a_hole_is_not_asked_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a failed template would have rendered is missing everywhere: that is no fault of what points at it."""
    asked: list[WholeTree] = []

    def ask(tree: WholeTree) -> Iterator[Problem]:
        asked.append(tree)
        yield from ()

    def crash(*_: object) -> dict[str, Any]:
        raise KeyError("gone")

    monkeypatch.setattr(pipeline, "TREE_CHECKS", (replace(checks.TREE_CHECKS[0], run=ask),))
    assert not run(small()).failed
    [tree] = asked
    assert [one.name for one in tree.applications if one.name == "root-dev"]
    monkeypatch.setitem(workloads.VIEWS, "service", crash)
    assert run(small()).failed
    assert len(asked) == 1
