"""Repositories for tests: the small one of `findings/_repository` in memory, with changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from paddock import emit, pipeline, source
from paddock.inputs import Inputs, combine
from paddock.layout import read_folder
from paddock.pipeline import Result

ROOT = Path(__file__).parents[1]
SMALL = ROOT / "tests" / "findings" / "_repository"


@cache
def small() -> Mapping[str, bytes]:
    """The small repository's specs."""
    return read_folder(SMALL, "environments")


@cache
def reference() -> Mapping[str, bytes]:
    """The reference platform's specs."""
    return read_folder(ROOT, "environments")


def with_spec(specs: Mapping[str, bytes], path: str, changes: Mapping[str, Any]) -> dict[str, bytes]:
    """The specs with some fields of one file's `spec` set."""
    data, problems = source.parse(specs[path], path)
    assert not problems
    data["spec"] |= changes
    return {**specs, path: emit.document(data).encode()}


def run(specs: Mapping[str, bytes], **options: Any) -> Result:
    """The pipeline over specs in memory, with the package's templates and schemas."""
    inputs, problems = combine(specs=specs, own={})
    return pipeline.run(inputs, known=problems, **options)


@cache
def reference_result() -> Result:
    """The pipeline over the reference platform, once for all tests of a process; nobody changes what it holds."""
    return run(reference())


def gathered(specs: Mapping[str, bytes]) -> Inputs:
    """Inputs of specs in memory."""
    return combine(specs=specs, own={})[0]
