"""What runs on each node pool of a cluster, and what the pool's nodes cost with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from paddock.analysis import running
from paddock.analysis.cost import Ledger, settings
from paddock.analysis.cost_supply import Pool, Tenant, Wish, most
from paddock.analysis.money import HOURS_A_MONTH, Amount, Span, floored, total
from paddock.analysis.pool_cost import Demand, Supply, bill
from paddock.devices import GPU
from paddock.model import Cluster, NodePool, Workload
from paddock.quantity import parse
from paddock.workloads import pods


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
        most=most(pool) if pool.launches else None,
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
