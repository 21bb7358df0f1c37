"""Container images in specs, as definitions.schema.json has them: where they stand, and their references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paddock.diagnostics import Pointer

Json = Any


def reference(image: Mapping[str, Json]) -> str:
    """`repository[:tag][@digest]` of an image as definitions.schema.json has it; with both the digest is what runs."""
    tag = f":{image['tag']}" if "tag" in image else ""
    digest = f"@{image['digest']}" if "digest" in image else ""
    return f"{image['repository']}{tag}{digest}"


def is_image(value: Mapping[str, Json]) -> bool:
    """Whether a map of a spec is an image."""
    return isinstance(value.get("repository"), str) and ("tag" in value or "digest" in value)


def stated(value: Json, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Mapping[str, Json]]]:
    """(pointer, image) of each image below a value of a spec, in its order."""
    if isinstance(value, Mapping):
        if is_image(value):
            yield pointer, value
        for key, item in value.items():
            yield from stated(item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from stated(item, (*pointer, index))
