"""Every component's objects on the reference platform; those of a component that no cluster runs, by its defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from paddock import inputs, load, source
from paddock.catalogue import Component
from paddock.load import Loaded
from paddock.model import Cluster, ComponentUse, Environment
from paddock.templating import Templates
from paddock.units import contexts

Json = Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An object of a component on a cluster."""

    component: str
    cluster: str
    template: str
    object: Json


@pytest.fixture(scope="session")
def objects() -> list[Rendered]:
    """All objects of all components on all clusters."""
    return _objects()


@cache
def _objects() -> list[Rendered]:
    gathered, problems = inputs.gather(ROOT)
    assert problems == []
    loaded = load.load(gathered)
    templates = Templates(gathered.templates)
    return [
        one
        for component in loaded.catalogue.values()
        for environment, cluster in _clusters(loaded, component)
        for one in _render(loaded, templates, component, environment, cluster)
    ]


def _clusters(loaded: Loaded, component: Component) -> list[tuple[Environment, Cluster]]:
    assert loaded.fleet is not None
    every = [
        (environment, cluster)
        for environment in loaded.fleet.environments.values()
        for cluster in environment.clusters.values()
    ]
    return [pair for pair in every if component.name in pair[1].components] or every[:1]


def _render(
    loaded: Loaded, templates: Templates, component: Component, environment: Environment, cluster: Cluster
) -> Iterator[Rendered]:
    assert loaded.fleet is not None
    use = cluster.components.get(component.name)
    settings = use.settings if use else loaded.schemas.with_defaults(component.settings_schema, {})
    given = ComponentUse(name=component.name, settings=settings)
    releases = [data for _, data in contexts(loaded.fleet, environment, cluster, component, given)]
    for template, data in ((one, data) for data in releases for one in component.resources):
        text, problem = templates.render(template, data)
        assert problem is None, problem
        for document in f"\n{text}".split("\n---\n"):
            if document.strip():
                value, problems = source.parse(document.encode(), template)
                assert problems == [], (template, problems)
                yield Rendered(component=component.name, cluster=cluster.identity, template=template, object=value)
