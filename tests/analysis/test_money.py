"""Amounts of money: exact sums, and how they are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.analysis.money import MICRO, Amount, Span, floored, total, usd


@pytest.mark.parametrize(
    ("micro", "places", "text"),
    [
        (1_234_565_000, 2, "1234.57"),  # halves away from zero
        (1_234_564_999, 2, "1234.56"),
        (-5_000, 2, "-0.01"),
        (-4_999, 2, "0.00"),  # no negative nothing
        (0, 0, "0"),
        (999_500_000, 0, "1000"),
        (1, 6, "0.000001"),
        (Fraction(73 * MICRO, 730), 2, "0.10"),
    ],
)
def test_usd(micro: int | Fraction, places: int, text: str) -> None:
    assert usd(micro, places) == text


def test_a_tenth_is_a_tenth() -> None:
    """Ten times 0.1 dollars are one dollar; as floats they would not be."""
    assert total([floored(Span.of(Fraction("0.1")))] * 10) == Amount(minimum=MICRO, expected=MICRO, maximum=MICRO)


@given(st.lists(st.fractions(min_value=0, max_value=10**9), max_size=20))
def test_rounded_parts_never_exceed_their_whole(parts: list[Fraction]) -> None:
    rounded = total(floored(Span.of(one)) for one in parts)
    whole = floored(Span.of(sum(parts, Fraction(0))))
    assert whole.expected - len(parts) <= rounded.expected <= whole.expected
