"""Feasibility: each constraint by name, and agreement with an exhaustive search that is written differently."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from paddock.analysis.allocatable import Allocatable, allocatable, beside
from paddock.analysis.feasibility import Constraint, Obstacle, Request, obstacle
from paddock.instances import InstanceType, instances
from paddock.model import NodePool
from paddock.quantity import parse

GIB = 1 << 30


def pool(**data: Any) -> NodePool:
    stated = {
        "gpu": {"model": "h100"},
        "instanceTypes": ["p5.48xlarge"],
        "capacityTypes": ["on-demand"],
        "zones": ["us-east-1a"],
        "taints": {},
        "limits": {},
        "efa": True,
        "volume": "500Gi",
    }
    return NodePool(name="x", data={key: one for key, one in {**stated, **data}.items() if one is not None})


def request(**data: Any) -> Request:
    stated: dict[str, Any] = {"gpu_model": "h100", "gpus": 8, "cpu": Fraction(160), "memory": Fraction(1600 * GIB)}
    return Request(**{**stated, **data})


def reserved(count: int, instance: str = "p5.48xlarge") -> dict[str, Any]:
    """A pool of reserved capacity alone; instances of two reservations count together."""
    each = {"zone": "us-east-1a", "type": "on-demand", "instanceType": instance}
    reservations = {"cr-1": {**each, "instanceCount": 1}, "cr-2": {**each, "instanceCount": count - 1}}
    return {"capacityTypes": ["reserved"], "capacityReservations": reservations}


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
        ({}, {"tolerant": False}, Constraint.TAINTS),
        (
            {"gpu": None, "taints": {"team": {"value": "maps", "effect": "NoExecute"}}},
            {"gpu_model": None, "gpus": 0, "tolerant": False},
            Constraint.TAINTS,
        ),
        ({"gpu": {"model": "h100", "timeSlicing": "four"}}, {"pool": "x", "gpus": 2}, Constraint.TIME_SLICING),
        ({"capacityTypes": ["spot"]}, {"capacity_types": frozenset({"on-demand"})}, Constraint.CAPACITY_TYPE),
        ({}, {"zones": frozenset({"us-east-1b"})}, Constraint.ZONES),
        ({}, {"architectures": frozenset({"arm64"})}, Constraint.ARCHITECTURE),
        ({"instanceTypes": ["p5.4xlarge"]}, {}, Constraint.GPUS),
        ({}, {"cpu": Fraction(192)}, Constraint.CPU),
        # 2048 GiB by the data sheet, but Karpenter takes 7.5 % for the hypervisor before it starts the first node.
        ({}, {"memory": Fraction(1900 * GIB)}, Constraint.MEMORY),
        ({}, {"ephemeral": Fraction(450 * GIB)}, Constraint.EPHEMERAL),
        # Mountpoint's pods stand beside each node of the workload.
        ({}, {"cpu": Fraction(191), "beside": (Fraction(1, 2), Fraction(0), 1)}, Constraint.CPU),
        ({}, {"memory": Fraction(1893 * GIB), "beside": (Fraction(0), Fraction(GIB), 1)}, Constraint.MEMORY),
        ({}, {"beside": (Fraction(0), Fraction(0), 250)}, Constraint.PODS),
        ({}, {"nodes": 2, "together": True}, Constraint.TOPOLOGY),
        (reserved(3), {"nodes": 4}, Constraint.RESERVATIONS),
        # Those of a type with one GPU are of no use.
        (
            {**reserved(4, "p5.4xlarge"), "instanceTypes": ["p5.4xlarge", "p5.48xlarge"]},
            {"nodes": 4},
            Constraint.RESERVATIONS,
        ),
        ({"replicas": 3}, {"nodes": 4}, Constraint.REPLICAS),
        ({"limits": {"nvidia.com/gpu": "24"}}, {"nodes": 4}, Constraint.LIMITS),
        ({"limits": {"nodes": "3"}}, {"nodes": 4}, Constraint.LIMITS),
        ({"limits": {"cpu": "767"}}, {"nodes": 4}, Constraint.LIMITS),
        # Karpenter counts what it takes a node to have, which is 1894.4 GiB.
        ({"limits": {"memory": "7577Gi"}}, {"nodes": 4}, Constraint.LIMITS),
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
        ({"limits": {"nvidia.com/gpu": "32", "nodes": "4", "cpu": "768", "memory": "7578Gi"}}, {"nodes": 4}),
        ({"replicas": 4}, {"nodes": 4}),
        (reserved(4), {"nodes": 4}),
        ({**reserved(3), "capacityTypes": ["reserved", "on-demand"]}, {"nodes": 4}),
        # That there are no reservations, or of no type of the pool, is another finding.
        ({"capacityTypes": ["reserved"]}, {"nodes": 4}),
        (reserved(4, "p5en.48xlarge"), {"nodes": 4}),
        ({**reserved(3), "replicas": 4}, {"nodes": 4}),
        ({"capacityTypes": ["spot", "on-demand"]}, {"capacity_types": frozenset({"on-demand", "reserved"})}),
        ({}, {"nodes": 2, "together": True, "gpus": 4, "cpu": Fraction(90), "memory": Fraction(900 * GIB)}),
        ({"gpu": {"model": "h100", "timeSlicing": "four"}}, {"pool": "x", "gpus": 1}),
        (
            {"gpu": None, "taints": {"team": {"effect": "PreferNoSchedule"}}},
            {"gpu_model": None, "gpus": 0, "tolerant": False},
        ),
        ({"replicas": 4}, {"memory": Fraction(1900 * GIB)}),  # its nodes are there: no overhead is guessed
        ({"gpu": {"model": "h100", "mig": "all-1g.10gb"}}, {"pool": "x"}),
        ({"instanceStore": "RAID0"}, {"ephemeral": Fraction(450 * GIB)}),
        ({"instanceTypes": ["p5.4xlarge", "p5.48xlarge"]}, {}),
        ({"instanceTypes": ["not-in-the-table"]}, {}),
        ({"instanceTypes": ["p5.4xlarge", "not-in-the-table"]}, {}),
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


@pytest.mark.parametrize(
    ("data", "nodes", "most"),
    [
        ({"limits": {"nvidia.com/gpu": "24"}}, 4, 3),
        ({"limits": {"nodes": "1"}}, 4, 1),
        ({"replicas": 2}, 4, 2),
        (reserved(3), 16, 3),
        ({"limits": {"cpu": "100"}}, 2, 0),
        ({"limits": {"nodes": "3"}}, 1000, 3),  # in no time: not by trying each number in turn
        ({"limits": {"nodes": "999"}}, 1000, 999),
    ],
)
def test_how_many_nodes_a_pool_holds_at_most(data: dict[str, Any], nodes: int, most: int) -> None:
    found = against(pool(**data), request(nodes=nodes))
    assert found is not None
    assert found.most == most


def test_slices_are_what_the_node_offers() -> None:
    """Seven slices a GPU by strategy single; by mixed they have other names, and there is no nvidia.com/gpu."""
    one = pool(gpu={"model": "h100", "mig": "all-1g.10gb"})
    asked = request(pool="x", gpus=12, nodes=4, cpu=Fraction(10), memory=Fraction(10 * GIB))

    def slices(count: int) -> Obstacle | None:
        return obstacle(one, asked, lambda instance: replace(allocatable(instance, one, {}), gpus=count))

    assert slices(56) is None
    found = slices(0)
    assert found == Obstacle(constraint=Constraint.GPUS, found="0", wanted="12", instance="p5.48xlarge")
    # A limit counts slices, too (karpenter 1.14.1, scheduler.go).
    limited = pool(**{**one.data, "limits": {"nvidia.com/gpu": "55"}})
    found = obstacle(limited, asked, lambda instance: replace(allocatable(instance, limited, {}), gpus=56))
    assert found is not None
    assert (found.constraint, found.wanted) == (Constraint.LIMITS, "56")


# The exhaustive search: every way to spread the workload over every mix of nodes, one pod after the other.

Node = Callable[[InstanceType], Allocatable]


def possible(one: NodePool, asked: Request, node: Node) -> bool:
    """Whether nodes can be bought one by one and filled one by one within every limit."""
    hard = [key for key, taint in one.data["taints"].items() if taint["effect"] != "PreferNoSchedule"]
    sliced = one.data.get("gpu", {}).get("timeSlicing")
    rules = (
        (asked.gpu_model is None or one.gpu_model == asked.gpu_model)
        and (asked.tolerant or not (hard or one.gpu_model))
        and (not asked.efa or one.efa)
        and (not asked.zones or any(zone in asked.zones for zone in one.data["zones"]))
        and (not asked.capacity_types or any(kind in asked.capacity_types for kind in one.data["capacityTypes"]))
        and not (one.shared_gpus and asked.gpus and asked.pool != one.name)
        and not (sliced and asked.gpus > 1)
    )
    if not rules:
        return False
    types = [instances()[name] for name in one.data["instanceTypes"]]
    limits = {name: parse(text) for name, text in one.data["limits"].items()}
    if "replicas" in one.data:
        limits["nodes"] = min(Fraction(one.data["replicas"]), limits.get("nodes", Fraction(10**9)))
    # Limits are independent of each other here as they are there: each alone must admit some mix of nodes.
    return all(_admits(one, asked, node, types, resource, limit) for resource, limit in (limits or {"": 0}).items())


def _admits(
    one: NodePool, asked: Request, node: Node, types: list[InstanceType], resource: str, limit: Fraction | int
) -> bool:
    holds = {each.name: _filled(each, asked, node(each)) for each in types}
    for count in range(1, asked.nodes + 1):
        for mix in itertools.combinations_with_replacement(types, count):
            spent = sum((_spent(each, resource, node(each)) for each in mix), Fraction(0))
            enough = sum(holds[each.name] for each in mix) >= asked.nodes
            if spent <= limit and enough and _there(one, asked, [each.name for each in mix]):
                return True
        if asked.together:
            break  # all of it on one node
    return False


def _there(one: NodePool, asked: Request, mix: list[str]) -> bool:
    """Whether the instances of a mix can be had: any number on demand, else only as many as are reserved."""
    kinds = [kind for kind in one.data["capacityTypes"] if not asked.capacity_types or kind in asked.capacity_types]
    reservations = [
        each
        for each in one.data.get("capacityReservations", {}).values()
        if each["instanceType"] in one.data["instanceTypes"]
    ]
    if kinds != ["reserved"] or not reservations or "replicas" in one.data:
        return True
    left = [
        each["instanceType"]
        for each in reservations
        if not asked.zones or each["zone"] in asked.zones
        for _ in range(each["instanceCount"])
    ]
    for name in mix:
        if name not in left:
            return False
        left.remove(name)
    return True


def _spent(instance: InstanceType, resource: str, node: Allocatable) -> Fraction:
    if resource == "memory":
        return node.whole_memory
    return Fraction({"": 0, "nodes": 1, "cpu": instance.vcpus, "nvidia.com/gpu": node.gpus}[resource])


def _filled(instance: InstanceType, asked: Request, node: Allocatable) -> int:
    """Pods put on an empty node until one is refused."""
    cpu, memory, pods = asked.beside
    left = [node.cpu - cpu, node.memory - memory, node.ephemeral, Fraction(node.gpus), instance.efa_interfaces]
    each = [asked.cpu, asked.memory, asked.ephemeral, Fraction(asked.gpus), Fraction(asked.efa)]
    placed = 0
    while (
        placed < min(asked.nodes, node.pods - pods)
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
KINDS = ("on-demand", "reserved", "spot")


def cases(count: int) -> Iterator[tuple[NodePool, Request, Node]]:
    """Pools and requests near each other's edges, and what nodes have beside daemons; always the same."""
    dice = random.Random(20261125)
    for _ in range(count):
        model = dice.choice(MODELS)
        names = dice.sample(TYPES[model], k=min(len(TYPES[model]), dice.randint(1, 3)))
        largest = max((instances()[name] for name in names), key=lambda one: one.memory_gib)
        data: dict[str, Any] = {
            "gpu": {"model": model, **_sharing(dice)} if model else None,
            "instanceTypes": names,
            "capacityTypes": sorted(dice.sample(KINDS, k=dice.choice((1, 2, 3)))),
            "zones": dice.sample(["us-east-1a", "us-east-1b"], k=dice.randint(1, 2)),
            "efa": dice.random() < 0.8,
            "volume": f"{dice.choice((100, 500))}Gi",
            "limits": _limits(dice, largest),
        }
        if dice.random() < 0.15:
            data["taints"] = {"x": {"effect": dice.choice(("NoSchedule", "PreferNoSchedule", "NoExecute"))}}
        if dice.random() < 0.5:
            data["capacityReservations"] = {f"cr-{one}": _reservation(dice, names) for one in range(dice.randint(1, 2))}
        if dice.random() < 0.2:
            data["replicas"] = dice.randint(1, 5)
        if dice.random() < 0.2:
            data["instanceStore"] = "RAID0"
        one = pool(**data)
        yield one, _request(dice, model, largest), _node(dice, one)


def _sharing(dice: random.Random) -> dict[str, str]:
    return dice.choice(({}, {}, {}, {}, {}, {}, {"mig": "all-1g.10gb"}, {"timeSlicing": "four"}))


def _reservation(dice: random.Random, names: list[str]) -> dict[str, Any]:
    zone = dice.choice(("us-east-1a", "us-east-1b"))
    return {
        "zone": zone,
        "type": "on-demand",
        "instanceType": dice.choice([*names, "trn1.2xlarge"]),
        "instanceCount": dice.randint(1, 2),
    }


def _node(dice: random.Random, one: NodePool) -> Node:
    """What is left of a node beside daemons; slices of GPUs where these are shared."""
    requests = {"cpu": Fraction(dice.choice((0, 1, 3)), 10), "memory": Fraction(dice.choice((0, 1, 2)) * GIB)}
    daemons, shares = dice.choice((0, 0, 5, 5, 20, 20, 57, 249)), dice.choice((0, 2, 7))

    def node(instance: InstanceType) -> Allocatable:
        found = beside(allocatable(instance, one, {}), requests, daemons)
        return replace(found, gpus=shares * found.gpus) if one.shared_gpus else found

    types = {name: node(instances()[name]) for name in one.data["instanceTypes"]}
    return lambda instance: types[instance.name]


def _request(dice: random.Random, model: str | None, largest: InstanceType) -> Request:
    return Request(
        gpu_model=model if dice.random() < 0.95 else dice.choice(MODELS),
        gpus=dice.choice((1, 1, 1, 2, 4, 8)) if model else 0,
        cpu=Fraction(max(1, int(largest.vcpus * dice.choice((0.1, 0.1, 0.2, 0.3, 0.49, 0.5, 0.9, 1))))),
        memory=Fraction(int(largest.memory_gib * dice.choice((0.1, 0.1, 0.2, 0.3, 0.45, 0.5, 0.9, 1))) * GIB),
        ephemeral=Fraction(dice.choice((0, 0, 0, 0, 0, 0, 50, 89, 90, 449)) * GIB),
        efa=dice.choice((0, 0, 0, 0, 0, 0, 0, 1, 4, 32)),
        nodes=dice.randint(1, 4),
        pool=dice.choice((None, "x", "x", "x")),
        tolerant=dice.random() < 0.95,
        zones=frozenset(dice.sample(["us-east-1a", "us-east-1b"], k=dice.choice((0, 0, 0, 0, 0, 0, 1)))),
        architectures=frozenset(dice.sample(["amd64", "arm64"], k=dice.choice((0, 0, 0, 0, 0, 0, 1)))),
        capacity_types=frozenset(dice.sample(KINDS, k=dice.choice((0, 0, 0, 0, 0, 1, 2)))),
        together=dice.random() < 0.05,
        beside=dice.choice(((Fraction(0), Fraction(0), 0), (Fraction(1, 4), Fraction(GIB), 1))),
    )


def _limits(dice: random.Random, instance: InstanceType) -> dict[str, str]:
    """Limits of one to four nodes of the largest type, a little more or less."""
    nodes = dice.randint(1, 4)
    every = {
        "cpu": str(instance.vcpus * nodes - dice.choice((0, 1))),
        "memory": f"{int(instance.memory_gib * nodes * dice.choice((0.92, 0.93, 1)))}Gi",
        "nvidia.com/gpu": str(instance.gpu_count * nodes),
        "nodes": str(nodes),
    }
    return dict(dice.sample(sorted(every.items()), k=dice.randint(0, 2)))


@pytest.mark.whole
def test_ten_thousand_random_cases_agree_with_an_exhaustive_search() -> None:
    verdicts = {True: 0, False: 0}
    reasons = dict.fromkeys(Constraint, 0)
    for one, asked, node in cases(10_000):
        found = obstacle(one, asked, node)
        assert (found is None) == possible(one, asked, node), (one.data, asked, found)
        verdicts[found is None] += 1
        if found:
            reasons[found.constraint] += 1
    # Neither side is rare and every constraint decides some cases, so agreement says something.
    assert min(verdicts.values()) > 2000, verdicts
    assert min(reasons.values()) > 10, reasons


def test_a_daemon_of_the_cluster_counts() -> None:
    """The caller takes daemons off; what was just enough no longer is."""
    one = pool(gpu=None, instanceTypes=["m7i.large"], efa=False)
    node = allocatable(instances()["m7i.large"], one, {})
    asked = request(gpu_model=None, gpus=0, cpu=node.cpu, memory=node.memory)
    assert obstacle(one, asked, lambda _: node) is None
    found = obstacle(one, asked, lambda _: beside(node, {"cpu": Fraction(1, 10)}, 1))
    assert found is not None
    assert found.constraint is Constraint.CPU
    full = obstacle(one, replace(asked, cpu=Fraction(1)), lambda _: beside(node, {}, node.pods))
    assert full is not None
    assert full.constraint is Constraint.PODS
