"""Alerts of the platform's components as PrometheusRule groups. PromQL comes in as text; nothing here knows a metric
but `up`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from paddock.model import Fleet

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert. `wait` is how long `expr` must hold; `labels` come on top of severity and team."""

    name: str
    expr: str
    severity: str
    summary: str
    wait: str | None = None
    team: str = "platform"
    labels: dict[str, str] = field(default_factory=dict)
    description: str | None = None


def group(name: str, alerts: list[Alert], fleet: Fleet) -> dict[str, Json]:
    """A rule group: every alert has severity, team, summary and the link to its runbook."""
    return {"name": name, "rules": [_rule(one, fleet.platform.runbook(one.name)) for one in alerts]}


def controller_down(name: str, *, namespace: str, job: str, what: str, container: str | None = None) -> Alert:
    """No pod of a controller answers Prometheus (charts.md 4.2, OperatorDown). `job` is a regular expression;
    `container` tells the controller from other pods that the same monitor scrapes."""
    only = f', container="{container}"' if container else ""
    return Alert(
        name=name,
        expr=f'absent(up{{namespace="{namespace}", job=~"{job}"{only}}} == 1)',
        wait="10m",
        severity="critical",
        summary=f"No pod of {what} answers Prometheus.",
    )


def _rule(alert: Alert, runbook: str) -> dict[str, Json]:
    rule: dict[str, Json] = {"alert": alert.name, "expr": alert.expr}
    if alert.wait is not None:
        rule["for"] = alert.wait
    rule["labels"] = {"severity": alert.severity, "team": alert.team, **alert.labels}
    rule["annotations"] = {"summary": alert.summary, "runbook_url": runbook}
    if alert.description is not None:
        rule["annotations"]["description"] = alert.description
    return rule
