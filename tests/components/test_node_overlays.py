"""NodeOverlays: Karpenter is told what nodes offer whose GPUs are cut (MIG) or shared (time-slicing)."""

from __future__ import annotations

from typing import Any

import pytest

import fleets
from paddock.components import karpenter
from paddock.gpu_slices import advertised, slices
from paddock.instances import instances
from paddock.model import Cluster

Json = Any

OPERATOR: Json = {"mig": {"strategy": "single"}, "timeSlicing": {}}


def cluster(pools: Json, **operator: Json) -> Cluster:
    spec = fleets.CLUSTER | {"nodePools": pools}
    return fleets.cluster("train", spec, components={"gpu-operator": OPERATOR | operator})


def sharing(*types: str, model: str, **how: Json) -> Json:
    return fleets.pool(*types) | {"gpu": {"model": model, **how}}


def overlays(pools: Json, **operator: Json) -> list[Json]:
    one = cluster(pools, **operator)
    found = karpenter.view(fleets.fleet(clusters={"train": one}), one, {"kubelet": {}, "tags": {}}, {})
    assert found["nodeOverlay"] is bool(found["overlays"])
    result: list[Json] = found["overlays"]
    return result


def four(*, rename: bool = False) -> Json:
    return {"timeSlicing": {"four": {"replicas": 4, "renameByDefault": rename}}}


def test_whole_gpus_need_none() -> None:
    assert overlays({"l4": fleets.pool("g6.2xlarge", gpu="l4"), "cpu": fleets.pool("m7i.4xlarge")}) == []


def test_a_slice_is_a_gpu() -> None:
    (one,) = overlays({"a100": sharing("p4d.24xlarge", model="a100", mig="all-1g.5gb")})
    assert one == {
        "name": "a100",
        "requirements": [
            {"key": "karpenter.sh/nodepool", "operator": "In", "values": ["a100"]},
            {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p4d.24xlarge"]},
        ],
        "capacity": {"nvidia.com/gpu": "56"},
    }


def test_types_that_offer_different_numbers_have_overlays_of_their_own() -> None:
    """g6.12xlarge has four GPUs, the others one. No pool's name has a dot."""
    pools = {"l4": sharing("g6.12xlarge", "g6.4xlarge", "g6.2xlarge", model="l4", timeSlicing="four")}
    found = {one["name"]: (one["requirements"][1]["values"], one["capacity"]) for one in overlays(pools, **four())}
    assert found == {
        "l4.4": (["g6.2xlarge", "g6.4xlarge"], {"nvidia.com/gpu": "4"}),
        "l4.16": (["g6.12xlarge"], {"nvidia.com/gpu": "16"}),
    }


def test_a_renamed_resource_takes_the_place_of_the_other() -> None:
    (one,) = overlays({"l4": sharing("g6.2xlarge", model="l4", timeSlicing="four")}, **four(rename=True))
    assert one["capacity"] == {"nvidia.com/gpu": "0", "nvidia.com/gpu.shared": "4"}


def test_strategy_mixed_names_the_size() -> None:
    pools = {"h100": sharing("p5.48xlarge", model="h100", mig="all-balanced")}
    (one,) = overlays(pools, mig={"strategy": "mixed"})
    assert one["capacity"] == {
        "nvidia.com/gpu": "0",
        "nvidia.com/mig-1g.10gb": "16",
        "nvidia.com/mig-2g.20gb": "8",
        "nvidia.com/mig-3g.40gb": "8",
    }


def test_slices_that_are_shared_too() -> None:
    pools = {"a100": sharing("p4d.24xlarge", model="a100", mig="all-3g.20gb", timeSlicing="four")}
    assert [one["capacity"] for one in overlays(pools, **four())] == [{"nvidia.com/gpu": "64"}]


@pytest.mark.parametrize(
    ("pool", "operator"),
    [
        pytest.param(sharing("p4d.24xlarge", model="a100", mig="all-1g.9gb"), {}, id="unknown profile"),
        pytest.param(sharing("p4d.24xlarge", model="a100", mig="all-balanced"), {}, id="single cannot offer several"),
        pytest.param(
            sharing("p4d.24xlarge", model="a100", mig="all-1g.5gb"), {"mig": {"strategy": "none"}}, id="no strategy"
        ),
        pytest.param(sharing("g6.2xlarge", model="l4", timeSlicing="eight"), four(), id="unknown slicing"),
        pytest.param(
            sharing("g6.2xlarge", model="l4", timeSlicing="four") | {"ami": "bottlerocket@1.54.0"},
            four(),
            id="Bottlerocket's plugin reads no label",
        ),
        pytest.param(
            sharing("g6.2xlarge", model="l4", timeSlicing="four") | {"replicas": 2, "limits": {"nodes": "3"}},
            four(),
            id="static nodes are there without a look at pods",
        ),
    ],
)
def test_nothing_is_said_that_may_be_wrong(pool: Json, operator: Json) -> None:
    assert overlays({"pool": pool}, **operator) == []


def test_the_plugin_alone_shares_too() -> None:
    spec = fleets.CLUSTER | {"nodePools": {"l4": sharing("g6.2xlarge", model="l4", timeSlicing="four")}}
    one = fleets.cluster("train", spec, components={"nvidia-device-plugin": four()})
    assert advertised(one, one.node_pools["l4"], instances()["g6.2xlarge"]) == {"nvidia.com/gpu": 4}


@pytest.mark.parametrize(
    ("instance", "profile", "count"),
    [
        ("p4d.24xlarge", "all-1g.5gb", 7),
        ("p4d.24xlarge", "all-1g.10gb", 4),
        ("p4de.24xlarge", "all-1g.10gb", 7),
        ("p5.48xlarge", "all-1g.20gb", 4),
        ("p5en.48xlarge", "all-1g.18gb", 7),
        ("p5en.48xlarge", "all-7g.141gb", 1),
        ("p6-b200.48xlarge", "all-2g.45gb", 3),
        ("p6-b200.48xlarge", "all-7g.180gb", 1),
        ("p6-b300.48xlarge", "all-1g.34gb.me", 1),
        ("p6-b300.48xlarge", "all-4g.135gb", 1),
    ],
)
def test_profiles_are_those_of_the_mig_manager(instance: str, profile: str, count: int) -> None:
    """NVIDIA/gpu-operator v26.7.0, assets/state-mig-manager/0400_configmap.yaml."""
    assert slices(instances()[instance])[profile] == {profile.removeprefix("all-"): count}


def test_every_gpu_with_mig_has_profiles_and_no_other() -> None:
    with_mig = {one.gpu_model for one in instances().values() if slices(one)}
    assert with_mig == {"a100", "b200", "b300", "h100", "h200"}
