"""Alerts of every component: whom they reach, what they say, and that no two share a name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

Json = Any

PAGE = "https://github.com/example-av/ml-platform/blob/main/docs/runbooks.md#"


@pytest.fixture(scope="session")
def rules(objects: list[Any]) -> list[tuple[str, str, Json]]:
    """Component, cluster and rule of every rule."""
    return [
        (one.component, one.cluster, rule)
        for one in objects
        if one.object["kind"] == "PrometheusRule"
        for group in one.object["spec"]["groups"]
        for rule in group["rules"]
    ]


@pytest.fixture(scope="session")
def alerts(rules: list[tuple[str, str, Json]]) -> list[tuple[str, str, Json]]:
    """Component, cluster and rule of every alert."""
    return [one for one in rules if "alert" in one[2]]


def test_components_have_alerts(alerts: list[tuple[str, str, Json]]) -> None:
    assert {"kserve", "kube-prometheus-stack", "kubeflow-trainer", "metrics-server", "mlflow"} <= {
        component for component, _, _ in alerts
    }


def test_labels(alerts: list[tuple[str, str, Json]]) -> None:
    for component, _, rule in alerts:
        where = (component, rule["alert"])
        assert rule.get("labels", {}).get("severity") in ("critical", "warning", "info"), where
        assert rule["labels"].get("team"), where


def test_summary_is_a_sentence(alerts: list[tuple[str, str, Json]]) -> None:
    for component, _, rule in alerts:
        summary = rule.get("annotations", {}).get("summary", "")
        assert summary.endswith("."), (component, rule["alert"], summary)
        assert "\n" not in summary


def test_runbook_has_the_alerts_name(alerts: list[tuple[str, str, Json]]) -> None:
    for component, _, rule in alerts:
        url = rule["annotations"].get("runbook_url", "")
        assert url == PAGE + rule["alert"].lower(), (component, rule["alert"])


def test_names_are_unique_on_a_cluster(alerts: list[tuple[str, str, Json]]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for component, cluster, rule in alerts:
        key = (cluster, rule["alert"])
        assert key not in seen, f"{rule['alert']} is in {seen.get(key)} and in {component}"
        seen[key] = component


def test_records_are_unique_on_a_cluster(rules: list[tuple[str, str, Json]]) -> None:
    seen = set()
    for _, cluster, rule in rules:
        if "record" in rule:
            key = (cluster, rule["record"], tuple(sorted(rule.get("labels", {}).items())))
            assert key not in seen, key
            seen.add(key)


def test_recorded_series_exist(rules: list[tuple[str, str, Json]]) -> None:
    recorded = {rule["record"] for _, _, rule in rules if "record" in rule}
    used = {word for _, _, rule in rules for word in _recorded_names(rule["expr"])}
    assert used <= recorded
    assert "namespace:team:info" in used


def _recorded_names(expr: str) -> Iterator[str]:
    """Names of recorded series in PromQL: the only words with colons outside of strings."""
    for part in expr.split('"')[::2]:
        for word in "".join(char if char.isalnum() or char in "_:" else " " for char in part).split():
            # A range of a subquery, e.g. [1h:5m], has a colon too.
            if ":" in word and not word[0].isdigit():
                yield word
