"""Roles by identity group, data sources and secrets of Grafana."""

from __future__ import annotations

from typing import Any

import pytest

import fleets
from paddock.components import grafana

Json = Any


@pytest.mark.parametrize(
    ("admin", "editor", "path"),
    [
        ([], [], "'Viewer'"),
        (["perception"], [], "contains(groups[*], 'idp:perception') && 'Admin' || 'Viewer'"),
        (
            ["perception"],
            ["everyone"],
            "contains(groups[*], 'idp:perception') && 'Admin' || contains(groups[*], 'idp:everyone') && 'Editor' "
            "|| 'Viewer'",
        ),
    ],
)
def test_role_path(admin: list[str], editor: list[str], path: str) -> None:
    oidc = {"groupsClaim": "groups", "adminGroups": admin, "editorGroups": editor}
    assert grafana.role_path(fleets.fleet(), oidc) == path


def settings(**more: Json) -> Json:
    sources = {"cloudWatch": True, "amazonPrometheus": {}}
    return {"adminSecret": {"remoteKey": "admin"}, "ingress": {}, "dataSources": sources, **more}


def view(**more: Json) -> Json:
    fleet = fleets.fleet()
    return grafana.view(fleet, fleet.environments["dev"].clusters["train"], settings(**more))


def test_two_replicas_only_with_a_shared_database() -> None:
    database = {"host": "db.example.com", "port": 5432, "name": "grafana", "secret": {"remoteKey": "db"}}
    assert view()["replicas"] == 1
    assert view(database=database)["replicas"] == 2
    assert view(database=database)["environmentSecrets"] == [{"name": "grafana-database"}]
    (_, secret) = grafana.secrets(settings(database=database))
    assert [one["secretKey"] for one in secret["spec"]["data"]] == [
        "GRAFANA_DATABASE_USER",
        "GRAFANA_DATABASE_PASSWORD",
    ]


def test_data_sources_and_their_plugins() -> None:
    sources = {
        "cloudWatch": False,
        "amazonPrometheus": {"fleet": {"url": "https://aps.example.com/workspaces/ws-1"}},
        "openSearch": {"url": "https://logs.example.com", "index": "logs-*", "version": "3.6.0"},
    }
    found = view(dataSources=sources)
    assert [one["uid"] for one in found["dataSources"]] == ["amp-fleet", "opensearch"]
    assert found["plugins"] == ["grafana-amazonprometheus-datasource", "grafana-opensearch-datasource"]
    assert view()["plugins"] == []


def test_host() -> None:
    assert view()["host"] == "grafana.train.dev.ml.example.com"
    assert view(ingress={"host": "grafana.example.com"})["host"] == "grafana.example.com"
