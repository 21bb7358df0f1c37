"""The rules that an API states of its objects in CEL (`x-kubernetes-validations`), evaluated as the API server does it:
on valid objects, after defaults, at the node where the schema has them. Rules about a change (`oldSelf`) are skipped.
Semantics: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock import cel
from paddock.diagnostics import Pointer
from paddock.schema import RULES, Fault
from paddock.schema_words import where

Json = Any

_SELF = ("self",)
_FIELD = re.compile(r"\bself\.([A-Za-z_]\w*)")
_WHOLE = re.compile(r"\bself\b(?!\.[A-Za-z])|\bself\.\w+(?:\(|__)")
"""Where a rule means more than fields: the value itself, a function of it, or a field with an escaped name."""
_NO_NAME = re.compile(r"[^A-Za-z0-9_]|__")
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_RESERVED = frozenset(
    {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"}
    | {"let", "loop", "package", "namespace", "return", "var", "void", "while"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a node. `path` is the field below the node that the finding points at, if the API names one."""

    expression: str
    message: str
    path: Pointer = ()


@dataclass(slots=True, kw_only=True)
class Node:
    """What a schema says of one place of an object: its rules, defaults of its fields, and the places below."""

    rules: tuple[Rule, ...] = ()
    reads: tuple[str, ...] | None = None
    defaults: dict[str, Json] = field(default_factory=dict)
    properties: dict[str, Node] = field(default_factory=dict)
    escaped: dict[str, str] = field(default_factory=dict)
    items: Node | None = None
    others: Node | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.rules or self.defaults or self.properties or self.escaped or self.items or self.others)


def plan(schema: Json) -> Node | None:
    """The places of an object that have rules, and the defaults that these rules see; None if there are none.

    References into other documents (Kubernetes' own definitions) have no rules.
    """
    found = _node(schema, schema, ())
    return found if found is not None and _has_rules(found) else None


def faults(node: Node, value: Json) -> list[Fault]:
    """The rules that a valid object breaks."""
    return [_fault(rule, answer, at) for at, rule, answer in answers(node, value) if answer.value is not True]


def answers(node: Node, value: Json) -> Iterator[tuple[Pointer, Rule, cel.Answer]]:
    """What each rule says of a valid object, at the place it is about."""
    yield from _answers(node, _defaulted(node, value), ())


def _node(schema: Json, document: Json, open_references: tuple[str, ...]) -> Node | None:
    node = Node()
    for part, references in _parts(schema, document, open_references):
        node.rules += tuple(map(_rule, (one for one in part.get(RULES, ()) if "oldSelf" not in one["rule"])))
        for name, inner in part.get("properties", {}).items():
            _property(node, name, inner, document, references)
            if not isinstance(part.get("additionalProperties"), dict) and (_NO_NAME.search(name) or name in _RESERVED):
                node.escaped[name] = _escaped(name)
        node.items = _node(part.get("items"), document, references) or node.items
        node.others = _node(part.get("additionalProperties"), document, references) or node.others
    node.reads = _reads(node.rules)
    return None if node.is_empty else node


def _property(node: Node, name: str, schema: Json, document: Json, references: tuple[str, ...]) -> None:
    if isinstance(schema, dict) and "default" in schema:
        node.defaults[name] = schema["default"]
    below = _node(schema, document, references)
    if below is not None:
        node.properties[name] = below


def _parts(schema: Json, document: Json, references: tuple[str, ...]) -> Iterator[tuple[Json, tuple[str, ...]]]:
    """A schema and what applies beside it without condition; a schema within itself ends there."""
    if not isinstance(schema, dict):
        return
    yield schema, references
    target = schema.get("$ref", "")
    if target.startswith("#/") and target not in references:
        node = document
        for step in target[2:].split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        yield from _parts(node, document, (*references, target))
    for inner in schema.get("allOf", ()):
        yield from _parts(inner, document, references)


def _rule(rule: Mapping[str, str]) -> Rule:
    path = tuple(one for one in rule.get("fieldPath", "").split(".") if one)
    return Rule(expression=rule["rule"], message=rule["message"], path=path)


def _escaped(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    return re.sub(r"__|[.\-/]", lambda match: _ESCAPES[match[0]], name)


def _has_rules(node: Node) -> bool:
    below = (*node.properties.values(), *(one for one in (node.items, node.others) if one is not None))
    return bool(node.rules) or any(map(_has_rules, below))


def _defaulted(node: Node, value: Json) -> Json:
    """The value with the defaults of absent fields; the value itself where nothing is absent."""
    if isinstance(value, list) and node.items is not None:
        return [_defaulted(node.items, one) for one in value]
    if not isinstance(value, dict):
        return value
    absent = {name: one for name, one in node.defaults.items() if name not in value}
    below = {name: one for name in value if (one := node.properties.get(name, node.others)) is not None}
    if not absent and not below:
        return value
    filled = value | absent
    for name in [*below, *absent]:
        inner = node.properties.get(name, node.others)
        if inner is not None:
            filled[name] = _defaulted(inner, filled[name])
    return filled


def _answers(node: Node, value: Json, pointer: Pointer) -> Iterator[tuple[Pointer, Rule, cel.Answer]]:
    if node.rules:
        values = cel.values({"self": _named(node, _read(node, value))}, trusted=True)
        for rule in node.rules:
            yield pointer, rule, cel.compiled(rule.expression, _SELF, trusted=True).answer(values)
    if isinstance(value, list):
        if node.items is not None:
            for index, one in enumerate(value):
                yield from _answers(node.items, one, (*pointer, index))
    elif isinstance(value, dict):
        for name, one in value.items():
            inner = node.properties.get(name, node.others)
            if inner is not None:
                yield from _answers(inner, one, (*pointer, name))


def _read(node: Node, value: Json) -> Json:
    """The fields that the rules of a node name: to hand over the whole of a large object costs more than its rules."""
    if node.reads is None or not isinstance(value, dict):
        return value
    return {name: value[name] for name in node.reads if name in value}


def _reads(rules: Sequence[Rule]) -> tuple[str, ...] | None:
    """The fields of `self` that rules name; None if one means more than fields."""
    text = " ".join(one.expression for one in rules)
    return None if _WHOLE.search(text) else tuple(dict.fromkeys(_FIELD.findall(text)))


def _fault(rule: Rule, answer: cel.Answer, at: Pointer) -> Fault:
    pointer = (*at, *rule.path)
    failed = f" (the rule fails: {answer.error})" if answer.error else ""
    return Fault(
        id="invalid-object",
        message=f"{where(pointer)} breaks a rule of its API: {rule.message}{failed}",
        pointer=pointer,
        help="change what gives this value: the API server would refuse it by this rule, after the merge",
    )


def _named(node: Node, value: Json) -> Json:
    """A value as CEL sees it: fields whose names are no identifiers have escaped names; keys of maps stay."""
    if isinstance(value, list):
        return [_named(node.items, one) for one in value] if node.items is not None else value
    if not isinstance(value, dict):
        return value
    named = {}
    for name, one in value.items():
        inner = node.properties.get(name, node.others)
        named[node.escaped.get(name, name)] = one if inner is None else _named(inner, one)
    return named
