"""Which MLflow tracks what, and what each team has in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import fleets
from paddock import tracking
from paddock.components import mlflow_teams
from paddock.model import Environment, Fleet
from paddock.tracking import Tracked

Json = Any

FILES = {mlflow_teams.PROGRAM: "print()\n"}
SETTINGS = {"workspaces": True, "otherTeams": "READ"}


def clusters(**components: Json) -> dict[str, Any]:
    return {name: fleets.cluster(name, fleets.CLUSTER, components=one) for name, one in sorted(components.items())}


def fleet(**components: Json) -> Fleet:
    """Two workloads that are tracked as one experiment, one of them with a model, and one on another cluster."""
    workloads = [
        fleets.workload("a", fleets.TRAINING | {"tracking": {"experiment": "bev", "registeredModel": "bev"}}),
        fleets.workload("b", fleets.TRAINING | {"tracking": {"experiment": "bev"}}),
        fleets.workload("c", fleets.TRAINING | {"clusters": ["serve"], "tracking": {"experiment": "other"}}),
        fleets.workload("d", fleets.TRAINING),
    ]
    return fleets.fleet(*workloads, clusters=clusters(**components))


def dev(found: Fleet) -> Environment:
    return found.environments["dev"]


def test_a_cluster_s_own_mlflow_comes_first() -> None:
    environment = dev(fleet(serve={"mlflow": {}}, train={"mlflow": {}}, west={}))
    names = {name: tracking.server(environment, one) for name, one in environment.clusters.items()}
    assert {name: one.name if one else None for name, one in names.items()} == {
        "serve": "serve",
        "train": "train",
        "west": "serve",
    }
    assert [one.name for one in tracking.served(environment, environment.clusters["serve"])] == ["serve", "west"]


def test_without_any_mlflow() -> None:
    environment = dev(fleet(serve={}, train={}))
    assert tracking.server(environment, environment.clusters["train"]) is None
    assert tracking.team_server(environment, environment.clusters["train"]) is None


def test_what_a_team_has_where_its_runs_are_tracked() -> None:
    both = dev(fleet(serve={}, train={"mlflow": {}}))
    assert tracking.tracked(both, both.clusters["train"]) == [
        Tracked(team="perception", experiments=("perception/bev", "perception/other"), models=("perception-bev",))
    ]
    apart = dev(fleet(serve={"mlflow": {}}, train={"mlflow": {}}))
    [found] = tracking.tracked(apart, apart.clusters["serve"])
    assert (found.experiments, found.models) == (("perception/other",), ())


def view(found: Fleet, **settings: Json) -> Json:
    return mlflow_teams.view(found, dev(found).clusters["train"], {**SETTINGS, **settings}, FILES)


def test_a_change_makes_another_job() -> None:
    found = fleet(serve={}, train={"mlflow": {}})
    job = view(found)["job"]
    assert job.startswith("mlflow-teams-")
    assert view(found)["job"] == job
    assert view(found, otherTeams="NO_PERMISSIONS")["job"] != job
    assert view(found, imageDigest=fleets.DIGEST)["job"] != job
    fewer = replace(dev(found), workloads={})
    assert view(replace(found, environments={"dev": fewer}))["job"] != job


def test_a_secret_that_is_missing_keeps_no_pod_from_starting() -> None:
    found = view(fleet(serve={}, train={"mlflow": {}}))
    assert [one["name"] for one in found["secrets"]] == ["mlflow-team-perception"]
    [source] = next(one for one in found["pod"]["volumes"] if one["name"] == "passwords")["projected"]["sources"]
    assert source["secret"]["optional"] is True
    assert source["secret"]["items"] == [{"key": "password", "path": "perception"}]
    assert found["secrets"][0]["spec"]["data"][0]["remoteRef"]["key"] == "dev/perception/mlflow"


def test_nothing_without_workspaces_or_teams() -> None:
    found = fleet(serve={}, train={"mlflow": {}})
    assert view(found, workspaces=False) is None
    assert view(replace(found, environments={"dev": replace(dev(found), teams={}, workloads={})})) is None
