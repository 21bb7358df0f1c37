"""Every instance type that a pool may name counts against a quota of EC2 that a spec may state."""

from __future__ import annotations

import json

import pytest

from paddock.analysis.ec2_quotas import NAMES, code, codes, most_vcpus
from paddock.instances import instances
from repositories import ROOT


def test_each_type_on_demand_has_a_quota_of_its_class() -> None:
    for name in instances():
        found = code(name, spot=False)
        assert found is not None, name
        assert name.startswith(("c", "m", "r", "t")) != ("Standard" not in NAMES[found]) or name.startswith("trn"), name


@pytest.mark.parametrize(
    ("name", "on_demand", "spot"),
    [
        ("m7i.4xlarge", "Standard", "Standard"),
        ("is4gen.xlarge", "Standard", "Standard"),
        ("p5en.48xlarge", "On-Demand P ", "All P5 Spot"),
        ("p4de.24xlarge", "On-Demand P ", "P4, P3 and P2"),
        ("gr6f.4xlarge", "G and VT", "G and VT"),
        ("inf2.48xlarge", "Inf", "Inf"),
        ("trn1n.32xlarge", "Trn", "Trn"),
    ],
)
def test_classes(name: str, on_demand: str, spot: str) -> None:
    found = [code(name, spot=False), code(name, spot=True)]
    assert None not in found
    assert on_demand in NAMES[str(found[0])]
    assert spot in NAMES[str(found[1])]


def test_what_no_source_tells_is_not_counted() -> None:
    assert code("p6-b200.48xlarge", spot=False) is not None
    assert code("p6-b200.48xlarge", spot=True) is None
    assert code("u7i-12tb.224xlarge", spot=False) is None
    assert code("4xlarge", spot=False) is None


def test_the_schema_takes_the_same_codes_and_explains_each() -> None:
    schema = json.loads((ROOT / "schemas/specs/environment.schema.json").read_text())
    stated = schema["properties"]["spec"]["properties"]["serviceQuotas"]
    assert stated["additionalProperties"]["propertyNames"]["enum"] == sorted(NAMES)
    assert [one for one in NAMES if one not in stated["description"]] == []


@pytest.mark.parametrize(
    ("names", "limits", "most"),
    [
        (["p5.48xlarge"], {"nvidia.com/gpu": "64"}, 8 * 192),
        (["p5.48xlarge"], {"nvidia.com/gpu": "63"}, 7 * 192),
        (["p5.48xlarge"], {"nvidia.com/gpu": "64", "cpu": "1000"}, 1000),
        (["p5.48xlarge"], {"nvidia.com/gpu": "64", "memory": "4Ti"}, 2 * 192),
        (["p5en.48xlarge"], {"nodes": "9"}, 9 * 192),
        (["g6.4xlarge", "g6.8xlarge"], {"nvidia.com/gpu": "16"}, 16 * 32),
        (["m7i.4xlarge", "m7i.8xlarge"], {"memory": "160Gi"}, 2 * 16 + 0 * 32),
        (["m7i.4xlarge"], {"nvidia.com/gpu": "16"}, None),
        (["m7i.4xlarge"], {"ephemeral-storage": "1Ti"}, None),
    ],
)
def test_what_a_pool_may_grow_to(names: list[str], limits: dict[str, str], most: int | None) -> None:
    assert most_vcpus([instances()[name] for name in names], limits, shared=False) == most


def test_a_limit_of_slices_says_nothing_of_nodes() -> None:
    types = [instances()["p4d.24xlarge"]]
    assert most_vcpus(types, {"nvidia.com/gpu": "56"}, shared=True) is None
    assert most_vcpus(types, {"nvidia.com/gpu": "56", "nodes": "1"}, shared=True) == 96


def test_a_pool_that_draws_on_a_quota_that_nobody_can_state_is_left_out() -> None:
    types = [instances()[name] for name in ("p5.48xlarge", "p6-b200.48xlarge")]
    assert codes(types, spot=[False]) == {"L-417A185B"}
    assert codes(types, spot=[False, True]) == frozenset()
    assert codes(types[:1], spot=[False, True]) == {"L-417A185B", "L-C4BD4855"}
    assert codes(types, spot=[]) == frozenset()
