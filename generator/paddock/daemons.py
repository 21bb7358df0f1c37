"""The pods that every node runs before any workload does: DaemonSets of a cluster's components and of EKS' add-ons.

What they ask for is stated, not rendered: charts are rendered by Argo CD, and add-ons by EKS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from paddock.catalogue import Component
from paddock.model import Cluster, ComponentUse, NodePool
from paddock.quantity import parse

Json = Any

_SETTING = "settings."
_Container = tuple[tuple[str, ...], Mapping[str, str]]
"""Path of a container's resources in an add-on's configuration, and the requests that it has without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """A DaemonSet: requests of one pod by resource, and the nodes that run one."""

    name: str
    requests: Mapping[str, Fraction]
    nodes: str = "all"
    """all, gpu, devicePlugin, dra or efa (component.yaml, daemons)."""
    pools: frozenset[str] | None = None
    """Names of the only pools that run it; None: no matter."""

    def runs_on(self, pool: NodePool) -> bool:
        """Whether each node of a pool runs a pod of it. That it tolerates the pool's taints is its template's part."""
        if self.pools is not None and pool.name not in self.pools:
            return False
        return {
            "all": True,
            "gpu": pool.gpu_model is not None,
            "devicePlugin": pool.gpu_model is not None and not (pool.dra or pool.bottlerocket),
            "dra": pool.dra,
            "efa": pool.efa,
        }[self.nodes]


# Add-ons of EKS by name: their DaemonSets, and the containers of each. Sources of the requests: aws/amazon-vpc-cni-k8s
# charts/aws-vpc-cni/values.yaml, and 2i2c-org/infrastructure#3902 for the second container of aws-node; the manifest of
# kube-proxy that EKS installs (100m, as in containers-roadmap#1509 without memory); charts of
# aws/eks-pod-identity-agent, aws/eks-node-monitoring-agent 1.7.0, aws-ebs-csi-driver (node.resources) and
# amazon-cloudwatch-observability (agent.resources, containerLogs.fluentBit.resources); GuardDuty user guide, "Configure
# EKS add-on parameters".
ADDONS: Mapping[str, Mapping[str, tuple[_Container, ...]]] = {
    "vpc-cni": {"aws-node": ((("resources",), {"cpu": "25m"}), (("nodeAgent", "resources"), {"cpu": "25m"}))},
    "kube-proxy": {"kube-proxy": ((("resources",), {"cpu": "100m"}),)},
    "eks-pod-identity-agent": {"eks-pod-identity-agent": ((("resources",), {}),)},
    "aws-ebs-csi-driver": {"ebs-csi-node": ((("node", "resources"), {"cpu": "10m", "memory": "40Mi"}),)},
    "aws-efs-csi-driver": {"efs-csi-node": ((("node", "resources"), {}),)},
    "eks-node-monitoring-agent": {
        "eks-node-monitoring-agent": ((("monitoringAgent", "resources"), {"cpu": "10m", "memory": "30Mi"}),)
    },
    "amazon-cloudwatch-observability": {
        "cloudwatch-agent": ((("agent", "resources"), {"cpu": "250m", "memory": "128Mi"}),),
        "fluent-bit": ((("containerLogs", "fluentBit", "resources"), {"cpu": "50m", "memory": "25Mi"}),),
    },
    "aws-guardduty-agent": {"aws-guardduty-agent": ((("resources",), {"cpu": "200m", "memory": "256Mi"}),)},
}
# Switches in the configuration of an add-on without which it has no such DaemonSet.
_SWITCHES = {("amazon-cloudwatch-observability", "fluent-bit"): ("containerLogs", "enabled")}
ALWAYS = (
    "aws-ebs-csi-driver",
    "eks-node-monitoring-agent",
    "eks-pod-identity-agent",
    "kube-proxy",
    "vpc-cni",
)
"""Add-ons with DaemonSets that every cluster gets that is made here (infrastructure.nodes.ADDONS)."""


def daemons(cluster: Cluster, catalogue: Mapping[str, Component]) -> tuple[Daemon, ...]:
    """The DaemonSets of a cluster, by name: those of its components, and of add-ons where the cluster is made here.

    Which add-ons someone else's cluster has is not known, so none is counted: too little refuses nobody wrongly.
    """
    found = [one for name, use in cluster.components.items() for one in of_component(catalogue.get(name), use)]
    if cluster.provisioner != "existing":
        found += _addons(cluster.data["eks"]["addons"])
    return tuple(sorted(found, key=lambda one: one.name))


def total(found: tuple[Daemon, ...], pool: NodePool) -> tuple[dict[str, Fraction], int]:
    """What the daemons of a node of the pool ask for together by resource, and how many pods they are."""
    here = [one for one in found if one.runs_on(pool)]
    resources = {name for one in here for name in one.requests}
    sums = {name: sum((one.requests.get(name, Fraction(0)) for one in here), Fraction(0)) for name in resources}
    return sums, len(here)


def of_component(component: Component | None, use: ComponentUse) -> Iterator[Daemon]:
    """The DaemonSets of a component with its settings on a cluster, as its component.yaml states them."""
    if component is None or not use.valid:
        return
    for name, stated in component.data["daemons"].items():
        if "when" in stated and not any(_settings(use.settings, stated["when"])):
            continue
        pools = None
        if "pools" in stated:
            pools = frozenset(pool for one in _settings(use.settings, stated["pools"]) for pool in one)
        requests = {resource: _quantity(use.settings, text) for resource, text in stated["requests"].items()}
        yield Daemon(name=name, requests=requests, nodes=stated["nodes"], pools=pools)


def _quantity(settings: Mapping[str, Json], text: str) -> Fraction:
    """A quantity, or the sum of those that a setting holds; 0 where it is not set."""
    if not text.startswith(_SETTING):
        return parse(text)
    return sum((parse(one) for one in _settings(settings, text)), Fraction(0))


def _settings(settings: Json, path: str) -> list[Json]:
    """The values at `settings.<keys>`, where * is each key of a map; none where a key is missing."""
    found = [settings]
    for key in path.removeprefix(_SETTING).split("."):
        maps = [one for one in found if isinstance(one, Mapping)]
        found = [value for one in maps for name, value in sorted(one.items()) if key in ("*", name)]
    return found


def _addons(stated: Mapping[str, Mapping[str, Json]]) -> Iterator[Daemon]:
    for addon in sorted({*ALWAYS, *stated} & ADDONS.keys()):
        own = stated.get(addon, {})
        configuration = own.get("configuration", {})
        for name, containers in ADDONS[addon].items() if own.get("enabled", True) else ():
            switch = _SWITCHES.get((addon, name))
            if switch is None or _at(configuration, switch, default=True):
                yield Daemon(name=name, requests=_sum(configuration, containers))


def _sum(configuration: Json, containers: tuple[_Container, ...]) -> dict[str, Fraction]:
    """Requests of a pod: what the configuration says of each container, else what it has by itself."""
    found: dict[str, Fraction] = {}
    for path, default in containers:
        stated = _at(configuration, (*path, "requests"), default={})
        for resource, text in {**default, **(stated if isinstance(stated, Mapping) else {})}.items():
            found[resource] = found.get(resource, Fraction(0)) + _lenient(text)
    return found


def _lenient(value: Json) -> Fraction:
    """A quantity of an add-on's configuration, whose schema is EKS'; 0 for what is none."""
    try:
        return parse(str(value))
    except ValueError:
        return Fraction(0)


def _at(data: Json, path: tuple[str, ...], *, default: Json) -> Json:
    for key in path:
        if not isinstance(data, Mapping) or key not in data:
            return default
        data = data[key]
    return data
