"""The CRDs of PADDOCK_UPSTREAM, read once in a process and only where their kind is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Json = Any

_SEPARATOR = re.compile(r"^---.*$", re.MULTILINE)
_KIND = re.compile(r"^kind: *[\"']?CustomResourceDefinition[\"']? *$", re.MULTILINE)
_NAMES = re.compile(r"^(?:  group|    kind): *[\"']?([^\s\"']+)[\"']? *$", re.MULTILINE)


def folder() -> Path | None:
    """The folder of the CRDs, if there is one."""
    upstream = os.environ.get("PADDOCK_UPSTREAM")
    return Path(upstream) / "crds" if upstream else None


@cache
def texts() -> tuple[tuple[tuple[str, str], str], ...]:
    """Each CRD's text with its group and its kind in lower case; a text that does not tell them fails here."""
    found = []
    for path in sorted(one for one in (folder() or Path()).rglob("*.yaml")):
        for text in _SEPARATOR.split(path.read_text(encoding="utf-8")):
            if "CustomResourceDefinition" in text and _KIND.search(text):
                names = _NAMES.findall(text)
                assert len(names) == 2, f"{path}: which group and kind is this CRD's? {names}"
                found.append(((names[0], names[1].lower()), text))
    return tuple(found)


@cache
def _read(text: str) -> Json:
    return yaml.load(text, yaml.CSafeLoader)


def documents(kinds: Set[tuple[str, str]]) -> Iterator[Json]:
    """The CRDs of some groups and kinds. Nobody changes them."""
    for names, text in texts():
        if names in kinds:
            spec = _read(text)["spec"]
            assert (spec["group"], spec["names"]["kind"].lower()) == names
            yield _read(text)


@cache
def versions() -> dict[tuple[str, str, str], tuple[bool, bool]]:
    """Whether each (group, version, kind) is served and deprecated, without a look at the schemas."""
    found = {}
    for (group, _), text in texts():
        spec = yaml.load(_outline(text), yaml.CSafeLoader)["spec"]
        for one in spec["versions"]:
            found[group, one["name"], spec["names"]["kind"]] = (one["served"], one.get("deprecated", False))
    return found


def _outline(text: str) -> str:
    """A CRD without the schemas of its versions: the lines below `schema:` that are deeper than it."""
    kept: list[str] = []
    below = -1
    for line in text.splitlines():
        column = len(line) - len(line.lstrip())
        if below >= 0 and (not line.strip() or column > below):
            continue
        is_schema = line.strip() in ("schema:", "- schema:")
        below = line.index("schema:") if is_schema else -1
        kept.append(line + " {}" * is_schema)
    return "\n".join(kept)
