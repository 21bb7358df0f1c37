"""Dashboards as Grafana reads them: the Classic model, one ConfigMap each, every panel with a query and a unit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from paddock.components import panels
from paddock.components.panels import Dashboard, Panel, Query, Row

Json = Any

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@pytest.fixture(scope="session")
def config_maps(objects: list[Any]) -> list[Any]:
    return [
        one
        for one in objects
        if one.object["kind"] == "ConfigMap" and "grafana_dashboard" in one.object["metadata"]["labels"]
    ]


@pytest.fixture(scope="session")
def dashboards(config_maps: list[Any]) -> list[tuple[str, Json]]:
    """Cluster and model of every dashboard."""
    return [(one.cluster, json.loads(text)) for one in config_maps for text in one.object["data"].values()]


def drawn(model: Json) -> list[Json]:
    """Panels that show data."""
    return [panel for panel in model["panels"] if panel["type"] != "row"]


def test_the_platform_ships_three(dashboards: list[tuple[str, Json]]) -> None:
    assert {model["uid"] for _, model in dashboards} >= {
        "paddock-gpu-fleet",
        "paddock-kueue-queues",
        "paddock-team-gpu-usage",
    }


def test_config_map(config_maps: list[Any]) -> None:
    for one in config_maps:
        metadata = one.object["metadata"]
        assert metadata["labels"]["grafana_dashboard"] == "1"
        assert metadata["annotations"]["grafana_folder"]
        ((file, text),) = one.object["data"].items()
        assert file == f"{json.loads(text)['uid']}.json"
        # The limit of a ConfigMap, and of the annotation of client-side apply (charts.md 4.3).
        assert len(text) < 262_144


def test_uid_and_title_are_unique(config_maps: list[Any]) -> None:
    for field in ("uid", "title"):
        seen = [(one.cluster, json.loads(text)[field]) for one in config_maps for text in one.object["data"].values()]
        assert len(set(seen)) == len(seen), field


def test_uid_is_legal(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", model["uid"])
        assert 39 <= model["schemaVersion"] <= 41
        assert model["editable"] is False


def test_data_source_is_a_variable(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        first, *rest = model["templating"]["list"]
        assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
        assert all(variable["datasource"] == DATASOURCE for variable in rest)
        for panel in drawn(model):
            assert panel["datasource"] == DATASOURCE
            assert all(target["datasource"] == DATASOURCE for target in panel["targets"])


def test_variables_are_used_and_exist(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        names = {variable["name"] for variable in model["templating"]["list"]} - {"datasource"}
        text = "".join(target["expr"] for panel in drawn(model) for target in panel["targets"])
        used = set(re.findall(r"\$([a-z_]+)", text)) - {"__range"}
        assert used == names, model["uid"]


def test_no_panel_is_empty(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        assert drawn(model)
        for panel in drawn(model):
            where = (model["uid"], panel["title"])
            assert panel["title"], where
            assert panel["description"].endswith("."), where
            assert panel["targets"], where
            assert all(target["expr"].strip() for target in panel["targets"]), where
            refs = [target["refId"] for target in panel["targets"]]
            assert len(set(refs)) == len(refs), where


def test_every_row_has_panels(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        kinds = [panel["type"] for panel in model["panels"]] + ["row"]
        assert not any(kind == following == "row" for kind, following in pairwise(kinds))


def test_units(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        for panel in drawn(model):
            assert panel["fieldConfig"]["defaults"]["unit"], (model["uid"], panel["title"])


def test_panel_ids_are_unique(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        ids = [panel["id"] for panel in model["panels"]]
        assert len(set(ids)) == len(ids)
        assert min(ids) >= 1


def cells(panel: Json) -> Iterator[tuple[int, int]]:
    place = panel["gridPos"]
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


def test_panels_do_not_overlap(dashboards: list[tuple[str, Json]]) -> None:
    for _, model in dashboards:
        taken: set[tuple[int, int]] = set()
        for panel in model["panels"]:
            mine = set(cells(panel))
            assert mine, panel["title"]
            assert not mine & taken, (model["uid"], panel["title"])
            assert all(0 <= x < 24 for x, _ in mine)
            taken |= mine


def test_recorded_series_exist(dashboards: list[tuple[str, Json]], objects: list[Any]) -> None:
    recorded = {
        rule["record"]
        for one in objects
        if one.object["kind"] == "PrometheusRule"
        for group in one.object["spec"]["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    text = " ".join(target["expr"] for _, model in dashboards for panel in drawn(model) for target in panel["targets"])
    used = set(re.findall(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+", text))
    assert used
    assert used <= recorded


def panel(title: str, *, width: int, height: int) -> Panel:
    return Panel(
        title=title,
        description="Up.",
        kind="timeseries",
        unit="short",
        queries=(Query(expr="up"),),
        width=width,
        height=height,
    )


def test_layout_wraps_lines_and_leaves_room_for_the_highest_panel() -> None:
    sizes = {"a": (12, 4), "b": (12, 8), "c": (8, 8), "d": (24, 2)}
    row = Row(title="one", panels=tuple(panel(name, width=w, height=h) for name, (w, h) in sizes.items()))
    other = Row(title="two", panels=(panel("e", width=6, height=3),))
    model = panels.model(Dashboard(uid="x", title="X", description="X.", tags=(), variables=(), rows=(row, other)))
    places = {one["title"]: (one["gridPos"]["x"], one["gridPos"]["y"]) for one in model["panels"]}
    assert places == {"one": (0, 0), "a": (0, 1), "b": (12, 1), "c": (0, 9), "d": (0, 17), "two": (0, 19), "e": (0, 20)}
    assert [one["id"] for one in model["panels"]] == list(range(1, 8))


def test_text_is_the_same_each_time() -> None:
    dashboard = Dashboard(
        uid="x", title="X", description="X.", tags=(), variables=(), rows=(Row(title="r", panels=()),)
    )
    assert panels.text(dashboard) == panels.text(dashboard)
    assert json.loads(panels.text(dashboard)) == panels.model(dashboard)
