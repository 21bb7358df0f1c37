"""Everything a run reads, as bytes by path: specs of the repository, templates and schemas of the package and of the
repository. From a folder here, or from a commit in `publish`; later stages cannot tell which."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from paddock import layout, source
from paddock.diagnostics import Place, Problem
from paddock.schema import DRAFT, malformed

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Files by path relative to the repository's root, sorted by path."""

    specs: Mapping[str, bytes]
    templates: Mapping[str, str]
    schemas: Mapping[str, Json]

    def bytes_of(self, path: str) -> bytes:
        """The content of a file a diagnostic points into; empty for one that is not among the inputs."""
        if path in self.specs:
            content = self.specs[path]
            return b"" if content.startswith(layout.REFUSED) else content
        return self.templates[path].encode() if path in self.templates else b""


def gather(root: Path) -> tuple[Inputs, list[Problem]]:
    """The inputs of a work tree."""
    return combine(
        specs=layout.read_folder(root, layout.ENVIRONMENTS),
        own={**layout.read_folder(root, layout.TEMPLATES), **layout.read_folder(root, layout.SCHEMAS)},
    )


def combine(*, specs: Mapping[str, bytes], own: Mapping[str, bytes]) -> tuple[Inputs, list[Problem]]:
    """Inputs from the repository's files and the package's; a repository's file adds to the package's.

    A file that differs from a packaged one of the same path replaces it only in a component that says so.
    """
    problems: list[Problem] = []
    packaged = _packaged()
    replaced = tuple(folder for path, content in own.items() for folder in _replaced(path, content))
    folders = tuple(one for one in replaced if one.endswith("/"))
    files = {path: content for path, content in packaged.items() if not path.startswith(folders)}
    for path, content in own.items():
        if packaged.get(path, content) != content and not path.startswith(replaced):
            problems.append(_shadowed(path))
            continue
        files[path] = content
    templates: dict[str, str] = {}
    schemas: dict[str, Json] = {}
    for path, content in sorted(files.items()):
        try:
            if content.startswith(layout.REFUSED):
                raise ValueError(content.removeprefix(layout.REFUSED).decode())
            if path.startswith(layout.TEMPLATES + "/"):
                is_own = content != packaged.get(path)
                templates[path] = _template(content) if is_own else _packaged_template(path)
            elif path.endswith(".json"):
                is_own = content != packaged.get(path)
                schemas[path] = _schema(content, is_own=True) if is_own else _packaged_schema(path)
        except (ValueError, RecursionError) as error:
            problems.append(_unreadable(path, content, error))
    return Inputs(specs=dict(sorted(specs.items())), templates=templates, schemas=schemas), problems


@cache
def _packaged() -> Mapping[str, bytes]:
    """The package's own templates and schemas, which stay as they are while it runs."""
    return {
        path: content
        for folder in (layout.TEMPLATES, layout.SCHEMAS)
        for path, content in layout.read_folder(layout.packaged(folder).parent, folder).items()
    }


def _template(content: bytes) -> str:
    return content.decode("utf-8").removeprefix("\ufeff")


@cache
def _packaged_template(path: str) -> str:
    return _template(_packaged()[path])


@cache
def _packaged_schema(path: str) -> Json:
    return _schema(_packaged()[path], is_own=False)


def _schema(content: bytes, *, is_own: bool) -> Json:
    """The schema of a file; ValueError if it is none. The package's own are checked by its tests, once."""
    value = json.loads(content.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("a schema file holds one JSON object")
    if value.get("$schema") != DRAFT:
        raise ValueError(f'a schema file says "$schema": "{DRAFT}"')
    fault = malformed(value) if is_own else ""
    if fault:
        raise ValueError(fault)
    return value


def _shadowed(path: str) -> Problem:
    return Problem(
        id="shadowed-file",
        message=f"{path} differs from the file of this name that ships with paddock",
        place=Place(path=path, line=1),
        help="give it another name, or write replaces: true into the component.yaml beside it",
    )


def _unreadable(path: str, content: bytes, error: Exception) -> Problem:
    if content.startswith(layout.REFUSED):
        return Problem(id="unreadable-file", message=f"{path} cannot be read: {error}", place=Place(path=path, line=1))
    if isinstance(error, UnicodeDecodeError):
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(
            id="not-utf8", message=f"byte 0x{content[error.start]:02x} is not UTF-8", place=Place(path=path, line=line)
        )
    line = getattr(error, "lineno", 1)
    message = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return Problem(id="schema-syntax", message=message, place=Place(path=path, line=line))


def _replaced(path: str, content: bytes) -> list[str]:
    """What of the package a component.yaml with `replaces: true` takes the place of: its folder and its schemas."""
    parts = path.split("/")
    if parts[:2] != ["templates", "components"] or parts[3:] != ["component.yaml"] or b"replaces" not in content:
        return []
    data, _ = source.parse(content, path)
    if not isinstance(data, dict) or data.get("replaces") is not True:
        return []
    found = [f"templates/components/{parts[2]}/", f"schemas/components/{parts[2]}.schema.json"]
    chart = data.get("chart")
    if isinstance(chart, dict):
        found.append(f"schemas/values/{chart.get('name')}.schema.json")
    return found
