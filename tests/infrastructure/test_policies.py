"""No policy document that we write gives everything, or something to everybody: neither ACK's nor Terraform's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from paddock.analysis import iam_policies

from .fleet import inventory, made

Json = Any

# A boundary bounds, and grants nothing.
BOUNDARIES = ("tenants",)


def texts(value: Json, pointer: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every policy document below a value, with its place."""
    if isinstance(value, str) and '"Statement"' in value:
        yield pointer, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from texts(child, (*pointer, key))


def documents() -> Iterator[tuple[str, str]]:
    """(where, document) of every one that the clusters of the reference platform have, by ACK and by Terraform."""
    for identity, provisioner in made():
        found = inventory(identity, provisioner)
        for one in found.objects:
            for pointer, text in texts(one):
                yield f"{identity} {one['kind']} {one['metadata']['name']} {'.'.join(map(str, pointer))}", text
        for name, stack in found.stacks.items():
            for pointer, text in texts(json.loads(stack)):
                yield f"{identity} {name} {'.'.join(map(str, pointer))}", text


def test_no_document_gives_too_much() -> None:
    seen = 0
    for where, text in documents():
        seen += 1
        if "assume" in where.lower():
            assert list(iam_policies.assumed_by(text)) == [], where
        elif '"Principal"' in text:
            assert list(iam_policies.shared_with(text)) == [], where
        elif not any(name in where for name in BOUNDARIES):
            assert list(iam_policies.rights(text)) == [], where
    assert seen > 100
