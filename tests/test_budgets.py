"""Which pools a missing price is reported of, and what a finding about a budget names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddock.checks import budgets
from paddock.diagnostics import Problem
from paddock.load import load
from repositories import gathered, small, with_spec

ONE = "environments/dev/clusters/one.yaml"
TEAM = "environments/dev/teams/vision.yaml"
ENVIRONMENT = "environments/dev/environment.yaml"
AS_OF = "2026-11-01"


def check(specs: Mapping[str, bytes]) -> list[Problem]:
    fleet = load(gathered(specs)).fleet
    assert fleet is not None
    return list(budgets.check(fleet, AS_OF))


def priceless() -> dict[str, bytes]:
    """The small repository in a region of which no table has prices, with a pool that nobody uses."""
    fleet = load(gathered(small())).fleet
    assert fleet is not None
    pools: dict[str, Any] = {
        name: dict(one.data) for name, one in fleet.environments["dev"].clusters["one"].node_pools.items()
    }
    pools["unused"] = {
        "gpu": {"model": "a10g"},
        "instanceTypes": ["g5.xlarge", "g5.2xlarge"],
        "capacityTypes": ["on-demand"],
        "zones": ["us-west-2a"],
        "limits": {"nvidia.com/gpu": "4"},
    }
    return with_spec(small(), ONE, {"region": "us-west-2", "nodePools": pools})


def pools(found: list[Problem]) -> list[Any]:
    return sorted(one.place.pointer[2] for one in found if one.id == "unknown-price")


def test_nothing_is_said_without_a_budget() -> None:
    assert check(priceless()) == []
    assert check(small()) == []


def test_a_budget_of_the_environment_depends_on_every_pool() -> None:
    found = check(with_spec(priceless(), ENVIRONMENT, {"budget": {"monthlyUSD": 1000}}))
    assert pools(found) == ["general", "h100", "l4", "unused"]
    unused = next(one for one in found if one.place.pointer[2] == "unused")
    assert "g5.2xlarge, g5.xlarge" in unused.message  # all types of a pool in one finding
    assert unused.place.pointer[-2:] == ("instanceTypes", 0)


def test_a_budget_of_a_team_depends_on_the_pools_that_it_uses() -> None:
    """api is on general, model on l4; train has no assumption and is on no pool."""
    assert pools(check(with_spec(priceless(), TEAM, {"budget": {"monthlyUSD": 1000}}))) == ["general", "l4"]


def test_a_budget_of_nothing_is_exceeded_by_anything() -> None:
    (found,) = check(with_spec(small(), TEAM, {"budget": {"monthlyUSD": 0}}))
    assert found.id == "budget-exceeded"
    assert found.message.endswith("has a budget of $0.00 a month, and $2,189 are expected")


def test_what_costs_most_is_named_first() -> None:
    (found,) = check(with_spec(small(), TEAM, {"budget": {"monthlyUSD": 1}}))
    assert [one.message.partition(":")[0] for one in found.related] == ["vision/model", "vision/train", "vision/api"]


def test_a_team_without_cost_has_room() -> None:
    empty = {key: text for key, text in small().items() if "/workloads/" not in key}
    assert check(with_spec(empty, TEAM, {"budget": {"monthlyUSD": 0}})) == []
