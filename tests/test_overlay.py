"""RFC 7396, with its appendix as the table of examples, and the memory of what a patch set."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.overlay import merge

Pairs = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("base", "patch", "expected"), Pairs)
def test_the_examples_of_rfc_7396(base: Any, patch: Any, expected: Any) -> None:
    assert merge(base, patch)[0] == expected


@pytest.mark.parametrize(
    ("base", "patch", "touched"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {("a", "b")}),
        ({"a": {"b": 1}}, {"a": {"b": None}}, {("a", "b")}),
        ({"a": {"b": 1}}, {"a": None}, {("a",)}),
        ({"a": 1}, {"a": {"b": 2}}, {("a",), ("a", "b")}),
        ({}, {"a": {"b": 2}}, {("a",), ("a", "b")}),
        ({}, {"a": {}}, {("a",)}),
        ({"a": {}}, {"a": {}}, set()),
        ({"a": [1, {"b": 2}]}, {"a": [{"b": 3}]}, {("a",)}),
        ({"a": 1}, {}, set()),
        ({"a": 1}, 2, {()}),
    ],
)
def test_what_a_patch_set_is_remembered(base: Any, patch: Any, touched: Any) -> None:
    assert merge(base, patch)[1] == touched


values = st.recursive(
    st.none() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("abc", max_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(values, values)
def test_merging_twice_changes_no_more_and_no_input(base: Any, patch: Any) -> None:
    inputs = copy.deepcopy((base, patch))
    once, _ = merge(base, patch)
    assert merge(once, patch)[0] == once
    assert (base, patch) == inputs


@given(values, values)
def test_what_was_not_touched_is_the_base(base: Any, patch: Any) -> None:
    merged, touched = merge(base, patch)
    if isinstance(base, dict) and isinstance(merged, dict):
        for name in base.keys() | merged.keys():
            if not any(pointer[:1] == (name,) for pointer in touched):
                assert merged.get(name) == base.get(name)
