"""OpenCost: one identity of a cluster, costs by team, and an entry behind a sign-in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from repositories import reference_result

Json = Any

WHERE = "clusters/train-iad/components/opencost"


@pytest.fixture(scope="module")
def tree() -> dict[str, str]:
    return dict(reference_result().trees["prod"])


def values(tree: dict[str, str], cluster: str, component: str = "opencost") -> Json:
    return yaml.safe_load(tree[f"clusters/{cluster}/components/{component}/values.yaml"])


def rules(tree: dict[str, str]) -> list[Json]:
    data = yaml.safe_load(tree[f"{WHERE}/resources/prometheusrule-opencost.yaml"])
    return [rule for group in data["spec"]["groups"] for rule in group["rules"]]


def test_dangerous_defaults_are_off(tree: dict[str, str]) -> None:
    """charts.md 2f and 3.10: the MCP server, prices of our own, and a Prometheus that is not there."""
    for cluster in ("serve-fra", "train-iad"):
        one = values(tree, cluster)["opencost"]
        assert one["mcp"] == {"enabled": False}
        assert one["customPricing"] == {"enabled": False}
        assert one["prometheus"]["internal"] == {"enabled": False}


def test_it_reads_the_prometheus_of_the_cluster_and_has_its_name(tree: dict[str, str]) -> None:
    """charts.md 4.6: defaultClusterId is the label cluster of Prometheus."""
    one = values(tree, "train-iad")["opencost"]
    stack = values(tree, "train-iad", "kube-prometheus-stack")
    assert one["exporter"]["defaultClusterId"] == "prod-train-iad"
    assert stack["prometheus"]["prometheusSpec"]["externalLabels"]["cluster"] == "prod-train-iad"
    assert one["prometheus"]["external"]["url"] == (
        f"http://{stack['fullnameOverride']}-prometheus.monitoring.svc:9090"
    )
    monitor = one["metrics"]["serviceMonitor"]
    assert (monitor["enabled"], monitor["honorLabels"]) == (True, True)


def test_its_entry_asks_who_someone_is(tree: dict[str, str]) -> None:
    ingress = values(tree, "train-iad")["opencost"]["ui"]["ingress"]
    assert ingress["annotations"]["alb.ingress.kubernetes.io/auth-type"] == "oidc"
    assert ingress["hosts"] == [{"host": "opencost.train-iad.prod.ml.av.example.com", "paths": ["/"]}]
    assert f"{WHERE}/resources/externalsecret-load-balancer-oidc.yaml" in tree
    # No entry, no interface.
    assert values(tree, "serve-fra")["opencost"]["ui"] == {"enabled": False}
    assert not any("load-balancer-oidc" in path for path in tree if path.startswith("clusters/serve-fra/"))


def test_costs_of_a_team_are_of_all_that_it_holds(tree: dict[str, str]) -> None:
    records = [one for one in rules(tree) if "record" in one]
    kinds = {one["labels"]["resource"] for one in records if one["record"] == "namespace:cost_usd:hourly"}
    assert kinds == {"cpu", "gpu", "memory", "storage"}
    [team] = [one for one in records if one["record"] == "team:cost_usd:hourly"]
    # Namespaces of runners carry the team's label, too.
    assert "namespace:team:info" in team["expr"]


def test_a_budget_that_is_passed_reaches_its_team(tree: dict[str, str]) -> None:
    """charts.md 4.2, CostBudget; the budgets are recorded of the specs by kube-prometheus-stack."""
    [alert] = [one for one in rules(tree) if one.get("alert") == "CostBudget"]
    assert alert["for"] == "6h"
    assert alert["labels"] == {
        "severity": "info",
        "team": "{{ $labels.team }}",
        "namespace": "{{ $labels.team }}",
    }
    assert alert["annotations"]["runbook_url"].endswith("/docs/runbooks.md#costbudget")
    stack = tree["clusters/train-iad/components/kube-prometheus-stack/resources/prometheusrule-paddock.yaml"]
    assert "team:budget_usd:monthly" in alert["expr"]
    assert "record: team:budget_usd:monthly" in stack
