"""The second engine: kubeconform -strict over the same objects with the same schemas, in a folder written for it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock import process
from paddock.diagnostics import Note, Place, Problem
from paddock.errors import Fatal
from paddock.kubernetes import ObjectSchemas
from paddock.render import ObjectRef

Json = Any

PROGRAM = "kubeconform"
TIMEOUT = 600.0
"""Seconds; 50,000 objects take about 10 (facts: validation.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Number of objects that kubeconform saw, and what it refused."""

    count: int
    problems: list[Problem]


def find() -> str | None:
    """The program beside this Python or on the PATH; None if it is not installed."""
    beside = Path(sys.executable).parent / PROGRAM
    return str(beside) if beside.is_file() else shutil.which(PROGRAM)


def verify(
    program: str,
    objects: Sequence[ObjectRef],
    trees: Mapping[str, Mapping[str, str]],
    schemas: Mapping[str, Json],
) -> Verdict:
    """kubeconform's verdict on every object; Fatal if it cannot be run or speaks nonsense."""
    problems: list[Problem] = []
    count = 0
    with tempfile.TemporaryDirectory(prefix="paddock-") as name:
        folder = Path(name)
        for version in sorted({one.kubernetes_version for one in objects}):
            chosen = [one for one in objects if one.kubernetes_version == version]
            write_schemas(folder / version / "schemas", ObjectSchemas(version, schemas), chosen)
            by_file = _write_objects(folder / version / "objects", chosen, trees)
            seen, found = _run(program, folder / version, by_file)
            count += seen
            problems += found
    return Verdict(count=count, problems=problems)


def write_schemas(folder: Path, schemas: ObjectSchemas, objects: Sequence[ObjectRef]) -> None:
    """A schema folder for kubeconform: each kind's schema, whole, as `<kind>-<group>-<version>.json`."""
    folder.mkdir(parents=True)
    for api_version, kind in sorted({(one.api_version, one.kind) for one in objects}):
        group, _, version = api_version.rpartition("/")
        suffix = f"{group.split('.')[0]}-{version}" if group else version
        (folder / f"{kind.lower()}-{suffix}.json").write_text(json.dumps(schemas.standalone(api_version, kind)))


def _write_objects(
    folder: Path, objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]]
) -> dict[str, ObjectRef]:
    folder.mkdir(parents=True)
    by_file = {}
    for number, one in enumerate(objects):
        path = folder / f"{number}.yaml"
        path.write_bytes(trees[one.environment][one.path].encode())
        by_file[str(path)] = one
    return by_file


def command(program: str, folder: Path) -> list[str]:
    """The command line for a folder with `schemas/` and `objects/`; nothing is looked up on the network."""
    location = f"{folder}/schemas/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    return [program, "-strict", "-summary", "-output", "json", "-schema-location", location, f"{folder}/objects"]


def _run(program: str, folder: Path, by_file: Mapping[str, ObjectRef]) -> tuple[int, list[Problem]]:
    done = process.run(command(program, folder), cwd=folder, timeout=TIMEOUT)
    try:
        answer = json.loads(done.stdout)
        summary = answer["summary"]
        count = sum(int(summary[name]) for name in ("valid", "invalid", "errors", "skipped"))
        resources = answer.get("resources") or []
    except (ValueError, KeyError, TypeError) as error:
        text = done.stderr.decode("utf-8", "replace").strip() or done.stdout.decode("utf-8", "replace").strip()
        raise Fatal(f"kubeconform failed with exit code {done.code}: {text[:500]}", help="run it by hand") from error
    return count, [_problem(one, by_file.get(one["filename"])) for one in resources]


def _problem(resource: Mapping[str, Json], ref: ObjectRef | None) -> Problem:
    place = ref.place if ref else Place(path=str(resource.get("filename")), line=1)
    where = ref.path if ref else str(resource.get("filename"))
    return Problem(
        id="kubeconform",
        message=f"{resource.get('kind')} {resource.get('name')}: {str(resource.get('msg'))[:500]}",
        place=place,
        related=(Note(message=f"rendered to {where}"),),
        help="the embedded engine agrees with kubeconform on every object we know of: report this one",
    )
