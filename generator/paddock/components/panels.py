"""Grafana dashboards as Python data: the Classic model, laid out on a grid of 24 columns. It knows no metric."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

Json = Any

COLUMNS = 24
SCHEMA_VERSION = 41
"""Version of the Classic model; kube-prometheus-stack 88 ships 39 to 41 (charts.md 4.3)."""
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
Steps = tuple[tuple[float | None, str], ...]
"""Thresholds: from which value on which colour; None is the lowest."""
_GREEN: Steps = ((None, "green"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A PromQL query; `legend` is Grafana's legend format."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel. `kind` is timeseries, stat, bargauge or table; `unit` one of Grafana's."""

    title: str
    description: str
    kind: str
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    steps: Steps = _GREEN
    stacked: bool = False
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A heading and the panels below it, from left to right."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A query variable: values of a label, several at once, all by default. `query` is label_values(metric, label)."""

    name: str
    label: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard; `uid` is at most 40 characters of A-Z, a-z, 0-9, _ and - (fluent/helm-charts#509)."""

    uid: str
    title: str
    description: str
    tags: tuple[str, ...]
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    since: str = "now-6h"


def stat(title: str, *, description: str, unit: str, expr: str, steps: Steps = _GREEN) -> Panel:
    """A number of now, a sixth of the width."""
    return Panel(
        title=title,
        description=description,
        kind="stat",
        unit=unit,
        queries=(Query(expr=expr),),
        width=4,
        height=4,
        steps=steps,
    )


def lines(
    title: str,
    *,
    description: str,
    unit: str,
    queries: tuple[Query, ...],
    stacked: bool = False,
    maximum: float | None = None,
) -> Panel:
    """Lines over time, half of the width."""
    return Panel(
        title=title,
        description=description,
        kind="timeseries",
        unit=unit,
        queries=queries,
        stacked=stacked,
        maximum=maximum,
    )


@cache
def text(dashboard: Dashboard) -> str:
    """The dashboard as JSON, ending with a newline."""
    return json.dumps(model(dashboard), indent=1, sort_keys=True) + "\n"


def model(dashboard: Dashboard) -> dict[str, Json]:
    """The dashboard in Grafana's Classic model."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": list(dashboard.tags),
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": dashboard.since, "to": "now"},
        "templating": {"list": [_datasource(), *map(_variable, dashboard.variables)]},
        "annotations": {"list": []},
        "links": [],
        "panels": _laid_out(dashboard.rows),
    }


def _datasource() -> Json:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "regex": "",
        "refresh": 1,
        "hide": 0,
        "current": {},
    }


def _variable(variable: Variable) -> Json:
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        "definition": variable.query,
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "sort": 1,
        "hide": 0,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _laid_out(rows: tuple[Row, ...]) -> list[Json]:
    """Panels with ids and places: each line is as high as its highest panel, and ends where the next does not fit."""
    found: list[Json] = []
    top = 0
    for row in rows:
        place = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
        found.append(
            {
                "id": len(found) + 1,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "panels": [],
                "gridPos": place,
            }
        )
        top, left, height = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, height = top + height, 0, 0
            place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
            found.append({"id": len(found) + 1, "gridPos": place, **_panel(panel)})
            left, height = left + panel.width, max(height, panel.height)
        top += height
    return found


def _panel(panel: Panel) -> dict[str, Json]:
    defaults: dict[str, Json] = {
        "unit": panel.unit,
        "min": 0,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in panel.steps]},
    }
    if panel.maximum is not None:
        defaults["max"] = panel.maximum
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "drawStyle": "line",
            "fillOpacity": 30 if panel.stacked else 10,
            "lineWidth": 1,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        }
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "targets": [_target(query, chr(ord("A") + number), panel.kind) for number, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel),
        **_transformations(panel),
    }


def _target(query: Query, ref: str, kind: str) -> Json:
    now = kind != "timeseries"
    return {
        "refId": ref,
        "datasource": DATASOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": now,
        "range": not now,
        "format": "table" if kind == "table" else "time_series",
    }


def _options(panel: Panel) -> Json:
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if panel.kind == "timeseries":
        return {
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "showLegend": True,
                "calcs": ["mean", "max", "lastNotNull"],
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    if panel.kind == "stat":
        return {
            "reduceOptions": last,
            "colorMode": "value",
            "graphMode": "none",
            "textMode": "auto",
            "justifyMode": "auto",
        }
    if panel.kind == "bargauge":
        return {"reduceOptions": last, "orientation": "horizontal", "displayMode": "gradient", "showUnfilled": True}
    return {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}}


def _transformations(panel: Panel) -> dict[str, Json]:
    if panel.kind != "table":
        return {}
    hidden = {"Time": True, "__name__": True, "job": True, "endpoint": True, "service": True, "instance": True}
    return {"transformations": [{"id": "organize", "options": {"excludeByName": hidden}}]}
