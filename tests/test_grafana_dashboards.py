"""Dashboards of every cluster of the reference platform, those of components and those of teams, as Grafana would load
them; each expression is read by the parser that the program uses and by Prometheus' own."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from paddock import promql
from paddock.components.dashboard_team import team_dashboard
from prometheus_tools import objects
from test_prometheus import needs_promtool, promtool, recorded

Json = Any
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@cache
def dashboards() -> list[tuple[str, Json, Json]]:
    """Cluster, ConfigMap and model of every dashboard."""
    return [
        ("/".join(path.split("/")[:3:2]), data, json.loads(text))
        for path, data in objects("ConfigMap")
        if "grafana_dashboard" in data["metadata"]["labels"]
        for text in data["data"].values()
    ]


def drawn(model: Json) -> list[Json]:
    return [panel for panel in model["panels"] if panel["type"] != "row"]


def expressions() -> dict[str, str]:
    """Every expression of a panel, with the panel; variables as they are written."""
    return {
        target["expr"]: f"{model['title']}: {panel['title']}"
        for _, _, model in dashboards()
        for panel in drawn(model)
        for target in panel["targets"]
    }


def test_every_topic_has_a_dashboard() -> None:
    uids = {model["uid"] for _, _, model in dashboards()}
    assert {f"paddock-{name}" for name in TOPICS} <= uids
    assert len([uid for uid in uids if uid.startswith("paddock-team-")]) >= 8


TOPICS = [
    "argo-cd",
    "gpu-fleet",
    "gpu-network",
    "karpenter-capacity",
    "kserve-endpoints",
    "kueue-queues",
    "mlflow",
    "team-gpu-usage",
    "training",
]


def test_a_component_without_which_a_dashboard_is_empty_runs_on_the_cluster() -> None:
    found = {(cluster, model["uid"]) for cluster, _, model in dashboards()}
    assert ("prod/hub-iad", "paddock-argo-cd") in found
    assert ("prod/train-iad", "paddock-argo-cd") not in found
    assert ("prod/train-iad", "paddock-training") in found
    assert ("prod/serve-fra", "paddock-training") not in found
    assert ("prod/serve-fra", "paddock-kserve-endpoints") in found


def test_uids_and_files_are_unique_on_a_cluster() -> None:
    uids = Counter((cluster, model["uid"]) for cluster, _, model in dashboards())
    titles = Counter(
        (cluster, data["metadata"]["annotations"]["grafana_folder"], model["title"])
        for cluster, data, model in dashboards()
    )
    # The sidecar writes a folder's dashboards by the names of their keys.
    files = Counter(
        (cluster, data["metadata"]["annotations"]["grafana_folder"], *data["data"]) for cluster, data, _ in dashboards()
    )
    for counted in (uids, titles, files):
        assert [one for one, times in counted.items() if times > 1] == []


def test_every_panel_asks_the_variable_and_has_a_unit() -> None:
    for _, _, model in dashboards():
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", model["uid"])
        assert model["templating"]["list"][0]["query"] == "prometheus"
        assert len(drawn(model)) >= 8
        for panel in drawn(model):
            where = (model["uid"], panel["title"])
            assert panel["datasource"] == DATASOURCE, where
            assert panel["targets"], where
            assert all(one["datasource"] == DATASOURCE and one["expr"].strip() for one in panel["targets"]), where
            assert panel["fieldConfig"]["defaults"]["unit"], where
            assert panel["description"].endswith("."), where


def test_every_expression_is_read() -> None:
    assert len(expressions()) > 150
    for expr, where in expressions().items():
        assert promql.panel_fault(expr) == "", where


def test_recorded_series_exist() -> None:
    used = {word for expr in expressions() for word in re.findall(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+", expr)}
    assert used
    assert used <= recorded().keys()


@needs_promtool
def test_prometheus_reads_every_expression(tmp_path: Path) -> None:
    def filled(expr: str) -> str:
        return re.sub(r"\$[a-z]+", "x", expr.replace("$__range", "1h"))

    rules = [{"record": f"panel:{number}", "expr": filled(expr)} for number, expr in enumerate(expressions())]
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", "panels.yaml", folder=tmp_path)


@pytest.mark.parametrize("team", ["perception", "planning", "data-platform"])
def test_a_team_sees_its_own(team: str) -> None:
    """Folder, namespace and every expression are the team's: nothing to choose, nothing of others."""
    mine = [(cluster, data, model) for cluster, data, model in dashboards() if model["uid"] == f"paddock-team-{team}"]
    assert mine
    for _, data, model in mine:
        assert data["metadata"]["namespace"] == team
        assert data["metadata"]["annotations"]["grafana_folder"] == team
        assert [one["name"] for one in model["templating"]["list"]] == ["datasource"]
        for panel in drawn(model):
            for target in panel["targets"]:
                selectors = re.findall(r"\{([^{}]*)\}", target["expr"])
                assert selectors
                assert all(re.search(rf'\b(team|namespace|cluster_queue)="{team}"', one) for one in selectors)


def test_a_team_with_a_long_name_has_a_legal_uid() -> None:
    first, second = (team_dashboard("a" * 50 + end, None) for end in "xy")
    assert len(first.uid) <= 40
    assert first.uid != second.uid


def test_a_budget_is_compared_and_its_absence_is_not() -> None:
    titles = {
        budget: [panel.title for panel in team_dashboard("perception", budget).rows[0].panels]
        for budget in (None, 1000.0)
    }
    assert "Share of the budget" in titles[1000.0]
    assert "Cost a month" in titles[None]
