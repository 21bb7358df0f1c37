"""The two engines held against each other, on valid and on mutated objects."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paddock import emit, kubeconform, process, source
from paddock.commands.verification import second_engine
from paddock.diagnostics import Place
from paddock.kubernetes import ObjectSchemas
from paddock.pipeline import Result
from paddock.render import ObjectRef
from repositories import gathered, run, small


@pytest.fixture(scope="module")
def result() -> Result:
    return run(small())


@pytest.fixture(scope="module")
def schemas() -> ObjectSchemas:
    return ObjectSchemas("1.34", gathered(small()).schemas)


def program() -> str:
    found = kubeconform.find()
    if found is None:
        pytest.skip("kubeconform is not installed: it is built where Go is")
    return found


def mutations(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """(what, where, value to put there) for each node of an object."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield "delete", (*path, key), None
            yield "rename", (*path, key), None
            yield from mutations(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from mutations(item, (*path, index))
        yield "replace", path, {}
    else:
        for other in (["x"], {"x": "y"}, 7.5, "Not a legal value!", True):
            if type(other) is not type(value):
                yield "replace", path, other


def mutated(data: Any, what: str, where: tuple[Any, ...], value: Any) -> Any:
    result = copy.deepcopy(data)
    node = result
    for step in where[:-1]:
        node = node[step]
    if what == "replace":
        if not where:
            return value
        node[where[-1]] = value
    else:
        item = node.pop(where[-1])
        if what == "rename":
            node[f"{where[-1]}Zzz"] = item
    return result


def test_both_engines_agree_on_mutated_objects(result: Result, schemas: ObjectSchemas, tmp_path: Path) -> None:
    """One object of each kind, changed at every node: the verdicts are the same, thousands of times."""
    executable = program()
    one_of_each = {(ref.api_version, ref.kind): ref for refs in result.objects.values() for ref in refs}
    verdicts: dict[str, bool] = {}
    folder = tmp_path / "objects"
    folder.mkdir()
    for (api_version, kind), ref in one_of_each.items():
        data, _ = source.parse(result.trees["dev"][ref.path].encode(), ref.path)
        uri = schemas.uri(api_version, kind)
        assert uri is not None
        for number, (what, where, value) in enumerate([("none", (), None), *mutations(data)]):
            if where[:1] in (("apiVersion",), ("kind",)) or where == ("metadata", "name"):
                continue  # then it is no object of this kind any more
            other = data if what == "none" else mutated(data, what, where, value)
            name = f"{kind}-{number}-{what}-{'.'.join(map(str, where)).replace('/', '_')}"[:200]
            (folder / f"{name}.yaml").write_text(json.dumps(other))
            verdicts[str(folder / f"{name}.yaml")] = schemas.is_valid(uri, other)
    kubeconform.write_schemas(tmp_path / "schemas", schemas, list(one_of_each.values()))
    command = kubeconform.command(executable, tmp_path)
    command.insert(1, "-verbose")
    done = process.run(command, cwd=tmp_path, timeout=120)
    answers = {one["filename"]: one["status"] == "statusValid" for one in json.loads(done.stdout)["resources"]}
    assert len(answers) == len(verdicts) > 3000
    different = {
        Path(name).stem: (verdict, answers[name]) for name, verdict in verdicts.items() if verdict != answers[name]
    }
    assert not different
    assert 0.1 < sum(verdicts.values()) / len(verdicts) < 0.6, (
        "mutations that change nothing, or everything, show nothing"
    )


def test_a_wrong_object_is_a_problem_of_its_spec(result: Result) -> None:
    executable = program()
    ref = next(one for one in result.objects["dev"] if one.kind == "Deployment")
    text = result.trees["dev"][ref.path].replace("containers:", "containerz:")
    verdict = kubeconform.verify(executable, [ref], {"dev": {ref.path: text}}, gathered(small()).schemas)
    assert verdict.count == 1
    assert [(one.id, one.place) for one in verdict.problems] == [("kubeconform", ref.place)]


def fake(tmp_path: Path, answer: str) -> str:
    path = tmp_path / "kubeconform"
    path.write_text(f"#!/bin/sh\nprintf '%s' '{answer}'\n")
    path.chmod(0o755)
    return str(path)


def test_a_count_that_differs_is_a_problem(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = '{"resources": [], "summary": {"valid": 1, "invalid": 0, "errors": 0, "skipped": 0}}'
    monkeypatch.setattr(kubeconform, "find", lambda: fake(tmp_path, answer))
    second = second_engine("kubeconform", result, gathered(small()).schemas)
    assert [one.id for one in second.problems] == ["engine-count"]


def test_nonsense_is_fatal(tmp_path: Path, result: Result) -> None:
    from paddock.errors import Fatal

    with pytest.raises(Fatal, match="kubeconform failed"):
        kubeconform.verify(
            fake(tmp_path, "no json"), result.objects["dev"][:1], result.trees, gathered(small()).schemas
        )


def test_every_schema_says_its_draft(schemas: ObjectSchemas, tmp_path: Path, result: Result) -> None:
    kubeconform.write_schemas(tmp_path / "schemas", schemas, result.objects["dev"])
    for path in (tmp_path / "schemas").iterdir():
        assert json.loads(path.read_text())["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_kind_without_schema_is_a_problem() -> None:
    ref = ObjectRef(
        path="x", environment="dev", cluster="c", kubernetes_version="1.34", api_version="apps/v1beta1",
        kind="Deployment", namespace="", name="x", place=Place(path="x"), template="t",
    )  # fmt: skip
    assert ObjectSchemas("1.34", {}).uri(ref.api_version, ref.kind) is None
    assert emit.scalar("x") == "x"
