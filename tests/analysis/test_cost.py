"""Costs of specs: a workload of each type and each kind of service by hand, and sums that agree in every grouping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.analysis.cost import GROUPINGS, Costs, Line, grouped
from paddock.analysis.cost_fleet import costs
from paddock.analysis.money import MICRO, Amount, usd
from paddock.load import load
from paddock.model import Fleet
from repositories import gathered, reference, small, with_spec

ONE = "environments/dev/clusters/one.yaml"
PLATFORM = "environments/platform.yaml"
TEAM = "environments/dev/teams/vision.yaml"
WORKLOADS = "environments/base/workloads/vision"
AS_OF = "2026-11-01"
H100 = {
    "gpu": {"model": "h100"},
    "instanceTypes": ["p5.48xlarge"],
    "capacityTypes": ["on-demand"],
    "zones": ["us-east-1a"],
    "efa": True,
    "topology": True,
    "limits": {"nvidia.com/gpu": "64"},
}


def fleet(specs: Mapping[str, bytes]) -> Fleet:
    loaded = load(gathered(specs))
    assert not loaded.problems, loaded.problems
    assert loaded.fleet is not None
    return loaded.fleet


def of(specs: Mapping[str, bytes], as_of: str | None = AS_OF) -> Costs:
    found = fleet(specs)
    return costs(found, found.environments.values(), as_of=as_of)


def prices(specs: Mapping[str, bytes], stated: Mapping[str, Any], *, region: str = "us-east-1", **more: Any) -> Any:
    """The specs with prices stated in platform.yaml."""
    return with_spec(
        specs,
        PLATFORM,
        {"prices": {"asOf": "2026-11-01", "source": "a test", "regions": {region: stated}, **more}},
    )


def lines(found: Costs, what: str, **attributes: str) -> list[Line]:
    return [
        one
        for one in found.lines
        if one.what == what and all(getattr(one, name) == value for name, value in attributes.items())
    ]


def figures(found: Costs, what: str, **attributes: str) -> list[str]:
    """The three cases in dollars and cents, of all such lines."""
    whole = found.total(lines(found, what, **attributes))
    return [usd(whole[case]) for case in range(3)]


def pool(specs: Mapping[str, bytes], name: str, changes: Mapping[str, Any]) -> dict[str, bytes]:
    """The specs with a node pool of the cluster replaced."""
    stated = load(gathered(specs)).fleet
    assert stated is not None
    pools = {key: dict(one.data) for key, one in stated.environments["dev"].clusters["one"].node_pools.items()}
    return with_spec(specs, ONE, {"nodePools": {**pools, name: dict(changes)}})


def test_a_service() -> None:
    """2 to 4 replicas of 500m and 1Gi on m7i.4xlarge (16 CPUs, 64 GiB, $0.8064 an hour; volume 200 GiB at $0.08).

    A node: 0.8064 + 200 × 0.08 / 730 = $0.828317… an hour, $604.672 a month. A replica takes the larger of 0.5 / 16 and
    1 / 64: 1/32, $18.896 a month. So 2, 3 (halfway) and 4 replicas: $37.79, $56.69 and $75.58.
    """
    found = of(small())
    assert figures(found, "workload", workload="api") == ["37.79", "56.69", "75.58"]
    # Nodes are 80% full, expected: of what is paid a fifth is idle, 56.688 / 0.8 - 56.688 = 14.172.
    # At most: 512 CPUs are 32 nodes, 32 × 604.672 = 19349.504, without what the service has of them.
    assert figures(found, "idle", pool="general") == ["0.00", "14.17", "19273.92"]


def test_replicas_that_are_expected() -> None:
    """Stated: 2.5 replicas are 2.5 × 18.896."""
    specs = with_spec(small(), f"{WORKLOADS}/api.yaml", {"cost": {"expectedReplicas": 2.5}})
    assert figures(of(specs), "workload", workload="api")[1] == "47.24"
    specs = with_spec(small(), f"{WORKLOADS}/api.yaml", {"cost": {"expectedReplicas": 100}})
    assert figures(of(specs), "workload", workload="api")[1] == "75.58"  # kept within max


def test_an_inference_endpoint_on_spot() -> None:
    """1 to 3 replicas with one L4, which is all of a g6.4xlarge ($1.3232) and of a g6.8xlarge ($2.0144).

    Volume: 200 × 0.08 = $16 a month. Minimum: the cheaper type on spot, at 40%: 1.3232 × 0.4 × 730 + 16 = $402.3744.
    Expected: two of them. Maximum: three of the dearer on demand: 3 × (2.0144 × 730 + 16) = $4459.536.
    """
    found = of(prices(small(), {}, spotPercent=40))
    assert figures(found, "workload", workload="model") == ["402.37", "804.75", "4459.54"]
    # Without a price of spot it counts as on demand: 1.3232 × 730 + 16 = 981.936.
    assert figures(of(small()), "workload", workload="model")[:2] == ["981.94", "1963.87"]
    # A type's own spot price wins: 0.5 × 730 + 16.
    stated = {"instances": {"g6.4xlarge": {"spot": 0.5}}}
    assert figures(of(prices(small(), stated, spotPercent=40)), "workload", workload="model")[0] == "381.00"


TRAIN = {"runsPerMonth": {"min": 1, "expected": 2, "max": 4}, "hoursPerRun": {"min": 10, "expected": 20, "max": 60}}


def test_a_training_run_on_demand() -> None:
    """4 nodes of p5.48xlarge ($55.04) with a volume of 200 GiB (16 / 730 = $0.021918 an hour): $220.24767 an hour.

    1 run of 10 hours: $2202.48; 2 of 20: $8809.91; 4 of 60: $52859.44.
    """
    specs = pool(with_spec(small(), f"{WORKLOADS}/train.yaml", {"cost": TRAIN}), "h100", H100)
    found = of(specs)
    assert figures(found, "workload", workload="train") == ["2202.48", "8809.91", "52859.44"]
    # The limit of 64 GPUs is 8 nodes: 8 × 55.061918 × 730 = 321561.6 a month in all.
    whole = found.total([one for one in found.lines if one.pool == "h100"])
    assert [usd(whole[case]) for case in range(3)] == ["2202.48", "8809.91", "321561.60"]


def test_a_training_run_on_reserved_nodes() -> None:
    """Four nodes are reserved at $30: 4 × (30 × 730 + 16) = $87664 a month, used or not. A run takes all four: two runs
    of 20 hours use 40 / 730 of the month, $4803.51."""
    specs = with_spec(small(), f"{WORKLOADS}/train.yaml", {"cost": TRAIN})
    found = of(prices(specs, {"instances": {"p5.48xlarge": {"reserved": 30}}}))
    assert figures(found, "workload", workload="train") == ["1200.88", "4803.51", "28821.04"]
    assert figures(found, "idle", pool="h100")[:2] == ["86463.12", "82860.49"]


def test_a_deadline_is_the_most_of_a_run() -> None:
    """Stated as one number, the most is the deadline: 2 runs of 20 hours, at most of 30."""
    specs = with_spec(
        small(),
        f"{WORKLOADS}/train.yaml",
        {"cost": {"runsPerMonth": 2, "hoursPerRun": 20}, "activeDeadline": "30h"},
    )
    assert figures(of(pool(specs, "h100", H100)), "workload", workload="train") == ["8809.91", "8809.91", "13214.86"]


def test_a_schedule_says_how_many_runs() -> None:
    """Daily: 28, 30.4166… and 31 runs of 2 hours of 4 nodes at $55.061918 an hour."""
    run = {"schedule": "0 2 * * *", "timeZone": "Etc/UTC"}
    specs = with_spec(small(), f"{WORKLOADS}/train.yaml", {"cost": {"hoursPerRun": 2}, "run": run})
    assert figures(of(pool(specs, "h100", H100)), "workload", workload="train") == ["12333.87", "13398.40", "13655.36"]


@pytest.mark.parametrize(("policy", "expected"), [("Forbid", 730), ("Allow", 1460)])
def test_a_run_that_waits_for_the_last_one_takes_no_more_than_the_month(policy: str, expected: int) -> None:
    """48 hours a day: with Forbid only one at a time, with Allow two on average."""
    run = {"schedule": "0 2 * * *", "timeZone": "Etc/UTC", "concurrencyPolicy": policy}
    changes = {"cost": {"hoursPerRun": 48}, "run": run, "nodes": 1}
    specs = with_spec(small(), f"{WORKLOADS}/train.yaml", changes)
    found = of(pool(specs, "h100", H100))
    amount = found.total(lines(found, "workload", workload="train"))
    assert usd(amount.expected) == usd(int((Fraction("55.04") * 730 + 16) / 730 * expected * MICRO))


PIPELINE = {
    "type": "pipeline",
    "environments": ["dev"],
    "clusters": ["one"],
    "image": {"repository": "registry.example.com/vision/pipe", "digest": f"sha256:{'0' * 64}"},
    "run": "onDemand",
    "cost": {"runsPerMonth": 10},
    "steps": {
        "read": {"command": ["read"], "resources": {"cpu": "4", "memory": "8Gi"}, "cost": {"hoursPerRun": 2}},
        "score": {
            "command": ["score"],
            "resources": {"gpu": {"model": "l4", "count": 1}, "cpu": "4", "memory": "8Gi"},
            "cost": {"hoursPerRun": 1},
        },
        "send": {"command": ["send"], "resources": {"cpu": "1", "memory": "1Gi"}},
    },
    "queue": {"name": "vision"},
}


def test_a_pipeline_has_a_cost_for_each_step() -> None:
    """read: a quarter of a node of $0.828317 for 20 hours, $4.14; score: a g6.4xlarge at 1.3232 + 16 / 730 for 10
    hours, $13.45. send has no assumption and is not counted."""
    body = {"apiVersion": "paddock/v1alpha1", "kind": "Workload", "metadata": {"name": "pipe", "team": "vision"}}
    path = f"{WORKLOADS}/pipe.yaml"
    specs = {**small(), path: json.dumps({**body, "spec": PIPELINE}).encode()}
    loaded = load(gathered(specs)).fleet
    assert loaded is not None
    found = costs(loaded, loaded.environments.values(), as_of=AS_OF)
    assert figures(found, "workload", workload="pipe", pool="general")[1] == "4.14"
    assert figures(found, "workload", workload="pipe", pool="l4")[1] == "13.45"
    assert [one.why for one in found.missing if 'step "send"' in one.subject] == ["no cost.hoursPerRun is stated"]


def test_checkpoints_are_there_between_runs() -> None:
    """1200 GiB of SCRATCH_2 at $0.14."""
    assert figures(of(small()), "checkpoints", workload="train") == ["168.00"] * 3


def test_buckets_by_storage_class() -> None:
    """10 TiB at $0.023 and 20 TiB at $0.0125: 235.52 + 256; the replica lies in Glacier Instant Retrieval in us-west-2,
    of which nobody stated a price."""
    bucket = {
        "name": "small-vision-checkpoints",
        "purpose": "checkpoints",
        "expectedSize": {"STANDARD": "10Ti", "STANDARD_IA": "20Ti"},
        "replication": {"region": "us-west-2", "bucket": "small-vision-copy", "storageClass": "GLACIER_IR"},
    }
    found = of(with_spec(small(), "environments/base/teams/vision.yaml", {"buckets": {"checkpoints": bucket}}))
    assert figures(found, "bucket", team="vision") == ["491.52"] * 3
    assert {one.why for one in found.missing if one.subject.startswith("bucket")} == {
        "no price of s3-glacier-ir in us-west-2 is known; state it in prices of platform.yaml"
    }


EKS = {
    "name": "small-dev-one",
    "endpoint": "https://ABCDEF0123456789.gr7.us-east-1.eks.amazonaws.com",
    "certificateAuthority": "LS0tLS1CRUdJTg==",
}


@pytest.mark.parametrize(
    ("support", "as_of", "dollars"),
    [
        ("EXTENDED", "2026-12-02", "73.00"),  # the last day of standard support of 1.34
        ("EXTENDED", "2026-12-03", "438.00"),  # 0.10 + 0.50 an hour
        ("STANDARD", "2026-12-03", "73.00"),  # EKS upgrades it by itself
        ("EXTENDED", None, "73.00"),  # nobody knows the day
    ],
)
def test_a_control_plane(support: str, as_of: str | None, dollars: str) -> None:
    specs = with_spec(small(), ONE, {"eks": {**EKS, "supportType": support}})
    assert figures(of(specs, as_of), "control plane") == [dollars] * 3


def test_what_a_control_plane_of_a_tier_costs_must_be_stated() -> None:
    specs = with_spec(small(), ONE, {"eks": {**EKS, "controlPlaneTier": "tier-xl"}})
    assert any("eks-tier-xl" in one.why for one in of(specs).missing)
    stated = prices(specs, {"services": {"eks-tier-xl": 1.65}})
    assert figures(of(stated), "control plane") == ["1277.50"] * 3  # 73 + 1.65 × 730


def test_node_groups() -> None:
    """2 to 4 of m7i.xlarge ($0.2016) or m7i.2xlarge ($0.4032), with 100 GiB of 4000 operations and 225 MiB a second:
    8 + 1000 × 0.005 + 100 × 0.04 = $17. EKS takes the first type: 2 × (0.2016 × 730 + 17) = $328.336; at most
    4 × (0.4032 × 730 + 17) = $1245.344."""
    group = {
        "instanceTypes": ["m7i.xlarge", "m7i.2xlarge"],
        "minSize": 2,
        "maxSize": 4,
        "volumePerformance": {"iops": 4000, "throughput": 225},
    }
    specs = with_spec(small(), ONE, {"eks": {**EKS, "nodeGroups": {"system": group}}})
    assert figures(of(specs), "node group") == ["328.34", "328.34", "1245.34"]


def test_a_capacity_block_is_paid_whole() -> None:
    """Four nodes of a block at $30, wherever the group stands: 4 × (30 × 730 + 8)."""
    group = {
        "instanceTypes": ["p5.48xlarge"],
        "capacityType": "CAPACITY_BLOCK",
        "capacityReservation": "cr-0123456789abcdef0",
        "zones": ["us-east-1a"],
        "minSize": 0,
        "maxSize": 4,
    }
    specs = with_spec(small(), ONE, {"eks": {**EKS, "nodeGroups": {"block": group}}})
    assert figures(of(specs), "node group") == ["0.00"] * 3
    assert any("a capacity block of p5.48xlarge" in one.why for one in of(specs).missing)
    stated = prices(specs, {"instances": {"p5.48xlarge": {"capacityBlock": 30}}})
    assert figures(of(stated), "node group") == ["87632.00"] * 3


def test_a_capacity_block_that_is_over_costs_nothing() -> None:
    block = {
        "zone": "us-east-1a",
        "type": "capacity-block",
        "instanceType": "p5.48xlarge",
        "instanceCount": 2,
        "ends": "2026-11-20T11:30:00Z",
    }
    changes = {**H100, "capacityTypes": ["reserved"], "capacityReservations": {"cr-0123456789abcdef0": block}}
    specs = prices(pool(small(), "h100", changes), {"instances": {"p5.48xlarge": {"capacityBlock": 30}}})
    assert figures(of(specs, "2026-11-20"), "idle", pool="h100") == ["43832.00"] * 3  # 2 × (30 × 730 + 16)
    assert figures(of(specs, "2026-11-21"), "idle", pool="h100") == ["0.00"] * 3


def test_a_static_pool_is_always_there() -> None:
    """Three nodes of p5.48xlarge on demand: 3 × (55.04 × 730 + 16)."""
    specs = pool(small(), "h100", {**H100, "replicas": 3, "limits": {"nodes": "4"}})
    assert figures(of(specs), "idle", pool="h100") == ["120585.60"] * 3


def test_a_database_and_its_standby() -> None:
    """db.t4g.medium ($0.065) with 50 GiB that may grow to 100 ($0.115), and the same again: 2 × (47.45 + 5.75), at most
    2 × (47.45 + 11.5)."""
    database = {"instanceClass": "db.t4g.medium", "storage": "50Gi", "multiAZ": True}
    specs = with_spec(small(), ONE, {"eks": {**EKS, "databases": {"mlflow": database}}})
    assert figures(of(specs), "database") == ["106.40", "106.40", "117.90"]


def test_file_systems_by_throughput() -> None:
    """2400 GiB of 125 MB/s for each TiB at $0.145; nobody knows the price of the next tier."""
    one = {"capacity": "2400Gi", "zone": "us-east-1a", "perUnitStorageThroughput": 125}
    specs = with_spec(small(), ONE, {"eks": {**EKS, "fileSystems": {"data": one}}})
    assert figures(of(specs), "file system") == ["348.00"] * 3
    dearer = with_spec(
        small(), ONE, {"eks": {**EKS, "fileSystems": {"data": {**one, "perUnitStorageThroughput": 250}}}}
    )
    assert not lines(of(dearer), "file system")
    assert any("fsx-persistent-2-250" in gap.why for gap in of(dearer).missing)


def test_load_balancers_once_for_each_group() -> None:
    """The only Ingress of the small repository is the service's own, and so is its load balancer."""
    stated = prices(small(), {"services": {"load-balancer": 0.02}})
    assert figures(of(stated), "load balancer", workload="api") == ["14.60"] * 3
    components = {"kserve": {"settings": {"ingress": {"enabled": True}}}, "mlflow": {"enabled": False}}
    found = of(with_spec(stated, ONE, {"components": components}))
    assert figures(found, "load balancer", workload="model") == ["14.60"] * 3  # KServe's Ingress of the endpoint
    # What shares a group shares a load balancer, which is nobody's own.
    shared = {"port": "http", "annotations": {"alb.ingress.kubernetes.io/group.name": "all"}}
    found = of(with_spec(stated, f"{WORKLOADS}/api.yaml", {"ingress": shared}))
    assert [(one.team, one.workload) for one in lines(found, "load balancer")] == [("", "")]


def test_what_has_no_price_is_missing_and_never_zero() -> None:
    """In a region without any price nothing is counted that is priced there, and each gap is named."""
    moved = {**H100, "instanceTypes": ["p5.48xlarge"], "zones": ["us-west-2a"]}
    specs = pool(with_spec(small(), f"{WORKLOADS}/train.yaml", {"cost": TRAIN}), "h100", moved)
    found = of(with_spec(specs, ONE, {"region": "us-west-2"}))
    assert not lines(found, "workload")
    assert {one.instance for one in found.missing if one.instance} == {
        "g6.4xlarge",
        "g6.8xlarge",
        "m7i.4xlarge",
        "p5.48xlarge",
    }
    assert any(one.subject == 'workload "vision/train"' for one in found.missing)


def test_a_price_of_one_type_is_enough_for_what_fits_it() -> None:
    """Of two types in eu-central-1 one has a price: 0.9 an hour and 200 × 0.0952 a month for a node, $676.04, of which
    the service takes 2 / 32 at least. The other is named."""
    types = {"instanceTypes": ["m7i.8xlarge", "m7i.4xlarge"], "capacityTypes": ["on-demand"]}
    specs = pool(small(), "general", {**types, "zones": ["eu-central-1a"], "limits": {"cpu": "512"}})
    specs = prices(specs, {"instances": {"m7i.4xlarge": {"onDemand": 0.9}}}, region="eu-central-1")
    found = of(with_spec(specs, ONE, {"region": "eu-central-1"}))
    assert figures(found, "workload", workload="api")[0] == "42.25"
    assert [one.instance for one in found.missing if one.pool == "general"] == ["m7i.8xlarge"]


def test_settings_that_are_wrong_leave_gaps_and_break_nothing() -> None:
    """Their own findings say what is wrong with them; whether GPUs are cut is not known then."""
    path = "environments/prod/clusters/serve-fra.yaml"
    spoilt = reference()[path].replace(b"  components:\n", b"  components:\n    gpu-operator: {settings: {bogus: 1}}\n")
    loaded = load(gathered({**reference(), path: spoilt}))
    assert loaded.problems
    assert loaded.fleet is not None
    found = costs(loaded.fleet, loaded.fleet.environments.values(), as_of=AS_OF)
    assert any(one.pool == "a100-slices" for one in found.lines)


def _reference() -> Costs:
    found = fleet(reference())
    return costs(found, found.environments.values(), as_of="2026-11-25")


def test_every_grouping_adds_up_to_the_same() -> None:
    """Nothing is counted twice and nothing is lost: to the millionth of a dollar."""
    found = _reference()
    whole = found.total()
    assert whole.expected > 1_000_000 * MICRO
    for by in GROUPINGS:
        sums = grouped(found.lines, by)
        assert sum(sums.values(), Amount()) == whole, by
    for environment in ("dev", "staging", "prod"):
        ours = [one for one in found.lines if one.environment == environment]
        assert found.total(ours) == grouped(found.lines, "environment")[environment]


def test_what_is_paid_for_a_pool_is_its_workloads_and_what_is_idle() -> None:
    """Of pools with nodes that are always there, counted here once more from the specs: p5en.48xlarge in prod and the
    reserved part of p5.48xlarge."""
    found = _reference()
    h200 = found.total([one for one in found.lines if (one.environment, one.pool) == ("prod", "h200")])
    # Nine are reserved at $41.20, with volumes of 500 GiB at $0.08: 9 × (41.2 × 730 + 40).
    assert [usd(h200[case]) for case in range(3)] == ["271044.00"] * 3
    h100 = found.total([one for one in found.lines if (one.environment, one.pool) == ("prod", "h100")])
    # Twelve at $33.60: 12 × (33.6 × 730 + 40); at most four more on demand at $55.04, up to 128 GPUs.
    assert [usd(h100[case]) for case in (0, 2)] == [
        "294816.00",
        usd(int((294816 + 4 * (Fraction("55.04") * 730 + 40)) * MICRO)),
    ]


def test_minimum_expected_and_maximum_are_in_order() -> None:
    """Of everything but what is idle, which is less the more is used."""
    found = _reference()
    for one in found.lines:
        if one.what != "idle":
            assert 0 <= one.amount.minimum <= one.amount.expected <= one.amount.maximum, one
        assert min(one.amount[case] for case in range(3)) >= 0, one
    for name, amount in grouped(found.lines, "pool").items():
        assert amount.minimum <= amount.expected <= amount.maximum, name


@given(
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(1, 100),
    st.integers(0, 20),
    st.sampled_from(["500m", "3", "12"]),
)
def test_sums_hold_whatever_the_specs_say(least: int, more: int, utilization: int, runs: int, cpu: str) -> None:
    changes = {"replicas": {"min": least, "max": max(1, least + more)}, "resources": {"cpu": cpu, "memory": "1Gi"}}
    specs = with_spec(small(), f"{WORKLOADS}/api.yaml", changes)
    specs = with_spec(specs, f"{WORKLOADS}/train.yaml", {"cost": {"runsPerMonth": runs, "hoursPerRun": 100}})
    general = {
        "instanceTypes": ["m7i.4xlarge"],
        "capacityTypes": ["on-demand"],
        "zones": ["us-east-1a"],
        "limits": {"cpu": "160"},
        "cost": {"utilization": utilization},
    }
    found = of(pool(specs, "general", general))
    for by in GROUPINGS:
        assert sum(grouped(found.lines, by).values(), Amount()) == found.total()
    general_pool = found.total([one for one in found.lines if one.pool == "general"])
    node = (Fraction("0.8064") * 730 + 16) * MICRO
    assert general_pool.maximum == int(node * 10)  # ten nodes are 160 CPUs
    assert all(one.amount[case] >= 0 for one in found.lines for case in range(3))
