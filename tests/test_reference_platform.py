"""The reference platform is large, varied and clean, and both engines count the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paddock import kubeconform, source
from paddock.inputs import combine
from paddock.pipeline import Result
from repositories import ROOT, reference, reference_result, run

OF_THE_CAPABILITY = {"identityCenter", "instanceARN"}
"""Only where EKS runs Argo CD, which this platform does itself: tests/infrastructure/test_hub.py uses them."""


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


def blanked(value: Any, names: set[str]) -> Any:
    """A value with every occurrence of a name replaced, to see the shapes behind the names."""
    if isinstance(value, dict):
        return {blanked(key, names): blanked(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [blanked(item, names) for item in value]
    if isinstance(value, str):
        for name in sorted(names, key=len, reverse=True):
            value = value.replace(name, "_")
    return value


def test_no_findings(result: Result) -> None:
    assert not result.diagnostics
    assert result.skipped == 0


def test_no_findings_on_its_day() -> None:
    """Versions, capacity blocks and whatever else ends are right on the day that the specs were last looked at."""
    assert not run(reference(), as_of="2026-11-25").diagnostics


def test_size(result: Result) -> None:
    assert result.fleet is not None
    objects = [one for refs in result.objects.values() for one in refs]
    assert len(objects) >= 1000
    assert len({one.kind for one in objects}) >= 25
    assert sorted(result.trees) == ["dev", "prod", "staging"]
    assert len(result.fleet.clusters()) >= 6
    assert len({cluster.region for cluster in result.fleet.clusters()}) == 2
    assert len({team for one in result.fleet.environments.values() for team in one.teams}) >= 8
    assert len({key for one in result.fleet.environments.values() for key in one.workloads}) >= 40


def test_distinct_objects_with_names_blanked(result: Result) -> None:
    assert result.fleet is not None
    names = {cluster.identity for cluster in result.fleet.clusters()} | {
        cluster.name for cluster in result.fleet.clusters()
    }
    for environment in result.fleet.environments.values():
        names |= {environment.name, *environment.teams, *(name for _, name in environment.workloads)}
    shapes = set()
    for name, refs in result.objects.items():
        for one in refs:
            data, _ = source.parse(result.trees[name][one.path].encode(), one.path)
            own = names | {one.name, one.namespace or one.name}
            shapes.add(json.dumps(blanked(data, own), sort_keys=True))
    assert len(shapes) >= 350


def test_every_feature_of_the_schemas_is_used() -> None:
    """Each property of each spec schema appears somewhere in environments/."""
    used: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            used.update(value)
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    for path, content in reference().items():
        data, problems = source.parse(content, path)
        assert not problems, path
        collect(data)
    declared: set[str] = set()

    def properties(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("properties"), dict):
                declared.update(value["properties"])
            for item in value.values():
                properties(item)
        elif isinstance(value, list):
            for item in value:
                properties(item)

    for schema in (ROOT / "schemas" / "specs").rglob("*.json"):
        # A baseline is for a repository that had findings when it began.
        if "overlays" not in schema.parts and schema.name != "baseline.schema.json":
            properties(json.loads(schema.read_text()))
    assert declared - used == OF_THE_CAPABILITY


def test_every_spec_names_its_schema() -> None:
    """Editors complete and check a spec through this line."""
    for path, content in reference().items():
        first = content.decode().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema="), path
        target = (ROOT / path).parent / first.partition("=")[2]
        assert target.resolve().is_file(), path


def test_kubeconform_counts_the_same(result: Result) -> None:
    program = kubeconform.find()
    if program is None:
        pytest.skip("kubeconform is not installed: it is built where Go is")
    objects = [one for refs in result.objects.values() for one in refs]
    inputs, _ = combine(specs=reference(), own={})
    verdict = kubeconform.verify(program, objects, result.trees, inputs.schemas)
    assert not verdict.problems
    assert verdict.count == len(objects)
