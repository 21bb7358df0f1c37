"""Buffers of pause pods and the priority classes of pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

import fleets
from paddock import workloads
from paddock.components import overprovisioning
from paddock.workloads import pods

Json = Any
SIZE = {"cpu": "4", "memory": "16Gi"}
CLASSES = {
    "serving": {"value": 100, "description": "Serves.", "workloads": ["inference", "service"]},
    "training": {"value": 10, "description": "Trains.", "workloads": ["training"], "preemptionPolicy": "Never"},
}


def buffers(**stated: Json) -> list[Json]:
    fleet = fleets.fleet()
    cluster = fleet.environments["dev"].clusters["train"]
    view = overprovisioning.view(fleet, cluster, {"image": fleets.IMAGE, "buffers": stated}, {})
    assert view["image"] == f"registry.example.com/perception/bev:1.8.2@{fleets.DIGEST}"
    found: list[Json] = view["buffers"]
    return found


def test_a_buffer_is_on_the_nodes_of_its_pool() -> None:
    (buffer,) = buffers(h100={"replicas": 3, "resources": {**SIZE, "nvidia.com/gpu": "8"}})
    assert (buffer["name"], buffer["replicas"]) == ("buffer-h100", 3)
    assert buffer["nodeSelector"] == {"ml.example.com/pool": "h100"}
    assert [one["key"] for one in buffer["tolerations"]] == ["nvidia.com/gpu", "team"]
    assert buffer["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "8"},
        "limits": {"memory": "16Gi", "nvidia.com/gpu": "8"},
    }


def test_buffers_of_two_pools_never_select_each_others_pods() -> None:
    size = {"replicas": 1, "resources": SIZE}
    one, other = buffers(cpu=size, l40s=size, **{"no-such-pool": size})
    assert one["selector"] != other["selector"]
    assert one["selector"].items() <= one["podLabels"].items()


def classes(*components: str) -> tuple[Any, Any]:
    """A fleet with priority classes, and a cluster of it with some components."""
    fleet = fleets.fleet()
    platform = replace(
        fleet.platform, data=fleets.filled("Platform", "example", fleets.PLATFORM | {"priorityClasses": CLASSES})
    )
    cluster = fleets.cluster("train", fleets.CLUSTER, components={one: {} for one in components})
    return replace(fleet, platform=platform), cluster


SPECS: Mapping[str, Json] = {
    "inference": fleets.INFERENCE,
    "service": fleets.SERVICE,
    "training": fleets.TRAINING,
}


@pytest.mark.parametrize(("type", "name"), [("inference", "serving"), ("service", "serving"), ("training", "training")])
def test_pods_have_the_class_of_their_type(type: str, name: str) -> None:
    fleet, cluster = classes("priority-classes")
    workload = fleets.workload("bev", SPECS[type])
    assert pods.priority_class(fleet, cluster, workload) == name
    dev = fleet.environments["dev"]
    context = workloads.VIEWS[type](fleet, dev, cluster, dev.teams["perception"], workload)
    objects = fleets.rendered(f"workloads/{type}", context)
    named = [one for key, one in objects.items() if f"'priorityClassName': '{name}'" in str(one)]
    assert [one["kind"] for one in named] == [
        {"inference": "InferenceService", "service": "Deployment", "training": "TrainingRuntime"}[type]
    ]


def test_no_class_where_the_cluster_has_none() -> None:
    """A pod whose class does not exist is refused."""
    fleet, cluster = classes()
    assert pods.priority_class(fleet, cluster, fleets.workload("bev", fleets.TRAINING)) is None
    fleet = fleets.fleet()
    cluster = fleets.cluster("train", fleets.CLUSTER, components={"priority-classes": {}})
    assert pods.priority_class(fleet, cluster, fleets.workload("bev", fleets.TRAINING)) is None
