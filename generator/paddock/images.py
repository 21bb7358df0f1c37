"""References of container images from their specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any


def reference(image: Mapping[str, Json]) -> str:
    """`repository[:tag][@digest]` of an image as definitions.schema.json has it; with both the digest is what runs."""
    tag = f":{image['tag']}" if "tag" in image else ""
    digest = f"@{image['digest']}" if "digest" in image else ""
    return f"{image['repository']}{tag}{digest}"
