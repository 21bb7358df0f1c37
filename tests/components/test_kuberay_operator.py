"""KubeRay: every gate is stated, every Ray pod is scraped, autoscaled replicas are left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

import fleets
from paddock import team_access, teams
from paddock.components import argo_cd, kuberay_operator
from paddock.quantity import parse

Json = Any
GATES = {"RayCronJob": False, "RayClusterStatusConditions": True}


def view() -> Json:
    fleet = fleets.fleet()
    return kuberay_operator.view(fleet, fleet.environments["dev"].clusters["train"], {"featureGates": GATES}, {})


def test_gates_become_the_charts_list() -> None:
    assert view()["featureGates"] == [
        {"name": "RayClusterStatusConditions", "enabled": True},
        {"name": "RayCronJob", "enabled": False},
    ]


def test_the_charts_cpu_limit_is_replaced() -> None:
    """Helm merges maps, so a limit that is left out is the chart's 100m: less than what is requested."""
    text = Path(fleets.ROOT / "schemas/components/kuberay-operator.schema.json").read_text()
    defaults = {name: one["default"] for name, one in json.loads(text)["properties"]["resources"]["properties"].items()}
    context = {"settings": {"replicas": 1, "concurrency": 1, "kubeClient": {"qps": 1, "burst": 1}}, "featureGates": []}
    context["settings"]["resources"] = defaults  # type: ignore[index]
    rendered, problem = fleets.templates().render("templates/components/kuberay-operator/values.yaml.j2", context)
    assert problem is None
    resources = yaml.safe_load(rendered)["resources"]
    assert parse(resources["limits"]["cpu"]) >= parse(resources["requests"]["cpu"])


def test_ray_pods_are_scraped_with_the_name_of_their_cluster(objects: list[Any]) -> None:
    monitors = [
        one.object for one in objects if one.component == "kuberay-operator" and one.object["kind"] == "PodMonitor"
    ]
    assert monitors
    for monitor in monitors:
        assert monitor["spec"]["namespaceSelector"] == {"any": True}
        endpoints = monitor["spec"]["podMetricsEndpoints"]
        assert [one["port"] for one in endpoints] == ["metrics", "as-metrics", "dash-metrics"]
        assert {one["relabelings"][0]["targetLabel"] for one in endpoints} == {"ray_io_cluster"}


def test_alerts_of_ray_objects_go_to_their_team() -> None:
    rules = {one["alert"]: one["labels"] for one in view()["ruleGroups"][0]["rules"]}
    assert rules["KubeRayOperatorDown"] == {"severity": "critical", "team": "platform"}
    assert rules["RayJobFailed"]["team"] == "{{ $labels.namespace }}"
    assert set(rules) >= {"RayClusterNotProvisioned", "RayServiceNotReady"}


def test_argo_cd_leaves_replicas_and_suspension_alone() -> None:
    found = argo_cd._customizations({"health-ack.lua": "return {}"})
    paths = yaml.safe_load(found["ray.io/RayCluster"]["ignoreDifferences"])["jqPathExpressions"]
    assert paths == [
        ".spec.suspend",
        ".spec | select(.enableInTreeAutoscaling == true) | .workerGroupSpecs[]?.replicas",
    ]
    assert "ray.io/RayJob" in found


def test_engineers_run_ray_jobs_and_the_operator_reaches_their_heads() -> None:
    rule = next(one for one in team_access.EDIT_RULES if one["apiGroups"] == ["ray.io"])
    assert "create" in rule["verbs"]
    assert rule["resources"] == ["rayclusters", "rayjobs"]  # a RayService would pass the queue by
    clusters = {"train": fleets.cluster("train", fleets.CLUSTER, components={"kuberay-operator": {}})}
    fleet = fleets.fleet(clusters=clusters)
    dev = fleet.environments["dev"]
    policies = {
        one["name"]: one
        for one in teams.view(fleet, dev, clusters["train"], dev.teams["perception"])["networkPolicies"]
    }
    (rule,) = policies["allow-ray-operator"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8265}]
