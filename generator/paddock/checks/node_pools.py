"""Node pools that AWS or Karpenter could not build: unknown instance types, wrong GPUs, zones, reservations, limits."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from paddock.devices import GPU
from paddock.diagnostics import Problem
from paddock.gpu_slices import advertised
from paddock.instances import instances
from paddock.model import Cluster, Fleet, Json, NodePool
from paddock.quantity import parse

IDS = (
    "unknown-instance-type",
    "gpu-model-mismatch",
    "zone-outside-region",
    "efa-in-several-zones",
    "instance-without-efa",
    "reserved-without-reservation",
    "pool-limit-below-instance",
    "pool-limit-below-replicas",
    "dynamic-field-on-static-pool",
    "min-values-above-instance-types",
    "volume-throughput-above-iops",
    "topology-without-levels",
)


# gp3 gives at most 0.25 MiB a second for each operation a second (EBS user guide, "General Purpose SSD volumes").
_IOPS_OF_A_MIB = 4


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each pool of each cluster."""
    for cluster in fleet.clusters():
        for pool in cluster.node_pools.values():
            yield from _instances(cluster, pool)
            yield from _placement(cluster, pool)
            yield from _static(cluster, pool)
            yield from _numbers(cluster, pool)
            yield from _throughput(cluster, pool.data, "nodePools", pool.name)
        for name, group in sorted(cluster.data["eks"]["nodeGroups"].items()):
            yield from _throughput(cluster, group, "eks", "nodeGroups", name)


def _static(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """What the CRD refuses beside `replicas` (gpu-platform.md 3.1), and a limit that stops a replica."""
    replicas = pool.data.get("replicas")
    if replicas is None:
        return
    limits = [("limits", resource) for resource in sorted(pool.data["limits"]) if resource != "nodes"]
    for field in [*limits, *([("weight",)] if "weight" in pool.data else [])]:
        yield Problem(
            id="dynamic-field-on-static-pool",
            message=f'pool "{pool.name}" has a fixed number of nodes, so {".".join(field)} has no place in it',
            place=cluster.place("nodePools", pool.name, *field),
            help="take it away; beside replicas only limits.nodes stands",
        )
    limit = pool.data["limits"].get("nodes")
    if limit is not None and parse(limit) < replicas:
        yield Problem(
            id="pool-limit-below-replicas",
            message=f'pool "{pool.name}" wants {replicas} nodes, but its limit is {limit}',
            place=cluster.place("nodePools", pool.name, "limits", "nodes"),
            help=f"write at least {replicas}; one more lets a node be replaced before it goes",
        )


def _numbers(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """Numbers that Karpenter or EC2 compare with one another."""
    least, types = pool.data.get("minValues", 0), pool.data["instanceTypes"]
    if least > len(types):
        yield Problem(
            id="min-values-above-instance-types",
            message=f'pool "{pool.name}" wants {least} instance types to be open, but has {len(types)}',
            place=cluster.place("nodePools", pool.name, "minValues"),
            help=f"write at most {len(types)}, or add instance types",
        )


def _throughput(cluster: Cluster, data: Mapping[str, Json], *pointer: str) -> Iterator[Problem]:
    volume = data.get("volumePerformance")
    if volume and volume["throughput"] * _IOPS_OF_A_MIB > volume["iops"]:
        wanted = volume["throughput"] * _IOPS_OF_A_MIB
        yield Problem(
            id="volume-throughput-above-iops",
            message=f"a volume with {volume['iops']} operations a second cannot have {volume['throughput']} MiB "
            "a second",
            place=cluster.place(*pointer, "volumePerformance", "throughput"),
            help=f"write iops: {wanted}, or throughput: {volume['iops'] // _IOPS_OF_A_MIB}",
        )


def _instances(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    known = instances()
    for index, name in enumerate(pool.data["instanceTypes"]):
        place = cluster.place("nodePools", pool.name, "instanceTypes", index)
        instance = known.get(name)
        if instance is None:
            family = name.split(".")[0]
            near = sorted(one for one in known if one.split(".")[0] == family)
            families = difflib.get_close_matches(family, sorted({one.split(".")[0] for one in known}), n=3)
            legal = (
                f"legal of this family: {', '.join(near)}"
                if near
                else f"families with such a name: {', '.join(families)}"
            )
            help = legal if near or families else "use a type of the table generator/paddock/data/instances.csv"
            yield Problem(
                id="unknown-instance-type", message=f'there is no instance type "{name}"', place=place, help=help
            )
            continue
        if (instance.gpu_model or None) != pool.gpu_model:
            has = f"{instance.gpu_count} × {instance.gpu_model}" if instance.gpu_model else "no GPU"
            yield Problem(
                id="gpu-model-mismatch",
                message=f'{name} has {has}, but pool "{pool.name}" states {pool.gpu_model or "no GPU"}',
                place=place,
                help="give each GPU model a pool of its own, and state it in gpu.model",
            )
        if pool.efa and not instance.efa_interfaces:
            yield Problem(
                id="instance-without-efa",
                message=f'{name} has no EFA interface, but pool "{pool.name}" asks for EFA',
                place=place,
                help="set efa: false, or use an instance type with EFA",
            )
    yield from _limits(cluster, pool)


def _limits(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    """Karpenter counts what nodes offer, slices too (karpenter 1.14.1, scheduler.go, remainingResources)."""
    types = [instances()[name] for name in pool.data["instanceTypes"] if name in instances()]
    offered = [advertised(cluster, pool, one) or {GPU: one.gpu_count} for one in types]
    for resource, limit in sorted(pool.data["limits"].items()):
        most = max((one.get(resource, 0) for one in offered), default=0)
        if parse(limit) < most:
            shared = any(advertised(cluster, pool, one) for one in types)
            what, has = ("GPUs", "has") if resource == GPU and not shared else (resource, "offers")
            yield Problem(
                id="pool-limit-below-instance",
                message=f'the limit of {limit} {what} of pool "{pool.name}" is less than one instance {has}: {most}',
                place=cluster.place("nodePools", pool.name, "limits", resource),
                help=f"write at least {most}: Karpenter never starts a node beyond the limit"
                + (", and counts every slice of a GPU" if shared else ""),
            )


def _placement(cluster: Cluster, pool: NodePool) -> Iterator[Problem]:
    zones = pool.data["zones"]
    for index, zone in enumerate(zones):
        if zone[:-1] != cluster.region:
            yield Problem(
                id="zone-outside-region",
                message=f'zone {zone} of pool "{pool.name}" is not in the region {cluster.region} of cluster '
                f'"{cluster.identity}"',
                place=cluster.place("nodePools", pool.name, "zones", index),
                help=f"use a zone of {cluster.region}",
            )
    if pool.efa and len(zones) > 1:
        yield Problem(
            id="efa-in-several-zones",
            message=f'pool "{pool.name}" has EFA in {len(zones)} zones; EFA does not cross a zone',
            place=cluster.place("nodePools", pool.name, "zones"),
            help="write one pool for each zone",
        )
    if "reserved" in pool.data["capacityTypes"] and "capacityReservations" not in pool.data:
        yield Problem(
            id="reserved-without-reservation",
            message=f'pool "{pool.name}" uses reserved capacity, but names no capacity reservation',
            place=cluster.place("nodePools", pool.name, "capacityTypes"),
            help="add capacityReservations: Karpenter uses only those that its EC2NodeClass selects",
        )
    if pool.data["topology"] and not cluster.data.get("topologyLevels"):
        yield Problem(
            id="topology-without-levels",
            message=f'pool "{pool.name}" wants topology-aware placement, but cluster "{cluster.identity}" has no '
            "topologyLevels",
            place=cluster.place("nodePools", pool.name, "topology"),
            help="add spec.topologyLevels to the cluster",
        )
