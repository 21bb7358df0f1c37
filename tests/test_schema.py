"""What is invalid is said in words, at the right place, and both engines agree on it."""

from __future__ import annotations

import copy
import json
import random
import re
import time
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from paddock.overlay_schema import overlay_schema
from paddock.schema import DRAFT, URI, SchemaSet

ROOT = Path(__file__).resolve().parents[1]
SPECS = ROOT / "schemas" / "specs"
DOCUMENTS = {
    URI + path.relative_to(ROOT).as_posix(): json.loads(path.read_text()) for path in sorted(SPECS.rglob("*.json"))
}
WORKLOAD = URI + "schemas/specs/workload.schema.json"
OVERLAY = URI + "schemas/overlays/workload-training.schema.json"
TRAINING = {
    "type": "training",
    "environments": ["dev"],
    "clusters": ["train-iad"],
    "image": {"repository": "registry.example.com/perception/bev", "tag": "1.8.2"},
    "command": ["torchrun", "train.py"],
    "nodes": 2,
    "resources": {"cpu": "16", "memory": "64Gi", "gpu": {"model": "h100", "count": 8}},
    "run": {"schedule": "0 2 * * *", "timeZone": "UTC"},
    "queue": {"name": "perception"},
    "env": {"A": "b", "C": {"secret": "s", "key": "k"}},
    "alerts": {"Slow": {"expr": "up == 0", "severity": "warning", "summary": "It is slow."}},
}


@pytest.fixture(scope="module")
def schemas() -> SchemaSet:
    found = SchemaSet(DOCUMENTS)
    found.add(OVERLAY, overlay_schema(DOCUMENTS, WORKLOAD, "training"))
    return found


def workload(**changes: Any) -> dict[str, Any]:
    spec = {name: value for name, value in {**TRAINING, **changes}.items() if value is not ...}
    return {"apiVersion": "paddock/v1alpha1", "kind": "Workload", "metadata": {"name": "a", "team": "b"}, "spec": spec}


def overlay(**spec: Any) -> dict[str, Any]:
    return {**workload(), "spec": spec}


def told(schema: Any, value: Any) -> list[tuple[str, str, str]]:
    found = SchemaSet({URI + "x": {"$schema": DRAFT, **schema}})
    return [(one.id, one.message, one.help) for one in found.faults(URI + "x", value)]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "integer"}, "x", 'v is "x", not a whole number'),
        ({"type": ["string", "null"]}, 1, "v is 1, not a string"),
        ({"type": "object"}, [], "v is [], not a map"),
        ({"type": "boolean"}, "yes", 'v is "yes", not true or false'),
        ({"enum": ["b", "a"]}, "c", 'v is "c", not one of "a", "b"'),
        ({"const": "a"}, "b", 'v is "b", not "a"'),
        ({"pattern": "^a$"}, "b", 'v is "b", which does not match ^a$'),
        ({"pattern": "^a$", "description": "An a."}, "b", 'v is "b", which does not match ^a$ (An a)'),
        ({"minimum": 1}, 0, "v is 0, less than 1"),
        ({"maximum": 1}, 2, "v is 2, more than 1"),
        ({"exclusiveMinimum": 1}, 1, "v is 1, not more than 1"),
        ({"exclusiveMaximum": 1}, 1, "v is 1, not less than 1"),
        ({"multipleOf": 2}, 3, "v is 3, not a multiple of 2"),
        ({"minLength": 2}, "a", 'v is "a", shorter than 2 characters'),
        ({"maxLength": 1}, "ab", 'v is "ab", longer than 1 characters'),
        ({"minItems": 1}, [], "v is [], fewer than 1 items"),
        ({"maxItems": 1}, [1, 2], "v is [1, 2], more than 1 items"),
        ({"uniqueItems": True}, [1, 1], "v is [1, 1], with an item that stands twice"),
        ({"minProperties": 1}, {}, "v is {}, fewer than 1 fields"),
        ({"maxProperties": 0}, {"a": 1}, 'v is {"a": 1}, more than 0 fields'),
        ({"not": {"const": 1}}, 1, "v is 1, which is reserved"),
        ({"not": {"required": ["b", "a"]}}, {"a": 1, "b": 1}, 'v has "b" and "a", which exclude each other'),
        ({"not": {"required": ["a"]}}, {"a": 1}, 'v has "a", which is not legal here'),
        ({"not": {"required": ["a"]}}, 1, "v is 1, which is reserved"),
        (
            {"oneOf": [{"required": ["a"]}, True]},
            {"a": 1},
            "v is {\"a\": 1}, which is refused: {'a': 1} is valid under each of True, {'required': ['a']}",
        ),
        (
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"required": ["c"]}]},
            {"a": 1, "c": 1},
            'v has "a" and "c", which exclude each other',
        ),
        ({"anyOf": [{"const": "Never"}, {"type": "integer"}]}, "x", 'v is "x", not "Never" and not a whole number'),
        (
            {"oneOf": [{"type": "object"}, {"type": "array"}, {"type": "null"}]},
            1,
            "v is 1, not a map, not a list and not null",
        ),
        ({"enum": ["x" * 200]}, "y" * 200, f'v is "{"y" * 76}..., not one of "{"x" * 76}...'),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) and one else None,
)
def test_each_keyword_says_what_is_legal(schema: Any, value: Any, message: str) -> None:
    assert told({"properties": {"v": schema}}, {"v": value}) == [("invalid-value", message, "")]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (
            {"properties": {"nodes": {}}, "additionalProperties": False},
            {"node": 1},
            ("unknown-field", 'the document has no field "node"', 'did you mean "nodes"?'),
        ),
        (
            {"properties": {"b": {}, "a": {}}, "unevaluatedProperties": False},
            {"zzz": 1},
            ("unknown-field", 'the document has no field "zzz"', "legal: a, b"),
        ),
        ({"additionalProperties": False}, {"z": 1}, ("unknown-field", 'the document has no field "z"', "legal: none")),
        ({"required": ["a"]}, {}, ("missing-field", 'the document lacks the field "a"', "")),
        (
            {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {},
            ("missing-field", 'the document lacks one of the fields "a", "b"', ""),
        ),
        (
            {"propertyNames": {"pattern": "^[a-z]+$"}},
            {"A b": 1},
            ("invalid-name", 'the document has the key "A b", which does not match ^[a-z]+$', ""),
        ),
    ],
    ids=["near", "far", "none", "missing", "either", "name"],
)
def test_faults_of_fields(schema: Any, value: Any, expected: tuple[str, str, str]) -> None:
    assert told(schema, value) == [expected]


def test_all_faults_of_a_value_are_reported_at_their_places(schemas: SchemaSet) -> None:
    bad = workload(nodes=0, comand=["x"], image={"repository": "UPPER", "tag": 5}, queue={"nam": "q"})
    found = [(one.id, one.pointer[1:], one.key, one.missing) for one in schemas.faults(WORKLOAD, bad)]
    assert found == [
        ("unknown-field", ("comand",), True, ""),
        ("invalid-value", ("image", "repository"), False, ""),
        ("invalid-value", ("image", "tag"), False, ""),
        ("invalid-value", ("nodes",), False, ""),
        ("missing-field", ("queue",), False, "name"),
        ("unknown-field", ("queue", "nam"), True, ""),
    ]


def test_items_of_a_list_are_reported_in_their_order() -> None:
    found = SchemaSet({URI + "x": {"items": {"type": "string"}}}).faults(URI + "x", list(range(12)))
    assert [one.pointer for one in found] == [(index,) for index in range(12)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "trainning"}, [("invalid-value", ("spec", "type"))]),
        ({"type": ...}, [("missing-field", ("spec",))]),
        ({"type": "trainning", "zzz": 1}, [("invalid-value", ("spec", "type")), ("unknown-field", ("spec", "zzz"))]),
    ],
)
def test_a_wrong_type_does_not_make_every_field_unknown(schemas: SchemaSet, change: Any, expected: Any) -> None:
    assert [(one.id, one.pointer) for one in schemas.faults(WORKLOAD, workload(**change))] == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ({"schedul": "x", "timeZone": "UTC"}, ["missing-field", "unknown-field"]),
        ({"schedule": 5, "timeZone": "UTC"}, ["invalid-value"]),
        ({"schedule": "0 2 * * *"}, ["missing-field"]),
        ("never", ["invalid-value"]),
        (7, ["invalid-value"]),
    ],
)
def test_the_branch_that_was_meant_is_explained(schemas: SchemaSet, run: Any, expected: list[str]) -> None:
    assert [one.id for one in schemas.faults(WORKLOAD, workload(run=run))] == expected


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"nodes": None, "image": {"tag": None}},
        {"image": {"digest": "sha256:" + "0" * 64}},
        {"run": {"timeZone": "Europe/Berlin"}},
        {"run": "onDemand"},
        {"env": {"A": None, "C": {"key": "other"}}},
        {"resources": {"gpu": {"count": 4}}},
        {"secrets": None, "alerts": {"Slow": {"for": "5m"}}},
        {"labels": {"a": None}},
    ],
)
def test_an_overlay_requires_nothing_and_may_delete(schemas: SchemaSet, spec: Any) -> None:
    assert schemas.faults(OVERLAY, overlay(**spec)) == []


@pytest.mark.parametrize(
    ("spec", "id", "pointer", "help"),
    [
        ({"run": {"schedul": "x"}}, "unknown-field", ("run", "schedul"), 'did you mean "schedule"?'),
        ({"run": {"schedule": 5}}, "invalid-value", ("run", "schedule"), ""),
        ({"run": "never"}, "invalid-value", ("run",), ""),
        ({"nodes": "x"}, "invalid-value", ("nodes",), ""),
        ({"image": {"tagg": "x"}}, "unknown-field", ("image", "tagg"), 'did you mean "tag"?'),
        ({"env": {"B": {"secrt": "s"}}}, "unknown-field", ("env", "B", "secrt"), 'did you mean "secret"?'),
        ({"env": {"c d": "x"}}, "invalid-name", ("env", "c d"), ""),
        ({"command": []}, "invalid-value", ("command",), ""),
        ({"environments": ["A"]}, "invalid-value", ("environments", 0), ""),
        ({"comand": ["x"]}, "unknown-field", ("comand",), 'did you mean "command"?'),
        ({"pool": "a\n"}, "invalid-value", ("pool",), ""),
        ({"alerts": {"Slow": {"severity": "huge"}}}, "invalid-value", ("alerts", "Slow", "severity"), ""),
    ],
)
def test_an_overlay_is_checked_down_to_its_leaves(
    schemas: SchemaSet, spec: Any, id: str, pointer: Any, help: str
) -> None:
    [found] = schemas.faults(OVERLAY, overlay(**spec))
    assert (found.id, found.pointer, found.help) == (id, ("spec", *pointer), help)


def test_the_spec_of_an_overlay_cannot_be_null(schemas: SchemaSet) -> None:
    [found] = schemas.faults(OVERLAY, {**workload(), "spec": None})
    assert found.message == "spec is null, not a map"


def test_an_overlay_of_a_base_without_type_may_use_the_fields_of_every_type() -> None:
    schemas = SchemaSet(DOCUMENTS)
    schemas.add(OVERLAY, overlay_schema(DOCUMENTS, WORKLOAD, None))
    assert schemas.faults(OVERLAY, overlay(nodes=3, replicas={"min": 2})) == []


def test_a_field_that_is_called_default_survives_inlining() -> None:
    inner = {
        "type": "object",
        "required": ["default"],
        "properties": {"default": {"type": "string"}, "x": {"default": 1}},
    }
    documents = {URI + "k": {"properties": {"metadata": {}, "spec": {"properties": {"l": {"items": inner}}}}}}
    schemas = SchemaSet(documents | {URI + "o": overlay_schema(documents, URI + "k", None)})
    assert [one.pointer for one in schemas.faults(URI + "o", {"spec": {"l": [{"default": 1}]}})] == [
        ("spec", "l", 0, "default")
    ]


def test_defaults_are_filled_where_absent(schemas: SchemaSet) -> None:
    value = workload(metrics={"port": 9090})
    before = copy.deepcopy(value)
    spec = schemas.with_defaults(WORKLOAD, value)["spec"]
    assert value == before
    assert spec["args"] == []
    assert spec["resources"]["efa"] is False
    assert spec["run"]["concurrencyPolicy"] == "Forbid"
    assert spec["metrics"] == {"port": 9090, "path": "/metrics", "interval": "30s"}
    assert spec["alerts"]["Slow"]["for"] == "10m"
    assert "checkpoint" not in spec


def filled(schema: Any, value: Any) -> Any:
    return SchemaSet({URI + "x": schema}).with_defaults(URI + "x", value)


OBJECT = {"type": "object"}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"properties": {"a": {"default": {}, "properties": {"b": {"default": 1}}}}}, {}, {"a": {"b": 1}}),
        ({"properties": {"a": {"properties": {"b": {"default": 1}}}}}, {}, {}),
        ({"properties": {"a": {"default": False}}}, {}, {"a": False}),
        ({"properties": {"a": {"default": 1}}}, {"a": None}, {"a": None}),
        ({"additionalProperties": {"properties": {"b": {"default": 1}}}}, {"x": {}}, {"x": {"b": 1}}),
        ({"items": {"properties": {"b": {"default": 1}}}}, [{}, {"b": 2}], [{"b": 1}, {"b": 2}]),
        ({"$ref": "#/$defs/d", "$defs": {"d": {"properties": {"a": {"default": 1}}}}}, {}, {"a": 1}),
        (
            {
                "if": {"properties": {"k": {"const": 1}}},
                "then": {"properties": {"a": {"default": 1}}},
                "else": {"properties": {"b": {"default": 2}}},
            },
            {"k": 2},
            {"k": 2, "b": 2},
        ),
        (
            {
                "oneOf": [
                    {**OBJECT, "required": ["s"], "properties": {"x": {"default": 1}}},
                    {**OBJECT, "required": ["t"], "properties": {"y": {"default": 1}}},
                ]
            },
            {"t": 0},
            {"t": 0, "y": 1},
        ),
        (
            {
                "anyOf": [{"$ref": "#/$defs/d"}, {"type": "string"}],
                "$defs": {"d": {**OBJECT, "properties": {"a": {"default": 1}}}},
            },
            {},
            {"a": 1},
        ),
    ],
)
def test_a_default_comes_from_the_part_that_applies(schema: Any, value: Any, expected: Any) -> None:
    assert filled(schema, value) == expected


def test_defaults_of_two_values_are_not_shared() -> None:
    schema = {"properties": {"a": {"default": []}}}
    one, other = filled(schema, {}), filled(schema, {})
    one["a"].append(1)
    assert other == {"a": []}


@pytest.mark.parametrize(
    "schema", [{"$ref": "absent.json"}, {"$ref": "#/$defs/absent"}, {"type": "nonsense"}, {"pattern": "("}]
)
def test_a_schema_that_cannot_be_used_is_a_fault(schema: Any) -> None:
    assert [(id) for id, _, _ in told(schema, 1)] == ["schema-syntax"]


def mutations(value: Any, dice: random.Random) -> Any:
    """A copy with one to three changes somewhere."""
    result = copy.deepcopy(value)
    junk = [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        "A B",
        "a\n",
        "1Gi",
        "٣Gi",
        [],
        [1, 1],
        {},
        {"x": 1},
        "\u00a0",
        "1m ",
        10**6,
        "é" * 70,
    ]
    for _ in range(dice.randint(1, 3)):
        node = result
        while True:
            steps = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not steps:
                break
            step = dice.choice(steps)
            if isinstance(node[step], (dict, list)) and node[step] and dice.random() < 0.75:
                node = node[step]
                continue
            action = dice.random()
            if action < 0.55:
                node[step] = copy.deepcopy(dice.choice(junk))
            elif action < 0.75:
                del node[step]
            elif isinstance(node, dict):
                node[dice.choice(["zzz", "Bad Key", "nodes", "tag", "a\n"])] = dice.choice(junk)
            break
    return result


def test_both_engines_agree_on_mutated_specs(schemas: SchemaSet) -> None:
    dice = random.Random(3)
    invalid = 0
    for uri, base in ((WORKLOAD, workload()), (OVERLAY, overlay(**TRAINING))):
        for _ in range(150):
            value = mutations(base, dice)
            valid, explained = schemas.is_valid(uri, value), schemas.explain(uri, value)
            assert valid == (explained == []), (value, explained)
            invalid += not valid
    assert invalid > 100


def patterns(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(patterns, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = {node["pattern"]} if isinstance(node.get("pattern"), str) else set()
    return own.union(*map(patterns, node.values())) if node else own


@pytest.mark.parametrize("pattern", sorted(patterns(list(DOCUMENTS.values()))))
def test_no_pattern_is_slow_on_hostile_text(pattern: str) -> None:
    validator = jsonschema_rs.Draft202012Validator({"pattern": pattern})
    began = time.monotonic()
    for text in ("a" * 20_000 + "!", "a-" * 10_000 + "!", "1." * 10_000 + "!", "x " * 10_000, "/a" * 10_000 + "\n"):
        validator.is_valid(text)
    assert time.monotonic() - began < 1
    assert re.compile(pattern)


def test_explaining_many_values_is_not_slow(schemas: SchemaSet) -> None:
    value = workload(nodes=0)
    schemas.faults(WORKLOAD, value)
    began = time.monotonic()
    for _ in range(20):
        schemas.faults(WORKLOAD, value)
    assert time.monotonic() - began < 1
