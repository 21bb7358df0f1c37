"""What the ledger reads from specs is what is rendered: pods, runs and volumes of the reference platform, and Kueue's
graph from a run to the nodes that it may have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import yaml

from paddock import accounts, demands
from paddock.analysis.quota_ledger import Account, Line, counted, ledger
from paddock.demands import Demand
from paddock.devices import GPU
from paddock.model import Fleet
from paddock.pipeline import Result
from paddock.quantity import parse
from paddock.workloads import pods
from repositories import gathered, reference, reference_result

Json = Any
KEYS = ("limits.memory", "pods", "requests.cpu", "requests.memory", "requests.nvidia.com/gpu")
QUEUE = "kueue.x-k8s.io/queue-name"


@cache
def result() -> Result:
    return reference_result()


@cache
def fleet() -> Fleet:
    from paddock import load

    found = load.load(gathered(reference())).fleet
    assert found is not None
    return found


@cache
def everyone() -> tuple[Demand, ...]:
    return tuple(
        demand
        for environment in fleet().environments.values()
        for cluster in environment.clusters.values()
        for demand in demands.everyone(environment, cluster)
    )


@cache
def placed(kind: str) -> tuple[tuple[str, Json], ...]:
    """(identity of the cluster, object) of every rendered object of a kind."""
    return tuple(
        (ref.cluster, yaml.safe_load(result().trees[environment][ref.path]))
        for environment, refs in result().objects.items()
        for ref in refs
        if ref.kind == kind
    )


def values(demand: Demand, component: str) -> Json:
    path = f"clusters/{demand.cluster.name}/components/{component}/values.yaml"
    return yaml.safe_load(result().trees[demand.environment.name][path])


def of(demand: Demand, kind: str) -> dict[str, Json]:
    """Rendered objects of the team on the cluster by name."""
    where = (demand.cluster.identity, demand.team.name)
    return {
        one["metadata"]["name"]: one
        for cluster, one in placed(kind)
        if (cluster, one["metadata"].get("namespace")) == where
    }


def amount(resources: Json, key: str) -> Fraction:
    """What a container counts: a request that is not stated is its limit."""
    if key == "pods":
        return Fraction(1)
    kind, _, resource = key.partition(".")
    stated = resources.get("limits", {}) if kind == "limits" else {**resources["limits"], **resources["requests"]}
    return parse(stated.get(resource, "0"))


def rendered_services(demand: Demand) -> Iterator[tuple[str, int, int, list[Json], list[Json]]]:
    """Name, least and greatest number of pods, containers and init containers' resources."""
    scalers = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in of(demand, "HorizontalPodAutoscaler").values()
    }
    for name, one in of(demand, "Deployment").items():
        low = one["spec"].get("replicas", scalers.get(name, {}).get("minReplicas"))
        high = one["spec"].get("replicas", scalers.get(name, {}).get("maxReplicas"))
        yield name, low, high, [each["resources"] for each in one["spec"]["template"]["spec"]["containers"]], []
    for name, one in of(demand, "InferenceService").items():
        predictor = one["spec"]["predictor"]
        first = [values(demand, "kserve")["kserve"]["storage"]["resources"]]
        yield name, predictor["minReplicas"], predictor["maxReplicas"], [predictor["model"]["resources"]], first


def test_what_always_runs_is_what_is_rendered() -> None:
    seen = 0
    for demand in everyone():
        standing = {one.workload.name: one for one in demand.standing}
        found = {name: rest for name, *rest in rendered_services(demand)}
        assert standing.keys() == found.keys()
        for name, (low, high, containers, inits) in found.items():
            assert (standing[name].low, standing[name].high) == (low, high), name
            for key in KEYS:
                together = sum(amount(one, key) for one in containers)
                wanted = max([together, *(amount(one, key) for one in inits)])
                assert counted(standing[name].shape, key) == wanted, (name, key)
                seen += 1
    assert seen > 250


def test_gpus_that_are_always_in_use_are_those_of_the_pods() -> None:
    for environment in fleet().environments.values():
        for cluster in environment.clusters.values():
            found = {
                (one.team, one.name): (low, gpus) for one, low, gpus in demands.always_on_gpus(environment, cluster)
            }
            assert found == {
                (demand.team.name, one.workload.name): (one.low, one.shape.requests[GPU])
                for demand in everyone()
                for one in demand.standing
                if demand.cluster.identity == cluster.identity and GPU in one.shape.requests
            }
            assert len(found) > 3 or "serve" not in cluster.name


def rendered_runs(demand: Demand) -> Iterator[tuple[str, int, list[Json]]]:
    """Name, number of pods and containers' resources of what runs and ends; what MultiKueue sends is elsewhere."""
    texts = [one["data"]["trainjob.json"] for one in of(demand, "ConfigMap").values() if "trainjob.json" in one["data"]]
    for one in [*of(demand, "TrainJob").values(), *map(json.loads, texts)]:
        trainer = one["spec"]["trainer"]
        yield one["spec"]["runtimeRef"]["name"], trainer["numNodes"], [trainer["resourcesPerNode"]]
    for name, one in of(demand, "WorkflowTemplate").items():
        beside = values(demand, "argo-workflows")["executor"]["resources"]
        for step in one["spec"]["templates"]:
            if "container" in step:
                yield f"{name}/{step['name']}", 1, [step["container"]["resources"], beside]


def test_a_run_is_what_is_rendered() -> None:
    seen = 0
    dispatched = {one.part.name for demand in everyone() for one in demand.runs if one.part.dispatch}
    for demand in everyone():
        every = {"/".join(filter(None, (one.part.name, accounts.step(one)))): one for one in demand.runs}
        runs = {name: one for name, one in every.items() if not one.part.dispatch}
        found = {name: rest for name, *rest in rendered_runs(demand) if name in runs or name not in dispatched}
        assert runs.keys() == found.keys()
        for name, (number, containers) in found.items():
            assert runs[name].pods == number
            for key in KEYS:
                assert counted(runs[name].shape, key) == (
                    Fraction(1) if key == "pods" else sum(amount(one, key) for one in containers)
                ), (name, key)
                seen += 1
    assert seen > 150


def test_volumes_are_those_that_are_claimed() -> None:
    seen = 0
    for demand in everyone():
        sizes = [
            one["spec"]["resources"]["requests"]["storage"] for one in of(demand, "PersistentVolumeClaim").values()
        ]
        assert demand.claimed("persistentvolumeclaims") == len(sizes)
        assert demand.claimed("requests.storage") == sum(map(parse, sizes))
        assert demand.claimed("requests.cpu") == 0
        seen += len(sizes)
    assert seen > 30


def test_a_queue_leads_to_nodes() -> None:
    """LocalQueue to ClusterQueue to ResourceFlavor to the labels of a pool, and each resource of a run is covered in
    each flavor in the same order, or left out of the count by the controller's configuration (gpu-platform.md 5)."""
    queues = {(cluster, one["metadata"]["name"]): one["spec"] for cluster, one in placed("ClusterQueue")}
    flavors = {(cluster, one["metadata"]["name"]): one["spec"] for cluster, one in placed("ResourceFlavor")}
    labels: dict[str, list[Mapping[str, str]]] = {}
    for cluster, one in placed("NodePool"):
        labels.setdefault(cluster, []).append(one["spec"]["template"]["metadata"]["labels"])
    seen = 0
    for demand in everyone():
        where, local = demand.cluster.identity, of(demand, "LocalQueue")
        for run in (one for one in demand.runs if one.queued and not one.part.dispatch):
            (group,) = queues[where, local[run.part.data["queue"]["name"]]["spec"]["clusterQueue"]]["resourceGroups"]
            legal = {pool.name for pool in pods.pools(demand.cluster, run.part)}
            asked = {name for name, amount in run.shape.requests.items() if amount and name != demands.CLAIMED}
            assert asked & set(group["coveredResources"]) == set(accounts.asked(demand, run)) - {"nvidia.com/gpu"} | (
                asked & {"nvidia.com/gpu"}
            )
            assert accounts.flavors(demand, run) == [one["name"] for one in group["flavors"] if one["name"] in legal]
            for flavor in group["flavors"]:
                assert [one["name"] for one in flavor["resources"]] == group["coveredResources"]
                wanted = flavors[where, flavor["name"]]["nodeLabels"].items()
                assert any(wanted <= one.items() for one in labels[where]), flavor["name"]
                seen += 1
    assert seen > 60


def lines(environment: str, cluster: str, team: str) -> dict[tuple[str, str], Line]:
    found = fleet().environments[environment]
    tree = accounts.kueue_tree(found, found.clusters[cluster])
    demand = demands.of(found, found.clusters[cluster], found.teams[team])
    every = ledger(accounts.entries(demand, tree), accounts.limits(demand))
    return {(one.account.flavor, one.resource): one for one in every}


def test_runs_of_a_queue_are_never_more_than_it_can_have() -> None:
    """perception has 64 H100s and may borrow 32: one run of 96 or several smaller ones, never both. Beside them it has
    24 and 8 H200s for a run of 32, and of the L40S it wants 4."""
    found = lines("prod", "train-iad", "perception")
    assert found["", "requests.nvidia.com/gpu"].peak == 96 + 32 + 4
    assert found["h100", "nvidia.com/gpu"].ratio == Fraction(224, 64)
    (entry,) = [one for one in found["", "requests.nvidia.com/gpu"].entries if one.owner.startswith("queue")]
    assert entry.because == "as much as Kueue admits"
    assert found["", "requests.nvidia.com/gpu"].account == Account(cluster="prod-train-iad", team="perception")


def test_what_nobody_counts_has_no_line() -> None:
    found = {resource for _, resource in lines("prod", "train-iad", "perception")}
    assert "count/jobs.batch" not in found
    assert {"pods", "requests.storage", "persistentvolumeclaims"} <= found


def test_the_reference_platform_stays_within_its_own_ratio() -> None:
    """Its quotas are what may be at once, to the GPU: nothing is left over and nothing is promised twice."""
    environment = fleet().environments["prod"]
    assert environment.data["maxOvercommitment"] == 1
    ratios = [
        line.ratio
        for cluster in environment.clusters.values()
        for demand in demands.everyone(environment, cluster)
        for line in ledger(accounts.entries(demand, accounts.kueue_tree(environment, cluster)), accounts.limits(demand))
        if not line.account.flavor
    ]
    assert max(one for one in ratios if one is not None) == 1


@pytest.mark.parametrize(
    ("how", "deadline", "most"),
    [
        ("onChange", None, 2),
        ("onDemand", None, 1),
        ({"schedule": "0 * * * *", "concurrencyPolicy": "Forbid"}, "9h", 1),
        ({"schedule": "0 * * * *", "concurrencyPolicy": "Allow"}, "9h", 9),
        ({"schedule": "0 * * * *", "concurrencyPolicy": "Allow"}, None, 2),
    ],
)
def test_runs_at_once(how: Json, deadline: str | None, most: int) -> None:
    demand = next(one for one in everyone() if one.runs)
    part = demand.runs[0].part
    data = {**part.data, "run": how} | ({"activeDeadline": deadline} if deadline else {})
    if deadline is None:
        data.pop("activeDeadline", None)
    from dataclasses import replace

    assert accounts.at_once(replace(part, data=data)) == most


def test_percent_is_rounded_up() -> None:
    assert accounts.percent(Fraction(925, 1000)) == "93%"
    assert accounts.percent(Fraction(1)) == "100%"
    assert accounts.percent(Fraction(1001, 1000)) == "101%"
