"""The node pools of a cluster as supply: their instance types and prices, what is fixed, and how far they may grow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from paddock import gpu_slices
from paddock.analysis.allocatable import Allocatable, allocatable
from paddock.analysis.cost import Ledger, no_price, settings
from paddock.analysis.cost_storage import volume_an_hour
from paddock.analysis.money import HOURS_A_MONTH, Span
from paddock.analysis.pool_cost import Demand
from paddock.analysis.prices import Prices
from paddock.components import karpenter
from paddock.devices import GPU
from paddock.instances import InstanceType, instances
from paddock.model import Cluster, NodePool
from paddock.quantity import parse

Json = Any

_GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one pod asks for of a node."""

    gpus: int
    cpu: Fraction
    memory: Fraction
    efa: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """An instance type of a pool: what it has for pods, and what one node costs an hour, by how it is paid."""

    instance: InstanceType
    gpus: int
    room: Allocatable
    launched: Span | None

    def part(self, wish: Wish) -> Fraction | None:
        """The part of a node that a pod takes: of its GPUs, else of CPU or memory, whichever is more; None if it does
        not fit. What kubelet and daemons take is among what no pod uses: the pool's utilization."""
        if wish.gpus > self.gpus or wish.cpu > self.room.cpu or wish.memory > self.room.memory:
            return None
        if wish.efa and not self.instance.efa_interfaces:
            return None
        if wish.gpus:
            return Fraction(wish.gpus, self.gpus)
        return max(wish.cpu / self.instance.vcpus, wish.memory / (self.instance.memory_gib * _GIB))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Who runs on a pool: a demand of one workload or of a component."""

    what: str
    team: str = ""
    workload: str = ""
    demand: Demand


@dataclass(slots=True, kw_only=True)
class Pool:
    """A pool with what it is to be billed for."""

    data: NodePool
    kinds: tuple[Kind, ...]
    fixed_nodes: Fraction = Fraction(0)
    fixed_dollars: Fraction = Fraction(0)
    launches: bool = True
    tenants: list[Tenant] = field(default_factory=list)
    rates: dict[Wish, tuple[Fraction, Span] | None] = field(default_factory=dict)
    prices: dict[Wish, tuple[bool, Fraction | None]] = field(default_factory=dict)
    """What is known of one pod of a size already: many are of the same."""

    def holds(self, wish: Wish) -> bool:
        return self._known(wish)[0]

    def price(self, wish: Wish) -> Fraction | None:
        """The cheapest price of a pod an hour, expected; None where no type has a price."""
        return self._known(wish)[1]

    def _known(self, wish: Wish) -> tuple[bool, Fraction | None]:
        if wish not in self.prices:
            holds = any(one.part(wish) is not None for one in self.kinds)
            self.prices[wish] = (holds, self._cheapest(wish))
        return self.prices[wish]

    def _cheapest(self, wish: Wish) -> Fraction | None:
        found = [
            part * one.launched.expected
            for one in self.kinds
            if one.launched is not None and (part := one.part(wish)) is not None
        ]
        return min(found, default=None)


def of_cluster(ledger: Ledger, prices: Prices, cluster: Cluster, as_of: str | None) -> dict[str, Pool]:
    """The pools of a cluster by name, still empty."""
    return {
        name: _pool(ledger, prices, cluster, cluster.node_pools[name], as_of) for name in sorted(cluster.node_pools)
    }


def _pool(ledger: Ledger, prices: Prices, cluster: Cluster, pool: NodePool, as_of: str | None) -> Pool:
    volume = volume_an_hour(prices, cluster.region, pool.data["volume"], pool.data.get("volumePerformance", {}))
    if volume is None:
        ledger.lacks(f'volumes of node pool "{pool.name}"', no_price("gp3", cluster.region))
        volume = Fraction(0)
    capacity = frozenset(pool.data["capacityTypes"])
    launches = "replicas" not in pool.data and capacity != {"reserved"}
    kinds = tuple(_kinds(ledger, prices, cluster, pool, capacity if launches else None, volume))
    found = Pool(data=pool, kinds=kinds, launches=launches)
    _reserve(ledger, prices, cluster, found, volume, as_of)
    if "replicas" in pool.data:
        _static(ledger, prices, cluster, found, volume)
    return found


def _kinds(
    ledger: Ledger,
    prices: Prices,
    cluster: Cluster,
    pool: NodePool,
    capacity: frozenset[str] | None,
    volume: Fraction,
) -> Iterable[Kind]:
    """The instance types of a pool; `capacity` is None where it launches none beside its fixed nodes."""
    stated = settings(cluster.components, "karpenter") or {}
    kubelet = karpenter.kubelet(pool, stated.get("kubelet", {}))
    for name in pool.data["instanceTypes"]:
        one = instances().get(name)
        if one is None:
            continue  # unknown-instance-type says so
        rate = prices.launched(cluster.region, name, capacity) if capacity is not None else None
        if capacity is not None and rate is None:
            _lacks(ledger, cluster, pool, name, "onDemand")
        slices = gpu_slices.advertised(cluster, pool, one)
        yield Kind(
            instance=one,
            gpus=sum(slices.values()) if slices else one.gpu_count,
            room=allocatable(one, pool, kubelet),
            launched=None if rate is None else rate + Span.of(volume),
        )


def _reserve(ledger: Ledger, prices: Prices, cluster: Cluster, pool: Pool, volume: Fraction, as_of: str | None) -> None:
    """Reservations, which are paid used or not; a capacity block until it ends."""
    if "reserved" not in pool.data.data["capacityTypes"]:
        return
    for stated in pool.data.data.get("capacityReservations", {}).values():
        if as_of is not None and stated.get("ends", "9999") < as_of:
            continue
        name, count = stated["instanceType"], stated["instanceCount"]
        field = "capacityBlock" if stated["type"] == "capacity-block" else "reserved"
        rate = prices.instance(cluster.region, name, field)
        if rate is None:
            _lacks(ledger, cluster, pool.data, name, field)
            continue
        pool.fixed_nodes += count
        pool.fixed_dollars += count * (rate + volume) * HOURS_A_MONTH


def _static(ledger: Ledger, prices: Prices, cluster: Cluster, pool: Pool, volume: Fraction) -> None:
    """Nodes of a static pool beyond its reservations: of the cheapest type, always there."""
    more = pool.data.data["replicas"] - pool.fixed_nodes
    capacity = frozenset(pool.data.data["capacityTypes"]) - {"reserved"}
    if more <= 0 or not capacity:
        return
    rates = [prices.launched(cluster.region, one.instance.name, capacity) for one in pool.kinds]
    known = [one.expected for one in rates if one is not None]
    for one, rate in zip(pool.kinds, rates, strict=True):
        if rate is None:
            name = one.instance.name
            _lacks(ledger, cluster, pool.data, name, "onDemand")
    if known:
        pool.fixed_nodes += more
        pool.fixed_dollars += more * (min(known) + volume) * HOURS_A_MONTH


def most(pool: Pool) -> Span | None:
    """What launched nodes cost in a month in which the pool is as large as its limits allow; None without limits that
    count."""
    found: list[Span] = []
    for one in pool.kinds:
        nodes = _nodes_within(pool.data, one)
        if nodes is None:
            return None
        if one.launched is not None:
            found.append(one.launched * (max(nodes - pool.fixed_nodes, Fraction(0)) * HOURS_A_MONTH))
    return Span.each(lambda case: max((one[case] for one in found), default=Fraction(0)))


def _nodes_within(pool: NodePool, kind: Kind) -> Fraction | None:
    """Nodes of one type that the limits allow; Karpenter launches none that would exceed one."""
    has: Sequence[tuple[str, Fraction]] = (
        ("nodes", Fraction(1)),
        (GPU, Fraction(kind.gpus)),
        ("cpu", Fraction(kind.instance.vcpus)),
        ("memory", Fraction(kind.instance.memory_gib * _GIB)),
    )
    counts = [parse(pool.data["limits"][name]) // each for name, each in has if name in pool.data["limits"] and each]
    return Fraction(min(counts)) if counts else None


def _lacks(ledger: Ledger, cluster: Cluster, pool: NodePool, instance: str, field: str) -> None:
    """A pool has a type without a price."""
    at = ("nodePools", pool.name, "instanceTypes")
    ledger.lacks_instance(f'node pool "{pool.name}"', cluster.region, instance, field, at=at, pool=pool.name)
