from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("64", 64),
        ("500m", Fraction(1, 2)),
        ("1.5", Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("1.", 1),
        ("-3k", -3000),
        ("+3", 3),
        ("1u", Fraction(1, 10**6)),
        ("1n", Fraction(1, 10**9)),
        ("1E", 10**18),
        ("1Ei", 1 << 60),
        ("1E3", 1000),
        ("1e-3", Fraction(1, 1000)),
        ("1600Gi", 1600 << 30),
        ("1.5Gi", 3 << 29),
        ("0.1", Fraction(1, 10)),
    ],
)
def test_parse_is_exact(text: str, value: Fraction) -> None:
    assert quantity.parse(text) == value


@pytest.mark.parametrize(
    "text", ["", "Gi", "1 Gi", "1gi", "1K", "1e", "1e3Mi", "1_000", "0x10", "1mm", "1\n", "1e9999"]
)
def test_parse_refuses_what_kubernetes_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"quantity|exponent"):
        quantity.parse(text)


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1000), ("1m", 1), ("1500u", 2), ("0", 0), ("-1500u", -1), ("1Ki", 1024000)]
)
def test_milli_rounds_up(text: str, value: int) -> None:
    assert quantity.milli(text) == value


def test_quantities_compare_and_add_across_units() -> None:
    assert quantity.parse("1Gi") > quantity.parse("1G")
    assert quantity.parse("1000m") == quantity.parse("1")
    assert quantity.add(["0.1", "0.2", "100m"]) == Fraction(2, 5)
    assert quantity.add([]) == 0


@pytest.mark.parametrize(
    ("text", "decimal", "binary"),
    [
        ("0", "0", "0"),
        ("2000", "2k", "2000"),
        ("1.5", "1500m", "1500m"),
        ("1.5Gi", "1610612736", "1536Mi"),
        ("1024Mi", "1073741824", "1Gi"),
        ("1000", "1k", "1000"),
        ("1024", "1024", "1Ki"),
        ("-2048", "-2048", "-2Ki"),
        ("3E", "3E", "2929687500000000Ki"),
        ("1e-12", "1n", "1n"),
    ],
)
def test_canonical_forms(text: str, decimal: str, binary: str) -> None:
    assert quantity.decimal(quantity.parse(text)) == decimal
    assert quantity.binary(quantity.parse(text)) == binary


@given(
    st.integers(min_value=-(10**20), max_value=10**20),
    st.sampled_from(["n", "u", "m", "", "k", "G", "E", "Ki", "Gi", "Ei"]),
)
def test_what_is_written_reads_back(number: int, suffix: str) -> None:
    value = quantity.parse(f"{number}{suffix}")
    assert quantity.parse(quantity.decimal(value)) == value
    assert quantity.parse(quantity.binary(value)) == value


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("24h", 86400), ("1h30m", 5400), ("1h0m5s", 3605), ("0s", 0)]
)
def test_seconds(text: str, seconds: int) -> None:
    assert quantity.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "1d", "30m1h", "1.5h", "-1h", "h"])
def test_seconds_refuses_other_text(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        quantity.seconds(text)
