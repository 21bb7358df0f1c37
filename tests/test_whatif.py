"""`paddock whatif`: a fleet as Kueue sees it, what becomes of its runs, and how before and after are told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from paddock import cli, emit, load, source
from paddock.analysis.quota_tree import NODES
from paddock.errors import Fatal
from paddock.model import Environment, Fleet
from paddock.pipeline import spec_problems
from paddock.whatif import changes, nodes, queueing
from paddock.whatif.changes import Wishes
from paddock.whatif.replay import ADMITTED, PENDING, WAITING, Replay, Standing, order, replay
from repositories import ROOT, SMALL, gathered, reference, small

Json = Any
GOLDEN = ROOT / "tests" / "golden" / "whatif"
GPU = "nvidia.com/gpu"
SEVERAL_WORKERS = ROOT / "tests" / "findings" / "legal--multikueue-several-workers" / "input"


# Fleets: the small repository with teams, pools and runs of our own.


def parsed(path: str) -> Json:
    data, problems = source.parse(small()[path], path)
    assert not problems
    return data


def gpus(nominal: int, borrowing: int | None = None, lending: int | None = None) -> Json:
    """Quota of GPUs alone: nothing else is counted then."""
    limits = {"nominalQuota": nominal, "borrowingLimit": borrowing, "lendingLimit": lending}
    return {GPU: {name: str(value) for name, value in limits.items() if value is not None}}


def one(team: str, name: str, count: int, each: int = 1, **spec: Json) -> Json:
    """A run of so many nodes with so many L4 each."""
    data = parsed("environments/base/workloads/vision/train.yaml")
    data["metadata"] = {"name": name, "team": team}
    for field in ("checkpoint", "tracking"):
        del data["spec"][field]
    gpu = {"gpu": {"model": "l4", "count": each}, "cpu": "4", "memory": "8Gi"}
    data["spec"] |= {"nodes": count, "resources": gpu, "queue": {"name": team, "priority": "normal"}, **spec}
    return data


def fleet_of(
    teams: Mapping[str, Json], *runs: Json, pools: Mapping[str, Json] | None = None, kueue: Json | None = None
) -> Fleet:
    """A fleet of the cluster dev-one: flavors by team, runs; `pools` changes fields of node pools."""
    specs = {path: content for path, content in small().items() if "/teams/" not in path and "/workloads/" not in path}
    path = "environments/dev/clusters/one.yaml"
    cluster = parsed(path)
    for name, fields in {"l4": {"limits": {GPU: "64"}}, **(pools or {})}.items():
        cluster["spec"]["nodePools"][name] = cluster["spec"]["nodePools"].get(name, {}) | fields
        if "replicas" in fields:
            del cluster["spec"]["nodePools"][name]["capacityReservations"]
    cluster["spec"]["components"] = {
        "kueue": {"settings": {"preemption": {"reclaimWithinCohort": "Never"}} | (kueue or {})}
    }
    specs[path] = emit.document(cluster).encode()
    for name, use in teams.items():
        base = parsed("environments/base/teams/vision.yaml")
        base["metadata"]["name"] = name
        del base["spec"]["buckets"]
        quota = {"requests.nvidia.com/gpu": "500", "pods": "500", "requests.cpu": "9000", "requests.memory": "90Ti"}
        flavors = use if "flavors" in use else {"flavors": use}
        overlay = {**base, "spec": {"clusters": {"one": {"quota": quota, **flavors}}}}
        specs[f"environments/base/teams/{name}.yaml"] = emit.document(base).encode()
        specs[f"environments/dev/teams/{name}.yaml"] = emit.document(overlay).encode()
    for run in runs:
        name = f"environments/base/workloads/{run['metadata']['team']}/{run['metadata']['name']}.yaml"
        specs[name] = emit.document(run).encode()
    loaded = load.load(gathered(specs))
    assert loaded.fleet is not None
    assert [problem.message for problem in loaded.problems] == []
    assert [
        problem.id
        for problem in spec_problems(loaded.fleet, loaded)
        # What the examples are about: quota of more nodes than there are, and runs that may never be admitted.
        if problem.id not in ("quota-above-pool-limit", "quota-below-one-run")
    ] == []
    return loaded.fleet


def dev(fleet: Fleet, first: tuple[str, ...] = ()) -> dict[str, Standing]:
    """What becomes of each run on dev-one."""
    (found,) = replay(fleet, fleet.environments["dev"], first)
    return dict(found.standings)


def states(fleet: Fleet, *first: str) -> dict[str, str]:
    return {name: standing.state for name, standing in dev(fleet, first).items()}


@cache
def platform() -> Fleet:
    """The reference platform."""
    found = load.load(gathered(reference())).fleet
    assert found is not None
    return found


def production() -> dict[str, Replay]:
    return {it.cluster.name: it for it in replay(platform(), platform().environments["prod"])}


# A cluster as Kueue sees it


def test_queues_are_those_that_are_rendered() -> None:
    """clusterqueue-perception.yaml of prod-train-iad, number by number."""
    side = production()["train-iad"].side
    perception = next(it for it in side.queues if it.name == "perception")
    assert perception.member.parent == "cohort on-vehicle"
    assert perception.member.weight == 2
    quota = perception.member.quotas["h100", GPU]
    assert (quota.nominal, quota.borrowing_limit, quota.lending_limit) == (64, 32, 32)
    assert perception.member.quotas["h100", "cpu"].nominal == 1472
    assert perception.groups[0][1] == ("h100", "h200", "l40s")
    assert perception.preemption.reclaim_within_cohort == "Any"
    assert side.strategies == queueing.FAIR
    above = {it.name: it for it in side.cohorts}
    assert above["cohort on-vehicle"].parent == "cohort train-iad"
    assert above["cohort on-vehicle"].quotas["h100", GPU].lending_limit == 8
    assert above["cohort labelling"].weight == Fraction(1, 2)


def test_settings_of_kueue_are_read() -> None:
    staging = replay(platform(), platform().environments["staging"])[0].side
    assert staging.strategies == ()
    assert all(it.strict and it.preference == "BorrowingOverPreemption" for it in staging.queues)
    assert staging.queues[0].preemption.max_priority_threshold == 1000
    shared = replay(platform(), platform().environments["dev"])[0].side
    assert [it.name for it in shared.queues if it.stopped] == ["simulation"]


def test_a_run_asks_for_what_its_pods_ask_for() -> None:
    bev = production()["train-iad"].standings["perception/bev-train"].asked
    assert bev.run.priority == 10000
    (podset,) = bev.run.podsets
    assert podset.requests == {
        "cpu": 12 * 176,
        "hugepages-2Mi": 12 * 5120 << 20,
        "memory": 12 * 1760 << 30,
        GPU: 96,
        "vpc.amazonaws.com/efa": 12 * 32,
    }
    assert (podset.flavors, bev.nodes) == ({"h100"}, {"h100": 12})


def test_what_no_queue_has_quota_of_is_not_counted() -> None:
    standings = dev(fleet_of({"a": {"l4": gpus(4)}}, one("a", "train", 2)))
    assert standings["a/train"].asked.run.podsets[0].requests == {GPU: 2}


def test_a_pipeline_asks_for_its_widest_stage() -> None:
    found = production()["train-iad"].standings
    steps = [name for name in found if name.startswith("validation/release-eval")]
    assert steps == ["validation/release-eval/perception", "validation/release-eval/prediction"]
    workload = platform().environments["prod"].workloads["validation", "release-eval"]
    assert {it.step for it in workload.parts() if "gpu" in it.data["resources"]} == {"perception", "prediction"}  # type: ignore[attr-defined]


def test_without_a_priority_of_its_own_a_run_has_that_of_its_pods() -> None:
    """concepts/workload.md, "Priority": the PriorityClass of the pods, else the cluster's default, else 0."""
    environment = platform().environments["prod"]
    workload = environment.workloads["perception", "bev-train"]
    data = {**workload.data, "queue": {"name": "perception"}}
    plain = replace(workload, data=data)
    assert queueing.priority(platform(), environment.clusters["train-iad"], plain) == 1000
    classless = replace(environment.clusters["train-iad"], components={})
    assert queueing.priority(platform(), classless, plain) == 0


@pytest.mark.parametrize(
    ("cluster", "pool", "count"),
    [
        ("train-iad", "h200", 8),  # replicas
        ("train-iad", "h100", 16),  # 128 GPUs of nodes with 8
        ("train-iad", "general", 20),  # 640 CPUs of nodes with up to 32
        ("serve-fra", "a100-slices", None),  # its GPUs are parts
    ],
)
def test_nodes_of_a_pool(cluster: str, pool: str, count: int | None) -> None:
    assert nodes.number(platform().environments["prod"].clusters[cluster].node_pools[pool]) == count


def test_a_pod_takes_the_part_of_a_node_that_it_leaves_to_no_other() -> None:
    cluster = platform().environments["prod"].clusters["train-iad"]
    environment = platform().environments["prod"]
    l40s = environment.workloads["perception", "traffic-light-train"]
    # 4 of 8 GPUs of the largest type, or a whole g6e.12xlarge, which counts as half of it.
    assert nodes.taken(cluster, cluster.node_pools["l40s"], l40s) == Fraction(1, 2)
    assert nodes.taken(cluster, cluster.node_pools["h200"], environment.workloads["perception", "occupancy-train"]) == 1


# Worked examples of Kueue's documentation, from specs to standings


@pytest.mark.parametrize(("count", "state"), [(21, ADMITTED), (22, WAITING)])
def test_borrowing_example(count: int, state: str) -> None:
    """concepts/cluster_queue.md, "Borrowing example": 9 and 12 in one cohort; one alone may have 21."""
    fleet = fleet_of({"a": {"l4": gpus(9)}, "b": {"l4": gpus(12)}}, one("a", "train", count))
    assert states(fleet) == {"a/train": state}


@pytest.mark.parametrize(("count", "state"), [(10, ADMITTED), (11, WAITING)])
def test_borrowing_limit_example(count: int, state: str) -> None:
    """concepts/cluster_queue.md, "BorrowingLimit": 9 + 1."""
    fleet = fleet_of({"a": {"l4": gpus(9, borrowing=1)}, "b": {"l4": gpus(12)}}, one("a", "train", count))
    assert states(fleet) == {"a/train": state}


@pytest.mark.parametrize(("count", "state"), [(10, ADMITTED), (11, WAITING)])
def test_lending_limit_example(count: int, state: str) -> None:
    """concepts/cluster_queue.md, "LendingLimit": 9, and 1 of the other's 12."""
    fleet = fleet_of({"a": {"l4": gpus(9)}, "b": {"l4": gpus(12, lending=1)}}, one("a", "train", count))
    assert states(fleet) == {"a/train": state}


@pytest.mark.parametrize(("strategy", "late"), [("StrictFIFO", WAITING), ("BestEffortFIFO", ADMITTED)])
def test_queueing_strategy_example(strategy: str, late: str) -> None:
    """concepts/cluster_queue.md, "Queueing strategy"."""
    fleet = fleet_of(
        {"a": {"l4": gpus(4)}}, one("a", "big", 5), one("a", "late", 2), kueue={"queueingStrategy": strategy}
    )
    assert states(fleet, "big", "late") == {"a/big": WAITING, "a/late": late}


@pytest.mark.parametrize(("policy", "lender"), [("Any", "a/train"), ("Never", None)])
def test_reclaiming_example(policy: str, lender: str | None) -> None:
    """concepts/preemption.md: what was borrowed goes back to whom it belongs, if the policy says so."""
    fleet = fleet_of(
        {"a": {"l4": gpus(6)}, "b": {"l4": gpus(6)}},
        one("a", "train", 6),
        one("b", "borrower", 12),
        kueue={"preemption": {"reclaimWithinCohort": policy}},
    )
    found = dev(fleet, ("borrower",))
    assert found["b/borrower"].preempted_by == ((lender,) if lender else ())
    assert found["a/train"].state == (ADMITTED if lender else WAITING)


def test_preemption_by_priority_within_a_queue() -> None:
    high = {"queue": {"name": "a", "priority": "high"}}
    fleet = fleet_of({"a": {"l4": gpus(4)}}, one("a", "first", 4), one("a", "urgent", 2, **high))
    found = dev(fleet, ("first", "urgent"))
    assert (found["a/first"].state, found["a/first"].preempted_by) == (WAITING, ("a/urgent",))


def test_quota_of_a_cohort_is_borrowed() -> None:
    """concepts/cohort.md, "Configuring Quotas"."""
    kueue = {"cohorts": {"shared": {"flavors": {"l4": gpus(12)}}}}
    team = {"cohort": "shared", "flavors": {"l4": gpus(0)}}
    assert states(fleet_of({"a": team}, one("a", "train", 12), kueue=kueue)) == {"a/train": ADMITTED}
    assert states(fleet_of({"a": team}, one("a", "train", 13), kueue=kueue)) == {"a/train": WAITING}


# Nodes


STATIC = {"h100": {"replicas": 2, "limits": {"nodes": "4"}, "capacityTypes": ["on-demand"]}}
H100 = {"resources": {"gpu": {"model": "h100", "count": 8}, "cpu": "4", "memory": "8Gi"}}
TOPOLOGY = {"topology": {"mode": "preferred", "level": "kubernetes.io/hostname"}}


def test_with_topology_nodes_count_beside_quota() -> None:
    """concepts/topology_aware_scheduling.md: Kueue admits only what fits the nodes that there are."""
    teams = {"a": {"h100": gpus(64), "l4": gpus(1)}}
    runs = [one("a", name, 2, **H100, **TOPOLOGY) for name in ("first", "second")]
    found = dev(fleet_of(teams, *runs, pools=STATIC))
    assert (found["a/first"].state, found["a/second"].state) == (ADMITTED, WAITING)
    wait = found["a/second"].wait
    assert wait is not None
    assert (wait.cell, wait.short) == (("h100", NODES), 2)


def test_who_is_more_urgent_gets_the_nodes() -> None:
    teams = {"a": {"h100": gpus(64), "l4": gpus(1)}}
    runs = [one("a", "usual", 2, **H100), one("a", "urgent", 1, **H100, queue={"name": "a", "priority": "high"})]
    found = dev(fleet_of(teams, *runs, pools=STATIC), ("usual",))
    assert (found["a/usual"].state, found["a/usual"].preempted_by) == (WAITING, ("a/urgent",))


def test_without_topology_pods_stay_pending() -> None:
    pools = {"h100": {**STATIC["h100"], "topology": False}}
    runs = [one("a", name, 2, **H100) for name in ("first", "second")]
    found = dev(fleet_of({"a": {"h100": gpus(64)}}, *runs, pools=pools))
    assert (found["a/first"].state, found["a/second"].state) == (ADMITTED, PENDING)
    assert found["a/second"].short == 2


def test_a_run_that_does_not_care_gets_a_flavor_with_topology() -> None:
    """It says so by an annotation: without it Kueue leaves out the flavors that have a topology."""
    teams = {"a": {"h100": gpus(64), "l4": gpus(1)}}
    found = dev(fleet_of(teams, one("a", "train", 2, **H100), pools=STATIC))
    assert found["a/train"].flavors == ("h100",)


# Several clusters


def test_a_run_goes_to_the_worker_with_room() -> None:
    specs = {
        **small(),
        **{
            path.relative_to(SEVERAL_WORKERS).as_posix(): path.read_bytes()
            for path in sorted(SEVERAL_WORKERS.rglob("*.yaml"))
        },
    }
    fleet = load.load(gathered(specs)).fleet
    assert fleet is not None
    environment = fleet.environments["dev"]
    assert placed(fleet, environment) == {"two": {"vision/train": ADMITTED}}
    full = environment.workloads["vision", "train"]
    local = replace(
        full, name="local", data={**full.data, "clusters": ["two"], "queue": {"name": "vision"}}, dispatch={}
    )
    crowded = replace(environment, workloads={("vision", "local"): local, **environment.workloads})
    other = replace(fleet, environments={"dev": crowded})
    assert placed(other, crowded, "local") == {
        "three": {"vision/train": ADMITTED},
        "two": {"vision/local": ADMITTED},
    }
    (three,) = [it for it in replay(other, crowded, ("local",)) if it.cluster.name == "three"]
    assert three.standings["vision/train"].asked.manager == "dev-one"


def test_steps_of_a_pipeline_are_sent_away_too() -> None:
    files = {
        path.relative_to(SEVERAL_WORKERS).as_posix(): path.read_bytes() for path in SEVERAL_WORKERS.rglob("*.yaml")
    }
    nightly = "environments/base/workloads/vision/nightly.yaml"
    text = (ROOT / "tests" / "findings" / "legal--pipeline" / "input" / nightly).read_text()
    specs = {
        **small(),
        **files,
        nightly: text.replace("queue: {name: vision,", "queue: {name: vision-remote,").encode(),
    }
    fleet = load.load(gathered(specs)).fleet
    assert fleet is not None
    found = placed(fleet, fleet.environments["dev"])
    assert found["two"]["vision/nightly/score"] == ADMITTED


def placed(fleet: Fleet, environment: Environment, *first: str) -> dict[str, dict[str, str]]:
    found = {it.cluster.name: it.standings for it in replay(fleet, environment, first)}
    return {name: {run: it.state for run, it in standings.items()} for name, standings in found.items() if standings}


def test_the_reference_platform_sends_reconstruction_to_frankfurt() -> None:
    found = production()
    assert found["train-fra"].standings["simulation/splat-train"].asked.manager == "prod-train-iad"
    assert "simulation/splat-train" not in found["train-iad"].standings


# Order


def test_order_is_by_priority_then_name_unless_said() -> None:
    fleet = fleet_of(
        {"a": {"l4": gpus(4)}}, one("a", "x", 1), one("a", "y", 1, queue={"name": "a", "priority": "high"})
    )
    environment = fleet.environments["dev"]
    assert order(environment, fleet, ()) == ["a/y", "a/x"]
    assert order(environment, fleet, ("x",)) == ["a/x", "a/y"]
    assert order(environment, fleet, ("a/x", "y")) == ["a/x", "a/y"]


def test_the_order_of_maps_changes_nothing() -> None:
    """Clusters, teams, workloads, pools and flavors read backwards give the same report."""
    fleet = platform()
    turned = replace(fleet, environments={name: backwards(it) for name, it in reversed(fleet.environments.items())})
    for name in fleet.environments:
        theirs = {it.cluster.name: dict(it.standings) for it in replay(turned, turned.environments[name])}
        for mine in replay(fleet, fleet.environments[name]):
            seen = {run: (it.state, it.flavors, it.wait, it.preempted_by) for run, it in mine.standings.items()}
            other = theirs[mine.cluster.name]
            assert {run: (it.state, it.flavors, it.wait, it.preempted_by) for run, it in other.items()} == seen


def backwards(environment: Environment) -> Environment:
    def turned(value: Json) -> Json:
        return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    return replace(
        environment,
        clusters={
            name: replace(it, node_pools=dict(reversed(it.node_pools.items())), data=turned(it.data))
            for name, it in reversed(environment.clusters.items())
        },
        teams={name: replace(it, data=turned(it.data)) for name, it in reversed(environment.teams.items())},
        workloads=dict(reversed(environment.workloads.items())),
    )


# Changes


def changed(**wishes: tuple[str, ...]) -> tuple[Fleet, list[changes.Applied]]:
    clusters = [it.identity for it in platform().clusters()]
    return changes.apply(platform(), list(platform().environments), clusters, Wishes(**wishes))


def test_a_pool_loses_nodes_and_what_they_have() -> None:
    fleet, applied = changed(pools=("prod-train-iad/h100=-2",))
    pool = fleet.environments["prod"].clusters["train-iad"].node_pools["h100"]
    assert pool.data["limits"] == {GPU: "112", "cpu": "2688", "memory": "28Ti"}
    assert fleet.environments["prod"].clusters["train-iad"].data["nodePools"]["h100"] == pool.data
    assert [(it.where, it.before, it.after) for it in applied] == [("prod-train-iad", 16, 14)]
    before = platform().environments["prod"].clusters["train-iad"].node_pools["h100"]
    assert before.data["limits"][GPU] == "128"


def test_a_static_pool_has_other_replicas() -> None:
    fleet, _ = changed(pools=("prod-train-iad/h200=10",))
    data = fleet.environments["prod"].clusters["train-iad"].node_pools["h200"].data
    assert (data["replicas"], data["limits"]["nodes"]) == (10, "11")


def test_a_name_without_an_environment_holds_wherever_it_is() -> None:
    _, applied = changed(pools=("train-iad/h100=+1",))
    assert [it.where for it in applied] == ["prod-train-iad", "staging-train-iad"]
    _, applied = changed(teams=("perception.h100=+8",))
    assert [it.where for it in applied] == ["dev-shared-iad", "prod-train-iad", "staging-train-iad"]
    _, applied = changed(teams=("perception.h100@prod-train-iad=+8",))
    assert [it.where for it in applied] == ["prod-train-iad"]


def test_quota_changes_in_proportion() -> None:
    fleet, _ = changed(teams=("perception.h100@prod-train-iad=-48",))
    quota = fleet.environments["prod"].teams["perception"].clusters["train-iad"]["flavors"]["h100"]
    assert quota[GPU] == {"nominalQuota": "16", "borrowingLimit": "32", "lendingLimit": "16"}
    assert quota["cpu"] == {"nominalQuota": "368", "borrowingLimit": "736", "lendingLimit": "368"}
    assert quota["memory"]["nominalQuota"] == "3680Gi"


def test_a_run_has_other_nodes_or_is_gone() -> None:
    fleet, applied = changed(workloads=("perception/bev-train=8",), without=("hard-mining",))
    workloads = {name: it.workloads for name, it in fleet.environments.items()}
    assert [workloads[name]["perception", "bev-train"].data["nodes"] for name in ("prod",)] == [8]
    assert all(("fleet-learning", "hard-mining") not in it for it in workloads.values())
    assert {it.option for it in applied} == {"--workload", "--without"}


# The verb


def call(capsys: pytest.CaptureFixture[str], *arguments: str, root: Path = ROOT) -> tuple[int, str, str]:
    code = cli.main(["whatif", "--root", str(root), *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


CASES = {
    "small": (),
    "small-other": ("--workload", "train=+5"),
    "as-it-is": ("-e", "prod"),
    "fewer-nodes": ("-e", "prod", "--pool", "train-iad/h100=-2", "--team", "perception.h100=+64"),
    "topology": ("-e", "prod", "--pool", "train-iad/h200=-3"),
    "larger-run": ("-e", "prod", "--workload", "perception/bev-train=16"),
    "without": ("-e", "prod", "--without", "planner-rl", "--order", "bev-train"),
    "worker": ("-e", "prod", "--team", "simulation.l40s@train-fra=2"),
    "three-environments": ("--team", "fleet-learning.a10g=+2"),
}


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str, capsys: pytest.CaptureFixture[str], update_golden: bool) -> None:
    code, out, err = call(capsys, *CASES[case], root=SMALL if case.startswith("small") else ROOT)
    assert (code, err) == (0, "")
    path = GOLDEN / f"{case}.md"
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(out)
    assert out == path.read_text()


def test_json_says_all_that_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, *CASES["larger-run"], "--format", "json")
    found = json.loads(out)
    assert sorted(found) == ["changes", "clusters", "findings", "order"]
    (cluster,) = [it for it in found["clusters"] if it["cluster"] == "prod-train-iad"]
    (bev,) = [it for it in cluster["runs"] if it["run"] == "perception/bev-train"]
    assert (bev["queue"], bev["changed"]) == ("perception", True)
    assert bev["before"]["preemptedBy"] == ["fleet-learning/autolabel-train"]
    assert bev["after"]["state"] == "waiting"
    assert bev["after"]["waitsFor"] == {"flavor": "h100", "missing": 64, "of": "perception", "resource": GPU}
    assert "perception may have 96 (64 nominal + 32 borrowed)" in bev["after"]["reason"]
    assert found["changes"][0] == {
        "after": 16,
        "before": 12,
        "option": "--workload",
        "unit": "nodes",
        "value": "perception/bev-train=16",
        "what": "perception/bev-train",
        "where": "prod",
    }


def test_what_a_change_would_break_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "-e", "prod", "--team", "perception.h100=+64", "--format", "json")
    assert {it["id"] for it in json.loads(out)["findings"]} == {
        "admitted-runs-above-quota",
        "overcommitted-quota",
        "quota-above-pool-limit",
    }


@pytest.mark.parametrize(("pool", "code"), [("train-iad/h200=+1", 0), ("train-iad/h100=-6", 1)])
def test_failing_on_runs_that_would_wait(pool: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "-e", "prod", "--pool", pool, "--fail-on-waiting")[0] == code


@pytest.mark.parametrize(
    ("wishes", "said", "help"),
    [
        (
            {"pools": ("train-iad/h10=-2",)},
            'there is no pool "train-iad/h10"',
            'did you mean "train-iad/h100"? legal: ',
        ),
        ({"pools": ("train-iad/h100",)}, "does not end in =N, =+N or =-N", "write it as CLUSTER/POOL=-2"),
        ({"pools": ("prod-train-iad/h200=-9",)}, 'in "prod-train-iad" there are only 8', "--cluster"),
        ({"pools": ("train-iad/h200=-3",)}, 'in "staging-train-iad" there are only 2', "leave that one out by -e"),
        ({"workloads": ("bev-train=-4",)}, 'in "dev" there are only 2', "take away less"),
        ({"pools": ("serve-fra/a100-slices=+1",)}, 'nodes of pool "a100-slices" is not known', "shares its GPUs"),
        ({"teams": ("percption.h100=+8",)}, 'no quota "percption.h100"', 'did you mean "perception.h100"?'),
        ({"teams": ("perception.h100@serve-fra=+8",)}, "no quota", 'did you mean "perception.h100@train-iad"?'),
        ({"workloads": ("perception/bev=+8",)}, "queues no run", 'did you mean "perception/bev-train"?'),
        ({"workloads": ("validation/release-eval=2",)}, "queues no run", "legal: "),
        ({"workloads": ("bev-train=0",)}, "a run has at least one node", "write --without bev-train"),
        ({"without": ("camera-detector",)}, 'queues no workload "camera-detector"', "legal: "),
    ],
)
def test_wishes_that_name_nothing(wishes: Mapping[str, tuple[str, ...]], said: str, help: str) -> None:
    with pytest.raises(Fatal) as caught:
        changed(**wishes)
    assert said in caught.value.message
    assert help in caught.value.help
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--order", "bev-trian"), 'did you mean "perception/bev-train"?'),
        (("--cluster", "prod-train"), 'there is no cluster "prod-train"\n  help: did you mean "prod-train-iad"?'),
        (("-e", "production"), 'there is no environment "production"'),
        (("--cluster", "hub-iad", "--pool", "train-iad/h100=1"), 'there is no pool "train-iad/h100"'),
    ],
)
def test_options_that_name_nothing(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_specs_with_errors_are_reported_instead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SMALL, tmp_path / "repository")
    path = tmp_path / "repository/environments/base/workloads/vision/train.yaml"
    path.write_text(path.read_text().replace("name: vision, priority: normal", "name: visoin, priority: normal"))
    code, out, _ = call(capsys, root=tmp_path / "repository")
    assert code == 1
    assert out.startswith("error[unknown-queue]: ")
