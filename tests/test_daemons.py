"""Daemons: what component.yaml says of a DaemonSet is what its values and its chart say, and add-ons are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import pytest

from paddock import daemons, source
from paddock.catalogue import Component
from paddock.daemons import Daemon
from paddock.infrastructure import nodes
from paddock.model import Cluster, ComponentUse, NodePool, Origin
from paddock.quantity import parse
from paddock.units import contexts
from test_values_keys import ROOT, chart_name, defaults, loaded, merged, uses

Json = Any
MIB = 1 << 20

# Where the values of a chart hold the resources of a DaemonSet's containers, by component and DaemonSet.
CONTAINERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("aws-efa-k8s-device-plugin", "aws-efa-k8s-device-plugin"): ("resources",),
    ("aws-fsx-csi-driver", "fsx-csi-node"): (
        "node.resources",
        "sidecars.livenessProbe.resources",
        "sidecars.nodeDriverRegistrar.resources",
    ),
    ("aws-mountpoint-s3-csi-driver", "s3-csi-node"): (
        "node.resources",
        "sidecars.livenessProbe.resources",
        "sidecars.nodeDriverRegistrar.resources",
    ),
    ("dcgm-exporter", "dcgm-exporter"): ("resources",),
    ("dra-driver-nvidia-gpu", "dra-driver-nvidia-gpu-kubelet-plugin"): ("kubeletPlugin.containers.gpus.resources",),
    ("fluent-bit", "fluent-bit"): ("resources",),
    ("gpu-operator", "gpu-feature-discovery"): ("gfd.resources",),
    ("gpu-operator", "node-feature-discovery-worker"): ("node-feature-discovery.worker.resources",),
    ("gpu-operator", "nvidia-dcgm-exporter"): ("dcgmExporter.resources",),
    ("gpu-operator", "nvidia-device-plugin-daemonset"): ("devicePlugin.resources",),
    ("gpu-operator", "nvidia-operator-validator"): ("validator.resources",),
    ("kube-prometheus-stack", "node-exporter"): ("prometheus-node-exporter.resources",),
    ("nvidia-device-plugin", "nvidia-device-plugin"): ("resources",),
}


def at(values: Json, path: str) -> Json:
    for key in path.split("."):
        values = (values or {}).get(key)
    return values or {}


def rendered(component: Component) -> Iterator[tuple[ComponentUse, Json]]:
    """The component's values on each cluster that runs it, with the settings behind them."""
    found, templates = loaded()
    assert found.fleet is not None
    for environment, cluster in uses(component):
        settings = found.schemas.with_defaults(component.settings_schema, {})
        use = cluster.components.get(component.name, ComponentUse(name=component.name, settings=settings))
        for _, data in contexts(found.fleet, environment, cluster, component, use):
            text, problem = templates.render(component.values or "", data)
            assert problem is None
            yield use, source.parse(text.encode(), "values.yaml")[0]


@pytest.mark.parametrize(("name", "daemon"), sorted(CONTAINERS), ids="/".join)
def test_requests_are_those_of_our_values_over_the_charts(name: str, daemon: str) -> None:
    component = loaded()[0].catalogue[name]
    known = defaults(chart_name(component))
    for use, values in rendered(component):
        whole = merged(known, values)
        wanted: dict[str, Fraction] = {}
        for path in CONTAINERS[name, daemon]:
            for resource, text in at(whole, path).get("requests", {}).items():
                wanted[resource] = wanted.get(resource, Fraction(0)) + parse(str(text))
        stated = {one.name: dict(one.requests) for one in daemons.of_component(component, use)}
        assert stated[daemon] == wanted


def test_every_daemon_of_a_chart_is_compared() -> None:
    catalogue = loaded()[0].catalogue.values()
    stated = {(one.name, name) for one in catalogue if one.values is not None for name in one.data["daemons"]}
    assert stated == CONTAINERS.keys()


def test_a_daemonset_of_a_template_is_stated() -> None:
    found = {path.parents[1].name for path in ROOT.glob("templates/components/*/resources/*daemonset*.yaml.j2")}
    assert found == {"image-prepull"}
    assert all(loaded()[0].catalogue[name].data["daemons"] for name in found)


def cluster(provisioner: str = "ack", **addons: Json) -> Cluster:
    return Cluster(
        name="one",
        data={"eks": {"name": "one", "provisioner": provisioner, "addons": addons, "nodeGroups": {}}},
        origin=Origin(base="x"),
        environment="dev",
        account_id="111122223333",
        region="us-east-1",
        node_pools={},
    )


def of(found: tuple[Daemon, ...], name: str) -> Mapping[str, Fraction]:
    return next(one.requests for one in found if one.name == name)


def test_addons_that_every_cluster_gets() -> None:
    assert set(daemons.ALWAYS) == nodes.ADDONS.keys() & daemons.ADDONS.keys()
    found = daemons.daemons(cluster(), {})
    assert [one.name for one in found] == [
        "aws-node",
        "ebs-csi-node",
        "eks-node-monitoring-agent",
        "eks-pod-identity-agent",
        "kube-proxy",
    ]
    sums, pods = daemons.total(found, pool())
    assert (sums, pods) == ({"cpu": Fraction(170, 1000), "memory": 70 * MIB}, 5)


def test_a_cluster_that_someone_else_made_has_no_addons_that_we_know_of() -> None:
    assert daemons.daemons(cluster("existing"), {}) == ()


def test_addons_are_what_their_configuration_says() -> None:
    found = daemons.daemons(
        cluster(
            **{
                "vpc-cni": {"configuration": {"resources": {"requests": {"cpu": "75m", "memory": "64Mi"}}}},
                "kube-proxy": {"enabled": False},
                "amazon-cloudwatch-observability": {"configuration": {"containerLogs": {"enabled": False}}},
                "aws-guardduty-agent": {},
            }
        ),
        {},
    )
    assert of(found, "aws-node") == {"cpu": Fraction(1, 10), "memory": 64 * MIB}
    assert of(found, "aws-guardduty-agent") == {"cpu": Fraction(1, 5), "memory": 256 * MIB}
    names = {one.name for one in found}
    assert "cloudwatch-agent" in names
    assert not {"kube-proxy", "fluent-bit"} & names


@pytest.mark.parametrize(
    "resources", [7, {"requests": 7}, {"requests": {"cpu": ["25m"]}}, {"requests": {"cpu": "much"}}]
)
def test_a_configuration_that_eks_would_refuse_counts_as_nothing(resources: Json) -> None:
    """Its schema is EKS' own (aws eks describe-addon-configuration); nobody is refused on such grounds."""
    found = daemons.daemons(cluster(**{"vpc-cni": {"configuration": {"resources": resources}}}), {})
    assert of(found, "aws-node")["cpu"] <= Fraction(1, 20)


def pool(name: str = "x", **data: Json) -> NodePool:
    return NodePool(name=name, data={"efa": False, "ami": "al2023@v1", **data})


@pytest.mark.parametrize(
    ("where", "there"),
    [
        ("all", {"cpu", "gpu", "efa", "claimed", "bottlerocket"}),
        ("gpu", {"gpu", "efa", "claimed", "bottlerocket"}),
        ("devicePlugin", {"gpu", "efa"}),
        ("dra", {"claimed"}),
        ("efa", {"efa"}),
    ],
)
def test_which_nodes_run_it(where: str, there: set[str]) -> None:
    gpu = {"model": "h100"}
    pools = [
        pool("cpu"),
        pool("gpu", gpu=gpu),
        pool("efa", gpu=gpu, efa=True),
        pool("claimed", gpu={**gpu, "allocation": "DRA"}),
        pool("bottlerocket", gpu=gpu, ami="bottlerocket@1.50.0"),
    ]
    assert {one.name for one in pools if Daemon(name="x", requests={}, nodes=where).runs_on(one)} == there


def component(**stated: Json) -> Component:
    data = {"daemons": {"x": {"requests": {}, "nodes": "all", **stated}}}
    return Component(name="x", data=data, values=None, resources=(), files={})


def found(settings: Json, **stated: Json) -> list[Daemon]:
    return list(daemons.of_component(component(**stated), ComponentUse(name="x", settings=settings)))


def test_pools_are_those_that_a_setting_lists() -> None:
    settings = {"images": {"a": {"pools": ["h100"]}, "b": {"pools": ["h200", "h100"]}}}
    assert [one.pools for one in found(settings, pools="settings.images.*.pools")] == [frozenset({"h100", "h200"})]
    (one,) = found(settings, pools="settings.images.*.pools")
    assert one.runs_on(pool("h200"))
    assert not one.runs_on(pool("l4"))
    assert not found({}, pools="settings.images.*.pools")[0].runs_on(pool("h100"))


def test_a_setting_may_switch_it_off() -> None:
    assert found({"agent": {"enabled": False}}, when="settings.agent.enabled") == []
    assert found({}, when="settings.agent.enabled") == []
    assert len(found({"agent": {"enabled": True}}, when="settings.agent.enabled")) == 1


def test_requests_of_settings_and_what_is_not_set() -> None:
    requests = {"cpu": "settings.resources.cpu", "memory": "settings.resources.memory"}
    assert found({"resources": {"cpu": "200m"}}, requests=requests)[0].requests == {"cpu": Fraction(1, 5), "memory": 0}


def test_settings_that_cannot_be_read_state_nothing() -> None:
    use = ComponentUse(name="x", settings={"resources": 7}, valid=False)
    assert list(daemons.of_component(component(requests={"cpu": "settings.resources.cpu"}), use)) == []
