"""Spec files one by one: parsed, and of the kind and name that their place says. What is in them is not looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock import layout, source
from paddock.diagnostics import Place, Problem
from paddock.layout import SpecPath

Json = Any

API_VERSION = "paddock/v1alpha1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed spec file."""

    at: SpecPath
    data: Mapping[str, Json]

    @property
    def spec(self) -> Mapping[str, Json]:
        """Its `spec`, before it is validated; empty where there is none."""
        spec = self.data.get("spec")
        return spec if isinstance(spec, Mapping) else {}

    @property
    def type(self) -> str | None:
        """Type of a workload, as far as it can be read."""
        type = self.spec.get("type")
        return type if isinstance(type, str) else None

    @property
    def environments(self) -> list[str] | None:
        """The environments that a workload names; None where that cannot be read."""
        names = self.spec.get("environments")
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else None


def read(path: str, content: bytes) -> tuple[Document | None, list[Problem]]:
    """The document of a spec file, or None and why there is none."""
    at = layout.spec_path(path)
    if content.startswith(layout.REFUSED):
        return None, [_refused(path, content.removeprefix(layout.REFUSED).decode())]
    if at is None:
        return None, [_misplaced(path)]
    data, problems = source.parse(content, path)
    problems = _first_alias_only(problems) or list(_identity(at, data))
    return (None, problems) if problems else (Document(at=at, data=data), [])


def _first_alias_only(problems: list[Problem]) -> list[Problem]:
    """A file made of aliases has millions of them: the first one says it all."""
    aliases = [one for one in problems if one.id == "yaml-alias"]
    return [one for one in problems if one.id != "yaml-alias" or one is aliases[0]]


def _refused(path: str, reason: str) -> Problem:
    """A file that was not read; the reason is one of `layout.refused`."""
    place = Place(path=path, line=1)
    if reason.endswith("are read"):
        help = "split it, or move large content to a bucket"
        return Problem(id="file-too-large", message=reason.replace("it has", "the file has", 1), place=place, help=help)
    message = f"the file cannot be read: {reason}"
    return Problem(id="unreadable-file", message=message, place=place, help="put the file itself there")


def _misplaced(path: str) -> Problem:
    return Problem(
        id="misplaced-file",
        message=f"no spec may lie at {path}",
        place=Place(path=path, line=1),
        help="legal: environments/platform.yaml, environments/exceptions.yaml, environments/baseline.yaml, "
        "environments/policies/<name>.yaml, "
        "environments/<env>/environment.yaml, "
        "environments/<env>/clusters/<name>.yaml, "
        "environments/base|<env>/teams/<team>.yaml, environments/base|<env>/workloads/<team>/<name>.yaml; "
        "names are DNS labels that begin with a letter",
    )


def _identity(at: SpecPath, data: Json) -> Iterator[Problem]:
    """Whether kind, name and team agree with the file's place; what is absent or no string the schema reports."""
    if not isinstance(data, Mapping):
        kind = "a list" if isinstance(data, list) else "a single value"
        message = f"the file holds {kind}; a spec is a map with apiVersion, kind, metadata and spec"
        yield Problem(
            id="not-an-object",
            message=message,
            place=Place(path=at.path),
            help=f"begin it with apiVersion: {API_VERSION}",
        )
        return
    if data.get("kind", at.kind) != at.kind:
        message = f"kind is {json.dumps(data['kind'])}, but the file's place says {at.kind}"
        yield _wrong(at, "wrong-kind", ("kind",), message, f"write {at.kind}, or move the file")
        return
    if data.get("apiVersion", API_VERSION) != API_VERSION:
        message = f"apiVersion is {json.dumps(data['apiVersion'])}, which this version of paddock does not read"
        yield _wrong(at, "wrong-api-version", ("apiVersion",), message, f"write {API_VERSION}")
    metadata = data.get("metadata")
    for field, expected in (("name", at.name), ("team", at.team)):
        found = metadata.get(field) if isinstance(metadata, Mapping) else None
        if isinstance(found, str) and expected and found != expected:
            message = f'metadata.{field} is {json.dumps(found)}, but the file\'s place says "{expected}"'
            yield _wrong(at, "name-mismatch", ("metadata", field), message, f"write {expected}, or move the file")


def _wrong(at: SpecPath, id: str, pointer: tuple[str, ...], message: str, help: str) -> Problem:
    return Problem(id=id, message=message, place=Place(path=at.path, pointer=pointer), help=help)
