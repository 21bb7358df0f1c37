"""Prometheus' own programs, and the rules of the reference platform in the shape that they read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any

import yaml

from repositories import reference_result

Json = Any
Rule = dict[str, Json]


def find(name: str) -> str | None:
    """A program beside this Python, else on PATH."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.is_file() else which(name)


@cache
def objects(kind: str) -> list[tuple[str, Json]]:
    """Path and content of every object of a kind, in every environment, in order."""
    result = reference_result()
    assert not result.failed
    return [
        (f"{environment}/{ref.path}", yaml.safe_load(result.trees[environment][ref.path]))
        for environment, refs in result.objects.items()
        for ref in sorted(refs, key=lambda ref: ref.path)
        if ref.kind == kind
    ]


def rules() -> Iterator[tuple[str, str, Rule]]:
    """Path, group and rule of every rule."""
    for path, data in objects("PrometheusRule"):
        for group in data["spec"]["groups"]:
            for rule in group["rules"]:
                yield path, group["name"], rule


def alerts() -> Iterator[tuple[str, str, Rule]]:
    """Path, group and rule of every alert."""
    return (one for one in rules() if "alert" in one[2])
