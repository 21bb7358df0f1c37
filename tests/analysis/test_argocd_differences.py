"""Paths of ignoreDifferences: JSON pointers and jq."""

from __future__ import annotations

import pytest

from paddock.analysis.argocd_differences import enters_list, is_required, jq_steps, pointer_steps


def test_steps_of_a_pointer() -> None:
    assert pointer_steps("/metadata/annotations/a~1b~0c") == ("metadata", "annotations", "a/b~c")


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        (".spec.replicas", ("spec", "replicas")),
        (".webhooks[]?.clientConfig.caBundle", ("webhooks", "[]", "clientConfig", "caBundle")),
        (".spec.containers[0].image", ("spec", "containers", "[]", "image")),
        ('.metadata.labels["app.kubernetes.io/name"]', ("metadata", "labels", "app.kubernetes.io/name")),
        (".spec | select(.a)", None),
    ],
)
def test_steps_of_jq(path: str, steps: tuple[str, ...] | None) -> None:
    assert jq_steps(path) == steps


@pytest.mark.parametrize(
    ("path", "jq", "enters"),
    [
        ("/spec/groups", False, False),
        ("/spec/groups/0", False, True),
        ("/spec/groups/-", False, True),
        ("/data/0x", False, False),
        (".spec.groups", True, False),
        (".spec.groups[]", True, True),
        (".spec.groups[1].name", True, True),
        ('.spec.groups[] | select(.name == "a")', True, True),
        ('.metadata.labels["a"]', True, False),
    ],
)
def test_what_enters_a_list(path: str, jq: bool, enters: bool) -> None:
    assert enters_list(path, jq=jq) is enters


SCHEMA = {
    "required": ["spec"],
    "properties": {"spec": {"$ref": "#/$defs/spec"}},
    "$defs": {
        "spec": {
            "allOf": [{"required": ["template"]}],
            "properties": {"template": {}, "items": {"items": {"required": ["name"], "properties": {"name": {}}}}},
        }
    },
}


@pytest.mark.parametrize(
    ("steps", "required"),
    [
        (("spec",), True),
        (("spec", "template"), True),
        (("spec", "replicas"), False),
        (("spec", "items"), False),
        (("spec", "items", "[]", "name"), True),
        (("spec", "items", "0", "value"), False),
        (("nothing", "name"), False),
        ((), False),
    ],
)
def test_what_is_required(steps: tuple[str, ...], required: bool) -> None:
    assert is_required(SCHEMA, steps) is required
