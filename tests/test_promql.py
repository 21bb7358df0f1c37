"""PromQL: what is read and refused, variables of dashboards, and which labels a result may have."""

from __future__ import annotations

import pytest

from paddock import promql


@pytest.mark.parametrize(
    "expr",
    [
        "up",
        'sum by (namespace) (rate(x_total{code=~"5.."}[5m])) / on (namespace) group_left (team) y > 0.1',
        "histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m])))",
        "max_over_time(rate(x[5m])[1h:1m] offset 1d)",
        'quantile_over_time(0.5, {__name__=~"a.*", b!~"c|d"}[5m])',
        '{"metric.with.dots", "a.label"="b"}',
        "mad_over_time(x[5m]) and limitk(2, x)",
        "x > 1_000_000",
        "rate(x[5m * 2])",
        "rate(x[2 * step()])",
        "increase(x[5m] anchored)",
        "rate(x[5m] smoothed) > 1",
    ],
)
def test_legal(expr: str) -> None:
    assert promql.fault(expr) == ""


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("sum(up", "unclosed left parenthesis"),
        ("rate(x)", "expected type matrix in call to function 'rate', got vector"),
        ("sum by (a x)", "invalid promql query"),
        ('x{a=~"("}', "illegal regex for ("),
        ("nonsense(x)", "unknown function with name 'nonsense'"),
        ("", "no expression found in input"),
        ("x[$window]", "unexpected character inside brackets: '$'"),
        ("x == ", "invalid promql query"),
    ],
)
def test_fault(expr: str, fault: str) -> None:
    assert promql.fault(expr) == fault


@pytest.mark.parametrize(
    "expr",
    [
        "rate(x[$__rate_interval])",
        "sum_over_time(x[$__range]) / $__range_s",
        'topk($n, sum by ($label) (rate(${metric:raw}{team=~"$team"}[$window])))',
        "x{a=~'[[a]]'} offset $shift",
        '$a + $b + $c + $d + $e + $f + x{g="$g"}',
        'up{job=~"${job:regex}"} > ${__from:date:seconds}',
    ],
)
def test_variables_stand_for_what_fits(expr: str) -> None:
    assert promql.fault(expr)
    assert promql.panel_fault(expr) == ""


@pytest.mark.parametrize("expr", ["sum(rate(x[$__range])", "rate($metric)", 'x{team="$team"', "$a $b"])
def test_variables_hide_no_fault(expr: str) -> None:
    assert promql.panel_fault(expr)


def test_compared() -> None:
    expr = 'sum(rate(a{job="x", b!="y"}[5m])) / absent(c{job="z"}) > max_over_time(d{job=~"v", job!="w"}[1h:1m])'
    assert promql.compared(expr, "job") == {"x", "z"}
    assert promql.compared(expr, "b") == frozenset()
    assert promql.compared("sum(", "job") == frozenset()


@pytest.mark.parametrize(
    ("expr", "carries"),
    [
        ("x", True),
        ("rate(x[5m]) > 0", True),
        ("sum(x)", False),
        ("sum by (namespace) (x)", True),
        ("sum by (pod) (x)", False),
        ("sum without (namespace) (x)", False),
        ("sum without (pod) (x)", True),
        ("max by (namespace) (sum by (pod) (x))", False),
        ("topk(3, x)", True),
        ("topk(3, sum(x))", False),
        ("sum(x) * on () group_left (namespace) y", True),
        ("sum(x) / sum(y) > 0.5", False),
        ("vector(1)", False),
        ("time() - max(x) > 5", False),
        ("scalar(x) > bool 1", False),
        ('absent(up{namespace="a"})', True),
        ('absent(up{namespace=~"a"})', False),
        ('absent(up{namespace="a"} == 1)', False),
        ('absent_over_time(up{namespace="a"}[5m])', True),
        ('label_replace(sum(x), "namespace", "a", "", "")', True),
        ('label_replace(sum(x), "pod", "a", "", "")', False),
        ('label_join(x, "pod", ",", "a")', True),
        ('count_values("namespace", x)', True),
        ('count_values("v", x)', False),
        ("-sum(x)", False),
        ("max_over_time(sum(x)[1h:1m])", False),
        ("max_over_time(x[1h])", True),
        ("1 > bool 2", False),
        ("sum(", True),
    ],
)
def test_may_carry_a_label(expr: str, carries: bool) -> None:
    assert promql.may_carry(expr, "namespace") is carries
