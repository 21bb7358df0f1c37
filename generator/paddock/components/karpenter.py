"""What Karpenter's templates need: a NodePool and an EC2NodeClass for each node pool of the cluster."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.gpu_slices import advertised
from paddock.instances import InstanceType, instances
from paddock.model import Cluster, Fleet, Json, NodePool
from paddock.taints import pool_taints
from paddock.user_data import image_pull

_DISCOVERY = "karpenter.sh/discovery"
# Nights and weekends in UTC are when a GPU node may be replaced for drift or a better fit (gpu-platform.md 3.6).
_WORKING_HOURS = {"schedule": "0 6 * * mon-fri", "duration": "14h"}
# The kubelet's own hard thresholds on Linux, which a stated map replaces as a whole (kubernetes.io, "Node-pressure
# Eviction"): a signal that is left out would have none.
_EVICTION = {
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
}


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`pools`: one entry a node pool with `name` and the specs of both objects; `queue`: the interruption queue's name;
    `staticCapacity` and `nodeOverlay`: whether a pool needs that feature gate; `overlays`: NodeOverlays with `name`,
    `requirements` and `capacity`.

    The default names are those of Karpenter's getting-started page: role KarpenterNodeRole-<EKS cluster>, queue
    <EKS cluster>.
    """
    eks_name = cluster.data["eks"]["name"]
    overlays = [one for pool in cluster.node_pools.values() for one in _overlays(cluster, pool)]
    role = settings.get("nodeRole", f"KarpenterNodeRole-{eks_name}")
    domain = fleet.platform.data["labelDomain"]
    return {
        "queue": settings.get("interruptionQueue", eks_name),
        "staticCapacity": any("replicas" in pool.data for pool in cluster.node_pools.values()),
        "nodeOverlay": bool(overlays),
        "overlays": overlays,
        "pools": [
            {
                "name": pool.name,
                "description": pool.data.get("description"),
                "nodePool": _node_pool(pool, domain),
                "nodeClass": _node_class(pool, cluster, settings, role),
            }
            for pool in cluster.node_pools.values()
        ],
    }


def _overlays(cluster: Cluster, pool: NodePool) -> list[dict[str, Json]]:
    """What Karpenter must know of a node before it is there: EC2 tells it the number of GPUs, pods ask for slices.

    An overlay's capacity takes the place of the instance type's (karpenter 1.14.1, ApplyCapacityOverlay), and its
    requirements match the pool's name beside the types. Karpenter makes static nodes without a look at pods.
    """
    types: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for one in _types(pool) if "replicas" not in pool.data else ():
        offered = advertised(cluster, pool, one)
        if offered is not None:
            types.setdefault(tuple(sorted(offered.items())), []).append(one.name)
    return [
        {
            "name": pool.name if len(types) == 1 else f"{pool.name}.{sum(count for _, count in capacity)}",
            "requirements": [
                {"key": "karpenter.sh/nodepool", "operator": "In", "values": [pool.name]},
                {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": sorted(names)},
            ],
            "capacity": {resource: str(count) for resource, count in capacity},
        }
        for capacity, names in sorted(types.items())
    ]


def _node_pool(pool: NodePool, domain: str) -> dict[str, Json]:
    """Parts of a NodePool's spec. Limits are strings: numbers would come back as strings (gpu-platform.md 3.1)."""
    return {
        "labels": _node_labels(pool, domain),
        "requirements": _requirements(pool),
        "taints": pool_taints(pool),
        "expireAfter": pool.data["expireAfter"],
        "terminationGracePeriod": pool.data.get("terminationGracePeriod"),
        "disruption": _disruption(pool),
        "replicas": pool.data.get("replicas"),
        "limits": dict(sorted(pool.data["limits"].items())),
        "weight": pool.data.get("weight"),
    }


def _node_labels(pool: NodePool, domain: str) -> dict[str, str]:
    labels = {f"{domain}/pool": pool.name, **_sharing_labels(pool), **pool.data["labels"]}
    if pool.dra or (pool.gpu_model and pool.bottlerocket):
        # Bottlerocket's NVIDIA image has a device plugin of its own; two of them fight, and so does one with the DRA
        # driver (gpu-platform.md 4.1, 4.2).
        labels["nvidia.com/gpu.deploy.device-plugin"] = "false"
    return dict(sorted(labels.items()))


def _sharing_labels(pool: NodePool) -> dict[str, str]:
    """What the MIG manager and the device plugin read on a node (gpu-platform.md 4.1)."""
    gpu = pool.data.get("gpu", {})
    keys = {"mig": "nvidia.com/mig.config", "timeSlicing": "nvidia.com/device-plugin.config"}
    return {key: gpu[field] for field, key in keys.items() if field in gpu}


def _requirements(pool: NodePool) -> list[dict[str, Json]]:
    """Requirements; minValues, the flexibility that spot needs, stands at the instance types."""
    found: list[dict[str, Json]] = [{"key": key, "operator": "In", "values": one} for key, one in _allowed(pool)]
    if "minValues" in pool.data:
        found[0]["minValues"] = pool.data["minValues"]
    return found


def _allowed(pool: NodePool) -> list[tuple[str, list[str]]]:
    return [
        ("node.kubernetes.io/instance-type", sorted(pool.data["instanceTypes"])),
        ("karpenter.sh/capacity-type", sorted(pool.data["capacityTypes"])),
        ("topology.kubernetes.io/zone", sorted(pool.data["zones"])),
        ("kubernetes.io/arch", sorted({one.arch for one in _types(pool)}) or ["amd64"]),
        ("kubernetes.io/os", ["linux"]),
    ]


def _disruption(pool: NodePool) -> dict[str, Json]:
    stated = pool.data["disruption"]
    return {
        "consolidationPolicy": stated.get(
            "consolidationPolicy", "WhenEmpty" if pool.gpu_model else "WhenEmptyOrUnderutilized"
        ),
        "consolidateAfter": stated["consolidateAfter"],
        "budgets": stated.get("budgets", _budgets(pool)),
    }


def _budgets(pool: NodePool) -> list[dict[str, Json]]:
    """Karpenter's own 10 %; on GPU pools that are not spot alone, nothing but empty nodes goes in working hours."""
    budgets: list[dict[str, Json]] = [{"nodes": "10%"}]
    if pool.gpu_model and pool.data["capacityTypes"] != ["spot"]:
        budgets.append({"nodes": "0", "reasons": ["Drifted", "Underutilized"], **_WORKING_HOURS})
    return budgets


def _node_class(pool: NodePool, cluster: Cluster, settings: Mapping[str, Json], role: str) -> dict[str, Json]:
    """Parts of an EC2NodeClass's spec; None where a field is left out."""
    discovery = [{"tags": {_DISCOVERY: cluster.data["network"]["discoveryTag"]}}]
    group = pool.data.get("placementGroup")
    return {
        "role": None if "nodeInstanceProfile" in settings else role,
        "instanceProfile": settings.get("nodeInstanceProfile"),
        "amiSelectorTerms": [{"alias": pool.data["ami"]}],
        "subnetSelectorTerms": discovery,
        "securityGroupSelectorTerms": discovery,
        "capacityReservationSelectorTerms": [{"id": one} for one in sorted(pool.data.get("capacityReservations", {}))],
        "placementGroupSelector": {"name": group} if group else None,
        "networkInterfaces": network_interfaces(pool) if pool.efa else [],
        "blockDeviceMappings": _disks(pool),
        "instanceStorePolicy": pool.data.get("instanceStore"),
        "userData": image_pull(pool.data.get("imagePull"), bottlerocket=pool.bottlerocket),
        "detailedMonitoring": pool.data["detailedMonitoring"],
        "kubelet": kubelet(pool, settings["kubelet"]),
        "tags": {
            **settings["tags"],
            "environment": cluster.environment,
            "cluster": cluster.identity,
            "pool": pool.name,
        },
    }


def network_interfaces(pool: NodePool) -> list[dict[str, Json]]:
    """The interface with an address, and an efa-only one on each network card that EFA uses.

    The shape is gpu-platform.md 3.5's: card 0 device 0 `interface`, card 0 device 1 `efa-only`, device 0 of every
    further card `efa-only`. With several instance types it is that of the smallest. Empty when a type has no EFA or is
    not in the table: Karpenter then attaches EFA itself for pods that ask for it.
    """
    types = _types(pool)
    cards = min((one.efa_interfaces for one in types), default=0)
    if cards == 0 or len(types) < len(pool.data["instanceTypes"]):
        return []
    places = [(0, 0, "interface"), (0, 1, "efa-only"), *((card, 0, "efa-only") for card in range(1, cards))]
    return [{"networkCardIndex": card, "deviceIndex": device, "interfaceType": kind} for card, device, kind in places]


def kubelet(pool: NodePool, everywhere: Mapping[str, Json]) -> dict[str, Json]:
    """Kubelet fields of an EC2NodeClass: the pool's own merged over those of every pool, resource by resource.

    A soft threshold and its grace period are one thing in the spec and a pair of maps here, which Karpenter wants to
    have the same keys (gpu-platform.md 3.2).
    """
    stated = pool.data.get("kubelet", {})
    found: dict[str, Json] = dict(everywhere)
    if "maxPods" in stated:
        found["maxPods"] = stated["maxPods"]
    for field in ("systemReserved", "kubeReserved"):
        if field in stated:
            found[field] = dict(sorted({**everywhere.get(field, {}), **stated[field]}.items()))
    if "evictionHard" in stated:
        found["evictionHard"] = dict(sorted({**_EVICTION, **stated["evictionHard"]}.items()))
    if "evictionSoft" in stated:
        soft = sorted(stated["evictionSoft"].items())
        found["evictionSoft"] = {signal: one["threshold"] for signal, one in soft}
        found["evictionSoftGracePeriod"] = {signal: one["gracePeriod"] for signal, one in soft}
    return found


def _disks(pool: NodePool) -> list[dict[str, Json]]:
    """Encrypted gp3: one root disk on AL2023; on Bottlerocket 4Gi of system and the data disk (gpu-platform.md 3.4)."""
    performance = pool.data.get("volumePerformance", {})
    if pool.bottlerocket:
        return [_disk("/dev/xvda", "4Gi", {}), _disk("/dev/xvdb", pool.data["volume"], performance)]
    return [_disk("/dev/xvda", pool.data["volume"], performance)]


def _disk(device: str, size: str, performance: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "deviceName": device,
        "ebs": {"volumeSize": size, "volumeType": "gp3", **performance, "encrypted": True, "deleteOnTermination": True},
    }


def _types(pool: NodePool) -> list[InstanceType]:
    """The pool's instance types that the table knows."""
    table = instances()
    return [table[name] for name in pool.data["instanceTypes"] if name in table]
