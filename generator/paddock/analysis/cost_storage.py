"""What storage costs: volumes of nodes and components, file systems, checkpoints and buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from paddock import buckets, file_systems, storage_classes, volumes
from paddock.analysis.cost import Ledger, no_price, settings
from paddock.analysis.money import HOURS_A_MONTH, Span
from paddock.analysis.prices import Prices
from paddock.buckets import Bucket
from paddock.model import Cluster, Environment, Fleet, Team, Workload
from paddock.quantity import parse

Json = Any

_GIB = 1 << 30
FREE_IOPS, FREE_THROUGHPUT = 3000, 125
"""What every gp3 volume has without extra cost: operations, and MiB, a second (Amazon EBS pricing, gp3)."""


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
                ledger.dollars("bucket", Span.of(gib_of(size) * price), team=team.name)


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
    month = _gp3(prices, region, gib_of(size), performance)
    return None if month is None else month / HOURS_A_MONTH


def of_file_systems(ledger: Ledger, prices: Prices, cluster: Cluster) -> None:
    made = list(file_systems.file_systems(cluster))
    for one in made:
        sku = f"fsx-persistent-2-{one.throughput}"
        price = prices.service(cluster.region, sku)
        if price is None:
            ledger.lacks(f'file system "{one.name}"', no_price(sku, cluster.region))
        else:
            ledger.dollars("file system", Span.of(gib_of(one.capacity) * price))
    for name in sorted(set(volumes.file_systems(cluster)) - {one.name for one in made}):
        ledger.lacks(f'file system "{name}"', "it is made elsewhere, and its throughput is not known here")


def of_components(ledger: Ledger, prices: Prices, cluster: Cluster) -> None:
    """Volumes of components, by their StorageClass."""
    for component, count, size, name in _claims(cluster):
        performance: Mapping[str, Json] = {}
        if name == "io2":
            storage = settings(cluster.components, "ebs-storage") or {}
            performance = {"iops": storage.get("io2", {}).get("iops", 0)}
        month = _ebs(prices, cluster.region, name, gib_of(size), performance)
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


def _stored(bucket: Bucket, sizes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Region, sku and size of what lies in a bucket and in its replica."""
    for storage_class, size in sorted(sizes.items()):
        if bucket.region is not None:
            yield bucket.region, _sku(storage_class), size
        if bucket.replication is not None:
            yield bucket.replication.region, _sku(bucket.replication.storage_class or storage_class), size


def _sku(storage_class: str) -> str:
    return f"s3-{storage_class.lower().replace('_', '-')}"


def gib_of(size: str) -> Fraction:
    return parse(size) / _GIB
