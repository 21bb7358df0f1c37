"""Which notebooks a team may start: what its spec states, else what follows from its quota and the cluster's pools."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from fleets import CLUSTER, cluster, filled
from paddock import notebooks
from paddock.analysis.feasibility import Request
from paddock.checks import fitting
from paddock.model import Cluster, Origin, Team

Json = Any

GI = 1 << 30
POOL = {"capacityTypes": ["on-demand"], "zones": ["us-east-1a"]}
POOLS = {
    "general": {**POOL, "instanceTypes": ["m7i.4xlarge"], "limits": {"cpu": "64"}},
    "l40s": {
        **POOL,
        "gpu": {"model": "l40s"},
        "instanceTypes": ["g6e.12xlarge", "g6e.2xlarge"],
        "limits": {"nvidia.com/gpu": "16"},
    },
    "l40s-spot": {
        **POOL,
        "gpu": {"model": "l40s"},
        "instanceTypes": ["g6e.4xlarge"],
        "limits": {"nvidia.com/gpu": "16"},
    },
    "h100": {
        **POOL,
        "gpu": {"model": "h100"},
        "instanceTypes": ["p5.48xlarge"],
        "efa": True,
        "limits": {"nvidia.com/gpu": "16"},
    },
    "a10g": {
        **POOL,
        "gpu": {"model": "a10g"},
        "instanceTypes": ["g5.2xlarge"],
        "replicas": 2,
        "limits": {"nodes": "3"},
    },
}
QUOTA = {"requests.cpu": "64", "requests.memory": "512Gi", "requests.nvidia.com/gpu": "4", "requests.storage": "1Ti"}


def flavors(*pools: str) -> Json:
    return {name: {"nvidia.com/gpu": {"nominalQuota": "2"}} for name in pools}


def hub(**components: Json) -> Cluster:
    return cluster("train", CLUSTER | {"nodePools": POOLS}, components={"jupyterhub": {}, **components})


def team(*, quota: Json = QUOTA, of: Json = None, **spec: Json) -> Team:
    stated = {
        "description": "Sees things",
        "owners": ["@example/perception"],
        "costCenter": "cc-1",
        "groups": {"edit": "perception-edit"},
        "alerts": {"slackChannel": "#perception"},
        "clusters": {"train": {"quota": quota, "flavors": of or {}}},
        **spec,
    }
    return Team(
        name="perception", data=filled("Team", "perception", stated), origin=Origin(base="t.yaml"), environment="dev"
    )


def names(found: list[notebooks.Profile]) -> list[str]:
    return [one.name for one in found]


def test_without_profiles_they_follow_from_the_quota() -> None:
    small, large, gpu = notebooks.profiles(hub(), team(of=flavors("l40s", "l40s-spot", "h100", "a10g")))
    assert (small.name, small.cpu, small.memory, small.pools) == ("small", 2, 8 * GI, ())
    assert (large.name, large.cpu, large.memory) == ("large", 8, 32 * GI)
    # g6e.2xlarge, the smallest: 8 CPUs and 64 GiB for one GPU. Nodes with EFA and nodes that always run are left out.
    assert (gpu.name, gpu.model, gpu.gpus, gpu.cpu, gpu.memory) == ("l40s", "l40s", 1, 7, 54 * GI)
    assert [one.name for one in gpu.pools] == ["l40s", "l40s-spot"]
    wanted = Request(gpu_model=gpu.model, gpus=gpu.gpus, cpu=gpu.cpu, memory=gpu.memory)
    assert all(one.obstacle(wanted) is None for one in fitting.offers(hub(), {}) if one.pool in gpu.pools)


def test_only_pools_of_the_team_s_quota() -> None:
    assert names(notebooks.profiles(hub(), team())) == ["small", "large"]
    none = {"l40s": {"nvidia.com/gpu": {"nominalQuota": "0"}}}
    assert names(notebooks.profiles(hub(), team(of=none))) == ["small", "large"]
    [*_, gpu] = notebooks.profiles(hub(), team(of=flavors("l40s-spot")))
    assert [one.name for one in gpu.pools] == ["l40s-spot"]


@pytest.mark.parametrize(
    ("key", "limit", "left"),
    [
        ("requests.cpu", "7", ["small", "l40s"]),
        ("cpu", "1", []),
        ("requests.memory", "40Gi", ["small", "large"]),
        ("limits.memory", "10Gi", ["small"]),
        ("requests.nvidia.com/gpu", "0", ["small", "large"]),
        ("requests.storage", "10Gi", []),
    ],
)
def test_what_the_quota_does_not_hold_is_not_offered(key: str, limit: str, left: list[str]) -> None:
    assert names(notebooks.profiles(hub(), team(quota={**QUOTA, key: limit}, of=flavors("l40s")))) == left


def test_the_limit_of_containers_counts() -> None:
    limited = {"cpu": "1", "memory": "1Gi", "maxMemory": "16Gi"}
    assert names(notebooks.profiles(hub(), team(of=flavors("l40s"), containerDefaults=limited))) == ["small"]


def test_stated_profiles_replace_the_derived_and_the_smallest_comes_first() -> None:
    stated = {
        "a-gpu": {"cpu": "4", "memory": "30Gi", "gpu": {"model": "l40s", "count": 1}},
        "b": {"title": "Look at data", "cpu": "1500m", "memory": "4Gi"},
    }
    first, second = notebooks.profiles(hub(), team(notebooks={"profiles": stated}))
    assert (first.name, first.title, first.cpu) == ("b", "Look at data", Fraction(3, 2))
    assert (second.name, second.title, second.gpus) == ("a-gpu", "a-gpu", 1)
    assert [one.name for one in second.pools] == ["l40s", "l40s-spot"]


def test_shared_gpus_are_for_who_names_the_pool() -> None:
    shared = {**POOLS["l40s"], "gpu": {"model": "l40s", "timeSlicing": "four"}}
    place = cluster("train", CLUSTER | {"nodePools": {"l40s": shared}}, components={"jupyterhub": {}})
    stated = {"gpu": {"cpu": "4", "memory": "30Gi", "gpu": {"model": "l40s", "count": 1}}}
    [one] = notebooks.profiles(place, team(notebooks={"profiles": stated}))
    assert one.pools == ()
    assert names(notebooks.profiles(place, team(of=flavors("l40s")))) == ["small", "large"]


def test_nothing_where_nothing_is_offered() -> None:
    assert notebooks.profiles(cluster("train", CLUSTER), team()) == []
    assert notebooks.profiles(hub(), team(notebooks={"enabled": False})) == []
    elsewhere = cluster("serve", CLUSTER, components={"jupyterhub": {}})
    assert notebooks.profiles(elsewhere, team()) == []


def test_kueue_queues_pods_only_where_it_is_told_to() -> None:
    queued = team(of=flavors("l40s"))
    assert notebooks.queued(hub(kueue={"frameworks": ["batch/job", "pod"]}), queued)
    assert not notebooks.queued(hub(kueue={"frameworks": ["batch/job", "pod"]}), team())
    assert not notebooks.queued(hub(kueue={"frameworks": ["batch/job"]}), queued)
    assert not notebooks.queued(hub(), queued)
