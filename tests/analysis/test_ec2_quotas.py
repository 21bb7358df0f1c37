"""Every instance type that a pool may name counts against a quota of EC2 that a spec may state."""

from __future__ import annotations

import json

import pytest

from paddock.analysis.ec2_quotas import NAMES, code
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
