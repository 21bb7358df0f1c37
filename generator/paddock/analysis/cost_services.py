"""What a cluster costs beside the nodes of its pools: control plane, node groups, storage, databases, gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from paddock import buckets, file_systems, hosts, storage_classes, volumes
from paddock.analysis.cost import Ledger, no_price, settings
from paddock.analysis.money import HOURS_A_MONTH, Span
from paddock.analysis.prices import Prices
from paddock.buckets import Bucket
from paddock.kubernetes_releases import SUPPORT
from paddock.model import Cluster, Environment, Fleet, Team, Workload
from paddock.quantity import parse

Json = Any

_GIB = 1 << 30
FREE_IOPS, FREE_THROUGHPUT = 3000, 125
"""What every gp3 volume has without extra cost: operations, and MiB, a second (Amazon EBS pricing, gp3)."""


def services(ledger: Ledger, fleet: Fleet, environment: Environment, cluster: Cluster, as_of: str | None) -> None:
    """Everything of a cluster that is neither on a node pool nor a workload's."""
    prices = Prices(stated=fleet.platform.data.get("prices", {}))
    _control_plane(ledger, prices, cluster, as_of)
    for name in sorted(cluster.data["eks"]["nodeGroups"]):
        _node_group(ledger, prices, cluster, name)
    for name in sorted(cluster.data["eks"]["databases"]):
        _database(ledger, prices, environment, cluster, name)
    _file_systems(ledger, prices, cluster)
    _volumes(ledger, prices, cluster)
    vpc = cluster.data["network"].get("vpc")
    if vpc:
        count = 1 if vpc["natGateways"] == "one" else len(vpc["zones"])
        _hourly(ledger, prices, cluster, "gateway", "NAT gateways", "nat-gateway", count)
    _load_balancers(ledger, prices, fleet, environment, cluster)


def team_storage(ledger: Ledger, fleet: Fleet, environment: Environment, cluster: Cluster, team: Team) -> None:
    """A team's buckets that lie beside the cluster, with their replicas."""
    prices = Prices(stated=fleet.platform.data.get("prices", {}))
    for bucket in buckets.team_buckets(environment, team):
        if bucket.cluster is None or bucket.cluster.name != cluster.name:
            continue
        sizes = team.data["buckets"][bucket.short_name].get("expectedSize")
        subject = f'bucket "{bucket.short_name}" of team "{team.name}"'
        if sizes is None:
            ledger.lacks(subject, "no expectedSize is stated", team=team.name)
            continue
        for region, sku, size in _stored(bucket, sizes):
            price = prices.service(region, sku)
            if price is None:
                ledger.lacks(subject, no_price(sku, region), team=team.name)
            else:
                ledger.dollars("bucket", Span.of(_gib(size) * price), team=team.name)


def checkpoints(ledger: Ledger, prices: Prices, cluster: Cluster, workload: Workload) -> None:
    """The volume that a training workload keeps its checkpoints on; it exists between runs, too."""
    stated = workload.data.get("checkpoint")
    if stated is None:
        return
    subject = f'checkpoints of workload "{workload.team}/{workload.name}"'
    sku = _lustre(cluster, stated["storageClassName"])
    if sku is None:
        ledger.lacks(
            subject, f"storage class {stated['storageClassName']} is none of FSx for Lustre", team=workload.team
        )
        return
    price = prices.service(cluster.region, sku)
    if price is None:
        ledger.lacks(subject, no_price(sku, cluster.region), team=workload.team)
        return
    size = storage_classes.fsx_size(stated["size"])
    ledger.dollars("checkpoints", Span.of(size * price), team=workload.team, workload=workload.name)


def volume_an_hour(prices: Prices, region: str, size: str, performance: Mapping[str, Json]) -> Fraction | None:
    """What a node's gp3 volume costs an hour; None where nobody knows."""
    month = _gp3(prices, region, _gib(size), performance)
    return None if month is None else month / HOURS_A_MONTH


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
            ledger.lacks_instance(subject, cluster.region, one, "capacityBlock" if block else "onDemand")
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
    begin = _gib(stated["storage"])
    most = _gib(stated["maxStorage"]) if "maxStorage" in stated else 2 * begin
    hour = prices.service(cluster.region, stated["instanceClass"])
    gib = prices.service(cluster.region, "rds-storage")
    for price, what in ((hour, stated["instanceClass"]), (gib, "rds-storage")):
        if price is None:
            ledger.lacks(f'database "{name}"', no_price(what, cluster.region))
    grown = Span(minimum=begin, expected=begin, maximum=max(begin, most)) * (gib or 0)
    ledger.dollars("database", (Span.of((hour or 0) * HOURS_A_MONTH) + grown) * copies)


def _file_systems(ledger: Ledger, prices: Prices, cluster: Cluster) -> None:
    made = list(file_systems.file_systems(cluster))
    for one in made:
        sku = f"fsx-persistent-2-{one.throughput}"
        price = prices.service(cluster.region, sku)
        if price is None:
            ledger.lacks(f'file system "{one.name}"', no_price(sku, cluster.region))
        else:
            ledger.dollars("file system", Span.of(_gib(one.capacity) * price))
    for name in sorted(set(volumes.file_systems(cluster)) - {one.name for one in made}):
        ledger.lacks(f'file system "{name}"', "it is made elsewhere, and its throughput is not known here")


def _volumes(ledger: Ledger, prices: Prices, cluster: Cluster) -> None:
    """Volumes of components, by their StorageClass."""
    for component, count, size, name in _claims(cluster):
        performance: Mapping[str, Json] = {}
        if name == "io2":
            storage = settings(cluster.components, "ebs-storage") or {}
            performance = {"iops": storage.get("io2", {}).get("iops", 0)}
        month = _ebs(prices, cluster.region, name, _gib(size), performance)
        if month is None:
            ledger.lacks(f'volumes of component "{component}"', no_price(f"storage class {name}", cluster.region))
        else:
            ledger.dollars("volume", Span.of(month * count))


def _claims(cluster: Cluster) -> Iterator[tuple[str, int, str, str]]:
    """Component, number, size and StorageClass of the volumes that components claim."""
    prometheus = settings(cluster.components, "kube-prometheus-stack")
    if prometheus is not None:
        yield (
            "kube-prometheus-stack",
            prometheus["prometheus"]["replicas"],
            prometheus["prometheus"]["storage"],
            prometheus["storageClassName"],
        )
    search = settings(cluster.components, "opensearch")
    if search is not None:
        yield "opensearch", search["replicas"], search["storage"], search["storageClassName"]


def _ebs(prices: Prices, region: str, name: str, gib: Fraction, performance: Mapping[str, Json]) -> Fraction | None:
    """A month of a volume of a class; None where a price or the class is not known."""
    if name == "gp3":
        return _gp3(prices, region, gib, performance)
    if name != "io2":
        return None
    size, operation = prices.service(region, "io2"), prices.service(region, "io2-iops")
    if size is None or operation is None:
        return None
    return gib * size + Fraction(performance["iops"]) * operation


def _gp3(prices: Prices, region: str, gib: Fraction, performance: Mapping[str, Json]) -> Fraction | None:
    """A month of a gp3 volume: its size, and what it has beyond what is free."""
    size = prices.service(region, "gp3")
    found = None if size is None else gib * size
    extra = {
        "gp3-iops": performance.get("iops", FREE_IOPS) - FREE_IOPS,
        "gp3-throughput": performance.get("throughput", FREE_THROUGHPUT) - FREE_THROUGHPUT,
    }
    for sku, more in extra.items():
        price = prices.service(region, sku)
        if more > 0:
            found = None if found is None or price is None else found + more * price
    return found


def _lustre(cluster: Cluster, name: str) -> str | None:
    """What a volume of a StorageClass of aws-fsx-csi-driver is priced as; None for another class."""
    stated = settings(cluster.components, volumes.FSX)
    if stated is None or not name.startswith("fsx-lustre-"):
        return None
    if name == "fsx-lustre-persistent":
        return f"fsx-persistent-2-{stated['persistent']['perUnitStorageThroughput']}"
    return "fsx-scratch-2"  # as the templates of the component make it and every class of a repository


def _load_balancers(ledger: Ledger, prices: Prices, fleet: Fleet, environment: Environment, cluster: Cluster) -> None:
    """Application Load Balancers: who has one to itself pays for it."""
    for one in hosts.load_balancers(fleet, environment, cluster):
        price = prices.service(cluster.region, "load-balancer")
        if price is None:
            ledger.lacks("load balancers", no_price("load-balancer", cluster.region))
            continue
        hour = Span.of(price * HOURS_A_MONTH)
        ledger.dollars("load balancer", hour, team=one.team if one else "", workload=one.name if one else "")


def _stored(bucket: Bucket, sizes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Region, sku and size of what lies in a bucket and in its replica."""
    for storage_class, size in sorted(sizes.items()):
        if bucket.region is not None:
            yield bucket.region, _sku(storage_class), size
        if bucket.replication is not None:
            yield bucket.replication.region, _sku(bucket.replication.storage_class or storage_class), size


def _sku(storage_class: str) -> str:
    return f"s3-{storage_class.lower().replace('_', '-')}"


def _gib(size: str) -> Fraction:
    return parse(size) / _GIB
