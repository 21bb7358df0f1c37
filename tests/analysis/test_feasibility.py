"""Feasibility: each constraint by name, and agreement with an exhaustive search that is written differently."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from paddock.analysis.allocatable import Allocatable, allocatable
from paddock.analysis.feasibility import Constraint, Obstacle, Request, obstacle
from paddock.instances import InstanceType, instances
from paddock.model import NodePool
from paddock.quantity import parse

GIB = 1 << 30


def pool(**data: Any) -> NodePool:
    stated = {
        "gpu": {"model": "h100"},
        "instanceTypes": ["p5.48xlarge"],
        "zones": ["us-east-1a"],
        "limits": {},
        "efa": True,
        "volume": "500Gi",
    }
    return NodePool(name="x", data={key: one for key, one in {**stated, **data}.items() if one is not None})


def request(**data: Any) -> Request:
    stated: dict[str, Any] = {"gpu_model": "h100", "gpus": 8, "cpu": Fraction(160), "memory": Fraction(1600 * GIB)}
    return Request(**{**stated, **data})


def against(one: NodePool, asked: Request) -> Obstacle | None:
    return obstacle(one, asked, lambda instance: allocatable(instance, one, {}))


def test_what_fits() -> None:
    assert against(pool(), request()) is None


@pytest.mark.parametrize(
    ("data", "asked", "constraint"),
    [
        ({"gpu": {"model": "l4"}}, {}, Constraint.MODEL),
        ({"gpu": None}, {}, Constraint.MODEL),
        ({"gpu": {"model": "h100", "mig": "all-1g.10gb"}}, {}, Constraint.SHARING),
        ({"efa": False}, {"efa": 32}, Constraint.EFA),
        ({}, {"zones": frozenset({"us-east-1b"})}, Constraint.ZONES),
        ({}, {"architectures": frozenset({"arm64"})}, Constraint.ARCHITECTURE),
        ({"instanceTypes": ["p5.4xlarge"]}, {}, Constraint.GPUS),
        ({}, {"cpu": Fraction(192)}, Constraint.CPU),
        # 2048 GiB by the data sheet, but Karpenter takes 7.5 % for the hypervisor before it starts the first node.
        ({}, {"memory": Fraction(1900 * GIB)}, Constraint.MEMORY),
        ({}, {"ephemeral": Fraction(450 * GIB)}, Constraint.EPHEMERAL),
        ({"replicas": 3}, {"nodes": 4}, Constraint.REPLICAS),
        ({"limits": {"nvidia.com/gpu": "24"}}, {"nodes": 4}, Constraint.LIMITS),
        ({"limits": {"nodes": "3"}}, {"nodes": 4}, Constraint.LIMITS),
        ({"limits": {"cpu": "767"}}, {"nodes": 4}, Constraint.LIMITS),
        ({"limits": {"memory": "8191Gi"}}, {"nodes": 4}, Constraint.LIMITS),
    ],
)
def test_the_constraint_that_rules_a_pool_out(
    data: dict[str, Any], asked: dict[str, Any], constraint: Constraint
) -> None:
    found = against(pool(**data), request(**asked))
    assert found is not None
    assert found.constraint is constraint


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        ({"limits": {"nvidia.com/gpu": "32", "nodes": "4", "cpu": "768", "memory": "8Ti"}}, {"nodes": 4}),
        ({"replicas": 4}, {"nodes": 4}),
        ({"replicas": 4}, {"memory": Fraction(1900 * GIB)}),  # its nodes are there: no overhead is guessed
        ({"gpu": {"model": "h100", "mig": "all-1g.10gb"}}, {"pool": "x"}),
        ({"instanceStore": "RAID0"}, {"ephemeral": Fraction(450 * GIB)}),
        ({"instanceTypes": ["p5.4xlarge", "p5.48xlarge"]}, {}),
        ({"instanceTypes": ["not-in-the-table"]}, {}),
        (
            {"limits": {"nvidia.com/gpu": "8"}},
            {"nodes": 4, "gpus": 2, "cpu": Fraction(40), "memory": Fraction(400 * GIB)},
        ),
    ],
)
def test_what_is_legal_at_the_edge(data: dict[str, Any], asked: dict[str, Any]) -> None:
    assert against(pool(**data), request(**asked)) is None


def test_the_type_that_comes_closest_is_named() -> None:
    found = against(pool(instanceTypes=["p5.4xlarge", "p5.48xlarge"]), request(memory=Fraction(1900 * GIB)))
    assert found == Obstacle(
        constraint=Constraint.MEMORY, found="1893.7 GiB", wanted="1900 GiB", instance="p5.48xlarge"
    )


# The exhaustive search: every way to spread the workload over every mix of nodes, one pod after the other.


def possible(one: NodePool, asked: Request) -> bool:
    """Whether nodes can be bought one by one and filled one by one within every limit."""
    rules = (
        one.gpu_model == asked.gpu_model
        and (not asked.efa or one.efa)
        and (not asked.zones or any(zone in asked.zones for zone in one.data["zones"]))
        and not (one.shared_gpus and asked.pool != one.name)
    )
    if not rules:
        return False
    types = [instances()[name] for name in one.data["instanceTypes"]]
    limits = {name: parse(text) for name, text in one.data["limits"].items()}
    if "replicas" in one.data:
        limits["nodes"] = min(Fraction(one.data["replicas"]), limits.get("nodes", Fraction(10**9)))
    # Limits are independent of each other here as they are there: each alone must admit some mix of nodes.
    return all(_admits(one, asked, types, resource, limit) for resource, limit in (limits or {"": Fraction(0)}).items())


def _admits(one: NodePool, asked: Request, types: list[InstanceType], resource: str, limit: Fraction) -> bool:
    for count in range(1, asked.nodes + 1):
        for mix in itertools.combinations_with_replacement(types, count):
            spent = sum((_spent(each, resource) for each in mix), Fraction(0))
            if spent <= limit and sum(_filled(one, each, asked) for each in mix) >= asked.nodes:
                return True
    return False


def _spent(instance: InstanceType, resource: str) -> Fraction:
    return {
        "": Fraction(0),
        "nodes": Fraction(1),
        "cpu": Fraction(instance.vcpus),
        "nvidia.com/gpu": Fraction(instance.gpu_count),
        "memory": Fraction(instance.memory_gib * GIB),
    }[resource]


def _filled(one: NodePool, instance: InstanceType, asked: Request) -> int:
    """Pods put on an empty node until one is refused."""
    node = allocatable(instance, one, {})
    left = [node.cpu, node.memory, node.ephemeral, Fraction(instance.gpu_count), Fraction(instance.efa_interfaces)]
    each = [asked.cpu, asked.memory, asked.ephemeral, Fraction(asked.gpus), Fraction(asked.efa)]
    placed = 0
    while (
        placed < min(asked.nodes, node.pods)
        and (not asked.architectures or instance.arch in asked.architectures)
        and all(has >= wants for has, wants in zip(left, each, strict=True))
    ):
        left = [has - wants for has, wants in zip(left, each, strict=True)]
        placed += 1
    return placed


MODELS = ("h100", "l40s", "a10g", "l4", None)
TYPES = {
    model: [name for name, one in instances().items() if one.gpu_model == model and one.gpu_count >= bool(model)]
    for model in MODELS
}


def cases(count: int) -> Iterator[tuple[NodePool, Request]]:
    """Pools and requests near each other's edges, always the same."""
    dice = random.Random(20261125)
    for _ in range(count):
        model = dice.choice(MODELS)
        names = dice.sample(TYPES[model], k=min(len(TYPES[model]), dice.randint(1, 3)))
        largest = max((instances()[name] for name in names), key=lambda one: one.memory_gib)
        data: dict[str, Any] = {
            "gpu": {"model": model} if model else None,
            "instanceTypes": names,
            "zones": dice.sample(["us-east-1a", "us-east-1b"], k=dice.randint(1, 2)),
            "efa": dice.random() < 0.7,
            "volume": f"{dice.choice((100, 500))}Gi",
            "limits": _limits(dice, largest),
        }
        if dice.random() < 0.2:
            data["replicas"] = dice.randint(1, 5)
        if dice.random() < 0.2:
            data["instanceStore"] = "RAID0"
        yield (
            pool(**data),
            Request(
                gpu_model=model if dice.random() < 0.95 else dice.choice(MODELS),
                gpus=dice.choice((1, 1, 2, 4, 8)) if model else 0,
                cpu=Fraction(max(1, int(largest.vcpus * dice.choice((0.1, 0.1, 0.3, 0.49, 0.5, 0.9, 1))))),
                memory=Fraction(int(largest.memory_gib * dice.choice((0.1, 0.1, 0.3, 0.45, 0.5, 0.9, 1))) * GIB),
                ephemeral=Fraction(dice.choice((0, 0, 0, 0, 50, 89, 90, 449)) * GIB),
                efa=dice.choice((0, 0, 0, 0, 0, 1, 4, 32)),
                nodes=dice.randint(1, 4),
                zones=frozenset(dice.sample(["us-east-1a", "us-east-1b"], k=dice.choice((0, 0, 0, 0, 1)))),
                architectures=frozenset(dice.sample(["amd64", "arm64"], k=dice.choice((0, 0, 0, 0, 1)))),
            ),
        )


def _limits(dice: random.Random, instance: InstanceType) -> dict[str, str]:
    """Limits of one to four nodes of the largest type, a little more or less."""
    nodes = dice.randint(1, 4)
    every = {
        "cpu": str(instance.vcpus * nodes - dice.choice((0, 1))),
        "memory": f"{instance.memory_gib * nodes}Gi",
        "nvidia.com/gpu": str(instance.gpu_count * nodes),
        "nodes": str(nodes),
    }
    return dict(dice.sample(sorted(every.items()), k=dice.randint(0, 2)))


@pytest.mark.whole
def test_ten_thousand_random_cases_agree_with_an_exhaustive_search() -> None:
    verdicts = {True: 0, False: 0}
    for one, asked in cases(10_000):
        found = obstacle(one, asked, lambda instance, one=one: allocatable(instance, one, {}))
        assert (found is None) == possible(one, asked), (one.data, asked, found)
        verdicts[found is None] += 1
    # Neither side is rare, so agreement says something.
    assert min(verdicts.values()) > 2000, verdicts


def test_a_daemon_of_the_cluster_counts() -> None:
    """The caller takes daemons off; what was just enough no longer is."""
    node = allocatable(instances()["m7i.large"], pool(gpu=None), {})
    asked = request(gpu_model=None, gpus=0, cpu=node.cpu, memory=node.memory)
    one = pool(gpu=None, instanceTypes=["m7i.large"], efa=False)
    assert obstacle(one, asked, lambda _: node) is None
    less = Allocatable(cpu=node.cpu - Fraction(1, 10), memory=node.memory, ephemeral=node.ephemeral, pods=node.pods)
    found = obstacle(one, asked, lambda _: less)
    assert found is not None
    assert found.constraint is Constraint.CPU
