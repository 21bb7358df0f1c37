"""The rules that APIs state of their objects in CEL: each one refuses what it should, and nothing else.

The comparison with the CRDs needs PADDOCK_UPSTREAM; kubectl-validate's verdicts are in test_kubectl_validate.py.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import upstream_crds
from cel_cases import BROKEN, LEGAL, changed
from paddock import cel, object_rules
from paddock.object_rules import Node
from paddock.schema import RULES, malformed
from samples import SAMPLES, sample

Json = Any

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = {
    path.stem.split("_")[0]: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "schemas" / "kubernetes").glob("*/*.json"))
}
PLANS = {kind: node for kind, schema in SCHEMAS.items() if (node := object_rules.plan(schema)) is not None}
# A rule by its kind, its place with [] for any item, and its expression.
Key = tuple[str, str, str]


def rules_below(kind: str, node: Node, place: str = "") -> Iterator[Key]:
    yield from ((kind, place, rule.expression) for rule in node.rules)
    for name, inner in node.properties.items():
        yield from rules_below(kind, inner, f"{place}/{name}".lstrip("/"))
    if node.items is not None:
        yield from rules_below(kind, node.items, f"{place}/[]")
    if node.others is not None:
        yield from rules_below(kind, node.others, f"{place}/{{}}")


EVERY = {key for kind, node in PLANS.items() for key in rules_below(kind, node)}


def said(kind: str, document: Json) -> Iterator[tuple[Key, str, object_rules.Rule, cel.Answer]]:
    """The answer of each rule on a document, with its place there."""
    for pointer, rule, answer in object_rules.answers(PLANS[kind], document):
        anywhere = "/".join("[]" if isinstance(step, int) else step for step in pointer)
        yield (kind, anywhere, rule.expression), "/".join(map(str, pointer)), rule, answer


@cache
def broken_keys() -> frozenset[Key]:
    return frozenset(
        key
        for kind, changes, place, words in BROKEN
        for key, at, rule, answer in said(kind, changed(kind, changes))
        if answer.value is not True and at == place and words in rule.message
    )


def test_every_rule_can_be_read() -> None:
    assert [key for key in EVERY if isinstance(cel.compiled(key[2], ("self",), trusted=True), cel.Misspelt)] == []
    assert len(EVERY) > 110
    kinds = {kind for kind, _, _ in EVERY}
    assert {"nodepool", "ec2nodeclass", "clusterqueue", "trainjob", "trainingruntime"} <= kinds


def test_every_rule_of_a_schema_is_evaluated() -> None:
    """None is lost behind a reference or in a branch that the engine does not follow."""

    def stated(node: Json) -> Iterator[str]:
        if isinstance(node, list):
            for one in node:
                yield from stated(one)
        elif isinstance(node, dict):
            yield from (rule["rule"] for rule in node.get(RULES, ()))
            for name, one in node.items():
                if name != RULES:
                    yield from stated(one)

    for kind, schema in SCHEMAS.items():
        assert set(stated(schema)) == {rule for one, _, rule in EVERY if one == kind}, kind


@pytest.mark.parametrize(("kind", "changes", "place", "words"), BROKEN, ids=lambda part: str(part)[:50])
def test_what_breaks_a_rule_is_refused_at_its_place(kind: str, changes: Json, place: str, words: str) -> None:
    found = object_rules.faults(PLANS[kind], changed(kind, changes))
    assert any("/".join(map(str, one.pointer)) == place and words in one.message for one in found), found
    assert {one.id for one in found} == {"invalid-object"}


def test_every_rule_is_broken_by_a_case() -> None:
    assert sorted(EVERY - broken_keys()) == []


def test_every_rule_holds_somewhere() -> None:
    """A rule that never says yes would refuse everything."""
    legal = [(kind, sample(SAMPLES / f"{kind}.yaml")) for kind in PLANS]
    legal += [(kind, changed(kind, changes)) for kind, changes in LEGAL]
    held = {key for kind, document in legal for key, _, _, answer in said(kind, document) if answer.value is True}
    assert sorted(EVERY - held) == []


@pytest.mark.parametrize("kind", sorted(PLANS))
def test_the_sample_breaks_no_rule(kind: str) -> None:
    assert object_rules.faults(PLANS[kind], sample(SAMPLES / f"{kind}.yaml")) == []


@pytest.mark.parametrize(("kind", "changes"), LEGAL, ids=lambda part: str(part)[:50])
def test_a_legal_neighbour_breaks_no_rule(kind: str, changes: Json) -> None:
    assert object_rules.faults(PLANS[kind], changed(kind, changes)) == []


def test_rules_see_defaults_and_leave_the_object_alone() -> None:
    """whenCanBorrow is MayStopSearch where nothing says so (Kueue's API): the preference is refused."""
    document = changed("clusterqueue", {"spec/flavorFungibility/whenCanBorrow": ...})
    before = json.dumps(document)
    assert len(object_rules.faults(PLANS["clusterqueue"], document)) == 1
    assert json.dumps(document) == before


RULED = {
    "properties": {
        "when-used": {"type": "string", "default": "never"},
        "namespace": {"type": "string"},
        "sizes": {
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/size", RULES: [{"rule": "self != 0", "message": "not 0"}]},
        },
    },
    "additionalProperties": False,
    RULES: [
        {"rule": "self.when__dash__used != 'always'", "message": "not always", "fieldPath": ".when-used"},
        {"rule": "!has(self.__namespace__) || self.__namespace__ != ''", "message": "a namespace"},
        {"rule": "self.when__dash__used == oldSelf.when__dash__used", "message": "never changes"},
        {"rule": "!has(self.sizes) || self.sizes['a-b'] < 3", "message": "small"},
    ],
    "$defs": {"size": {"type": "integer", RULES: [{"rule": "self <= 4", "message": "at most 4"}]}},
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, []),
        ({"when-used": "always"}, [(("when-used",), "when-used breaks a rule of its API: not always")]),
        ({"namespace": ""}, [((), "the document breaks a rule of its API: a namespace")]),
        ({"sizes": {"a-b": 2}}, []),
        ({"sizes": {"a-b": 3}}, [((), "the document breaks a rule of its API: small")]),
        ({"sizes": {"a-b": 0}}, [(("sizes", "a-b"), "sizes.a-b breaks a rule of its API: not 0")]),
        ({"sizes": {"a-b": 2, "b": 5}}, [(("sizes", "b"), "sizes.b breaks a rule of its API: at most 4")]),
        (
            {"sizes": {}},
            [((), 'the document breaks a rule of its API: small (the rule fails: Key not found in map : "a-b")')],
        ),
    ],
    ids=str,
)
def test_a_rule_sees_names_maps_and_defaults_as_kubernetes_does(document: Json, expected: Json) -> None:
    node = object_rules.plan(RULED)
    assert node is not None
    assert [(one.pointer, one.message) for one in object_rules.faults(node, document)] == expected


def test_a_schema_without_rules_has_no_plan() -> None:
    assert object_rules.plan({"properties": {"a": {"default": 1}}}) is None


# The CRDs. NodePool has two: Karpenter's own, and that of its provider for AWS, which adds rules; ours has both.


def crds() -> Iterator[tuple[str, Json]]:
    if upstream_crds.folder() is None:
        pytest.skip("PADDOCK_UPSTREAM does not name the folder of the CRDs")
    versions = {kind: schema["properties"]["apiVersion"]["const"] for kind, schema in SCHEMAS.items()}
    apis = {(api.rpartition("/")[0], kind) for kind, api in versions.items()}
    for document in upstream_crds.documents(apis):
        kind = document["spec"]["names"]["kind"].lower()
        for version in document["spec"]["versions"]:
            if versions.get(kind) == f"{document['spec']['group']}/{version['name']}":
                yield kind, version["schema"]["openAPIV3Schema"]


def nodes_below(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes_below(inner, (*path, name))
    for keyword, step in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(keyword), dict):
            yield from nodes_below(schema[keyword], (*path, step))


def known(kind: str, path: tuple[str, ...]) -> bool:
    """Whether our schema of a kind has a place, in parts that apply without condition."""
    parts = [SCHEMAS[kind]]
    for step in path:
        found = [inner for part in parts for inner in below(SCHEMAS[kind], part, step)]
        if not found:
            return False
        parts = found
    return True


def below(document: Json, part: Json, step: str) -> Iterator[Json]:
    for one in (part, *part.get("allOf", ())):
        if one.get("$ref", "").startswith("#/"):
            node = document
            for name in one["$ref"][2:].split("/"):
                node = node[name]
            yield from below(document, node, step)
        keyword = {"[]": "items", "{}": "additionalProperties"}.get(step)
        inner = one.get(keyword) if keyword else one.get("properties", {}).get(step)
        if isinstance(inner, dict):
            yield inner


def in_one_line(rule: str) -> str:
    return " ".join(rule.split())


def test_the_rules_are_those_of_the_crds() -> None:
    theirs: set[Key] = set()
    changes = 0
    for kind, schema in crds():
        for path, node in nodes_below(schema):
            for rule in node.get(RULES, ()):
                changes += "oldSelf" in rule["rule"]
                if "oldSelf" not in rule["rule"] and known(kind, path):
                    theirs.add((kind, "/".join(path), in_one_line(rule["rule"])))
    ours = {(kind, place, in_one_line(rule)) for kind, place, rule in EVERY}
    assert sorted(ours ^ theirs) == []
    assert changes > 50, "rules about a change are there, and skipped"


def test_defaults_that_rules_read_are_those_of_the_crds() -> None:
    """A rule sees an absent field with its default: where a CRD has one that a rule names, ours has the same."""
    missing = []
    counted: Counter[str] = Counter()
    for kind, schema in crds():
        for path, node in nodes_below(schema):
            rules = [rule["rule"] for rule in node.get(RULES, ()) if "oldSelf" not in rule["rule"]]
            if not rules or not known(kind, path):
                continue
            for inner, one in nodes_below(node):
                names = [rf"\.{step}\b" for step in inner if step not in ("[]", "{}")]
                read = any(names and all(re.search(name, rule) for name in names) for rule in rules)
                if "default" in one and read:
                    counted[kind] += 1
                    if ours_default(kind, (*path, *inner)) != one["default"]:
                        missing.append((kind, "/".join((*path, *inner)), one["default"]))
    assert missing == []
    assert counted["clusterqueue"] >= 4


def ours_default(kind: str, path: tuple[str, ...]) -> Json:
    parts = [SCHEMAS[kind]]
    for step in path:
        parts = [inner for part in parts for inner in below(SCHEMAS[kind], part, step)]
    return next((part["default"] for part in parts if "default" in part), None)


def test_kserve_states_no_rule() -> None:
    """The CRDs of the pinned KServe have none: its webhook and our schema say what is refused."""
    kinds = {"inferenceservice", "servingruntime", "clusterservingruntime"}
    found = {kind for kind, schema in crds() if kind in kinds for _, node in nodes_below(schema) if node.get(RULES)}
    assert found == set()


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_rules_are_well_formed(kind: str) -> None:
    """The package's own schemas are not looked at when it runs."""
    assert malformed(SCHEMAS[kind]) == ""
