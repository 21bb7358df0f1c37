"""What a part of a workload asks of nodes, and which of several kinds of nodes may hold it together."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from fleets import CLUSTER, cluster, pool, workload
from paddock.analysis.allocatable import MOST_PODS
from paddock.analysis.feasibility import Constraint, Request
from paddock.checks import fitting
from paddock.model import Cluster, Workload

Json = Any
GIB = 1 << 30
SERVICE = {
    "type": "service",
    "environments": ["dev"],
    "clusters": ["train"],
    "image": {"repository": "registry.example.com/api", "tag": "1.0"},
    "resources": {"cpu": "9", "memory": "8Gi"},
    "ports": {"http": {"port": 8080}},
    "replicas": {"min": 3},
}
TRAINING = {
    "type": "training",
    "environments": ["dev"],
    "clusters": ["train"],
    "image": {"repository": "registry.example.com/train", "tag": "1.0"},
    "command": ["train"],
    "nodes": 4,
    "resources": {"gpu": {"model": "h100", "count": 8}, "cpu": "90", "memory": "800Gi", "efa": True},
    "run": "onDemand",
    "queue": {"name": "perception"},
}
EXECUTOR = {"cpu": "50m", "memory": "256Mi"}
PIPELINE = {
    "type": "pipeline",
    "environments": ["dev"],
    "clusters": ["train"],
    "image": {"repository": "registry.example.com/tools", "tag": "1.0"},
    "steps": {"one": {"command": ["one"], "resources": {"cpu": "2", "memory": "4Gi"}}},
    "run": "onDemand",
}


def of_pools(*pools: Json, groups: Json = None, components: Json = None, **eks: Json) -> Cluster:
    spec = {
        **CLUSTER,
        "nodePools": {f"pool-{index}": one for index, one in enumerate(pools)},
        "eks": {**CLUSTER["eks"], "nodeGroups": groups or {}, **eks},
    }
    return cluster("train", spec, components=components or {})


def two_nodes() -> Json:
    return pool("m7i.4xlarge", replicas=2, limits={"nodes": "2"})


def asked(spec: Json, found: Cluster, **fields: Json) -> Request:
    return fitting.request(found, workload("x", {**spec, **fields}))


def constraints(found: Cluster, wanted: Request, *, spread: bool) -> list[Constraint] | None:
    against = fitting.obstacles(fitting.offers(found, {}), wanted, spread=spread)
    return None if against is None else [one.constraint for _, one in against]


def test_replicas_may_spread_over_pools() -> None:
    """Two nodes here and two there hold three replicas of nine CPUs; a run of one flavor has to be in one pool."""
    found = of_pools(two_nodes(), two_nodes())
    wanted = asked(SERVICE, found)
    assert wanted.nodes == 3
    assert constraints(found, wanted, spread=True) is None
    assert constraints(found, wanted, spread=False) == [Constraint.REPLICAS, Constraint.REPLICAS]


def test_replicas_of_which_one_pool_takes_any_have_to_fit_there() -> None:
    found = of_pools(two_nodes(), pool("m7i.xlarge"))
    assert constraints(found, asked(SERVICE, found), spread=True) == [Constraint.REPLICAS, Constraint.CPU]
    assert constraints(found, asked(SERVICE, found, replicas={"min": 2}), spread=True) is None


def test_a_service_that_may_have_no_replica_still_has_to_fit_once() -> None:
    found = of_pools(two_nodes())
    assert asked(SERVICE, found, replicas={"min": 0}).nodes == 1
    assert asked(SERVICE, found, replicas={"min": 0, "max": 4}).nodes == 1


@pytest.mark.parametrize(
    ("fields", "tolerant"),
    [({}, False), ({"pool": "pool-0"}, True), ({"resources": {**TRAINING["resources"], "efa": False}}, True)],
)
def test_who_names_a_pool_or_a_gpu_tolerates_its_taints(fields: Json, *, tolerant: bool) -> None:
    assert asked(SERVICE, of_pools(pool("p5.48xlarge", gpu="h100")), **fields).tolerant is tolerant


def test_what_training_asks_for() -> None:
    found = of_pools(pool("p5.48xlarge", gpu="h100", efa=True))
    wanted = asked(TRAINING, found, topology={"mode": "required", "level": "kubernetes.io/hostname"})
    assert (wanted.gpu_model, wanted.gpus, wanted.nodes, wanted.efa) == ("h100", 8, 4, 32)
    assert (wanted.cpu, wanted.memory) == (90, 800 * GIB)
    assert wanted.tolerant
    assert wanted.together
    # Another level is wider than a host, and a preference is no demand.
    assert not asked(TRAINING, found, topology={"mode": "preferred", "level": "kubernetes.io/hostname"}).together
    wider = {"mode": "required", "level": "topology.k8s.aws/network-node-layer-2"}
    assert not asked(TRAINING, found, topology=wider).together


def test_what_it_may_run_on() -> None:
    wanted = asked(SERVICE, of_pools(two_nodes()), capacityTypes=["spot"], architectures=["arm64", "amd64"])
    assert wanted.capacity_types == {"spot"}
    assert wanted.architectures == {"amd64", "arm64"}


def step(found: Cluster, **fields: Json) -> Request:
    whole: Workload = workload("x", {**PIPELINE, **fields})
    return fitting.request(found, whole.parts()[0])


def test_a_container_of_argo_workflows_stands_in_each_step() -> None:
    assert step(of_pools(two_nodes())).beside == (0, 0, 0)
    found = of_pools(two_nodes(), components={"argo-workflows": {"executor": {"resources": EXECUTOR}}})
    assert step(found).beside == (Fraction(1, 20), 256 << 20, 0)


@pytest.mark.parametrize(("reserve", "beside"), [(True, (Fraction(1, 2), 2 * GIB, 2)), (False, (0, 0, 2))])
def test_mountpoint_has_a_pod_for_each_bucket(*, reserve: bool, beside: Any) -> None:
    """A file system has none; without reserved headroom its pods ask for nothing, but are there."""
    mounts = {
        "a": {"bucket": "a", "path": "/a"},
        "b": {"bucket": "b", "path": "/b"},
        "c": {"fileSystem": "c", "path": "/c"},
    }
    settings = {"reserveHeadroom": reserve, "resources": {"cpu": "250m", "memory": "1Gi"}}
    found = of_pools(two_nodes(), components={"aws-mountpoint-s3-csi-driver": settings})
    assert asked(SERVICE, found, mounts=mounts).beside == beside


def test_node_groups_are_offered_with_all_their_memory_and_any_number_of_pods() -> None:
    """Their nodes are in sight, so nothing is guessed; what EKS makes of maxPods is not known here."""
    groups = {"system": {"instanceTypes": ["m7i.large"], "minSize": 1, "maxSize": 2}}
    karpenters, group = fitting.offers(of_pools(pool("m7i.large"), groups=groups), {})
    assert (karpenters.title, group.title) == ('pool "pool-0"', 'node group "system"')
    assert group.capacity["m7i.large"].pods == MOST_PODS
    assert karpenters.capacity["m7i.large"].pods == 29
    assert group.capacity["m7i.large"].memory > karpenters.capacity["m7i.large"].memory
    wanted = Request(gpu_model=None, gpus=0, cpu=Fraction(1), memory=Fraction(GIB), nodes=3)
    assert group.obstacle(wanted) is not None  # two nodes hold one replica each
    labelled = Request(
        gpu_model=None, gpus=0, cpu=Fraction(1), memory=Fraction(GIB), capacity_types=frozenset({"on-demand"})
    )
    found = group.obstacle(labelled)
    assert found is not None
    assert found.constraint is Constraint.CAPACITY_TYPE


def test_addons_count_on_clusters_that_are_made_here() -> None:
    """170 millicores and five pods (test_daemons.py)."""
    ours = fitting.offers(of_pools(pool("m7i.large"), provisioner="ack"), {})[0].capacity["m7i.large"]
    theirs = fitting.offers(of_pools(pool("m7i.large")), {})[0].capacity["m7i.large"]
    assert theirs.cpu - ours.cpu == Fraction(17, 100)
    assert theirs.pods - ours.pods == 5
