"""Which Host headers MLflow accepts."""

from __future__ import annotations

import pytest

from paddock import source
from paddock.components.mlflow import allowed_hosts
from repositories import reference, run

SERVICES = [
    "mlflow.mlflow",
    "mlflow.mlflow:*",
    "mlflow.mlflow.svc",
    "mlflow.mlflow.svc:*",
    "mlflow.mlflow.svc.cluster.local",
    "mlflow.mlflow.svc.cluster.local:*",
]


@pytest.mark.parametrize(
    ("cidr", "patterns"),
    [
        ("10.0.0.0/8", ["10.*"]),
        ("10.64.0.0/16", ["10.64.*"]),
        ("10.64.0.0/15", ["10.64.*", "10.65.*"]),
        ("100.64.0.0/10", [f"100.{octet}.*" for octet in range(64, 128)]),
        ("192.168.4.0/23", ["192.168.4.*", "192.168.5.*"]),
        ("192.168.4.8/31", ["192.168.4.8:*", "192.168.4.9:*"]),
    ],
)
def test_addresses_of_pods(cidr: str, patterns: list[str]) -> None:
    assert allowed_hosts(None, [cidr]) == [*SERVICES, *patterns]


def test_public_host_comes_first() -> None:
    assert allowed_hosts("mlflow.example.com", []) == ["mlflow.example.com", *SERVICES]


def test_sign_in_through_oidc() -> None:
    """On staging: groups are those of the identity provider, and what the chart leaves open is closed."""
    result = run(reference())
    path = "clusters/train-iad/components/mlflow"
    values, _ = source.parse(result.trees["staging"][f"{path}/values.yaml"].encode(), path)
    oidc = values["oidcAuth"]
    assert values["auth"] == {"enabled": False}
    assert oidc["adminGroupName"] == ["av-ml-platform-admins"]
    assert set(oidc["adminGroupName"]) < set(oidc["groupName"])
    assert "av-ml-perception-engineers" in oidc["groupName"]
    assert oidc["defaultPermission"] == "NO_PERMISSIONS"
    assert oidc["database"]["postgres"]["enabled"] is True
    assert "clientSecret" not in oidc
    secrets = [name for name in result.trees["staging"] if name.startswith(f"{path}/resources/externalsecret-")]
    assert f"{path}/resources/externalsecret-mlflow-oidc.yaml" in secrets
    assert f"{path}/resources/externalsecret-mlflow-admin.yaml" not in secrets
