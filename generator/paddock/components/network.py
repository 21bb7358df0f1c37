"""NetworkPolicies of a component: all is denied in its namespace but for the openings that component.yaml states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock.catalogue import Component
from paddock.workloads import network

Json = Any

DNS_PORT = 53
TEMPLATE = "templates/network/networkpolicy.yaml.j2"


def policies(component: Component) -> list[Json]:
    """`name`, `selector`, `ingress` and `egress` of each policy; none for a component that has no pods of its own.

    Several components may share a namespace: each brings the policy that denies, so that neither needs the other.
    """
    stated: Mapping[str, Json] = component.data.get("network", {}).get("pods", {})
    if not stated:
        return []
    denied = {"name": f"{component.name}-default-deny", "selector": {}, "ingress": [], "egress": []}
    opened = [
        {
            "name": component.name if name == component.name else f"{component.name}-{name}",
            "selector": {"matchLabels": dict(sorted(one["labels"].items()))} if one["labels"] else {},
            "ingress": _ingress(one["ingress"]),
            "egress": _egress(one["egress"]),
        }
        for name, one in sorted(stated.items())
    ]
    return [denied, *opened]


def _ingress(stated: Mapping[str, list[int]]) -> list[Json]:
    rules = []
    for who, ports in sorted(stated.items()):
        sources = _SOURCES[who]
        rules.append({**({"from": sources} if sources else {}), "ports": _ports(ports)})
    return rules


# The API server of EKS calls webhooks from addresses of its own in the VPC, which may change: no peer can name them.
# Whoever reaches such a port besides meets TLS and the API server's request format (EKS best practices, network).
_SOURCES: dict[str, list[Json]] = {
    "anyone": [],
    "loadBalancers": network.LOAD_BALANCERS,
    "monitoring": [network.namespace(network.MONITORING)],
    "platform": [{"namespaceSelector": {"matchLabels": {"team": "platform"}}}],
    "sameNamespace": [network.SAME_NAMESPACE],
    "teams": [
        {
            "namespaceSelector": {
                "matchExpressions": [
                    {"key": "team", "operator": "Exists"},
                    {"key": "team", "operator": "NotIn", "values": ["platform"]},
                ]
            }
        }
    ],
}


def _egress(stated: Mapping[str, Json]) -> list[Json]:
    rules: list[Json] = []
    if stated["dns"]:
        rules.append(network.DNS)
    if stated["https"]:
        rules.append(network.HTTPS)
    if stated["podIdentity"]:
        rules.append(network.POD_IDENTITY)
    if "sameNamespace" in stated:
        rules.append({"to": [network.SAME_NAMESPACE], "ports": _ports(stated["sameNamespace"])})
    if "anywhere" in stated:
        rules.append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": _ports(stated["anywhere"])})
    if stated["pods"]:
        # Nodes are no pods: their exporters and kubelets answer on addresses of the VPC.
        rules.append({"to": [{"namespaceSelector": {}}, *network.LOAD_BALANCERS]})
    return rules


def _ports(numbers: list[int]) -> list[Json]:
    return [
        {"protocol": protocol, "port": number}
        for number in sorted(numbers)
        for protocol in (("TCP", "UDP") if number == DNS_PORT else ("TCP",))
    ]
