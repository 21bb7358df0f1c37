"""Samples of custom kinds in tests/kubernetes/, as they are and with one change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SAMPLES = Path(__file__).parent / "kubernetes"

Json = Any


def sample(path: Path) -> Json:
    with path.open(encoding="utf-8") as stream:
        return YAML(typ="safe", pure=True).load(stream)


def changed_sample(kind: str, place: str, value: Json) -> Json:
    """The sample of the kind with a value put at the place, a JSON pointer without its first slash."""
    document = sample(SAMPLES / f"{kind}.yaml")
    put(document, place, value)
    return document


def put(document: Json, place: str, value: Json) -> None:
    """Put a value at a place of a document, or take away what is there (...)."""
    *parents, last = (key.replace("~1", "/") for key in place.split("/"))
    node = document
    for key in parents:
        node = node[int(key) if isinstance(node, list) else key]
    if value is ...:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
