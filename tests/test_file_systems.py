"""File systems of a cluster's spec, and the buckets whose keys they need."""

from __future__ import annotations

from typing import Any

import fleets
from paddock import file_systems
from paddock.model import Cluster, Fleet

Json = Any
NAME = "example-dev-perception-checkpoints"


def made(stated: Json, *, components: Json = None) -> tuple[Fleet, Cluster]:
    eks = {**fleets.CLUSTER["eks"], "fileSystems": stated}
    train = fleets.cluster("train", {**fleets.CLUSTER, "eks": eks}, components=components)
    serve = fleets.cluster("serve", fleets.CLUSTER | {"role": "serving"})
    return fleets.fleet(clusters={"serve": serve, "train": train}), train


def test_defaults() -> None:
    _, cluster = made({"plain": {"capacity": "1200Gi", "zone": "us-east-1a"}})
    (one,) = file_systems.file_systems(cluster)
    assert (one.throughput, one.compression, one.backup_days, one.repositories) == (250, True, 7, ())


def test_one_that_is_linked_has_no_backups_and_only_reads() -> None:
    stated = {"bucket": "perception/checkpoints"}
    _, cluster = made({"linked": {"capacity": "1200Gi", "zone": "us-east-1a", "repositories": {"/data": stated}}})
    (one,) = file_systems.file_systems(cluster)
    assert one.backup_days == 0
    (repository,) = one.repositories
    assert (repository.folder, repository.prefix) == ("/data", "")
    assert (repository.imports, repository.exports) == (("CHANGED", "DELETED", "NEW"), ())


def test_buckets_that_file_systems_read_by_the_cluster_that_owns_their_key() -> None:
    """The bucket lies beside serve, the file system on train."""
    stated = {"/data": {"bucket": "perception/checkpoints"}, "/none": {"bucket": "perception/none"}}
    fleet, train = made({"linked": {"capacity": "1200Gi", "zone": "us-east-1a", "repositories": stated}})
    dev = fleet.environments["dev"]
    assert [one.name for one in file_systems.linked(dev, dev.clusters["serve"])] == [NAME]
    assert file_systems.linked(dev, train) == []


def test_buckets_of_the_drivers_classes_count_too() -> None:
    settings = {"repositories": {"backbones": {"bucket": "perception/checkpoints"}}, "fileSystems": {}}
    fleet, _ = made({}, components={"aws-fsx-csi-driver": settings})
    dev = fleet.environments["dev"]
    assert [one.name for one in file_systems.linked(dev, dev.clusters["serve"])] == [NAME]
