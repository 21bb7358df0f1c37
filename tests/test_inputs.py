"""Repository and package together: what may be added, what may not be shadowed, what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock import inputs, layout
from paddock.inputs import Inputs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KARPENTER = "templates/components/karpenter/"


def schema(**keywords: object) -> bytes:
    return json.dumps({"$schema": DIALECT, **keywords}).encode()


def combine(
    own: dict[str, bytes], specs: dict[str, bytes] | None = None
) -> tuple[Inputs, list[tuple[str, str, int | None]]]:
    found, problems = inputs.combine(specs=specs or {}, own=own)
    return found, [(one.id, one.place.path, one.place.line) for one in problems]


def packaged(path: str) -> bytes:
    return (layout.packaged(path.split("/")[0]).parent / path).read_bytes()


def test_the_package_alone_has_no_problems() -> None:
    found, problems = combine({})
    assert problems == []
    assert KARPENTER + "component.yaml" in found.templates
    assert found.schemas["schemas/specs/workload.schema.json"]["title"] == "Workload"
    assert list(found.templates) == sorted(found.templates)


def test_files_of_a_new_component_are_added() -> None:
    own = {
        "templates/components/mine/component.yaml": b"description: Mine.\n",
        "templates/components/mine/resources/x.yaml.j2": b"a: 1\n",
        "schemas/components/mine.schema.json": schema(title="mine"),
    }
    found, problems = combine(own)
    assert problems == []
    assert found.templates["templates/components/mine/resources/x.yaml.j2"] == "a: 1\n"
    assert found.schemas["schemas/components/mine.schema.json"]["title"] == "mine"


def test_a_packaged_file_may_lie_in_the_repository_unchanged() -> None:
    path = KARPENTER + "component.yaml"
    assert combine({path: packaged(path)})[1] == []


def test_a_changed_packaged_file_is_reported_and_not_used() -> None:
    path = KARPENTER + "values.yaml.j2"
    found, problems = combine({path: b"a: 1\n"})
    assert problems == [("shadowed-file", path, 1)]
    assert found.templates[path].encode() == packaged(path)


@pytest.mark.parametrize("path", ["schemas/specs/workload.schema.json", "templates/argocd/application.yaml.j2"])
def test_nothing_outside_components_can_be_replaced(path: str) -> None:
    component = KARPENTER + "component.yaml"
    _, problems = combine({path: schema(), component: b"replaces: true\n" + packaged(component)})
    assert problems == [("shadowed-file", path, 1)]


def test_a_component_that_replaces_takes_the_place_of_folder_and_schemas() -> None:
    own = {
        KARPENTER + "component.yaml": b"replaces: true  # ours is older\nchart: {name: karpenter}\n",
        KARPENTER + "values.yaml.j2": b"a: 1\n",
        "schemas/components/karpenter.schema.json": schema(title="ours"),
        "schemas/values/karpenter.schema.json": schema(title="our values"),
    }
    found, problems = combine(own)
    assert problems == []
    assert [path for path in found.templates if path.startswith(KARPENTER)] == sorted(own)[2:]
    assert found.schemas["schemas/components/karpenter.schema.json"]["title"] == "ours"
    assert found.schemas["schemas/values/karpenter.schema.json"]["title"] == "our values"


def test_a_component_that_replaces_keeps_the_packaged_schemas_it_does_not_bring() -> None:
    found, problems = combine({KARPENTER + "component.yaml": b"replaces: true\n"})
    assert problems == []
    assert "schemas/components/karpenter.schema.json" in found.schemas


@pytest.mark.parametrize(
    "text",
    [
        b"replaces: false\n",
        b"# replaces: true\n",
        b"chart:\n  replaces: true\n",
        b"description: |\n  replaces: true\n",
        b'replaces: "true"\n',
        b"replaces: true\nbroken: [\n",
        b"- replaces: true\n",
    ],
)
def test_only_the_field_itself_replaces(text: bytes) -> None:
    path = KARPENTER + "component.yaml"
    assert combine({path: text})[1] == [("shadowed-file", path, 1)]


@pytest.mark.parametrize(
    ("path", "content", "id", "line"),
    [
        ("templates/x/a.yaml.j2", b"a: 1\nb: \xff\n", "not-utf8", 2),
        ("schemas/x.json", b'{\n "a": \n', "schema-syntax", 3),
        ("schemas/x.json", b'{"a": "\xff"}', "not-utf8", 1),
        ("schemas/x.json", '{"$schema": "x"}'.encode("utf-16"), "not-utf8", 1),
        ("schemas/x.json", b"[]", "schema-syntax", 1),
        ("schemas/x.json", b"{}", "schema-syntax", 1),
        ("schemas/x.json", b'{"$schema": "http://json-schema.org/draft-07/schema#"}', "schema-syntax", 1),
        ("schemas/x.json", schema(type="nonsense"), "schema-syntax", 1),
        ("schemas/x.json", schema(properties={"a": {"minimum": "1"}}), "schema-syntax", 1),
        ("schemas/x.json", schema(items={"x-kubernetes-validations": {}}), "schema-syntax", 1),
        ("schemas/x.json", schema(allOf=[{"x-kubernetes-validations": [{"rule": "true"}]}]), "schema-syntax", 1),
        ("schemas/x.json", b'{"a":' * 5000, "schema-syntax", 1),
        ("schemas/x.json", layout.refused("it is a symbolic link"), "unreadable-file", 1),
        ("templates/x", layout.refused("it is a symbolic link"), "unreadable-file", 1),
    ],
)
def test_what_cannot_be_read_is_a_problem_of_its_file(path: str, content: bytes, id: str, line: int) -> None:
    found, problems = combine({path: content})
    assert problems == [(id, path, line)]
    assert path not in found.templates
    assert path not in found.schemas


def test_a_byte_order_mark_does_not_reach_the_templates() -> None:
    found, _ = combine({"templates/x/a.yaml.j2": b"\xef\xbb\xbfa: 1\n"})
    assert found.templates["templates/x/a.yaml.j2"] == "a: 1\n"


def test_bytes_of_a_file_are_what_a_report_shows() -> None:
    specs = {"environments/a.yaml": b"a: \xff", "environments/b.yaml": layout.refused("a link")}
    found, _ = combine({"templates/x/a.yaml.j2": "é".encode()}, specs)
    assert found.bytes_of("environments/a.yaml") == b"a: \xff"
    assert found.bytes_of("environments/b.yaml") == b""
    assert found.bytes_of("templates/x/a.yaml.j2") == "é".encode()
    assert found.bytes_of("absent") == b""


def test_a_work_tree_is_gathered(tmp_path: Path) -> None:
    for path, text in (("environments/platform.yaml", "kind: Platform\n"), ("templates/x/a.yaml.j2", "a: 1\n")):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    found, problems = inputs.gather(tmp_path)
    assert problems == []
    assert found.specs == {"environments/platform.yaml": b"kind: Platform\n"}
    assert found.templates["templates/x/a.yaml.j2"] == "a: 1\n"
