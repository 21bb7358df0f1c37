"""What makes two renders of a chart equal: the rule by itself, and stated by every component whose chart wants it."""

from __future__ import annotations

from typing import Any

import pytest

from paddock import determinism, load
from repositories import gathered, reference

Json = Any

# charts.md 2b: the values by chart that its rows name, of charts that are components and of those that may become one.
# kserve-crd has a row without a value: its CRD clusterstoragecontainers must have one owner (finding two-crd-owners).
ROWS: dict[str, set[str]] = {
    "amazon-cloudwatch-observability": {"admissionWebhooks.certManager.enabled", "agent.certManager.enabled"},
    "argo-cd": {"configs.secret.argocdServerAdminPassword"},
    "aws-fsx-csi-driver": {"controller.serviceAccount.create", "node.serviceAccount.create"},
    "aws-load-balancer-controller": {"enableCertManager"},
    "dcgm-exporter": {"basicAuth.users", "tlsServerConfig.enabled"},
    "gha-runner-scale-set": {"controllerServiceAccount.name", "controllerServiceAccount.namespace"},
    "jupyterhub": {"hub.config.CryptKeeper.keys", "hub.cookieSecret", "proxy.secretToken"},
    "kube-prometheus-stack": {"grafana.admin.existingSecret"},
    "kyverno": {"admissionController.createSelfSignedCert", "cleanupController.createSelfSignedCert"},
    "kyverno-policies": {"kyvernoVersion"},
    "metrics-server": {"tls.type"},
    "mlflow": {"extraSecretNamesForEnvFrom", "oidcAuth.enabled"},
}


def test_every_row_of_a_chart_of_ours_is_stated() -> None:
    catalogue = load.load(gathered(reference())).catalogue
    charts = {one.data["chart"]["name"]: one for one in catalogue.values() if one.data.get("chart")}
    missing = {
        chart: rows - {determinism.name(rule) for rule in charts[chart].data["deterministic"]}
        for chart, rows in ROWS.items()
        if chart in charts
    }
    assert len(missing) >= 6
    assert {chart: rows for chart, rows in missing.items() if rows} == {}, "state it in component.yaml (charts.md 2b)"


CASES: list[tuple[Json, Json, bool]] = [
    ({"value": True}, {"a": {"b": True}}, True),
    ({"value": True}, {"a": {"b": 1}}, False),
    ({"value": True}, {"a": {"b": "true"}}, False),
    ({"value": True}, {"a": {}}, False),
    ({"value": True}, {}, False),
    ({"value": True}, {"a": 1}, False),
    ({"notValue": "helm"}, {"a": {"b": "helm"}}, False),
    ({"notValue": "helm"}, {"a": {"b": "x"}}, True),
    ({"notValue": "helm"}, {}, True),
    ({"notValue": True}, {"a": {"b": 1}}, True),
    ({"contains": "x"}, {"a": {"b": ["y", "x"]}}, True),
    ({"contains": "x"}, {"a": {"b": ["y"]}}, False),
    ({"contains": "x"}, {"a": {"b": "x"}}, False),
    ({"contains": "x"}, {}, False),
    ({"present": True}, {"a": {"b": "x"}}, True),
    ({"present": True}, {"a": {"b": False}}, True),
    ({"present": True}, {"a": {"b": ""}}, False),
    ({"present": True}, {"a": {"b": None}}, False),
    ({"present": False}, {"a": {"b": {}}}, True),
    ({"present": False}, {}, True),
    ({"present": False}, {"a": {"b": "x"}}, False),
]


@pytest.mark.parametrize(("rule", "values", "equal"), CASES, ids=lambda part: str(part))
def test_a_rule(rule: Json, values: Json, equal: bool) -> None:
    found = list(determinism.faults([{"path": ["a", "b"], "reason": "It differs.", **rule}], values))
    assert len(found) == (not equal)
    assert all(one.id == "not-deterministic" and one.help.endswith(" It differs") for one in found)


def test_a_fault_points_at_the_value_or_the_nearest_map() -> None:
    rule = {"path": ["a", "b.c", "d"], "value": 1, "reason": "It differs."}

    def fault(values: Json) -> tuple[Any, str, str]:
        [one] = determinism.faults([rule], values)
        return one.pointer, one.missing, one.message.partition(";")[0]

    assert fault({"a": {"b.c": {"d": 2}}}) == (("a", "b.c", "d"), "", 'a."b.c".d is 2')
    assert fault({"a": {"b.c": {}}}) == (("a", "b.c"), "d", 'a."b.c".d is not set')
    assert fault({"a": 3}) == (("a",), "d", 'a."b.c".d is not set')
    assert fault({}) == ((), "d", 'a."b.c".d is not set')
