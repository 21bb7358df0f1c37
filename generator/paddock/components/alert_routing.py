"""The platform's own AlertmanagerConfig: alerts of the platform's team to its receivers. Teams have theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any

SECRET = "alertmanager-receivers"
"""Secret with the receivers' credentials, beside the AlertmanagerConfig."""
_NOBODY = "null"
_DEAD_MAN = "dead-mans-switch"
_KEYS = {"slack": "slack-webhook-url", "pagerDuty": "pagerduty-routing-key", "deadMansSwitch": "dead-mans-switch-url"}


def secret_keys(receivers: Mapping[str, Json]) -> dict[str, Json]:
    """Remote source by key of the Secret; empty where no receiver has a credential."""
    return {key: receivers[name]["secret"] for name, key in _KEYS.items() if name in receivers}


def config(receivers: Mapping[str, Json], *, region: str, cluster: str) -> dict[str, Json]:
    """`spec` of the AlertmanagerConfig.

    The top route takes alerts with team="platform". Critical ones also page; Watchdog, which always fires, feeds the
    dead man's switch. Without receivers everything ends with nobody.
    """
    everyday = [name for name in ("slack", "sns") if name in receivers]
    paging = [name for name in ("pagerDuty",) if name in receivers]
    default = "platform" if everyday else _NOBODY
    routes = [
        _route(_DEAD_MAN if "deadMansSwitch" in receivers else _NOBODY, "alertname", "=", "Watchdog", repeat="5m"),
        _route(_NOBODY, "alertname", "=", "InfoInhibitor"),
    ]
    if paging:
        # A route that matched keeps the top route's receiver out, so that the last one names it again.
        routes.append({**_route("page", "severity", "=", "critical"), "continue": True})
        routes.append(_route(default, "alertname", "=~", ".+"))
    return {
        "route": {
            "receiver": default,
            "groupBy": ["alertname", "namespace"],
            "groupWait": "30s",
            "groupInterval": "5m",
            "repeatInterval": "4h",
            "matchers": [{"name": "team", "value": "platform", "matchType": "="}],
            "routes": routes,
        },
        "receivers": [
            {"name": _NOBODY},
            *([{"name": "platform", **_channels(receivers, region, cluster)}] if everyday else []),
            *([{"name": "page", "pagerdutyConfigs": [_pager()]}] if paging else []),
            *([{"name": _DEAD_MAN, "webhookConfigs": [_webhook()]}] if "deadMansSwitch" in receivers else []),
        ],
    }


def _route(receiver: str, name: str, match: str, value: str, repeat: str | None = None) -> dict[str, Json]:
    route: dict[str, Json] = {"receiver": receiver, "matchers": [{"name": name, "value": value, "matchType": match}]}
    return route | ({"groupInterval": "1m", "repeatInterval": repeat} if repeat else {})


def _channels(receivers: Mapping[str, Json], region: str, cluster: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if "slack" in receivers:
        title = f"[{cluster}] {{{{ .Status | toUpper }}}} {{{{ .CommonLabels.alertname }}}}"
        lines = "{{ range .Alerts }}{{ .Annotations.summary }} <{{ .Annotations.runbook_url }}|runbook>\n{{ end }}"
        found["slackConfigs"] = [
            {
                "apiURL": {"name": SECRET, "key": _KEYS["slack"]},
                "channel": receivers["slack"]["channel"],
                "sendResolved": True,
                "title": title,
                "text": lines,
            }
        ]
    if "sns" in receivers:
        found["snsConfigs"] = [
            {"topicARN": receivers["sns"]["topicARN"], "sigv4": {"region": region}, "sendResolved": True}
        ]
    return found


def _pager() -> Json:
    return {
        "routingKey": {"name": SECRET, "key": _KEYS["pagerDuty"]},
        "severity": "{{ .CommonLabels.severity }}",
        "sendResolved": True,
    }


def _webhook() -> Json:
    return {"urlSecret": {"name": SECRET, "key": _KEYS["deadMansSwitch"]}, "sendResolved": False}
