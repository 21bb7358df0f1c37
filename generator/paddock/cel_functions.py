"""What Kubernetes adds to CEL, as plain functions: strings, lists, sets, quantities, URLs and IP addresses.
Names and meanings: https://kubernetes.io/docs/reference/using-api/cel/. A value of a type that CEL does not have (a
quantity, a URL, an address, a network) is a map with one key, which names the type. A ValueError is an error of the
expression."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from paddock import quantity
from paddock.cel_effort import TEXT

Json = Any

MAX_TEXT = 1 << 18
"""Characters that functions read and make for one answer: a chain of replace() multiplies, and loops repeat."""
PART = TEXT
"""What each part that split() makes counts for beside its characters: who looks at a list looks at all of its items."""
PAIRS = 16
"""Pairs of items that sets are compared by and that count as one character: each of one with each of the other."""
_QUANTITY, _URL, _IP, _CIDR = "kubernetes.Quantity", "kubernetes.URL", "net.IP", "net.CIDR"


_spent = [0]


def begin() -> None:
    """An answer begins: its functions may read and make MAX_TEXT characters."""
    _spent[0] = 0


def _spend(characters: int) -> None:
    _spent[0] += characters
    if _spent[0] > MAX_TEXT:
        raise ValueError(f"its texts and lists are longer than {MAX_TEXT} characters together")


def _bounded(text: str) -> str:
    _spend(len(text))
    return text


def replace(text: str, old: str, new: str, count: int = -1) -> str:
    times = text.count(old) if count < 0 else min(count, text.count(old))
    _spend(len(text) + max(0, times * (len(new) - len(old))))
    return text.replace(old, new, count)


def split(text: str, separator: str, limit: int = -1) -> list[str]:
    """Go's strings.SplitN: 0 gives nothing, a negative limit everything, an empty separator the characters."""
    _spend(len(text))
    if limit == 0:
        return []
    if separator:
        parts = text.split(separator, limit - 1 if limit > 0 else -1)
    else:
        cut = len(text) if limit < 0 else limit - 1
        parts = [*text[:cut], *([text[cut:]] if text[cut:] else [])]
    _spend(len(parts) * PART)
    return parts


def join(parts: Sequence[Json], separator: str = "") -> str:
    if not all(isinstance(one, str) for one in parts):
        raise ValueError("join() of a list that holds more than strings")
    _spend(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if not 0 <= start <= last <= len(text):
        raise ValueError(f"substring({start}, {last}) of a string of {len(text)} characters")
    return _bounded(text[start:last])


def char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise ValueError(f"charAt({index}) of a string of {len(text)} characters")
    return text[index : index + 1]


def lower_ascii(text: str) -> str:
    return "".join(one.lower() if one.isascii() else one for one in _bounded(text))


def upper_ascii(text: str) -> str:
    return "".join(one.upper() if one.isascii() else one for one in _bounded(text))


def trim(text: str) -> str:
    return _bounded(text).strip()


def formatted(text: str, values: Sequence[Json]) -> str:
    """%s and %d of cel-go's format(); what else it has is refused."""
    pieces = re.split(r"(%.)", text)
    rest = list(values)
    for index in range(1, len(pieces), 2):
        if pieces[index] == "%%":
            pieces[index] = "%"
        elif pieces[index] not in ("%s", "%d"):
            raise ValueError(f"format() knows %s, %d and %%, not {pieces[index]}")
        elif not rest:
            raise ValueError("format() has fewer values than clauses")
        else:
            pieces[index] = _shown(rest.pop(0))
    return _bounded("".join(pieces))


def _shown(value: Json) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "null"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)}: {_shown(one)}" for key, one in sorted(value.items())) + "}"
    return str(value)


def find(text: str, pattern: str) -> str:
    """The first match, or an empty string. Python's engine may backtrack for ever: only for rules that we wrote."""
    match = re.search(pattern, text)
    return match.group(0) if match else ""


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group(0) for match in re.finditer(pattern, text)]
    return found if limit < 0 else found[:limit]


def index_of(where: str | list[Json], what: Json) -> int:
    if isinstance(where, str):
        return where.find(what)
    return where.index(what) if what in where else -1


def last_index_of(where: str | list[Json], what: Json) -> int:
    if isinstance(where, str):
        return where.rfind(what)
    return max((index for index, one in enumerate(where) if one == what), default=-1)


def is_sorted(items: Sequence[Json]) -> bool:
    return all(left <= right for left, right in pairwise(items))


def smallest(items: Sequence[Json]) -> Json:
    return _extreme("min", min, items)


def largest(items: Sequence[Json]) -> Json:
    return _extreme("max", max, items)


def _extreme(name: str, choose: Callable[[Sequence[Json]], Json], items: Sequence[Json]) -> Json:
    if not items:
        raise ValueError(f"{name}() of an empty list")
    return choose(items)


def total(items: Sequence[Json]) -> Json:
    return sum(items)


def contains_all(items: Sequence[Json], wanted: Sequence[Json]) -> bool:
    _spend(len(items) * len(wanted) // PAIRS)
    return all(one in items for one in wanted)


def equivalent(left: Sequence[Json], right: Sequence[Json]) -> bool:
    return contains_all(left, right) and contains_all(right, left)


def intersects(left: Sequence[Json], right: Sequence[Json]) -> bool:
    _spend(len(left) * len(right) // PAIRS)
    return any(one in left for one in right)


def to_quantity(text: Json) -> Json:
    """A quantity as an exact fraction: equal amounts are equal, however they are written."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        raise ValueError("quantity() of something that is neither a string nor a whole number")
    return {_QUANTITY: str(quantity.parse(str(text)))}


def is_quantity(text: str) -> bool:
    try:
        quantity.parse(text)
    except ValueError:
        return False
    return True


def _amount(value: Json) -> Fraction:
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    return Fraction(_inner(value, _QUANTITY))


def _inner(value: Json, type: str) -> str:
    if not isinstance(value, dict) or list(value) != [type]:
        raise ValueError(f"no {type}")
    return str(value[type])


def compare_to(left: Json, right: Json) -> int:
    one, other = _amount(left), _amount(right)
    return (one > other) - (one < other)


def is_greater_than(left: Json, right: Json) -> bool:
    return compare_to(left, right) > 0


def is_less_than(left: Json, right: Json) -> bool:
    return compare_to(left, right) < 0


def add(left: Json, right: Json) -> Json:
    return {_QUANTITY: str(_amount(left) + _amount(right))}


def sub(left: Json, right: Json) -> Json:
    return {_QUANTITY: str(_amount(left) - _amount(right))}


def sign(value: Json) -> int:
    return (_amount(value) > 0) - (_amount(value) < 0)


def is_integer(value: Json) -> bool:
    return _amount(value).denominator == 1 and abs(_amount(value)) < 1 << 63


def as_integer(value: Json) -> int:
    if not is_integer(value):
        raise ValueError("asInteger() of a quantity that is no whole number")
    return int(_amount(value))


def as_approximate_float(value: Json) -> float:
    return float(_amount(value))


def is_url(text: str) -> bool:
    """Absolute, or a path: what Go's url.ParseRequestURI reads."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return not re.search(r"[\s\x00-\x1f]", text) and (text.startswith("/") or bool(parts.scheme))


def to_url(text: str) -> Json:
    if not is_url(text):
        raise ValueError(f"{text!r} is no URL")
    return {_URL: text}


def get_scheme(url: Json) -> str:
    return urlsplit(_inner(url, _URL)).scheme


def get_host(url: Json) -> str:
    return urlsplit(_inner(url, _URL)).netloc.rpartition("@")[2]


def get_hostname(url: Json) -> str:
    return urlsplit(_inner(url, _URL)).hostname or ""


def get_port(url: Json) -> str:
    port = urlsplit(_inner(url, _URL)).port
    return "" if port is None else str(port)


def get_escaped_path(url: Json) -> str:
    return urlsplit(_inner(url, _URL)).path


def get_query(url: Json) -> Json:
    return parse_qs(urlsplit(_inner(url, _URL)).query, keep_blank_values=True)


def is_ip(text: str) -> bool:
    return _is(ipaddress.ip_address, text)


def to_ip(text: str) -> Json:
    return {_IP: str(ipaddress.ip_address(text))}


def family(ip: Json) -> int:
    return ipaddress.ip_address(_inner(ip, _IP)).version


def is_loopback(ip: Json) -> bool:
    return ipaddress.ip_address(_inner(ip, _IP)).is_loopback


def is_cidr(text: str) -> bool:
    return "/" in text and _is(_network, text)


def to_cidr(text: str) -> Json:
    if not is_cidr(text):
        raise ValueError(f"{text!r} is no CIDR")
    return {_CIDR: str(_network(text))}


def prefix_length(cidr: Json) -> int:
    return _network(_inner(cidr, _CIDR)).prefixlen


def contains_ip(cidr: Json, ip: Json) -> bool:
    text = ip if isinstance(ip, str) else _inner(ip, _IP)
    return ipaddress.ip_address(text) in _network(_inner(cidr, _CIDR))


def contains_cidr(cidr: Json, other: Json) -> bool:
    text = other if isinstance(other, str) else _inner(other, _CIDR)
    outer, inner = _network(_inner(cidr, _CIDR)), _network(text)
    return outer.version == inner.version and inner.network_address in outer and inner.prefixlen >= outer.prefixlen


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


def _is(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
