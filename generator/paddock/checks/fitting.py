"""What a cluster offers pods and what a part of a workload asks for, as analysis.feasibility wants to have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from paddock import daemons, volumes
from paddock.analysis import feasibility
from paddock.analysis.allocatable import MOST_PODS, Allocatable, allocatable, beside
from paddock.analysis.feasibility import Obstacle, Request, stated
from paddock.catalogue import Component
from paddock.components import karpenter
from paddock.daemons import Daemon
from paddock.devices import GPU
from paddock.diagnostics import Place
from paddock.gpu_slices import advertised
from paddock.instances import instances
from paddock.model import Cluster, Json, NodePool, Step, Workload
from paddock.quantity import parse
from paddock.workloads import pods

HOST = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Nodes of one kind on a cluster, with what each instance type has left beside the cluster's daemons. A managed
    node group is given the form of a pool; its nodes have no label of Karpenter's."""

    cluster: Cluster
    pool: NodePool
    group: bool
    capacity: Mapping[str, Allocatable]

    @property
    def title(self) -> str:
        return f'{"node group" if self.group else "pool"} "{self.pool.name}"'

    def place(self, *field: str, key: bool = False) -> Place:
        """The place of a field of the pool or group."""
        kind = ("eks", "nodeGroups") if self.group else ("nodePools",)
        return self.cluster.place(*kind, self.pool.name, *field, key=key)

    def obstacle(self, request: Request) -> Obstacle | None:
        """Why none of its nodes can hold a request, or too few; None if they can."""
        return feasibility.obstacle(self.pool, request, lambda one: self.capacity[one.name])


def offers(cluster: Cluster, catalogue: Mapping[str, Component]) -> tuple[Offer, ...]:
    """The node pools and the managed node groups of a cluster, by name."""
    running = daemons.daemons(cluster, catalogue)
    use = cluster.components.get("karpenter")
    everywhere = use.settings.get("kubelet", {}) if use and use.valid else None
    pools = []
    for pool in cluster.node_pools.values():
        kubelet = {} if everywhere is None else karpenter.kubelet(pool, everywhere)
        pools.append(Offer(cluster=cluster, pool=pool, group=False, capacity=_nodes(cluster, pool, kubelet, running)))
    for name, data in sorted(cluster.data["eks"]["nodeGroups"].items()):
        one = _group(name, data)
        group = Offer(cluster=cluster, pool=one, group=True, capacity=_nodes(cluster, one, {}, running))
        pools.append(_any_number_of_pods(group))
    return tuple(pools)


def _nodes(
    cluster: Cluster, pool: NodePool, kubelet: Mapping[str, Json], running: tuple[Daemon, ...]
) -> dict[str, Allocatable]:
    requests, count = daemons.total(running, pool)
    found = {}
    for name in pool.data["instanceTypes"]:
        if name in instances():
            node = beside(allocatable(instances()[name], pool, kubelet), requests, count)
            sliced = advertised(cluster, pool, instances()[name])
            found[name] = node if sliced is None else replace(node, gpus=sliced.get(GPU, 0))
    return found


def _any_number_of_pods(offer: Offer) -> Offer:
    """EKS finds the most pods of a node group's nodes by itself, by the configuration of the VPC CNI (EKS user guide,
    "Maximum Pods per node"), so they are no obstacle."""
    return replace(offer, capacity={name: replace(one, pods=MOST_PODS) for name, one in offer.capacity.items()})


def _group(name: str, stated: Mapping[str, Json]) -> NodePool:
    """Its nodes are in sight of the scheduler, so they have the memory that they show; GPUs of a group are for pods
    that ask for them by its labels, which none of ours do."""
    data = {
        "instanceTypes": stated["instanceTypes"],
        "capacityTypes": [],
        "zones": stated.get("zones", []),
        "replicas": stated["maxSize"],
        "taints": stated["taints"],
        "volume": stated["volume"],
        "efa": False,
        "limits": {},
    }
    return NodePool(name=name, data=data)


def request(cluster: Cluster, workload: Workload) -> Request:
    """What one node or replica of a workload, or a step, asks for, and how many there are at once at least.

    With EFA a pod takes the interfaces of the smallest type that may hold it. Pods in a queue have the tolerations of
    the flavor that Kueue chooses, those that name a pool or a GPU model have its own (workloads.pods.placement).
    """
    asked, topology = stated(workload.data), workload.data.get("topology", {})
    return replace(
        asked,
        efa=max(1, _interfaces(cluster, workload)) if workload.data["resources"]["efa"] else 0,
        nodes=pods.replicas(workload)[0] or 1 if "replicas" in workload.data else workload.data.get("nodes", 1),
        tolerant=bool(asked.gpus) or "pool" in workload.data or "queue" in workload.data,
        architectures=frozenset(workload.data.get("architectures", ())),
        capacity_types=frozenset(workload.data.get("capacityTypes", ())),
        together=topology.get("mode") == "required" and topology.get("level") == HOST,
        beside=_beside(cluster, workload),
    )


def _interfaces(cluster: Cluster, workload: Workload) -> int:
    known = workload.data.get("pool", "") in ("", *cluster.node_pools)
    return pods.efa_interfaces(cluster, workload) if known else 0


def _beside(cluster: Cluster, workload: Workload) -> tuple[Fraction, Fraction, int]:
    """CPUs, bytes and pods that stand on a node only because the workload does: Mountpoint's pods, and in the pod of a
    step, of which there is one, the container that Argo Workflows adds (its other one is done before)."""
    cpu, memory, count = _mountpoints(cluster, workload)
    use = cluster.components.get("argo-workflows")
    if isinstance(workload, Step) and use is not None and use.valid:
        resources = use.settings["executor"]["resources"]
        return cpu + parse(resources["cpu"]), memory + parse(resources["memory"]), count
    return cpu, memory, count


def _mountpoints(cluster: Cluster, workload: Workload) -> tuple[Fraction, Fraction, int]:
    """A pod for each bucket on each node, for which the driver reserves room where its setting says so; else it asks
    for nothing (volumes)."""
    use = cluster.components.get(volumes.MOUNTPOINT)
    count = sum("bucket" in one for one in workload.data.get("mounts", {}).values())
    if use is None or not use.valid or not use.settings["reserveHeadroom"]:
        return Fraction(0), Fraction(0), count
    resources = use.settings["resources"]
    return count * parse(resources["cpu"]), count * parse(resources["memory"]), count


def obstacles(found: Sequence[Offer], wanted: Request, *, spread: bool) -> list[tuple[Offer, Obstacle]] | None:
    """Why none of the offers can hold a request, in their order; None if one can.

    The pods of a run are of one pool, because Kueue chooses one flavor for them. Replicas of a service may `spread`:
    their number counts only where no more than one offer takes any.
    """
    single = replace(wanted, nodes=1) if spread else wanted
    against: list[tuple[Offer, Obstacle]] = []
    fitting: list[Offer] = []
    for offer in found:
        one = offer.obstacle(single)
        if one is not None:
            against.append((offer, one))
            continue
        fitting.append(offer)
        if single == wanted or len(fitting) > 1:
            return None
    last = fitting[0].obstacle(wanted) if fitting else None
    if fitting and last is None:
        return None
    full = {offer.title: one for offer, one in against} | ({fitting[0].title: last} if fitting and last else {})
    return [(offer, full[offer.title]) for offer in found]
