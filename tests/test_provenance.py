"""A fault in a rendered object is traced back to the spec leaf that gave the value."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.diagnostics import Pointer
from paddock.provenance import trace

SPEC: dict[str, Any] = {
    "nodes": 16,
    "image": {"repository": "r.example.com/bev", "tag": "1.8.2"},
    "resources": {"cpu": "160", "memory": "1600Gi", "gpu": {"model": "h100", "count": 8}},
    "env": {"LOG_LEVEL": "debug"},
    "labels": {"tier": "gold"},
    "args": ["--epochs", "90"],
    "ports": {"http": {"port": 8080}, "grpc": {"port": 9090}},
    "efa": True,
    "empty": "",
}


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        (("spec", "trainer", "numNodes"), 16, ("nodes",)),
        (("spec", "template", "resources", "cpu"), "x", ("resources", "cpu")),
        (("spec", "resources", "limits", "memory"), "1600Gi", ("resources", "memory")),
        (("metadata", "labels", "tier"), "gold", ("labels", "tier")),
        (("spec", "args", 1), "90", ("args", 1)),
        (("spec", "containers", 0, "ports", 1, "containerPort"), 9090, ("ports", "grpc", "port")),
        (("spec", "env", 0, "value"), "debug", ("env", "LOG_LEVEL")),
        (("spec", "unrelated"), "nothing like it", None),
        (("spec", "flag"), True, None),
        (("spec", "blank"), "", None),
        ((), {"kind": "X"}, None),
    ],
)
def test_a_value_is_traced(pointer: Pointer, value: Any, expected: Pointer | None) -> None:
    assert trace(pointer, value, SPEC) == expected


def test_the_same_value_at_two_places_is_told_apart_by_its_keys() -> None:
    spec = {"a": {"port": 80}, "b": {"targetPort": 80}}
    assert trace(("spec", "targetPort"), 80, spec) == ("b", "targetPort")
    assert trace(("spec", "port"), 80, spec) == ("a", "port")


def test_a_number_and_a_text_are_not_the_same_value() -> None:
    assert trace(("x",), 80, {"a": "80"}) is None
    assert trace(("x",), 80, {"a": 80}) == ("a",)


@pytest.mark.parametrize("value", [True, False, 0, 1, "", None, {}, []])
def test_a_value_that_stands_everywhere_says_nothing_without_its_key(value: Any) -> None:
    assert trace(("x",), value, {"a": value}) is None
    assert trace(("x", "a"), value, {"a": value}) == ("a",)
