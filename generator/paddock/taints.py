"""Taints of node pools, and the tolerations that answer them."""

from __future__ import annotations

from paddock.devices import GPU
from paddock.model import NodePool

GPU_TAINT = {"key": GPU, "value": "true", "effect": "NoSchedule"}
_SHARED_TAINT = {"key": "nvidia.com/gpu.shared", "value": "true", "effect": "NoSchedule"}


def pool_taints(pool: NodePool) -> list[dict[str, str]]:
    """Taints of a pool's nodes, sorted by key; GPU pools carry nvidia.com/gpu by themselves, and those whose GPUs are
    shared nvidia.com/gpu.shared: a workload that wants whole GPUs of the model must not land there."""
    stated = {key: {"key": key, **taint} for key, taint in pool.data["taints"].items()}
    if pool.gpu_model:
        stated.setdefault(GPU_TAINT["key"], GPU_TAINT)
    if pool.shared_gpus:
        stated.setdefault(_SHARED_TAINT["key"], _SHARED_TAINT)
    return [stated[key] for key in sorted(stated)]


def tolerations(taints: list[dict[str, str]]) -> list[dict[str, str]]:
    """One toleration for each taint, without repetitions."""
    found = []
    for taint in taints:
        operator = {"operator": "Equal", "value": taint["value"]} if "value" in taint else {"operator": "Exists"}
        toleration = {"key": taint["key"], **operator, "effect": taint["effect"]}
        if toleration not in found:
            found.append(toleration)
    return found
