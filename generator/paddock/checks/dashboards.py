"""Dashboards that Grafana would refuse, or show without data (charts.md 4.3; 5, row 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paddock import promql, source
from paddock.components import grafana
from paddock.diagnostics import Note, Problem, Severity
from paddock.model import Cluster, Fleet, Json
from paddock.render import ObjectRef, content
from paddock.wording import quoted

IDS = (
    "promql-syntax",
    "invalid-dashboard",
    "invalid-dashboard-uid",
    "duplicate-dashboard-uid",
    "duplicate-dashboard-title",
    "empty-panel",
    "unknown-data-source",
)

LABEL, FOLDER = "grafana_dashboard", "grafana_folder"
"""Label of the ConfigMaps that Grafana's sidecar reads, and annotation that names the folder."""
_DATA_SOURCES = "grafana_datasource"
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Grafana's own, and those of kube-prometheus-stack (charts.md 4.3).
_OWN = frozenset(["-- Dashboard --", "-- Grafana --", "-- Mixed --", "alertmanager", "grafana", "prometheus"])
_OWN_NAMES = frozenset(["Alertmanager", "Prometheus", "default"])
_PROMETHEUS = ("prometheus", "grafana-amazonprometheus-datasource")
_NEEDS_NO_QUERY = frozenset(
    ["alertlist", "annolist", "canvas", "dashlist", "gettingstarted", "news", "row", "text", "welcome"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dashboard:
    """A dashboard: its ConfigMap, key there and model."""

    ref: ObjectRef
    file: str
    folder: str
    model: Mapping[str, Json]

    def problem(
        self, id: str, message: str, *, text: str = "", help: str, severity: Severity = Severity.ERROR
    ) -> Problem:
        """A problem of it, at the line of the template that holds `text`."""
        note = Note(message=f"{self.file} in {self.ref.path}")
        return Problem(
            id=id, message=message, place=self.ref.mended_at(text), related=(note,), help=help, severity=severity
        )


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    """Every dashboard by itself, then those of each cluster against each other."""
    found: dict[str, list[_Dashboard]] = {}
    known: dict[str, set[str]] = {}
    for ref in objects:
        text = trees[ref.environment][ref.path]
        if ref.kind != "ConfigMap" or (LABEL not in text and _DATA_SOURCES not in text):
            continue
        data = content(ref, trees)
        labels = _dict(_dict(data.get("metadata")).get("labels"))
        if labels.get(_DATA_SOURCES) == "1":
            known.setdefault(ref.cluster, set()).update(_provisioned(data))
        if labels.get(LABEL) == "1":
            yield from _read(ref, data, found.setdefault(ref.cluster, []))
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            dashboards = found.get(cluster.identity, ())
            sources = _sources(fleet, cluster) | known.get(cluster.identity, set()) if dashboards else set()
            for one in dashboards:
                yield from _uid(one)
                yield from _panels(one, sources)
            yield from _twice(dashboards)


def _read(ref: ObjectRef, data: Mapping[str, Json], found: list[_Dashboard]) -> Iterator[Problem]:
    """The dashboards of a ConfigMap. What is no object of the classic model is not looked into any further."""
    folder = str(_dict(_dict(data.get("metadata")).get("annotations")).get(FOLDER, ""))
    for file, text in _dict(data.get("data")).items():
        if not file.endswith(".json") or not isinstance(text, str):
            continue
        try:
            model = json.loads(text)
            fault = "" if isinstance(model, dict) else "it is not an object"
        except ValueError as error:
            fault = str(error)
        if fault:
            yield Problem(
                id="invalid-dashboard",
                message=f'the dashboard "{file}" of ConfigMap "{ref.name}" is not JSON that Grafana reads: {fault}',
                place=ref.mended_at(file),
                related=(Note(message=f"rendered to {ref.path}"),),
                help="export it from Grafana once more, or correct it",
            )
        elif "panels" in model or "uid" in model:
            found.append(_Dashboard(ref=ref, file=file, folder=folder, model=model))


def _uid(one: _Dashboard) -> Iterator[Problem]:
    uid = one.model.get("uid")
    if uid is not None and not (isinstance(uid, str) and _UID.fullmatch(uid)):
        yield one.problem(
            "invalid-dashboard-uid",
            f'the uid of dashboard "{_title(one)}" is "{uid}": Grafana takes at most 40 letters, digits, "-" and "_"',
            text=f'"{uid}"',
            help="shorten it; links to the dashboard go by it",
        )


def _twice(dashboards: Sequence[_Dashboard]) -> Iterator[Problem]:
    uids: dict[str, _Dashboard] = {}
    titles: dict[tuple[str, str], _Dashboard] = {}
    for one in dashboards:
        uid, title = str(one.model.get("uid") or ""), _title(one)
        first = uids.setdefault(uid, one) if uid else one
        if first is not one:
            yield one.problem(
                "duplicate-dashboard-uid",
                f'dashboards "{_title(first)}" and "{title}" have the uid "{uid}": Grafana would show only one of them',
                text=one.file,
                help=f"give one of them another uid; the other one is {first.file} of ConfigMap {first.ref.name}",
            )
            continue
        first = titles.setdefault((one.folder, title), one)
        if first is not one:
            yield one.problem(
                "duplicate-dashboard-title",
                f'two dashboards of folder "{one.folder}" have the title "{title}": Grafana stops provisioning them',
                text=one.file,
                help=f"give one of them another title; the other one is {first.file} of ConfigMap {first.ref.name}",
            )


def _panels(one: _Dashboard, sources: set[str]) -> Iterator[Problem]:
    variables = _variables(one.model)
    for variable in _dicts(_dict(one.model.get("templating")).get("list")):
        yield from _source(one, f'variable "{variable.get("name")}"', variable.get("datasource"), sources, variables)
    for panel in _flat(one.model.get("panels")):
        what = f'panel "{panel.get("title") or panel.get("id")}"'
        targets = _dicts(panel.get("targets"))
        yield from _source(one, what, panel.get("datasource"), sources, variables)
        for target in targets:
            if target.get("datasource") != panel.get("datasource"):
                yield from _source(one, what, target.get("datasource"), sources, variables)
            yield from _expression(one, what, target, panel, variables)
        if str(panel.get("type")) not in _NEEDS_NO_QUERY and "libraryPanel" not in panel and _blank(targets):
            yield one.problem(
                "empty-panel",
                f'{what} of dashboard "{_title(one)}" asks for nothing',
                text=f'"{panel.get("title")}"',
                severity=Severity.WARNING,
                help="give it a query, or take it out",
            )


def _source(
    one: _Dashboard, what: str, stated: Json, sources: set[str], variables: Mapping[str, str]
) -> Iterator[Problem]:
    """A data source is a variable, one that the cluster's Grafana has, or left out: the default."""
    name = stated.get("uid") if isinstance(stated, dict) else stated
    if not isinstance(name, str) or not name:
        return
    variable = re.fullmatch(r"\$\{?(\w+)\}?", name)
    if variable is not None:
        if variable[1] in variables:
            return
        fault, help = (
            f'"{name}", a variable that the dashboard does not have',
            "add the variable, of type datasource",
        )
    elif name in sources or (isinstance(stated, str) and name in _OWN_NAMES):
        return
    else:
        known = quoted(sorted(sources - _OWN | {"prometheus"}))
        fault, help = (
            f'"{name}", which the cluster\'s Grafana does not have',
            f"use a variable of type datasource, or {known}",
        )
    yield one.problem(
        "unknown-data-source",
        f'{what} of dashboard "{_title(one)}" asks the data source {fault}',
        text=f'"{name}"',
        help=help,
    )


def _expression(
    one: _Dashboard, what: str, target: Mapping[str, Json], panel: Mapping[str, Json], variables: Mapping[str, str]
) -> Iterator[Problem]:
    """PromQL of a target that goes to Prometheus; what goes elsewhere may have `expr` in another language."""
    expr = target.get("expr")
    stated = _dict(target.get("datasource") or panel.get("datasource"))
    kind = stated.get("type") or variables.get(str(stated.get("uid", "")).strip("${}")) or _PROMETHEUS[0]
    if not isinstance(expr, str) or not expr.strip() or kind not in _PROMETHEUS:
        return
    fault = promql.panel_fault(expr)
    if fault:
        yield one.problem(
            "promql-syntax",
            f'an expression of {what} of dashboard "{_title(one)}" is not PromQL: {fault}',
            text=f'"{panel.get("title")}"',
            help=f"correct the expression: {' '.join(expr.split())[:160]}",
        )


def _sources(fleet: Fleet, cluster: Cluster) -> set[str]:
    """Uids of data sources of a cluster's Grafana."""
    use = cluster.components.get("kube-prometheus-stack")
    if use is None or not use.valid:
        return set(_OWN)
    stated = grafana.view(fleet, cluster, use.settings["grafana"])["dataSources"]
    return set(_OWN) | {str(one["uid"]) for one in stated}


def _provisioned(data: Mapping[str, Json]) -> set[str]:
    """Uids of data sources that a ConfigMap brings."""
    found = set()
    for file, text in _dict(data.get("data")).items():
        stated, _ = source.parse(str(text).encode("utf-8", "surrogatepass"), file)
        found |= {str(one["uid"]) for one in _dicts(_dict(stated).get("datasources")) if "uid" in one}
    return found


def _variables(model: Mapping[str, Json]) -> dict[str, str]:
    """Variables of a dashboard, and for those that are data sources of which type; empty for others."""
    listed = _dicts(_dict(model.get("templating")).get("list"))
    return {
        str(one.get("name")): str(one.get("query", "")) if one.get("type") == "datasource" else "" for one in listed
    }


def _flat(panels: Json) -> Iterator[Mapping[str, Json]]:
    """Panels, those in collapsed rows too."""
    for panel in _dicts(panels):
        yield panel
        yield from _flat(panel.get("panels"))


def _blank(targets: Sequence[Mapping[str, Json]]) -> bool:
    """Whether no target asks for anything. One without `expr` is of another data source's kind, and counts."""
    return not any("expr" not in target or str(target["expr"]).strip() for target in targets)


def _title(one: _Dashboard) -> str:
    return str(one.model.get("title") or one.file)


def _dict(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Json) -> list[Mapping[str, Json]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
