"""What nodes offer pods where GPUs are cut (MIG) or shared (time-slicing): more than there are GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock.devices import GPU, MIG, SHARED
from paddock.instances import InstanceType
from paddock.model import Cluster, NodePool

Json = Any


# Memory of an eighth, a quarter, a half and the whole of a GPU, as MIG's profiles name it, by the GPU's memory in GiB:
# the MIG manager's own configurations (NVIDIA/gpu-operator v26.7.0, assets/state-mig-manager/0400_configmap.yaml) for
# the GPUs of instances.csv.
_PARTS: Mapping[int, tuple[str, str, str, str]] = {
    40: ("5gb", "10gb", "20gb", "40gb"),
    80: ("10gb", "20gb", "40gb", "80gb"),
    141: ("18gb", "35gb", "71gb", "141gb"),
    179: ("23gb", "45gb", "90gb", "180gb"),
    268: ("34gb", "67gb", "135gb", "269gb"),
}


def slices(instance: InstanceType) -> Mapping[str, Mapping[str, int]]:
    """MIG devices of one GPU of an instance type by the name of a configuration; empty where the GPU has no MIG.

    A GPU has seven parts of computing and eight of memory: so seven of the smallest devices, but four of those with
    twice the memory.
    """
    sizes = _PARTS.get(int(instance.accelerator_memory_gib))
    if sizes is None or instance.gpu_model is None:
        return {}
    eighth, quarter, half, whole = sizes
    uniform = {
        f"1g.{eighth}": 7,
        f"1g.{eighth}.me": 1,
        f"1g.{quarter}": 4,
        f"2g.{quarter}": 3,
        f"3g.{half}": 2,
        f"4g.{half}": 1,
        f"7g.{whole}": 1,
    }
    balanced = {f"1g.{eighth}": 2, f"2g.{quarter}": 1, f"3g.{half}": 1}
    return {**{f"all-{name}": {name: count} for name, count in uniform.items()}, "all-balanced": balanced}


def advertised(cluster: Cluster, pool: NodePool, instance: InstanceType) -> dict[str, int] | None:
    """Extended resources of a node of the type in a pool whose GPUs are cut or shared, by name; 0 is none of it.

    None where its GPUs are whole, where a setting or profile is not known, and on Bottlerocket, whose own plugin reads
    no node label (gpu-platform.md 4.1). One MIG device is one nvidia.com/gpu by strategy single, nvidia.com/mig-* by
    mixed; time-slicing multiplies nvidia.com/gpu alone (k8s-device-plugin, README "Shared Access to GPUs").
    """
    if not pool.shared_gpus or pool.bottlerocket:
        return None
    gpu = pool.data["gpu"]
    found = _cut(cluster, gpu["mig"], instance) if "mig" in gpu else {GPU: instance.gpu_count}
    if found is None or "timeSlicing" not in gpu:
        return found
    slicing = _slicing(cluster, gpu["timeSlicing"])
    if slicing is None:
        return None
    total = found[GPU] * slicing["replicas"]
    return {**found, GPU: 0, SHARED: total} if slicing["renameByDefault"] else {**found, GPU: total}


def _cut(cluster: Cluster, profile: str, instance: InstanceType) -> dict[str, int] | None:
    operator = cluster.components.get("gpu-operator")
    devices = slices(instance).get(profile)
    if operator is None or not operator.valid or devices is None:
        return None
    if operator.settings["mig"]["strategy"] == "mixed":
        return {GPU: 0} | {f"{MIG}{name}": count * instance.gpu_count for name, count in devices.items()}
    if operator.settings["mig"]["strategy"] == "single" and len(devices) == 1:
        return {GPU: sum(devices.values()) * instance.gpu_count}
    return None


def _slicing(cluster: Cluster, name: str) -> Mapping[str, Json] | None:
    for plugin in ("gpu-operator", "nvidia-device-plugin"):
        use = cluster.components.get(plugin)
        if use and use.valid and name in use.settings["timeSlicing"]:
            found: Mapping[str, Json] = use.settings["timeSlicing"][name]
            return found
    return None
