"""Routes of the platform's alerts, walked as Alertmanager walks them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from paddock.components.alert_routing import config, secret_keys

Json = Any

SLACK = {"channel": "#platform", "secret": {"remoteKey": "slack"}}
PAGER = {"secret": {"remoteKey": "pager"}}
SWITCH = {"secret": {"remoteKey": "switch", "property": "url"}}
SNS = {"topicARN": "arn:aws:sns:us-east-1:123456789012:alerts"}


def reached(spec: Json, alert: dict[str, str]) -> list[str]:
    """Receivers of an alert: of the matching children, else of the top route."""
    if not matches(spec["route"], alert):
        return []
    found = []
    for route in spec["route"]["routes"]:
        if matches(route, alert):
            found.append(route["receiver"])
            if not route.get("continue"):
                break
    return found or [spec["route"]["receiver"]]


def matches(route: Json, alert: dict[str, str]) -> bool:
    return all(
        re.fullmatch(one["value"] if one["matchType"] == "=~" else re.escape(one["value"]), alert.get(one["name"], ""))
        for one in route["matchers"]
    )


@pytest.mark.parametrize(
    ("receivers", "alert", "expected"),
    [
        ({}, {"alertname": "A", "severity": "critical"}, ["null"]),
        ({"slack": SLACK}, {"alertname": "A", "severity": "critical"}, ["platform"]),
        ({"slack": SLACK}, {"alertname": "Watchdog", "severity": "none"}, ["null"]),
        ({"slack": SLACK, "pagerDuty": PAGER}, {"alertname": "A", "severity": "critical"}, ["page", "platform"]),
        ({"sns": SNS, "pagerDuty": PAGER}, {"alertname": "A", "severity": "warning"}, ["platform"]),
        ({"pagerDuty": PAGER}, {"alertname": "A", "severity": "critical"}, ["page", "null"]),
        ({"deadMansSwitch": SWITCH}, {"alertname": "Watchdog", "severity": "none"}, ["dead-mans-switch"]),
        ({"slack": SLACK}, {"alertname": "InfoInhibitor", "severity": "none"}, ["null"]),
    ],
)
def test_receivers(receivers: Json, alert: dict[str, str], expected: list[str]) -> None:
    spec = config(receivers, region="us-east-1", cluster="dev-train")
    assert reached(spec, alert | {"team": "platform"}) == expected
    assert reached(spec, alert | {"team": "perception"}) == []
    assert {route["receiver"] for route in spec["route"]["routes"]} <= {one["name"] for one in spec["receivers"]}


def test_every_credential_comes_from_the_secret() -> None:
    receivers = {"slack": SLACK, "pagerDuty": PAGER, "deadMansSwitch": SWITCH, "sns": SNS}
    keys = secret_keys(receivers)
    assert keys == {
        "slack-webhook-url": {"remoteKey": "slack"},
        "pagerduty-routing-key": {"remoteKey": "pager"},
        "dead-mans-switch-url": {"remoteKey": "switch", "property": "url"},
    }
    named = re.findall(r"'key': '([a-z-]+)'", str(config(receivers, region="us-east-1", cluster="dev-train")))
    assert sorted(named) == sorted(keys)
