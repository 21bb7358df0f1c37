"""Plain data to YAML text that YAML 1.1 and YAML 1.2 readers understand alike. It writes values, never whole files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

Json = Any

# Strings that begin like this are strings in both versions of YAML unless they are one of the words below; whatever
# begins with a digit, a sign, a dot or an indicator is quoted without a look (012, 1e3, 12:30, .5, ~, *a, ...).
_PLAIN = re.compile(r"[A-Za-z/_](?:[A-Za-z0-9_./@%+=()*?$;|<>^~\\-]|:(?=[^\s:])|(?<=[^\s]) (?=[^\s#:])|,(?! *$))*")
# go-yaml ends a plain scalar in flow at every `?`, and old releases at every `:`.
_FLOW_UNSAFE = re.compile(r"[,\[\]{}?:]")
# https://yaml.org/type/bool.html, https://yaml.org/type/null.html and the words of go-yaml.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"})
_LITERAL_LINE = re.compile(r"[\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
_UNPRINTABLE = re.compile(r'[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|["\\]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_KEY_LIMIT = 1000  # YAML 1.2.2, 6.8: an implicit key is at most 1024 characters long, quotes and escapes included.
_INT64 = 1 << 63  # Kubernetes' integers: https://pkg.go.dev/k8s.io/apimachinery/pkg/util/json


class Unrepresentable(ValueError):
    """A value that YAML, JSON or a Kubernetes API server cannot carry unchanged."""


def scalar(value: Json, *, in_flow: bool = False) -> str:
    """A string, number, bool or None as one YAML scalar on one line."""
    if isinstance(value, str):
        return _string(str.__str__(value), in_flow)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return _float(float(value))
    raise Unrepresentable(f"a {type(value).__name__} is no YAML value")


def flow(value: Json) -> str:
    """Any value in flow style on one line: JSON, but with plain scalars where they are safe."""
    try:
        return _flow(value)
    except RecursionError:
        raise _too_deep() from None


def key(name: Json) -> str:
    """A map key."""
    if not isinstance(name, str):
        raise Unrepresentable(f"a map key must be a string, not {type(name).__name__}")
    text = _string(str.__str__(name), True)
    if len(text) > _KEY_LIMIT:
        raise Unrepresentable(f"a map key may have {_KEY_LIMIT} characters, not {len(text)}")
    return text


def after_key(value: Json, indent: int) -> str:
    """What follows `key:` when the key stands at column `indent` (0-based): ` scalar`, or a block on the next lines."""
    try:
        return _after(value, indent)
    except RecursionError:
        raise _too_deep() from None


def after_dash(value: Json, indent: int) -> str:
    """What follows `-` when the dash stands at column `indent`: ` scalar`, or a block that begins on the same line."""
    try:
        return _after_dash(value, indent)
    except RecursionError:
        raise _too_deep() from None


def block(value: Json, indent: int) -> str:
    """A non-empty map or list as block lines; the first line without, the others with `indent` spaces before them.

    Anything else, also an empty map or list, gives what it is in flow.
    """
    try:
        return _block(value, indent)
    except RecursionError:
        raise _too_deep() from None


def document(value: Mapping[str, Json]) -> str:
    """A whole YAML document."""
    return block(value, 0) + "\n"


def _flow(value: Json) -> str:
    if isinstance(value, _MAPS):
        return "{" + ", ".join(f"{key(name)}: {_flow(item)}" for name, item in value.items()) + "}"
    if _is_list(value):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return scalar(value, in_flow=True)


def _block(value: Json, indent: int) -> str:
    if not _is_block(value):
        return _flow(value) if isinstance(value, _MAPS) or _is_list(value) else scalar(value)
    pad = " " * indent
    if isinstance(value, _MAPS):
        lines = [f"{key(name)}:{_after(item, indent)}" for name, item in value.items()]
    else:
        lines = [f"-{_after_dash(item, indent)}" for item in value]
    return f"\n{pad}".join(lines)


def _after_dash(value: Json, indent: int) -> str:
    if _is_block(value):
        return " " + _block(value, indent + 2)
    return _after(value, indent)


def _after(value: Json, indent: int) -> str:
    if isinstance(value, str):
        text = str.__str__(value)
        return " " + (_literal(text, indent + 2) or _string(text, False))
    if _is_block(value):
        # Lists stand at the column of their key, as kubectl and Helm write them.
        deeper = indent + 2 if isinstance(value, _MAPS) else indent
        return "\n" + " " * deeper + _block(value, deeper)
    return " " + _block(value, indent)


# What is asked for first costs no look into the abstract classes.
_MAPS = (dict, Mapping)
_LISTS = (list, tuple, Sequence)


def _is_list(value: Json) -> bool:
    return isinstance(value, _LISTS) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _is_block(value: Json) -> bool:
    return bool(value) and (isinstance(value, _MAPS) or _is_list(value))


def _integer(value: int) -> str:
    if not -_INT64 <= value < _INT64:
        raise Unrepresentable(
            f"an integer of {value.bit_length()} bits does not fit into the 64 of a Kubernetes integer"
        )
    return str(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise Unrepresentable(f"the number {value!r} has no form in JSON")
    # YAML 1.1 wants a dot and a signed exponent in a float, others do not: only plain decimals are alike.
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text if "." in text else f"{text}.0"


def _too_deep() -> Unrepresentable:
    return Unrepresentable("the value is nested too deeply, or holds itself")


@lru_cache(maxsize=65536)
def _string(value: str, in_flow: bool) -> str:
    plain = len(value) < 256 and _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    if plain and not (in_flow and _FLOW_UNSAFE.search(value)):
        return value
    if "\0" in value:
        raise Unrepresentable("a NUL character cannot be part of an argument, a variable or a file name")
    return '"' + _UNPRINTABLE.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise Unrepresentable(f"the lone surrogate {json.dumps(char)} is no character")
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@lru_cache(maxsize=1024)
def _literal(value: str, indent: int) -> str | None:
    """Text of several lines as a literal block, where that reads back unchanged; else None."""
    if "\n" not in value or value[0] in " \t\n":
        return None
    body = value[:-1] if value.endswith("\n") else value
    lines = body.split("\n")
    if not lines[-1] or any(line and not line.strip() for line in lines):
        return None
    if not all(_LITERAL_LINE.fullmatch(line) for line in lines):
        return None
    pad = " " * indent
    chomping = "" if value.endswith("\n") else "-"
    return f"|{chomping}\n" + "\n".join(pad + line if line else "" for line in lines)
