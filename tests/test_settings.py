"""Every setting of every component does something: another legal value of it gives another output.

A setting that does nothing is a fault: it looks like a choice. Each leaf of each settings schema is changed on each
cluster that runs the component, beginning from the cluster's own settings and from those of SETTINGS, which switch on
what is off by default. One cluster on which the output changes is enough.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from paddock.catalogue import Component
from paddock.model import Cluster, ComponentUse, Environment
from paddock.templating import Templates
from paddock.units import contexts
from test_values_keys import SETTINGS, loaded, merged, uses

Json = Any
Path = tuple[str, ...]

# Settings that do nothing by themselves, by component and path, with the reason; one that does something fails.
WITHOUT_OUTPUT: dict[tuple[str, str], str] = (
    {
        # What mounts a bucket are the volumes of teams, which are no part of the component (test_volumes.py).
        ("aws-mountpoint-s3-csi-driver", name): "it is a field of the volumes of teams"
        for name in ("authenticationSource", "resources.cpu", "resources.memory", "resources.memoryLimit")
    }
    | {
        # The bucket is part of the cluster's infrastructure (infrastructure/test_replication.py).
        ("mlflow", f"artifacts.replication.{name}"): "it is a field of the infrastructure"
        for name in ("bucket", "deleteMarkers", "region", "storageClass")
    }
    | {
        # test_log_groups.py
        ("opensearch-domain", "name"): "it is for the role of its pods",
        (
            "fluent-bit",
            "sinks.openSearch.domain.name",
        ): "the role of its pods names the domain, of which values know the host",
    }
    | {
        # test_inventories.py
        ("argo-workflows", "artifacts.expireAfterDays"): "it is the lifecycle of a bucket that the infrastructure makes"
    }
)

STRINGS = (
    "other",
    "17m",
    "19h",
    "7Gi",
    "7",
    "0.7",
    "other.example.com",
    "https://other.example.com/path",
    "s3://other/path",
    "arn:aws:iam::123456789012:role/other",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    "sha256:" + "cd" * 32,
    "subnet-0fedcba9876543210",
    "fs-0fedcba9876543210",
    "17GiB",
    "17d",
    "Other",
    "key/other",
    "10.7.0.0/16",
    "#other",
    "2.17.0",
    "arn:aws:sns:us-east-1:123456789012:other",
    "eu-west-1",
    "other@example.com",
    "Z0OTHER",
    "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
    "/other",
    "17M",
)
"""Texts of the kinds that settings take; the schema decides which of them is legal."""


def parts(schema: Json, base: str) -> list[tuple[Json, str]]:
    return list(loaded()[0].schemas.parts(schema, None, base))


def keyword(schema: Json, base: str, name: str) -> Json:
    """The value of a keyword in the first part of a schema that has it."""
    return next((part[name] for part, _ in parts(schema, base) if name in part), None)


def others(schema: Json, base: str, value: Json) -> Iterator[Json]:
    """Values that a schema may allow, other than the one that stands there; the whole schema decides."""
    found = keyword(schema, base, "enum")
    if found is not None:
        yield from (one for one in found if one != value)
        return
    kind = keyword(schema, base, "type")
    if kind == "boolean":
        yield value is not True
    elif kind in ("integer", "number"):
        start = value if isinstance(value, int) else keyword(schema, base, "minimum") or 0
        yield from (start + 1, start - 1, start + 2, 2 * start)
    elif kind == "array":
        yield from changed_lists(schema, base, value or [])
    elif kind == "object":
        yield from added_keys(schema, base, value or {})
    else:
        yield from (one for one in STRINGS if one != value)


def changed_lists(schema: Json, base: str, value: list[Json]) -> Iterator[Json]:
    for part, uri in parts(schema, base):
        if "items" in part:
            for one in others(part["items"], uri, None):
                yield [*value, one]
                yield [one]
    if value:
        yield value[:-1]


def added_keys(schema: Json, base: str, value: Json) -> Iterator[Json]:
    """A map with one entry more; an object with what it requires."""
    for part, uri in parts(schema, base):
        if isinstance(part.get("additionalProperties"), dict):
            for one in others(part["additionalProperties"], uri, None):
                for key in ("other", "example.com/other", "nvidia.com/gpu", "memory", "cpu"):
                    yield {**value, key: one}
        found = {
            name: (inner, uri) for one, uri in parts(schema, base) for name, inner in one.get("properties", {}).items()
        }
        required = {
            name: list(others(*found[name], None)) for one, _ in parts(schema, base) for name in one.get("required", ())
        }
        if found and not value:
            # One kind of text for all of them at a time.
            yield from (
                {name: values[index % len(values)] for name, values in required.items()}
                for index in range(len(STRINGS))
            )
    yield from ({name: one for name, one in value.items() if name != left} for left in value)


def leaves(schema: Json, base: str, value: Json, path: Path = ()) -> Iterator[tuple[Path, Json, str]]:
    """(path, schema, base URI) of each field without fields of its own, and of each map and list; of a map's entries
    the fields that stand there."""
    value = value if isinstance(value, dict) else {}
    for part, uri in parts(schema, base):
        for name, inner in part.get("properties", {}).items():
            if any("properties" in one for one, _ in parts(inner, uri)):
                yield from leaves(inner, uri, value.get(name), (*path, name))
            else:
                yield (*path, name), inner, uri
                for key, entry in (value.get(name) or {}).items() if keyword(inner, uri, "type") == "object" else ():
                    for one, where in parts(inner, uri):
                        rest = one.get("additionalProperties")
                        if isinstance(rest, dict):
                            yield from stated(leaves(rest, where, entry, (*path, name, key)), entry, len(path) + 2)


def stated(found: Iterator[tuple[Path, Json, str]], entry: Json, depth: int) -> Iterator[tuple[Path, Json, str]]:
    yield from (one for one in found if at(entry, one[0][depth:]) is not None)


def bases(component: Component, cluster: Cluster) -> Iterator[Json]:
    """Settings to begin from, with their defaults."""
    schemas = loaded()[0].schemas
    use = cluster.components.get(component.name)
    stated = dict(use.settings) if use else {}
    for one in (stated, merged(stated, SETTINGS.get(component.name, {})), SETTINGS.get(component.name, {})):
        if schemas.faults(component.settings_schema, one) == []:
            yield schemas.with_defaults(component.settings_schema, one)


def everything(component: Component) -> Json:
    """All settings to begin from, laid over each other."""
    settings: Json = {}
    for _, cluster in uses(component):
        for one in bases(component, cluster):
            settings = merged(settings, one)
    return settings


def templates() -> Templates:
    return loaded()[1]


@cache
def before(name: str, environment: str, cluster: str, settings: str) -> str:
    """The output with the settings to begin from, which many fields begin from."""
    found = loaded()[0]
    assert found.fleet is not None
    where = found.fleet.environments[environment]
    return output(found.catalogue[name], where, where.clusters[cluster], json.loads(settings))


def output(component: Component, environment: Environment, cluster: Cluster, settings: Json) -> str:
    """The values and objects that a component renders with some settings."""
    found = loaded()[0]
    assert found.fleet is not None
    use = ComponentUse(name=component.name, settings=settings)
    texts = []
    for _, data in contexts(found.fleet, environment, cluster, component, use):
        for template in (*([component.values] if component.values else []), *component.resources):
            text, problem = templates().render(template, data)
            assert problem is None, problem
            texts.append(text)
    return "\n---\n".join(texts)


def put(settings: Json, path: Path, value: Json) -> Json:
    """The settings with one value at a path."""
    changed = copy.deepcopy(settings)
    node = changed
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
    return changed


def at(settings: Json, path: Path) -> Json:
    for key in path:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return settings


def does_something(component: Component, path: Path, schema: Json, base: str) -> tuple[bool, bool]:
    """Whether another legal value was found, and whether one changed the output."""
    schemas = loaded()[0].schemas
    tried = False
    for environment, cluster in uses(component):
        for settings in bases(component, cluster):
            first = before(component.name, environment.name, cluster.name, json.dumps(settings))
            for value in others(schema, base, at(settings, path)):
                changed = put(settings, path, value)
                if schemas.faults(component.settings_schema, changed):
                    continue
                tried = True
                filled = schemas.with_defaults(component.settings_schema, changed)
                if output(component, environment, cluster, filled) != first:
                    return True, True
    return tried, False


def fields(component: Component) -> list[tuple[Path, Json, str]]:
    """The settings of a component, as `leaves` gives them."""
    uri = component.settings_schema
    return list(leaves(loaded()[0].schemas.documents[uri], uri, everything(component)))


CATALOGUE = loaded()[0].catalogue


@pytest.mark.parametrize("component", CATALOGUE.values(), ids=lambda one: one.name)
def test_every_setting_does_something(component: Component) -> None:
    nothing, untried = [], []
    for path, schema, base in fields(component):
        name = ".".join(path)
        tried, changes = does_something(component, path, schema, base)
        assert not (changes and (component.name, name) in WITHOUT_OUTPUT), f"{name} does something"
        if not tried:
            untried.append(name)
        elif not changes and (component.name, name) not in WITHOUT_OUTPUT:
            nothing.append(name)
    assert untried == [], "no other legal value was found: add a text to STRINGS or a branch to SETTINGS"
    assert nothing == [], "these settings change no output"


def test_the_exceptions_are_settings() -> None:
    assert WITHOUT_OUTPUT.keys() <= {
        (name, ".".join(path)) for name in CATALOGUE for path, _, _ in fields(CATALOGUE[name])
    }


def test_there_are_many_settings() -> None:
    assert sum(len(fields(component)) for component in CATALOGUE.values()) > 100


def test_a_setting_that_does_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    component = CATALOGUE["metrics-server"]
    [field] = [one for one in fields(component) if one[0] == ("replicas",)]
    assert does_something(component, *field) == (True, True)
    dead = {**loaded()[1].sources, component.values: "replicas: 2\n"}
    monkeypatch.setattr("test_settings.templates", lambda: Templates(dead))
    before.cache_clear()
    assert does_something(component, *field) == (True, False)
    before.cache_clear()
