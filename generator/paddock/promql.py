"""PromQL read, and the little that is asked of it. The only module that knows the parser (promql-parser)."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import promql_parser
from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatchOp,
    MatrixSelector,
    ParenExpr,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

# Newer than the grammar of the parser, and legal: digit groups, arithmetic on durations, and how ranges are closed
# (Prometheus 3, experimental features).
_LATER = (
    (re.compile(r"(?<=\d)_(?=\d)"), ""),
    (re.compile(r"\[[^\[\]{}\"']*(?:[-+*/%^]|step\(|range\()[^\[\]{}\"':]*\]"), "[5m]"),
    (re.compile(r"\]\s*(?:anchored|smoothed)\b"), "]"),
)
_VARIABLE = re.compile(r"\$\{(\w+)(?::[^}]*)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\]")
# Grafana's own variables are durations, or numbers where they end in a unit.
_OWN = {"__interval": "5m", "__rate_interval": "5m", "__range": "1h"}
_OWN_NUMBERS = ("__interval_ms", "__range_s", "__range_ms", "__from", "__to")
# What a dashboard's variable may stand for: a name, a number or a duration.
_STAND_INS = ("x", "1", "5m")
_MOST_VARIABLES = 5
"""Dashboards with more of them in one expression are read with one kind of stand-in at a time."""
_KEEP_LABELS = ("topk", "bottomk", "limitk", "limit_ratio")
_WITHOUT_LABELS = ("scalar", "time", "vector")


@cache
def fault(expr: str) -> str:
    """What is wrong with an expression, in the parser's words; empty if it can be read."""
    try:
        _parse(expr)
    except ValueError as error:
        return " ".join(str(error).split())
    return ""


@cache
def panel_fault(expr: str) -> str:
    """What is wrong with an expression of a dashboard, whatever its variables stand for; empty if it can be read."""
    names = sorted({next(filter(None, found.groups())) for found in _VARIABLE.finditer(expr)})
    free = [name for name in names if name not in _OWN and name not in _OWN_NUMBERS]
    choices = (
        product(_STAND_INS, repeat=len(free))
        if len(free) <= _MOST_VARIABLES
        else ((one,) * len(free) for one in _STAND_INS)
    )
    faults = []
    for chosen in choices:
        found = fault(_filled(expr, dict(zip(free, chosen, strict=True))))
        if not found:
            return ""
        faults.append(found)
    return faults[0]


@cache
def compared(expr: str, label: str) -> frozenset[str]:
    """What an expression compares a label with by `=`; nothing for what cannot be read."""
    found: set[str] = set()

    def visit(node: Expr) -> bool:
        selector = node.vector_selector if isinstance(node, MatrixSelector) else node
        if isinstance(selector, VectorSelector):
            matchers = selector.matchers.matchers
            found.update(one.value for one in matchers if one.name == label and one.op == MatchOp.Equal)
        return True

    try:
        promql_parser.walk(_parse(expr), visit)
    except ValueError:
        return frozenset()
    return frozenset(found)


@cache
def may_carry(expr: str, label: str) -> bool:
    """Whether a result of an expression may have a label: no only where none can. For what cannot be read, yes."""
    try:
        return _carries(_parse(expr), label)
    except ValueError:
        return True


def _filled(expr: str, chosen: dict[str, str]) -> str:
    """The expression with something for each variable."""
    values = _OWN | dict.fromkeys(_OWN_NUMBERS, "300000") | chosen
    return _VARIABLE.sub(lambda match: values[next(filter(None, match.groups()))], expr)


def _parse(expr: str) -> Expr:
    for pattern, replacement in _LATER:
        expr = pattern.sub(replacement, expr)
    return promql_parser.parse(expr)


def _carries(expr: Expr, label: str) -> bool:
    if isinstance(expr, VectorSelector | MatrixSelector):
        return True
    if isinstance(expr, ParenExpr | UnaryExpr | SubqueryExpr):
        return _carries(expr.expr, label)
    if isinstance(expr, BinaryExpr):
        return _carries(expr.lhs, label) or _carries(expr.rhs, label)
    if isinstance(expr, AggregateExpr):
        return _aggregated(expr, label)
    if isinstance(expr, Call):
        return _called(expr, label)
    return False  # a number or a string


def _aggregated(expr: AggregateExpr, label: str) -> bool:
    if str(expr.op) in _KEEP_LABELS:
        return _carries(expr.expr, label)
    if str(expr.op) == "count_values" and str(expr.param) == f'"{label}"':
        return True
    if expr.modifier is None:
        return False
    listed = label in expr.modifier.labels
    return listed == (expr.modifier.type == AggModifierType.By) and _carries(expr.expr, label)


def _called(expr: Call, label: str) -> bool:
    name = expr.func.name
    if name in _WITHOUT_LABELS:
        return False
    if name in ("absent", "absent_over_time"):
        return _stated(expr.args[0], label)
    if name in ("label_replace", "label_join") and str(expr.args[1]) == f'"{label}"':
        return True
    return any(_carries(one, label) for one in expr.args)


def _stated(selector: Expr, label: str) -> bool:
    """absent() gives the labels that its selector compares with `=`, and none of anything but a selector."""
    inner = selector.vector_selector if isinstance(selector, MatrixSelector) else selector
    if not isinstance(inner, VectorSelector):
        return False
    return any(one.name == label and one.op == MatchOp.Equal for one in inner.matchers.matchers)
