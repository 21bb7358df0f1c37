"""An inventory as objects of ACK on the hub, in a namespace of the cluster's own, and what they need there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paddock.components.context import platform_labels
from paddock.infrastructure.resource import Resource, Site
from paddock.model import Cluster, Environment, Fleet
from paddock.names import shortened
from paddock.namespaces import CONFIRM, pod_security

Json = Any


def namespace(cluster: Cluster) -> str:
    """The namespace of a cluster's objects on the hub."""
    return shortened(f"infrastructure-{cluster.identity}", 63)


def objects(
    fleet: Fleet, environment: Environment, cluster: Cluster, resources: Iterable[Resource], site: Site
) -> list[dict[str, Json]]:
    """`apiVersion`, `kind`, `metadata` and the rest of each object: the namespace, which role ACK assumes in it, and
    the resources. Nothing is removed without a confirmation, and what holds data stays in AWS even then."""
    labels = platform_labels(fleet, environment.name)
    where = namespace(cluster)
    region = {"services.k8s.aws/default-region": cluster.region}
    # No pod belongs there, so none gets more than any other, and none may talk.
    denied = {"podSelector": {}, "policyTypes": ["Egress", "Ingress"]}
    found = [
        _object("v1", "Namespace", where, None, {**labels, **pod_security("restricted")}, region, None),
        _object("networking.k8s.io/v1", "NetworkPolicy", "default-deny", where, labels, {}, denied),
        _object(
            "services.k8s.aws/v1alpha1",
            "IAMRoleSelector",
            where,
            None,
            labels,
            {"argocd.argoproj.io/sync-wave": "-1"},
            {
                "arn": environment.data["aws"]["ackRoleARN"],
                "namespaceSelector": {
                    "names": [where],
                    "labelSelector": {"matchLabels": {"kubernetes.io/metadata.name": where}},
                },
            },
        ),
    ]
    for resource in resources:
        for one in resource.ack(site):
            annotations = {"services.k8s.aws/deletion-policy": "retain"} if one.retained else {}
            if one.region is not None:
                annotations["services.k8s.aws/region"] = one.region
            found.append(
                _object(f"{one.group}/v1alpha1", one.kind, one.key, where, labels, annotations, dict(one.spec))
            )
    return found


def _object(
    api_version: str,
    kind: str,
    name: str,
    namespace: str | None,
    labels: dict[str, str],
    annotations: dict[str, str],
    spec: dict[str, Json] | None,
) -> dict[str, Json]:
    metadata: dict[str, Json] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata["labels"] = labels
    metadata["annotations"] = {"argocd.argoproj.io/sync-options": CONFIRM, **annotations}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}
