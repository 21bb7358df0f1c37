"""What a node of a pool has left for pods, as Karpenter computes it before there is any node.

Sources: aws/karpenter-provider-aws pkg/providers/instancetype/types.go (memory, kubeReservedResources,
evictionThreshold, ephemeralStorage); the same sums in awslabs/amazon-eks-ami nodeadm/internal/kubelet/config.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from paddock.instances import InstanceType
from paddock.model import NodePool
from paddock.quantity import parse

Json = Any

VM_MEMORY_OVERHEAD = Fraction(75, 1000)
"""Share of an instance's memory that Karpenter takes for the hypervisor's (settings.vmMemoryOverheadPercent 0.075;
gpu-platform.md 3.7). Nodes that are there already show what they really have."""
FEWEST_PODS, MOST_PODS = 29, 250
"""Pods of a node whose network interfaces are not known: what the smallest type carries, for which least is reserved,
and what EKS recommends at most (EKS user guide, "Maximum Pods per node"). So no request is refused wrongly."""
_MIB, _GIB = 1 << 20, 1 << 30
# Millicores of each range of CPUs that the kubelet keeps, in ten-thousandths: 6 %, 1 %, 0.5 %, 0.25 %.
_CPU_RANGES = ((0, 1000, 600), (1000, 2000, 100), (2000, 4000, 50), (4000, None, 25))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocatable:
    """CPUs, bytes of memory and of ephemeral storage, GPUs and pods that the scheduler may give away on a node."""

    cpu: Fraction
    memory: Fraction
    ephemeral: Fraction
    pods: int
    gpus: int
    """nvidia.com/gpu: whole GPUs, or slices where a device plugin counts these."""
    whole_memory: Fraction
    """Bytes that the node counts against a pool's limit of memory."""


def allocatable(instance: InstanceType, pool: NodePool, kubelet: Mapping[str, Json]) -> Allocatable:
    """What a node of an instance type has for pods. `kubelet` is the kubelet part of the pool's EC2NodeClass."""
    pods = kubelet.get("maxPods", instance.max_pods)
    kube = _kube_reserved(instance, pods or FEWEST_PODS) | kubelet.get("kubeReserved", {})
    kept = (kube, kubelet.get("systemReserved", {}))
    memory, storage = _memory(instance, pool), _storage(instance, pool)
    return Allocatable(
        cpu=Fraction(instance.vcpus) - _sum(kept, "cpu"),
        memory=memory - _sum(kept, "memory") - _evicted(kubelet, "memory.available", "100Mi", memory),
        ephemeral=storage - _sum(kept, "ephemeral-storage") - _evicted(kubelet, "nodefs.available", "10%", storage),
        pods=pods or MOST_PODS,
        gpus=instance.gpu_count,
        whole_memory=memory,
    )


def beside(node: Allocatable, requests: Mapping[str, Fraction], pods: int) -> Allocatable:
    """What is left of a node beside pods that are on it anyway, with their requests by resource."""
    return replace(
        node,
        cpu=node.cpu - requests.get("cpu", 0),
        memory=node.memory - requests.get("memory", 0),
        ephemeral=node.ephemeral - requests.get("ephemeral-storage", 0),
        pods=node.pods - pods,
    )


def _evicted(kubelet: Mapping[str, Json], signal: str, default: str, capacity: Fraction) -> Fraction:
    """What must stay free: the larger of the hard and the soft threshold, else the kubelet's default."""
    stated = [kubelet[kind][signal] for kind in ("evictionHard", "evictionSoft") if signal in kubelet.get(kind, {})]
    return max(_threshold(one, capacity) for one in stated or [default])


def _memory(instance: InstanceType, pool: NodePool) -> Fraction:
    """Memory of a node in bytes: without the hypervisor's share, unless the pool's nodes are there already. Graviton
    keeps another 64 MiB."""
    size = Fraction(instance.memory_gib * _GIB) - (64 * _MIB if instance.arch == "arm64" else 0)
    if "replicas" in pool.data:
        return size
    overhead = size * VM_MEMORY_OVERHEAD / _MIB
    return size - -(-overhead.numerator // overhead.denominator) * _MIB


def _storage(instance: InstanceType, pool: NodePool) -> Fraction:
    """The instance store where the pool makes one disk of it, else the volume; disks are sold in decimal gigabytes."""
    if pool.data.get("instanceStore") == "RAID0" and instance.local_nvme_gb:
        return Fraction(instance.local_nvme_gb * 10**9)
    return parse(pool.data["volume"])


def _kube_reserved(instance: InstanceType, pods: int) -> dict[str, str]:
    """What the kubelet keeps: 255 MiB and 11 MiB for each pod, 1 GiB of storage, and a falling share of the CPUs."""
    millicores = instance.vcpus * 1000
    cpu = sum(
        (min(millicores, high or millicores) - low) * share // 10000
        for low, high, share in _CPU_RANGES
        if millicores > low
    )
    return {"cpu": f"{cpu}m", "memory": f"{255 + 11 * pods}Mi", "ephemeral-storage": "1Gi"}


def _sum(kept: Iterable[Mapping[str, str]], resource: str) -> Fraction:
    return sum((parse(one[resource]) for one in kept if resource in one), Fraction(0))


def _threshold(value: str, capacity: Fraction) -> Fraction:
    """An eviction threshold in units of the capacity; 100 % switches a signal off (kubelet configuration)."""
    if value.endswith("%"):
        share = Fraction(value.removesuffix("%"))
        return Fraction(0) if share == 100 else capacity * share / 100
    return parse(value)
