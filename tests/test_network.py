"""Who reaches whom: a workload names its callers once, and both namespaces open for exactly that."""

from __future__ import annotations

from typing import Any

from paddock import source
from paddock.pipeline import Result
from repositories import run, small, with_spec

API = "environments/base/workloads/vision/api.yaml"
TEAM = "environments/base/teams/vision.yaml"
OVERLAY = "environments/dev/teams/vision.yaml"


def with_a_second_team(callers: list[str]) -> Result:
    """The small repository with a team `robots`; the service `api` of `vision` names its callers."""
    specs = with_spec(small(), API, {"callers": callers})
    for path in (TEAM, OVERLAY):
        specs[path.replace("vision.yaml", "robots.yaml")] = (
            specs[path].replace(b"name: vision", b"name: robots").replace(b"small-vision", b"small-robots")
        )
    return run(specs)


def policy(result: Result, path: str) -> Any:
    data, problems = source.parse(result.trees["dev"][f"clusters/one/{path}"].encode(), path)
    assert not problems
    return data["spec"]


def namespace(name: str) -> Any:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def test_both_sides_open() -> None:
    result = with_a_second_team(["robots"])
    assert not result.diagnostics
    let_in = policy(result, "workloads/vision/api/networkpolicy-api.yaml")["ingress"][0]
    assert let_in == {"from": [{"podSelector": {}}, namespace("robots")]}
    let_out = policy(result, "teams/robots/networkpolicy-allow-callees.yaml")
    assert let_out == {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [namespace("vision")]}]}
    assert "clusters/one/teams/vision/networkpolicy-allow-callees.yaml" not in result.trees["dev"]


def test_without_callers_nothing_opens() -> None:
    result = with_a_second_team([])
    assert policy(result, "workloads/vision/api/networkpolicy-api.yaml")["ingress"][0] == {
        "from": [{"podSelector": {}}]
    }
    assert "clusters/one/teams/robots/networkpolicy-allow-callees.yaml" not in result.trees["dev"]


def test_a_caller_that_is_no_team_is_a_finding() -> None:
    found = with_a_second_team(["nobody"]).diagnostics
    assert [(one.id, one.location.path) for one in found] == [("unknown-team", API)]
    assert "robots, vision" in found[0].help
