"""Objects that their schemas refuse have a finding for that; the checks of alerts, routes and dashboards read them,
too, and must neither fail nor add to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import fleets
from paddock import emit
from paddock.checks import alert_routes, alert_rules, dashboards
from paddock.diagnostics import Place
from paddock.render import ObjectRef

Json = Any
ODD: list[Json] = [None, "", "text", 1, [], [None], ["x"], {}, {"x": None}, [{}], [{"rules": None}], [{"rules": [1]}]]
CHECKS = {"AlertmanagerConfig": alert_routes.check, "ConfigMap": dashboards.check, "PrometheusRule": alert_rules.check}


def found(kind: str, data: Json) -> list[str]:
    """Ids of what the check of a kind finds in an object."""
    path = f"clusters/train/components/demo/resources/{kind.lower()}-demo.yaml"
    ref = ObjectRef(
        path=path,
        environment="dev",
        cluster="dev-train",
        kubernetes_version="1.34",
        api_version="v1",
        kind=kind,
        namespace="perception",
        name="demo",
        place=Place(path="environments/dev/clusters/train.yaml"),
        template="templates/components/demo/resources/demo.yaml.j2",
    )
    text = emit.document({"apiVersion": "v1", "kind": kind, **data})
    check: Callable[..., Any] = CHECKS[kind]
    return [one.id for one in check([ref], {"dev": {path: text}}, fleets.fleet())]


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_rules(odd: Json) -> None:
    rule = {"alert": "X", "expr": "up == 0", "labels": {"severity": "info", "team": "platform"}}
    for data in (
        {"spec": odd},
        {"spec": {"groups": odd}},
        {"spec": {"groups": [{"name": "x", "rules": odd}]}},
        {"spec": {"groups": [{"name": "x", "rules": [rule | {"annotations": odd}]}]}},
    ):
        assert set(found("PrometheusRule", data)) <= {"alert-without-runbook"}
    assert found("PrometheusRule", {"spec": {"groups": [{"name": "x", "rules": [rule | {"labels": odd}]}]}})


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_routes(odd: Json) -> None:
    for data in ({"spec": odd}, {"spec": {"route": odd, "receivers": []}}, {"spec": {"route": {}, "receivers": odd}}):
        assert found("AlertmanagerConfig", data) == []
    receivers = [{"name": "x", "slackConfigs": odd}]
    assert found("AlertmanagerConfig", {"spec": {"route": {"receiver": "x"}, "receivers": receivers}}) == []


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_dashboards(odd: Json) -> None:
    metadata = {"name": "demo", "labels": {"grafana_dashboard": "1"}}
    assert found("ConfigMap", {"metadata": odd, "data": {"grafana_dashboard": "x"}}) == []
    assert found("ConfigMap", {"metadata": metadata | {"annotations": odd}, "data": odd}) == []
    sources = {"name": "demo", "labels": {"grafana_datasource": "1"}}
    assert found("ConfigMap", {"metadata": sources, "data": {"x.yaml": emit.document({"datasources": odd})}}) == []
    for key in ("panels", "templating", "title", "annotations"):
        text = json.dumps({"uid": "x", "panels": [], key: odd})
        assert found("ConfigMap", {"metadata": metadata, "data": {"x.json": text}}) in ([], ["empty-panel"])
    for key in ("targets", "datasource", "title", "type", "panels"):
        text = json.dumps({"uid": "x", "panels": [{"id": 1, "type": "text", key: odd}]})
        assert set(found("ConfigMap", {"metadata": metadata, "data": {"x.json": text}})) <= {
            "empty-panel",
            "unknown-data-source",
        }
    text = json.dumps({"uid": odd, "panels": []})
    assert set(found("ConfigMap", {"metadata": metadata, "data": {"x.json": text}})) <= {"invalid-dashboard-uid"}
    text = json.dumps(odd)
    assert set(found("ConfigMap", {"metadata": metadata, "data": {"x.json": text}})) <= {"invalid-dashboard"}
