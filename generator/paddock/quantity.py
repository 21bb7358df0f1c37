"""Kubernetes quantities and durations as exact numbers. It reads and writes text; what a number means is the caller's.

A quantity is a `Fraction` of its unit (CPUs, bytes, GPUs): it compares and adds as numbers do, and never rounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

# The grammar of apimachinery, pkg/api/resource/quantity.go: <signedNumber><suffix>; "E" alone is exa, "E3" an exponent.
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:[eE](?P<exponent>[+-]?[0-9]+)|(?P<suffix>[KMGTPE]i|[numkMGTPE])?)"
)
_BINARY = {suffix: 1 << (10 * power) for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}
_DECIMAL = {suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate("num", start=-3)} | {
    suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate("kMGTPE", start=1)
}
_SCALES: dict[str, Fraction] = {"": Fraction(1), **_DECIMAL, **{name: Fraction(one) for name, one in _BINARY.items()}}
_MAX_EXPONENT = 1000
_DURATION = re.compile(r"(?:(?P<hours>[0-9]+)h)?(?:(?P<minutes>[0-9]+)m)?(?:(?P<seconds>[0-9]+)s)?")


@lru_cache(maxsize=4096)
def parse(text: str) -> Fraction:
    """The exact value of a quantity: `parse("500m") == Fraction(1, 2)`, `parse("64Gi") == 64 << 30`.

    ValueError for text that Kubernetes does not read as a quantity.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a Kubernetes quantity")
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > _MAX_EXPONENT:
        raise ValueError(f"the exponent of {text!r} is beyond {_MAX_EXPONENT}")
    return Fraction(match["number"]) * Fraction(10) ** exponent * _SCALES[match["suffix"] or ""]


def milli(text: str) -> int:
    """A quantity in thousandths, a fraction of one rounded up as `Quantity.MilliValue` of apimachinery does."""
    value = parse(text) * 1000
    return -(-value.numerator // value.denominator)


def add(texts: Iterable[str]) -> Fraction:
    """The sum of quantities; 0 of none."""
    return sum((parse(text) for text in texts), Fraction(0))


def decimal(value: Fraction | int) -> str:
    """A quantity with a decimal suffix in canonical form: no fraction, the largest suffix, nothing finer than nano.

    As apimachinery writes it (quantity.go, "canonical form"): 1500m, 2k. What is finer than nano is rounded up.
    """
    exact = Fraction(value)
    for suffix in reversed(("n", "u", "m", "", "k", "M", "G", "T", "P", "E")):
        scaled = exact / _SCALES[suffix]
        if scaled.denominator == 1 and (scaled or not suffix):
            return f"{scaled.numerator}{suffix}"
    nanos = exact / _SCALES["n"]
    return decimal(-(-nanos.numerator // nanos.denominator) * _SCALES["n"])


def binary(value: Fraction | int) -> str:
    """A quantity with a binary suffix in canonical form, 1536Mi for 1.5Gi; below 1Ki and with a fraction decimal."""
    exact = Fraction(value)
    for suffix in reversed(_BINARY):
        scaled = exact / _BINARY[suffix]
        if scaled and scaled.denominator == 1:
            return f"{scaled.numerator}{suffix}"
    return str(exact.numerator) if exact.denominator == 1 else decimal(exact)


def seconds(duration: str) -> int:
    """Seconds of a duration such as 90m, 24h or 1h30m. ValueError for other text."""
    match = _DURATION.fullmatch(duration)
    if match is None or not duration:
        raise ValueError(f"{duration!r} is not a duration such as 90m, 24h or 1h30m")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
