"""Rules of NetworkPolicies that teams and workloads share: a namespace denies all, and this is what it allows."""

from __future__ import annotations

from paddock.model import Json

MONITORING = "monitoring"
MLFLOW = "mlflow"
# RFC 1918 and RFC 6598: an AWS load balancer with IP targets reaches pods from addresses of the VPC.
_PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
LOAD_BALANCERS: list[Json] = [{"ipBlock": {"cidr": cidr}} for cidr in _PRIVATE]

SAME_NAMESPACE: Json = {"podSelector": {}}
DNS: Json = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
# Interface endpoints of the VPC and the API server may share the ranges of pods, so none is taken out; what listens
# there is guarded by the policies of its own namespace.
HTTPS: Json = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}
# The EKS Pod Identity agent answers on this address of every node (EKS user guide, pod-id-agent-setup).
POD_IDENTITY: Json = {"to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "ports": [{"protocol": "TCP", "port": 80}]}


def namespace(name: str) -> Json:
    """The pods of another namespace."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def egress() -> list[Json]:
    """What every pod of a team may reach."""
    return [{"to": [SAME_NAMESPACE]}, DNS, HTTPS, POD_IDENTITY, {"to": [namespace(MLFLOW), namespace(MONITORING)]}]


def ingress(*, callers: list[str], entry: int | None, entry_class: str, metrics: int | None) -> list[Json]:
    """Who may reach a workload: its namespace and those of `callers` (teams), the ingress controller at `entry`,
    Prometheus at `metrics` (ports)."""
    rules: list[Json] = [{"from": [SAME_NAMESPACE, *(namespace(team) for team in sorted(callers))]}]
    if entry is not None:
        rules.append({"from": _controllers(entry_class), "ports": [{"protocol": "TCP", "port": entry}]})
    if metrics is not None:
        rules.append({"from": [namespace(MONITORING)], "ports": [{"protocol": "TCP", "port": metrics}]})
    return rules


def _controllers(entry_class: str) -> list[Json]:
    """Where requests through an IngressClass come from: load balancers of the VPC, else the platform's namespaces."""
    if entry_class == "alb":
        return LOAD_BALANCERS
    return [{"namespaceSelector": {"matchLabels": {"team": "platform"}}}]
