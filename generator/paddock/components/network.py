"""NetworkPolicies of a component: all is denied in its namespace but for the openings that component.yaml states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock.catalogue import Component
from paddock.workloads import network

Json = Any

DNS_PORT = 53
TEMPLATE = "templates/network/networkpolicy.yaml.j2"


def policies(component: Component, settings: Mapping[str, Json]) -> list[Json]:
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
            "ingress": _ingress(one["ingress"], settings),
            "egress": _egress(one["egress"], settings),
        }
        for name, one in sorted(stated.items())
    ]
    return [denied, *opened]


def _ingress(stated: Mapping[str, Json], settings: Mapping[str, Json]) -> list[Json]:
    rules = []
    for who, stated_ports in sorted(stated.items()):
        ports, sources = _ports(stated_ports, settings), _SOURCES[who]
        if ports:
            rules.append({**({"from": sources} if sources else {}), "ports": ports})
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


def _egress(stated: Mapping[str, Json], settings: Mapping[str, Json]) -> list[Json]:
    fixed = {"dns": network.DNS, "https": network.HTTPS, "podIdentity": network.POD_IDENTITY}
    rules: list[Json] = [rule for name, rule in fixed.items() if stated[name]]
    peers = {"sameNamespace": network.SAME_NAMESPACE, "anywhere": {"ipBlock": {"cidr": "0.0.0.0/0"}}}
    for whom, peer in peers.items():
        ports = _ports(stated.get(whom, []), settings)
        if ports:
            rules.append({"to": [peer], "ports": ports})
    if stated["pods"]:
        # Nodes are no pods: their exporters and kubelets answer on addresses of the VPC.
        rules.append({"to": [{"namespaceSelector": {}}, *network.LOAD_BALANCERS]})
    return rules


def _ports(stated: list[int | str], settings: Mapping[str, Json]) -> list[Json]:
    """Entries of a policy: a rule without any would open every port."""
    numbers = {number for one in stated if (number := _number(one, settings)) is not None}
    return [
        {"protocol": protocol, "port": number}
        for number in sorted(numbers)
        for protocol in (("TCP", "UDP") if number == DNS_PORT else ("TCP",))
    ]


def _number(stated: int | str, settings: Mapping[str, Json]) -> int | None:
    """A port, or that of the setting at `settings.<key>...`; None where it is not set."""
    if isinstance(stated, int):
        return stated
    value: Json = settings
    for key in stated.split(".")[1:]:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) else None
