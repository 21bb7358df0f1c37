"""Fluent Bit's classic configuration as text: sections of keys and values, quoted for Fluent Bit and for Helm.

What a configuration says is `components.fluent_bit`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_INDENT = "    "
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of the pod's environment, which Fluent Bit reads when it starts."""

    name: str


Value = str | bool | int | Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section such as INPUT. A key may come more than once."""

    kind: str
    entries: tuple[tuple[str, Value], ...]


def text(sections: Iterable[Section]) -> str:
    """The text of some sections, as a chart takes it that runs it through Helm's `tpl` (charts.md 2i).

    ValueError for what the format cannot say: it ends a value at the line's end, has no quotes, and replaces ${NAME}
    wherever it stands (Fluent Bit manual, "Classic mode", format and variables).
    """
    return "\n".join(_section(one) for one in sections)


def _section(section: Section) -> str:
    lines = [f"[{section.kind}]", *(f"{_INDENT}{_key(key)} {_value(value)}" for key, value in section.entries)]
    return "".join(f"{for_helm(line)}\n" for line in lines)


def for_helm(line: str) -> str:
    """A line that Helm's `tpl` gives back as it is: the one thing that it reads is a pair of opening braces."""
    return line.replace("{{", '{{ "{{" }}')


def _key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of Fluent Bit's")
    return key


def _value(value: Value) -> str:
    if isinstance(value, Variable):
        if not _VARIABLE.fullmatch(value.name):
            raise ValueError(f"{value.name!r} is no name of a variable")
        return f"${{{value.name}}}"
    if isinstance(value, bool):
        return "On" if value else "Off"
    written = str(value)
    if not written.strip() or written != written.strip() or "\n" in written or "\r" in written or "${" in written:
        raise ValueError(f"Fluent Bit's classic configuration cannot say {written!r}")
    return written
