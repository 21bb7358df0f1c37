"""PrometheusRules that Prometheus could not read, and alerts that would reach or help nobody (charts.md 5, row 6).

The operator leaves out a rule that it cannot read, and says so only in its log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock import promql
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Fleet, Json
from paddock.render import ObjectRef, content

IDS = (
    "promql-syntax",
    "alert-without-severity",
    "alert-without-owner",
    "alert-without-route",
    "alert-without-runbook",
    "job-label-without-series",
)

_MONITORING, _PLATFORM = "monitoring", "platform"
"""Alertmanager's namespace, and the team and configuration of the platform."""
# Types of workloads by the kind of their monitor; of others nothing is known here.
_BY_POD = ("inference", "training")
_BY_SERVICE = ("service",)


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    """Every rule of every PrometheusRule; one that several clusters have is a finding once, by its place."""
    routed = {ref.cluster for ref in objects if ref.kind == "AlertmanagerConfig" and _takes_all(ref)}
    for ref in objects:
        if ref.kind == "PrometheusRule":
            for group, rule in _rules(content(ref, trees)):
                yield from _faults(ref, fleet, group, rule)
                if ref.cluster not in routed:
                    yield from _lost(ref, fleet, group, rule)


def _takes_all(ref: ObjectRef) -> bool:
    """Whether a configuration is somebody's own in Alertmanager's namespace: it may take what no other route does."""
    return ref.namespace == _MONITORING and ref.name != _PLATFORM


def _rules(data: Mapping[str, Json]) -> list[tuple[str, Mapping[str, Json]]]:
    """Group and rule of each rule. An object that its schema refuses has a finding of its own: it has none here."""
    try:
        found = [(group["name"], rule) for group in data["spec"]["groups"] for rule in group["rules"]]
        return [(group, rule) for group, rule in found if {"alert", "record"} & rule.keys() and "expr" in rule]
    except (AttributeError, KeyError, TypeError):
        return []


def _faults(ref: ObjectRef, fleet: Fleet, group: str, rule: Mapping[str, Json]) -> Iterator[Problem]:
    expr = str(rule["expr"])
    fault = promql.fault(expr)
    kind = "alert" if "alert" in rule else "record"
    name = str(rule[kind])
    what = f'{"alert" if kind == "alert" else "recording rule"} "{name}" of group "{group}"'
    if fault:
        yield Problem(
            id="promql-syntax",
            message=f"the expression of {what} is not PromQL: {fault}",
            place=_place(ref, fleet, kind, name, "expr"),
            related=(Note(message=f"the expression: {_short(expr)}"), Note(message=f"rendered to {ref.path}")),
            help="correct the expression; Prometheus leaves out a rule that it cannot read",
        )
    if kind == "alert":
        yield from _lacks(ref, fleet, name, what, rule)
        yield from _silent(ref, fleet, name, what, expr)


def _lacks(ref: ObjectRef, fleet: Fleet, name: str, what: str, rule: Mapping[str, Json]) -> Iterator[Problem]:
    """What an alert needs so that it reaches somebody who can act on it."""
    labels, annotations = _dict(rule.get("labels")), _dict(rule.get("annotations"))
    place = _place(ref, fleet, "alert", name)
    note = Note(message=f"rendered to {ref.path}")
    if not labels.get("severity"):
        yield Problem(
            id="alert-without-severity",
            message=f"{what} has no label severity: routes and pagers go by it",
            place=place,
            related=(note,),
            help='add labels.severity: "critical", "warning" or "info"',
        )
    owned = any(labels.get(label) or promql.may_carry(str(rule["expr"]), label) for label in ("team", "namespace"))
    if not owned:
        yield Problem(
            id="alert-without-owner",
            message=f"{what} has neither a label team, nor a team or namespace in its result: no route takes it",
            place=place,
            related=(Note(message=f"the expression: {_short(str(rule['expr']))}"), note),
            help='add labels.team, e.g. "platform", or keep namespace in the expression',
        )
    if not annotations.get("runbook_url"):
        yield Problem(
            id="alert-without-runbook",
            message=f"{what} has no annotation runbook_url: whoever is woken does not know what to do",
            severity=Severity.WARNING,
            place=place,
            related=(note,),
            help="add annotations.runbook_url; in a component's template platform.runbooks is the page",
        )


def _lost(ref: ObjectRef, fleet: Fleet, group: str, rule: Mapping[str, Json]) -> Iterator[Problem]:
    """An alert for a team that carries no namespace. A team's routes go by that (charts.md 4.4), and the platform's by
    its own name as the team."""
    name, labels = str(rule.get("alert", "")), _dict(rule.get("labels"))
    team = labels.get("team")
    if not name or not team or team == _PLATFORM or labels.get("namespace"):
        return
    if not promql.may_carry(str(rule["expr"]), "namespace"):
        yield Problem(
            id="alert-without-route",
            message=f'alert "{name}" of group "{group}" is for team "{team}", and carries no namespace: the routes of '
            "teams go by it, so nobody would be told",
            place=_place(ref, fleet, "alert", name),
            related=(
                Note(message=f"the expression: {_short(str(rule['expr']))}"),
                Note(message=f"rendered to {ref.path}"),
            ),
            help=f'add labels.namespace: "{team}", or keep namespace in the expression',
        )


def _silent(ref: ObjectRef, fleet: Fleet, name: str, what: str, expr: str) -> Iterator[Problem]:
    """The label job of a workload's own series: a PodMonitor's is <namespace>/<name>, a ServiceMonitor's the Service's
    name (prometheus-operator, API reference, jobLabel)."""
    workload = ref.workload(fleet)
    if workload is None or workload.type not in (*_BY_POD, *_BY_SERVICE):
        return
    whole = f"{workload.team}/{workload.name}"
    right, wrong = (whole, workload.name) if workload.type in _BY_POD else (workload.name, whole)
    if wrong in promql.compared(expr, "job"):
        yield Problem(
            id="job-label-without-series",
            message=f'{what} looks for job="{wrong}", and series of workload "{workload.name}" have job="{right}": '
            "it would never fire",
            severity=Severity.WARNING,
            place=_place(ref, fleet, "alert", name, "expr"),
            related=(Note(message=f"rendered to {ref.path}"),),
            help=f'write job="{right}", or leave job out and compare namespace',
        )


def _place(ref: ObjectRef, fleet: Fleet, kind: str, name: str, *keys: str) -> Place:
    """The alert in the spec of its workload, or the rule in its component's template."""
    workload = ref.workload(fleet)
    if workload is not None and name in workload.data["alerts"]:
        return workload.place("alerts", name, *keys, key=not keys)
    return ref.mended_at(f"{kind}: {name}")


def _dict(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _short(expr: str) -> str:
    line = " ".join(expr.split())
    return line if len(line) <= 160 else f"{line[:157]}..."
