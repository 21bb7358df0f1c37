"""StorageClasses that a cluster is said to have are those that are rendered, and FSx sizes are upstream's."""

from __future__ import annotations

from functools import cache

import pytest

from paddock import load, storage_classes
from paddock.pipeline import Result
from repositories import gathered, reference, reference_result

CLUSTERS = (
    "dev-shared-iad",
    "prod-hub-iad",
    "prod-serve-fra",
    "prod-train-fra",
    "prod-train-iad",
    "staging-serve-fra",
    "staging-train-iad",
)


@cache
def result() -> Result:
    return reference_result()


@pytest.mark.parametrize("identity", CLUSTERS)
def test_what_is_provided_is_what_is_rendered(identity: str) -> None:
    loaded = load.load(gathered(reference()))
    assert loaded.fleet is not None
    cluster = next(one for one in loaded.fleet.clusters() if one.identity == identity)
    rendered = {
        one.name: one.path.split("/components/")[1].split("/")[0]
        for refs in result().objects.values()
        for one in refs
        if one.kind == "StorageClass" and one.cluster == identity
    }
    assert storage_classes.provided(cluster, loaded.catalogue) == dict(sorted(rendered.items()))
    assert rendered


def test_the_reference_platform_has_every_kind_of_class() -> None:
    names = {one.name for refs in result().objects.values() for one in refs if one.kind == "StorageClass"}
    assert names == {"fsx-lustre-backbones", "fsx-lustre-persistent", "fsx-lustre-scratch", "gp3", "io2"}


def upstream_size(wanted: int) -> int:
    """GiB by RoundUpVolumeSize of aws-fsx-csi-driver for SSD: below 2400 GiB in steps of 1200, then of 2400."""
    step = 1200 if wanted < 2400 else 2400
    return -(-wanted // step) * step


@pytest.mark.parametrize("wanted", [1, 1199, 1200, 1201, 2399, 2400, 2401, 3600, 4800, 4801, 9600, 30000])
def test_fsx_size(wanted: int) -> None:
    assert storage_classes.fsx_size(f"{wanted}Gi") == upstream_size(wanted)


@pytest.mark.parametrize(("size", "gibibytes"), [("1Ti", 1200), ("3Ti", 4800), ("1.5Ti", 2400), ("2400000Mi", 2400)])
def test_fsx_size_of_other_units(size: str, gibibytes: int) -> None:
    assert storage_classes.fsx_size(size) == gibibytes


@pytest.mark.parametrize(("size", "smaller"), [(1200, None), (2400, 1200), (4800, 2400), (9600, 7200)])
def test_fsx_smaller(size: int, smaller: int | None) -> None:
    assert storage_classes.fsx_smaller(size) == smaller
