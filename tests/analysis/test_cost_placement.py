"""On which pool a workload is counted, and how much of it on which cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from paddock.analysis.cost import Costs
from paddock.analysis.cost_fleet import costs
from paddock.load import load
from paddock.model import Fleet
from repositories import gathered, reference, small, with_spec

ONE = "environments/dev/clusters/one.yaml"
WORKLOADS = "environments/base/workloads/vision"
AS_OF = "2026-11-01"
TRAIN = {"cost": {"runsPerMonth": 2, "hoursPerRun": 20}}


def fleet(specs: Mapping[str, bytes]) -> Fleet:
    found = load(gathered(specs)).fleet
    assert found is not None
    return found


def of(found: Fleet) -> Costs:
    return costs(found, found.environments.values(), as_of=AS_OF)


def with_pools(**more: Mapping[str, Any]) -> dict[str, bytes]:
    """The small repository with more pools."""
    pools = {
        name: dict(one.data) for name, one in fleet(small()).environments["dev"].clusters["one"].node_pools.items()
    }
    return with_spec(small(), ONE, {"nodePools": {**pools, **{name: dict(one) for name, one in more.items()}}})


def cpu(*types: str, **more: Any) -> dict[str, Any]:
    return {
        "instanceTypes": list(types),
        "capacityTypes": ["on-demand"],
        "zones": ["us-east-1a"],
        "limits": {"cpu": "512"},
        **more,
    }


def pools_of(found: Costs, workload: str) -> set[str]:
    return {one.pool for one in found.lines if one.workload == workload and one.what == "workload"}


def test_the_cheaper_of_two_pools() -> None:
    """0.5 CPUs and 1 GiB cost less on m6i.large ($0.096 for 2 CPUs) with a small volume than on m7i.4xlarge."""
    specs = with_pools(small=cpu("m6i.large", volume="20Gi"))
    assert pools_of(of(fleet(specs)), "api") == {"small"}


def test_the_pool_of_the_higher_weight_before_the_cheaper_one() -> None:
    specs = with_pools(dear=cpu("r7i.4xlarge", weight=50), cheap=cpu("m6i.large", volume="20Gi", weight=10))
    assert pools_of(of(fleet(specs)), "api") == {"dear"}


def test_a_pool_that_is_too_small_is_passed_over() -> None:
    """Two CPUs of an m6i.large are less than two for pods."""
    specs = with_spec(
        with_pools(small=cpu("m6i.large", weight=90)),
        f"{WORKLOADS}/api.yaml",
        {"resources": {"cpu": "2", "memory": "1Gi"}},
    )
    assert pools_of(of(fleet(specs)), "api") == {"general"}


def test_taints_keep_away_what_does_not_name_the_pool() -> None:
    closed = {"example.com/only": {"effect": "NoSchedule"}}
    shunned = {"example.com/rather": {"effect": "PreferNoSchedule"}}
    specs = with_pools(
        closed=cpu("m6i.large", weight=90, taints=closed), shunned=cpu("m6i.large", weight=80, taints=shunned)
    )
    assert pools_of(of(fleet(specs)), "api") == {"general"}
    named = with_spec(specs, f"{WORKLOADS}/api.yaml", {"pool": "closed"})
    assert pools_of(of(fleet(named)), "api") == {"closed"}


def test_queued_runs_go_to_a_pool_of_which_their_queue_has_quota() -> None:
    """The team has quota of h100 alone, whatever the other pool weighs."""
    other = {**fleet(small()).environments["dev"].clusters["one"].node_pools["h100"].data, "weight": 90}
    specs = with_spec(with_pools(other=other), f"{WORKLOADS}/train.yaml", TRAIN)
    assert pools_of(of(fleet(specs)), "train") == {"h100"}


def test_what_fits_nowhere_is_missing() -> None:
    huge = with_spec(small(), f"{WORKLOADS}/api.yaml", {"resources": {"cpu": "17", "memory": "1Gi"}})
    found = of(fleet(huge))
    assert pools_of(found, "api") == set()
    assert ('workload "vision/api"', "no node pool can hold it") in {(one.subject, one.why) for one in found.missing}
    unknown = of(fleet(with_spec(small(), f"{WORKLOADS}/api.yaml", {"pool": "nowhere"})))
    assert any(one.why == "no node pool can hold it" for one in unknown.missing)  # a finding of its own says why


def test_a_schedule_that_nobody_can_read_is_missing() -> None:
    run = {"schedule": "H 2 * * *", "timeZone": "Etc/UTC"}
    found = of(fleet(with_spec(small(), f"{WORKLOADS}/train.yaml", {"cost": {"hoursPerRun": 2}, "run": run})))
    assert 'schedule "H 2 * * *" cannot be read, and no cost.runsPerMonth is stated' in {
        one.why for one in found.missing
    }


def test_cut_gpus_are_parts_of_a_node() -> None:
    """A p4d.24xlarge has 56 slices of a seventh of a GPU: one of them is a 56th of the node."""
    path = "environments/base/workloads/validation/shadow-scorer.yaml"
    resources = {"gpu": {"model": "a100", "count": 1}, "cpu": "1", "memory": "8Gi"}
    specs = with_spec(reference(), path, {"pool": "a100-slices", "resources": resources, "environments": ["prod"]})
    del specs["environments/dev/workloads/validation/shadow-scorer.yaml"]
    found = of(fleet(specs))
    (line,) = [one for one in found.lines if one.workload == "shadow-scorer" and one.pool == "a100-slices"]
    paid = found.total([one for one in found.lines if one.pool == "a100-slices"])
    # Three replicas are expected; the limit of 112 slices is two nodes.
    assert abs(Fraction(line.amount.expected, paid.maximum) - Fraction(3, 112)) < Fraction(1, 10**9)


def test_runs_that_are_sent_away_are_counted_where_they_run() -> None:
    """In production splat-train is queued on train-iad and runs on train-fra."""
    found = of(fleet(reference()))
    lines = [one for one in found.lines if one.environment == "prod" and one.workload == "splat-train"]
    assert {one.cluster for one in lines} == {"train-fra"}


def test_each_of_several_workers_has_its_part() -> None:
    """Runs of a queue with two workers: half of them on each, and together what they cost on one."""
    two = {
        **with_spec(small(), f"{WORKLOADS}/train.yaml", TRAIN),
        "environments/dev/clusters/two.yaml": small()[ONE].replace(b"metadata: {name: one}", b"metadata: {name: two}"),
        "environments/dev/teams/vision.yaml": small()["environments/dev/teams/vision.yaml"].replace(
            b"    one:", b"    two:"
        ),
    }
    plain = fleet(two)
    environment = plain.environments["dev"]
    key = ("vision", "train")
    sent = replace(environment.workloads[key], dispatch={"one": ("one", "two")})
    workloads = {**environment.workloads, key: sent}
    found = of(replace(plain, environments={"dev": replace(environment, workloads=workloads)}))
    amounts = {one.cluster: one.amount for one in found.lines if one.workload == "train" and one.what == "workload"}
    alone = of(fleet(with_spec(small(), f"{WORKLOADS}/train.yaml", TRAIN)))
    (whole,) = [one.amount for one in alone.lines if one.workload == "train" and one.what == "workload"]
    assert amounts["one"] == amounts["two"]
    assert abs(2 * amounts["one"].expected - whole.expected) <= 2  # rounded down twice


def test_buffers_hold_room_that_costs_money() -> None:
    """Two pods of a quarter of a node of $604.672 a month."""
    image = {"repository": "registry.example.com/pause", "tag": "3.10", "digest": f"sha256:{'0' * 64}"}
    buffers = {"general": {"replicas": 2, "resources": {"cpu": "4", "memory": "16Gi"}}}
    components = {"overprovisioning": {"settings": {"image": image, "buffers": buffers}}}
    found = of(fleet(with_spec(small(), ONE, {"components": components})))
    (line,) = [one for one in found.lines if one.what == "buffer"]
    assert (line.pool, line.team) == ("general", "")
    assert line.amount.expected == 302_336_000
