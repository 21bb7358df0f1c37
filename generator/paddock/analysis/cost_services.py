"""What a cluster costs beside its pools and its storage: control plane, node groups, databases, gateways."""

from __future__ import annotations

from fractions import Fraction

from paddock import hosts
from paddock.analysis.cost import Ledger, no_price
from paddock.analysis.cost_storage import gib_of, of_components, of_file_systems, volume_an_hour
from paddock.analysis.money import HOURS_A_MONTH, Span
from paddock.analysis.prices import Prices
from paddock.kubernetes_releases import SUPPORT
from paddock.model import Cluster, Environment, Fleet


def services(ledger: Ledger, fleet: Fleet, environment: Environment, cluster: Cluster, as_of: str | None) -> None:
    """Everything of a cluster that is neither on a node pool nor a workload's."""
    prices = Prices(stated=fleet.platform.data.get("prices", {}))
    _control_plane(ledger, prices, cluster, as_of)
    for name in sorted(cluster.data["eks"]["nodeGroups"]):
        _node_group(ledger, prices, cluster, name)
    for name in sorted(cluster.data["eks"]["databases"]):
        _database(ledger, prices, environment, cluster, name)
    of_file_systems(ledger, prices, cluster)
    of_components(ledger, prices, cluster)
    vpc = cluster.data["network"].get("vpc")
    if vpc:
        count = 1 if vpc["natGateways"] == "one" else len(vpc["zones"])
        _hourly(ledger, prices, cluster, "gateway", "NAT gateways", "nat-gateway", count)
    _load_balancers(ledger, prices, fleet, environment, cluster)


def _control_plane(ledger: Ledger, prices: Prices, cluster: Cluster, as_of: str | None) -> None:
    """The cluster itself, its size where that is provisioned, and from the end of standard support the surcharge."""
    skus = ["eks-cluster"]
    support = SUPPORT.get(cluster.kubernetes_version)
    extended = cluster.data["eks"]["supportType"] == "EXTENDED"
    if extended and support and as_of is not None and support.standard < as_of:
        skus.append("eks-extended-support")
    if cluster.data["eks"]["controlPlaneTier"] != "standard":
        skus.append(f"eks-{cluster.data['eks']['controlPlaneTier']}")
    for sku in skus:
        _hourly(ledger, prices, cluster, "control plane", "control plane", sku, 1)


def _hourly(ledger: Ledger, prices: Prices, cluster: Cluster, what: str, subject: str, sku: str, count: int) -> None:
    price = prices.service(cluster.region, sku)
    if not count:
        return
    if price is None:
        ledger.lacks(subject, no_price(sku, cluster.region))
    else:
        ledger.dollars(what, Span.of(price * count * HOURS_A_MONTH))


def _node_group(ledger: Ledger, prices: Prices, cluster: Cluster, name: str) -> None:
    """A managed node group: nothing grows it by itself, so its least size is what to expect. On demand EKS takes the
    first type that it can get (EKS user guide, "Managed node group capacity types"). A capacity block is paid whole."""
    stated = cluster.data["eks"]["nodeGroups"][name]
    block = stated["capacityType"] == "CAPACITY_BLOCK"
    capacity = frozenset({"spot"} if stated["capacityType"] == "SPOT" else {"on-demand"})
    subject, pool = f'node group "{name}"', f"{name} (node group)"
    rates: list[Span] = []
    for one in stated["instanceTypes"]:
        paid = prices.instance(cluster.region, one, "capacityBlock") if block else None
        rate = (Span.of(paid) if paid else None) if block else prices.launched(cluster.region, one, capacity)
        if rate is None:
            at = ("eks", "nodeGroups", name, "instanceTypes")
            ledger.lacks_instance(subject, cluster.region, one, "capacityBlock" if block else "onDemand", at=at)
        else:
            rates.append(rate)
    if not rates:
        return
    volume = volume_an_hour(prices, cluster.region, stated["volume"], stated.get("volumePerformance", {}))
    if volume is None:
        ledger.lacks(f"volumes of {subject}", no_price("gp3", cluster.region))
    expected = min(rates, key=lambda one: one.expected) if "spot" in capacity else rates[0]
    hour = Span(
        minimum=min(one.minimum for one in rates),
        expected=expected.expected,
        maximum=max(one.maximum for one in rates),
    )
    least = stated["maxSize"] if block else stated["minSize"]
    sizes = Span(minimum=Fraction(least), expected=Fraction(least), maximum=Fraction(stated["maxSize"]))
    ledger.dollars("node group", (hour + Span.of(volume or 0)) * sizes * HOURS_A_MONTH, pool=pool)


def _database(ledger: Ledger, prices: Prices, environment: Environment, cluster: Cluster, name: str) -> None:
    """An instance of RDS, its standby, and storage from what it begins with to what it may grow to."""
    stated = cluster.data["eks"]["databases"][name]
    copies = 2 if stated.get("multiAZ", environment.production) else 1
    begin = gib_of(stated["storage"])
    most = gib_of(stated["maxStorage"]) if "maxStorage" in stated else 2 * begin
    hour = prices.service(cluster.region, stated["instanceClass"])
    gib = prices.service(cluster.region, "rds-storage")
    for price, what in ((hour, stated["instanceClass"]), (gib, "rds-storage")):
        if price is None:
            ledger.lacks(f'database "{name}"', no_price(what, cluster.region))
    grown = Span(minimum=begin, expected=begin, maximum=max(begin, most)) * (gib or 0)
    ledger.dollars("database", (Span.of((hour or 0) * HOURS_A_MONTH) + grown) * copies)


def _load_balancers(ledger: Ledger, prices: Prices, fleet: Fleet, environment: Environment, cluster: Cluster) -> None:
    """Application Load Balancers: who has one to itself pays for it."""
    for one in hosts.load_balancers(fleet, environment, cluster):
        price = prices.service(cluster.region, "load-balancer")
        if price is None:
            ledger.lacks("load balancers", no_price("load-balancer", cluster.region))
            continue
        hour = Span.of(price * HOURS_A_MONTH)
        ledger.dollars("load balancer", hour, team=one.team if one else "", workload=one.name if one else "")
