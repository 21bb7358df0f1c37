"""Grafana inside kube-prometheus-stack: host, roles by identity group, data sources, plugins and secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock import hosts
from paddock.components.remote_secrets import credentials, external_secret
from paddock.model import Cluster, Fleet

Json = Any

OIDC_SECRET = "grafana-oidc"
DATABASE_SECRET = "grafana-database"
ADMIN_SECRET = "grafana-admin"


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json]) -> dict[str, Json]:
    """`host`, `replicas`, `rolePath`, `dataSources`, `plugins` and `environmentSecrets` of the chart's values.

    Several replicas need a shared database: without one, sessions and preferences lie in the pod.
    """
    sources = settings["dataSources"]
    return {
        "host": hosts.interface(fleet, cluster, "kube-prometheus-stack", {"grafana": settings}),
        "replicas": 2 if "database" in settings else 1,
        "rolePath": role_path(fleet, settings["oidc"]) if "oidc" in settings else None,
        "dataSources": _data_sources(sources, cluster.region),
        "plugins": sorted({source["type"] for source in _data_sources(sources, cluster.region)} & set(_PLUGINS)),
        "environmentSecrets": [
            {"name": name} for key, name in (("oidc", OIDC_SECRET), ("database", DATABASE_SECRET)) if key in settings
        ],
    }


def signs_in(settings: Mapping[str, Json]) -> bool:
    """Whether people sign in at the load balancer: those who cannot at Grafana itself."""
    return bool(settings["ingress"]["enabled"]) and "oidc" not in settings


def secrets(settings: Mapping[str, Json]) -> list[Json]:
    """ExternalSecrets that Grafana reads."""
    found = [
        external_secret(ADMIN_SECRET, credentials(settings["adminSecret"], username="username", password="password"))
    ]
    if "oidc" in settings:
        found.append(external_secret(OIDC_SECRET, {"GRAFANA_OIDC_CLIENT_SECRET": settings["oidc"]["secret"]}))
    if "database" in settings:
        names = {"username": "GRAFANA_DATABASE_USER", "password": "GRAFANA_DATABASE_PASSWORD"}
        found.append(external_secret(DATABASE_SECRET, credentials(settings["database"]["secret"], **names)))
    return found


def role_path(fleet: Fleet, oidc: Mapping[str, Json]) -> str:
    """JMESPath from the groups claim to a role; whoever is in none of the platform's groups named is a viewer."""
    groups = fleet.platform.data["identityGroups"]
    terms = [
        f"contains({oidc['groupsClaim']}[*], {_raw_string(groups[name]['claim'])}) && '{role}'"
        for role, names in (("Admin", oidc["adminGroups"]), ("Editor", oidc["editorGroups"]))
        for name in sorted(names)
        if name in groups
    ]
    return " || ".join([*terms, "'Viewer'"])


_PLUGINS = ("grafana-amazonprometheus-datasource", "grafana-opensearch-datasource")


def _raw_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _data_sources(sources: Mapping[str, Json], region: str) -> list[Json]:
    found: list[Json] = []
    if sources["cloudWatch"]:
        found.append(
            {
                "name": "CloudWatch",
                "uid": "cloudwatch",
                "type": "cloudwatch",
                "access": "proxy",
                "editable": False,
                "jsonData": {"authType": "default", "defaultRegion": region},
            }
        )
    signed = {"sigV4Auth": True, "sigV4AuthType": "default", "sigV4Region": region}
    for name, source in sorted(sources["amazonPrometheus"].items()):
        found.append(
            {
                "name": name,
                "uid": f"amp-{name}",
                "type": "grafana-amazonprometheus-datasource",
                "access": "proxy",
                "editable": False,
                "url": source["url"],
                "jsonData": {"httpMethod": "POST", **signed},
            }
        )
    if "openSearch" in sources:
        found.append(_opensearch(sources["openSearch"], signed))
    return found


def _opensearch(source: Mapping[str, Json], signed: Mapping[str, Json]) -> Json:
    return {
        "name": "OpenSearch",
        "uid": "opensearch",
        "type": "grafana-opensearch-datasource",
        "access": "proxy",
        "editable": False,
        "url": source["url"],
        "jsonData": {
            "database": source["index"],
            "flavor": "opensearch",
            "version": source["version"],
            "timeField": "@timestamp",
            "logMessageField": "log",
            "pplEnabled": True,
            **signed,
        },
    }
