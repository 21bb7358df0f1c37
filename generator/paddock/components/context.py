"""What every component's templates get: the cluster, the platform and the environment as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock import mirrors
from paddock.catalogue import Component
from paddock.model import Cluster, ComponentUse, Environment, Fleet
from paddock.taints import pool_taints, tolerations

Json = Any


def context(
    fleet: Fleet, environment: Environment, cluster: Cluster, component: Component, use: ComponentUse
) -> dict[str, Json]:
    """The context of a component on a cluster, before the component's own view adds to it."""
    return {
        "settings": use.settings,
        "component": {
            "name": component.name,
            "namespace": component.namespace,
            "version": chart_version(fleet, component),
        },
        "cluster": cluster_data(cluster),
        "pulled": mirrors.references(component.data.get("images") or (), mirrors.of(fleet, environment.name)),
        "environment": {
            "name": environment.name,
            "production": environment.production,
            "accountId": environment.data["aws"]["accountId"],
        },
        "platform": {
            "domain": fleet.platform.data["domain"],
            "labelDomain": fleet.platform.data["labelDomain"],
            "runbooks": fleet.platform.runbooks,
            "argocdNamespace": fleet.platform.argocd_namespace,
            "mode": fleet.platform.data["argoCD"]["mode"],
            "images": fleet.platform.data["images"],
            "priorities": fleet.platform.data["priorities"],
            "priorityClasses": [
                {"name": name, **data} for name, data in sorted(fleet.platform.data["priorityClasses"].items())
            ],
            "identityGroups": fleet.platform.data["identityGroups"],
        },
        "labels": platform_labels(fleet, environment.name)
        | {f"{fleet.platform.data['labelDomain']}/component": component.name},
    }


def chart_version(fleet: Fleet, component: Component) -> str | None:
    """The version of a component's chart: the platform's pin, else the component's own; None without a chart."""
    chart = component.data.get("chart")
    if chart is None:
        return None
    pin: Mapping[str, str] = fleet.platform.data["components"].get(component.name, {})
    return str(pin.get("version", chart["version"]))


def platform_labels(fleet: Fleet, environment: str) -> dict[str, str]:
    """Labels of every object that belongs to the platform team."""
    return {
        "app.kubernetes.io/part-of": "platform",
        "app.kubernetes.io/managed-by": "paddock",
        "team": "platform",
        "environment": environment,
        "cost-center": "platform",
    }


def cluster_data(cluster: Cluster) -> dict[str, Json]:
    """A cluster as templates see it."""
    pools = list(cluster.node_pools.values())
    network = cluster.data["network"]
    return {
        "name": cluster.name,
        "identity": cluster.identity,
        "environment": cluster.environment,
        "region": cluster.region,
        "accountId": cluster.account_id,
        "role": cluster.role,
        "kubernetesVersion": cluster.kubernetes_version,
        "eksName": cluster.eks_name,
        "endpoint": cluster.data["eks"].get("endpoint"),
        **network,
        "zones": sorted({zone for pool in pools for zone in pool.data["zones"]}),
        "topologyLevels": cluster.data.get("topologyLevels", []),
        "taints": tolerations([taint for pool in pools for taint in pool_taints(pool)]),
        "gpuTaints": tolerations([taint for pool in pools if pool.gpu_model for taint in pool_taints(pool)]),
        "nodePools": [
            {**pool.data, "name": pool.name, "gpu": pool.gpu_model, "taints": pool_taints(pool)} for pool in pools
        ],
    }
