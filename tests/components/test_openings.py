"""Who may talk to the platform's components: every namespace denies all, and what charts need is opened."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from paddock import catalogue, load, source
from paddock.catalogue import Component
from paddock.components import network
from paddock.inputs import combine
from paddock.namespaces import LEVELS, weakest
from paddock.pipeline import Result
from repositories import reference_result

Json = Any


COMPONENTS = load.load(combine(specs={}, own={})[0]).catalogue
OWNERS = [name for name, one in COMPONENTS.items() if one.owns_namespace]


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


def objects(result: Result, *kinds: str) -> Iterator[tuple[str, Json]]:
    """(environment/cluster, object) of some kinds."""
    for name, refs in result.objects.items():
        for ref in refs:
            if ref.kind in kinds and ref.path.startswith("clusters/"):
                data, _ = source.parse(result.trees[name][ref.path].encode(), ref.path)
                yield f"{name}/{ref.path.split('/')[1]}", data


@pytest.mark.parametrize("name", OWNERS)
def test_a_component_with_a_namespace_states_its_openings(name: str) -> None:
    stated = COMPONENTS[name].data.get("network")
    assert stated is not None, f"{name}: say in component.yaml, under network, who may reach its pods"
    if "template" in stated:
        assert f"{catalogue.FOLDER}{name}/{stated['template']}" in COMPONENTS[name].resources


@pytest.mark.parametrize("name", [name for name, one in COMPONENTS.items() if not one.owns_namespace])
def test_no_policies_in_namespaces_of_eks(name: str) -> None:
    """They would bind every other pod of kube-system too."""
    assert "network" not in COMPONENTS[name].data


@pytest.mark.parametrize("name", OWNERS)
def test_webhooks_and_apis_are_open_to_the_api_server(name: str) -> None:
    component = COMPONENTS[name]
    kinds = {one["kind"] for one in component.data["clusterResources"]}
    called = {"APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} & kinds
    if called and "pods" in component.data["network"]:
        assert any("anyone" in one["ingress"] for one in component.data["network"]["pods"].values())


def test_every_namespace_denies_all_but_what_is_stated(result: Result) -> None:
    denied = {
        (where, one["metadata"]["namespace"])
        for where, one in objects(result, "NetworkPolicy")
        if one["spec"]["podSelector"] == {}
        and sorted(one["spec"]["policyTypes"]) == ["Egress", "Ingress"]
        and not one["spec"].get("ingress")
        and not one["spec"].get("egress")
    }
    ours = {(where, one["metadata"]["name"]) for where, one in objects(result, "Namespace")}
    assert ours - denied == set()
    assert len(ours) > 60


def test_prometheus_reaches_what_monitors_name(result: Result) -> None:
    """Each ServiceMonitor and PodMonitor of ours in a component's namespace has an opening for Prometheus."""
    policies = list(objects(result, "NetworkPolicy"))
    monitored = {
        (where, one["metadata"]["namespace"]) for where, one in objects(result, "PodMonitor", "ServiceMonitor")
    }
    for where, namespace in monitored:
        found = [
            rule
            for at, one in policies
            if at == where and one["metadata"]["namespace"] == namespace
            for rule in one["spec"].get("ingress") or ()
            for peer in rule.get("from") or ()
            if peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
            == "monitoring"
            or "team" in str(peer.get("namespaceSelector"))
        ]
        assert found or namespace in ("kube-system", "monitoring"), (where, namespace)


def test_openings_as_policies() -> None:
    data = {
        "namespace": "demo",
        "network": {
            "pods": {
                "demo": {
                    "labels": {"app": "demo"},
                    "ingress": {"anyone": [9443], "teams": [80]},
                    "egress": {"dns": True, "https": False, "podIdentity": False, "pods": False, "anywhere": [53]},
                }
            }
        },
    }
    component = Component(name="demo", data=data, values=None, resources=(), files={})
    denied, opened = network.policies(component, {})
    assert denied == {"name": "demo-default-deny", "selector": {}, "ingress": [], "egress": []}
    assert opened["name"] == "demo"
    assert opened["selector"] == {"matchLabels": {"app": "demo"}}
    webhook, teams = opened["ingress"]
    assert webhook == {"ports": [{"protocol": "TCP", "port": 9443}]}
    assert teams["from"][0]["namespaceSelector"]["matchExpressions"][1] == {
        "key": "team",
        "operator": "NotIn",
        "values": ["platform"],
    }
    assert opened["egress"][1]["ports"] == [{"protocol": "TCP", "port": 53}, {"protocol": "UDP", "port": 53}]
    bare = Component(name="x", data={"network": {"pods": {}}}, values=None, resources=(), files={})
    assert network.policies(bare, {}) == []


def test_a_port_of_the_settings_is_open_where_it_is_set() -> None:
    """Without the setting there is no rule at all: one without ports would open every port."""
    egress = {"dns": False, "https": False, "podIdentity": False, "pods": False, "anywhere": ["settings.database.port"]}
    pods = {"demo": {"labels": {}, "ingress": {"platform": ["settings.port"]}, "egress": egress}}
    component = Component(name="demo", data={"network": {"pods": pods}}, values=None, resources=(), files={})
    assert network.policies(component, {})[1] == {"name": "demo", "selector": {}, "ingress": [], "egress": []}
    opened = network.policies(component, {"database": {"port": 5433}, "port": 80})[1]
    assert opened["egress"] == [
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 5433}]}
    ]
    assert opened["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 80}]


@pytest.mark.parametrize("name", OWNERS)
def test_settings_that_hold_ports_exist(name: str) -> None:
    """Each is a property of the component's settings."""
    component = COMPONENTS[name]
    schemas = load.load(combine(specs={}, own={})[0]).schemas
    for text in re.findall(r"settings(?:\.[A-Za-z0-9]+)+", json.dumps(component.data.get("network", {}))):
        parts = [(schemas.documents[component.settings_schema], component.settings_schema)]
        for key in text.split(".")[1:]:
            parts = [
                found
                for part, uri in parts
                for inner in [part.get("properties", {}).get(key)]
                if inner is not None
                for found in schemas.parts(inner, None, uri)
            ]
        assert any(part.get("type") == "integer" for part, _ in parts), text


def test_every_namespace_states_three_levels(result: Result) -> None:
    """Of teams, warnings and reports aim at restricted; of components, all three are what their pods bear."""
    by_namespace: dict[str, list[str]] = {}
    for one in COMPONENTS.values():
        by_namespace.setdefault(one.namespace, []).append(one.data["podSecurity"]["level"])
        for further, labels in one.data["ownNamespaces"].items():
            by_namespace[further] = [labels["pod-security.kubernetes.io/enforce"]]
    for where, one in objects(result, "Namespace"):
        by_namespace[f"infrastructure-{where.replace('/', '-')}"] = ["restricted"]
        labels = one["metadata"]["labels"]
        levels = [labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")]
        assert set(levels) <= set(LEVELS)
        if labels["team"] == "platform":
            assert set(levels) == {weakest(by_namespace[one["metadata"]["name"]])}
            opened = any(key.endswith("/host-access") for key in labels)
            assert opened == (levels[0] == "privileged")
        else:
            assert levels[1:] == ["restricted", "restricted"]
            assert not any(key.endswith("/host-access") for key in labels)


@pytest.mark.parametrize("name", COMPONENTS)
def test_levels_below_restricted_have_a_reason(name: str) -> None:
    data = COMPONENTS[name].data
    assert data["podSecurity"]["level"] == "restricted" or data["podSecurity"]["reason"]
    assert not any(key.startswith("pod-security.kubernetes.io/") for key in data["namespaceLabels"])
