"""User interfaces behind the load balancer, and the records of their hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from paddock import hosts
from paddock.components.interfaces import SECRET
from paddock.pipeline import Result
from repositories import ROOT, reference, reference_result, run, with_spec

Json = Any

PREFIX = "alb.ingress.kubernetes.io/"
GRAFANA = {"kube-prometheus-stack": {"settings": {"grafana": {"ingress": {"enabled": True}}}}}


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


def values(tree: Any, cluster: str, component: str) -> Json:
    return yaml.safe_load(tree[f"clusters/{cluster}/components/{component}/values.yaml"])


def test_interfaces_of_a_cluster_share_a_load_balancer_and_its_certificate(result: Result) -> None:
    tree = result.trees["prod"]
    found = [
        values(tree, "hub-iad", "argo-cd")["server"]["ingress"],
        values(tree, "hub-iad", "kube-prometheus-stack")["grafana"]["ingress"],
        values(tree, "train-iad", "mlflow")["ingress"],
    ]
    for one in found:
        annotations = one["annotations"]
        assert annotations[f"{PREFIX}group.name"] == "ml-platform"
        assert annotations[f"{PREFIX}scheme"] == "internal"
        assert annotations[f"{PREFIX}certificate-arn"].startswith("arn:aws:acm:us-east-1:777788889999:")
        assert json.loads(annotations[f"{PREFIX}listen-ports"]) == [{"HTTPS": 443}]
        # Each has a sign-in of its own, or programs that could not pass one.
        assert f"{PREFIX}auth-type" not in annotations
    assert found[1]["annotations"][f"{PREFIX}healthcheck-path"] == "/api/health"


def test_an_interface_without_a_sign_in_of_its_own_gets_the_load_balancers() -> None:
    """The Secret stands beside the Ingress, and the controller may read this one only."""
    path = "environments/dev/clusters/shared-iad.yaml"
    components = {**yaml.safe_load(reference()[path])["spec"]["components"], **GRAFANA}
    tree = run(with_spec(reference(), path, {"components": components}), environments=["dev"]).trees["dev"]
    annotations = values(tree, "shared-iad", "kube-prometheus-stack")["grafana"]["ingress"]["annotations"]
    provider = json.loads(annotations[f"{PREFIX}auth-idp-oidc"])
    assert annotations[f"{PREFIX}auth-type"] == "oidc"
    assert provider["secretName"] == SECRET
    # No certificate of this account: the controller looks for one by the host.
    assert f"{PREFIX}certificate-arn" not in annotations
    folder = "clusters/shared-iad/components/kube-prometheus-stack/resources"
    secret = yaml.safe_load(tree[f"{folder}/externalsecret-{SECRET}.yaml"])
    assert [one["secretKey"] for one in secret["spec"]["data"]] == ["clientID", "clientSecret"]
    role = yaml.safe_load(tree[f"{folder}/role-{SECRET}.yaml"])
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET], "verbs": ["get", "list", "watch"]}
    ]
    binding = yaml.safe_load(tree[f"{folder}/rolebinding-{SECRET}.yaml"])
    assert binding["subjects"][0]["name"] == "aws-load-balancer-controller"


def test_the_hosts_that_checks_compare_are_those_of_the_ingresses(result: Result) -> None:
    assert result.fleet is not None
    rendered = {
        yaml.safe_load(result.trees[name][ref.path])["spec"]["rules"][0]["host"]
        for name, refs in result.objects.items()
        for ref in refs
        if ref.kind == "Ingress"
    }
    for name, tree in result.trees.items():
        for path, text in tree.items():
            if path.endswith("/values.yaml"):
                data = yaml.safe_load(text)
                component = path.split("/")[3]
                if component == "argo-cd" and "ingress" in data["server"]:
                    rendered.add(data["server"]["ingress"]["hostname"])
                elif component == "mlflow" and data["ingress"]["enabled"]:
                    rendered.add(data["ingress"]["hosts"][0]["host"])
                elif component == "kube-prometheus-stack" and data["grafana"]["ingress"]["enabled"]:
                    rendered |= set(data["grafana"]["ingress"]["hosts"])
                elif component == "opencost" and data["opencost"]["ui"]["enabled"]:
                    rendered.add(data["opencost"]["ui"]["ingress"]["hosts"][0]["host"])
                elif component == "argo-workflows" and data["server"]["enabled"]:
                    rendered |= set(data["server"]["ingress"]["hosts"])
                elif component in ("jupyterhub", "opensearch") and data["ingress"]["enabled"]:
                    rendered |= set(data["ingress"]["hosts"])
                elif component == "opensearch-dashboards" and data["ingress"]["enabled"]:
                    rendered.add(data["ingress"]["hosts"][0]["host"])
        assert name
    assert {one.name for one in hosts.published(result.fleet)} == rendered
    assert len(rendered) > 8


def test_external_dns_owns_its_records_and_may_change_one_zone(result: Result) -> None:
    tree = result.trees["prod"]
    found = {name: values(tree, name, "external-dns") for name in ("hub-iad", "serve-fra", "train-iad")}
    assert {one["txtOwnerId"] for one in found.values()} == {f"prod-{name}" for name in found}
    assert all(one["sources"] == ["ingress"] for one in found.values())
    assert found["train-iad"]["policy"] == "upsert-only"
    assert found["train-iad"]["domainFilters"] == ["ml.av.example.com"]
    stack = json.loads(tree["terraform/hub-iad/main.tf.json"])
    [policy] = [one["policy"] for key, one in stack["resource"]["aws_iam_role_policy"].items() if "external-dns" in key]
    changes = [one for one in json.loads(policy)["Statement"] if "route53:ChangeResourceRecordSets" in one["Action"]]
    assert [one["Resource"] for one in changes] == [["arn:aws:route53:::hostedzone/Z0743921PLATFORM8QX"]]


def test_every_component_with_a_host_of_its_own_is_known() -> None:
    """Only then `duplicate-host` and `host-outside-domain` see it, and external-dns can make its record."""

    def states_host(node: Json) -> bool:
        if isinstance(node, list):
            return any(states_host(one) for one in node)
        if not isinstance(node, dict):
            return False
        ingress = node.get("ingress", {}).get("properties", {}) if isinstance(node.get("ingress"), dict) else {}
        return "host" in ingress or any(states_host(one) for one in node.values())

    schemas = {path.name.removesuffix(".schema.json"): path for path in (ROOT / "schemas" / "components").iterdir()}
    found = {name for name, path in schemas.items() if states_host(json.loads(path.read_text()))}
    assert found - {"argo-cd"} == set(hosts._INTERFACES) - {"argo-cd"}
