"""Amounts of money, exactly: whole millionths of a US dollar a month, for three cases. No float ever holds money.

What is added is added as integers, so sums of any grouping agree to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

HOURS_A_MONTH = 730
"""Hours of a month as AWS counts them: 365 × 24 / 12 (AWS Pricing Calculator user guide, "730 hours in a month")."""
MICRO = 1_000_000
"""Millionths of a dollar."""
CASES = ("minimum", "expected", "maximum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A number in the three cases, as an exact fraction of its unit."""

    minimum: Fraction
    expected: Fraction
    maximum: Fraction

    @staticmethod
    def of(value: Fraction | int) -> Span:
        """The same in every case."""
        exact = Fraction(value)
        return Span(minimum=exact, expected=exact, maximum=exact)

    @staticmethod
    def each(make: Callable[[int], Fraction]) -> Span:
        """Made case by case, from 0 to 2."""
        return Span(minimum=make(0), expected=make(1), maximum=make(2))

    def __getitem__(self, case: int) -> Fraction:
        return (self.minimum, self.expected, self.maximum)[case]

    def __add__(self, other: Span) -> Span:
        return Span.each(lambda case: self[case] + other[case])

    def __mul__(self, other: Span | Fraction | int) -> Span:
        factor = other if isinstance(other, Span) else Span.of(other)
        return Span.each(lambda case: self[case] * factor[case])


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money a month in whole millionths of a dollar."""

    minimum: int = 0
    expected: int = 0
    maximum: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            minimum=self.minimum + other.minimum,
            expected=self.expected + other.expected,
            maximum=self.maximum + other.maximum,
        )

    def __getitem__(self, case: int) -> int:
        return (self.minimum, self.expected, self.maximum)[case]


def floored(dollars: Span) -> Amount:
    """A month's dollars in whole millionths, rounded down: parts that are rounded down never exceed their whole."""
    return Amount(minimum=_micro(dollars.minimum), expected=_micro(dollars.expected), maximum=_micro(dollars.maximum))


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum; nothing of none."""
    return sum(amounts, Amount())


def usd(micro: int | Fraction, places: int = 2) -> str:
    """Dollars with so many decimals, halves rounded away from zero: `usd(1_234_565_000) == "1234.57"`."""
    scaled = Fraction(micro) / MICRO * 10**places
    whole = int(abs(scaled) + Fraction(1, 2))
    sign = "-" if scaled < 0 and whole else ""
    return f"{sign}{whole // 10**places}" + (f".{whole % 10**places:0{places}}" if places else "")


def _micro(dollars: Fraction) -> int:
    return int(dollars * MICRO // 1)
