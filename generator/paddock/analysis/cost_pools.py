"""What runs on each node pool of a cluster, and what the pool's nodes cost with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from paddock import gpu_slices
from paddock.analysis import running
from paddock.analysis.allocatable import Allocatable, allocatable
from paddock.analysis.cost import Ledger, no_price, settings
from paddock.analysis.cost_services import volume_an_hour
from paddock.analysis.money import HOURS_A_MONTH, Amount, Span, floored, total
from paddock.analysis.pool_cost import Demand, Supply, bill
from paddock.analysis.prices import Prices
from paddock.components import karpenter
from paddock.instances import InstanceType, instances
from paddock.model import Cluster, NodePool, Workload
from paddock.quantity import parse
from paddock.workloads import pods

Json = Any

GPU = "nvidia.com/gpu"
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
    """What is known of one pod of a size already."""

    def holds(self, wish: Wish) -> bool:
        return any(one.part(wish) is not None for one in self.kinds)

    def price(self, wish: Wish) -> Fraction | None:
        """The cheapest price of a pod an hour, expected; None where no type has a price."""
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


def place(
    ledger: Ledger,
    found: Mapping[str, Pool],
    cluster: Cluster,
    workload: Workload,
    *,
    flavors: Iterable[str],
    share: Fraction,
) -> None:
    """Put a workload, or each step of it, on the pool on which it will run. `share` is the part of its runs that comes
    to this cluster."""
    for part in workload.parts():
        title = f"{part.title.replace(workload.name, f'{workload.team}/{workload.name}', 1)}"
        count = running.pods(workload, part)
        if isinstance(count, str):
            ledger.lacks(title, count, team=workload.team)
            continue
        wish = _wish(part)
        pool = choose(found, cluster, part, wish, flavors=flavors)
        if pool is None:
            ledger.lacks(title, "no node pool can hold it", team=workload.team)
            continue
        demand = _demand(pool, wish, count if share == 1 else count * share)
        if demand is None:
            name = pool.data.name
            why = f'no instance type of pool "{name}" that holds it has a price'
            ledger.lacks(title, why, pool=name, team=workload.team)
            continue
        pool.tenants.append(Tenant(what="workload", team=workload.team, workload=workload.name, demand=demand))


def choose(
    found: Mapping[str, Pool], cluster: Cluster, part: Workload, wish: Wish, *, flavors: Iterable[str]
) -> Pool | None:
    """The pool on which pods run: the one that they name; else of those that hold them, and of which their queue has
    quota, the one of the highest weight, then the cheapest (Karpenter's order, gpu-platform.md 3.2)."""
    if part.data.get("pool", next(iter(found), "")) not in found:
        return None
    named = [found[one.name] for one in pods.pools(cluster, part)]
    free = [one for one in found.values() if one.data.gpu_model is None and not _closed(one.data)]
    candidates = [one for one in named or free if one.holds(wish)]
    quota = set(flavors) if "queue" in part.data else set()
    candidates = [one for one in candidates if one.data.name in quota] or candidates

    def order(one: Pool) -> tuple[bool, int, bool, Fraction, str]:
        price = one.price(wish)
        return (
            not named and bool(one.data.data["taints"]),
            -one.data.data.get("weight", 0),
            price is None,
            price or Fraction(0),
            one.data.name,
        )

    return min(candidates, key=order, default=None)


def buffers(ledger: Ledger, found: Mapping[str, Pool], cluster: Cluster) -> None:
    """Room that the component overprovisioning holds free: pods that always run."""
    stated = settings(cluster.components, "overprovisioning")
    for name, one in sorted(stated["buffers"].items()) if stated is not None else ():
        if name not in found:
            continue
        wanted = one["resources"]
        wish = Wish(gpus=int(parse(wanted.get(GPU, "0"))), cpu=parse(wanted["cpu"]), memory=parse(wanted["memory"]))
        demand = _demand(found[name], wish, Span.of(one["replicas"])) if found[name].holds(wish) else None
        if demand is None:
            ledger.lacks(f'buffer of pool "{name}"', "no instance type that holds it has a price")
        else:
            found[name].tenants.append(Tenant(what="buffer", demand=demand))


def settle(ledger: Ledger, cluster: Cluster, pool: Pool) -> None:
    """The lines of a pool: each tenant's part, and what is paid and idle."""
    supply = Supply(
        fixed_nodes=pool.fixed_nodes,
        fixed_dollars=pool.fixed_dollars,
        launches=pool.launches,
        most=_most(pool) if pool.launches else None,
        utilization=Fraction(pool.data.data["cost"]["utilization"], 100),
    )
    found = bill(supply, [one.demand for one in pool.tenants])
    paid, parts = floored(found.paid), [floored(one) for one in found.parts]
    rest = _less(paid, total(parts))
    if parts and sum((one.maximum for one in found.parts), Fraction(0)) == found.paid.maximum:
        parts[0] += Amount(maximum=rest.maximum)  # nothing is idle: the rest is what rounding took
    if parts and sum((one.expected for one in found.parts), Fraction(0)) == found.paid.expected:
        parts[0] += Amount(expected=rest.expected)
    if parts and sum((one.minimum for one in found.parts), Fraction(0)) == found.paid.minimum:
        parts[0] += Amount(minimum=rest.minimum)
    for one, amount in zip(pool.tenants, parts, strict=True):
        ledger.add(one.what, amount, pool=pool.data.name, team=one.team, workload=one.workload)
    ledger.add("idle", _less(paid, total(parts)), pool=pool.data.name)


def _less(whole: Amount, part: Amount) -> Amount:
    return whole + Amount(minimum=-part.minimum, expected=-part.expected, maximum=-part.maximum)


def _title(pool: NodePool) -> str:
    return f'node pool "{pool.name}"'


def _closed(pool: NodePool) -> bool:
    """Whether taints keep pods away that do not name the pool."""
    return any(one["effect"] != "PreferNoSchedule" for one in pool.data["taints"].values())


def _wish(part: Workload) -> Wish:
    stated = part.data["resources"]
    gpus = stated["gpu"]["count"] if "gpu" in stated else 0
    return Wish(gpus=gpus, cpu=parse(stated["cpu"]), memory=parse(stated["memory"]), efa=stated["efa"])


def _demand(pool: Pool, wish: Wish, count: Span) -> Demand | None:
    """What so many pods take of a pool; None where no type that holds them has a price."""
    if wish not in pool.rates:
        pool.rates[wish] = _rate(pool, wish)
    rate = pool.rates[wish]
    if rate is None:
        return None
    part, month = rate
    return Demand(nodes=count * part, dollars=count * month, whole=part == 1)


def _rate(pool: Pool, wish: Wish) -> tuple[Fraction, Span] | None:
    """The part of a node that a pod takes, and what that costs a month where the node is launched for it.

    Of the types that hold the pod, the minimum is the cheapest, expected is the one that Karpenter launches, the
    cheapest by its price there, and the maximum the dearest.
    """
    fitting = [(part, one.launched) for one in pool.kinds if (part := one.part(wish)) is not None]
    priced = [(part, rate) for part, rate in fitting if rate is not None]
    if not priced:
        return (fitting[0][0], Span.of(0)) if pool.fixed_dollars and not pool.launches else None
    hour = Span(
        minimum=min(part * rate.minimum for part, rate in priced),
        expected=min(part * rate.expected for part, rate in priced),
        maximum=max(part * rate.maximum for part, rate in priced),
    )
    return min(priced, key=lambda one: one[0] * one[1].expected)[0], hour * HOURS_A_MONTH


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
            ledger.lacks_instance(_title(pool), cluster.region, name, "onDemand", pool=pool.name)
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
            ledger.lacks_instance(_title(pool.data), cluster.region, name, field, pool=pool.data.name)
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
            ledger.lacks_instance(_title(pool.data), cluster.region, name, "onDemand", pool=pool.data.name)
    if known:
        pool.fixed_nodes += more
        pool.fixed_dollars += more * (min(known) + volume) * HOURS_A_MONTH


def _most(pool: Pool) -> Span | None:
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
