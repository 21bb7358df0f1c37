"""Kueue's cohorts, queues and configuration from settings and teams."""

from __future__ import annotations

from typing import Any

import pytest

import fleets
from paddock import applications, inputs, load
from paddock.components import kueue
from paddock.requirements import waves

Json = Any


def settings(**stated: Json) -> Json:
    preemption = {
        "withinClusterQueue": "LowerPriority",
        "reclaimWithinCohort": "Any",
        "borrowWithinCohort": {"policy": "Never"},
    }
    ready = {"timeout": "30m", "recoveryTimeout": "15m", "blockAdmission": False, "backoffLimitCount": 10}
    return {
        "frameworks": ["batch/job"],
        "manageJobsWithoutQueueName": False,
        "fairSharing": True,
        "preemption": preemption,
        "flavorFungibility": {"whenCanBorrow": "MayStopSearch", "whenCanPreempt": "TryNextFlavor"},
        "cohorts": {},
        "waitForPodsReady": ready,
        "retainFinished": "168h",
    } | stated


def view(team: Json = fleets.TEAM, **stated: Json) -> Json:
    fleet = fleets.fleet(team=team)
    return kueue.view(fleet, fleet.environments["dev"].clusters["train"], settings(**stated), {})


def team_on(**use: Json) -> Json:
    return fleets.TEAM | {"clusters": {"train": fleets.TEAM["clusters"]["train"] | use}}


def test_the_root_is_there_without_settings() -> None:
    assert view()["cohorts"] == [{"name": "train", "parentName": None, "weight": "1", "resourceGroups": []}]
    assert view()["queues"][0]["cohortName"] == "train"


def test_a_cohort_is_below_the_root_or_its_parent() -> None:
    shared = {"h100": {"cpu": {"nominalQuota": "8", "lendingLimit": "16"}, "nvidia.com/gpu": {"nominalQuota": "8"}}}
    cohorts = {
        "labelling": {"parent": "research", "weight": "0.5", "flavors": {}},
        "research": {"weight": "3", "flavors": {**shared, "no-such-pool": shared["h100"]}},
    }
    found = view(cohorts=cohorts)["cohorts"]
    assert [(one["name"], one["parentName"], one["weight"]) for one in found] == [
        ("labelling", "research", "0.5"),
        ("research", "train", "3"),
        ("train", None, "1"),
    ]
    assert found[1]["resourceGroups"] == [
        {
            "coveredResources": ["cpu", "nvidia.com/gpu"],
            "flavors": [
                {
                    "name": "h100",
                    "resources": [
                        {"name": "cpu", "nominalQuota": "8", "lendingLimit": "16"},
                        {"name": "nvidia.com/gpu", "nominalQuota": "8"},
                    ],
                }
            ],
        }
    ]


def test_the_root_may_have_quota_of_its_own() -> None:
    (root,) = view(cohorts={"train": {"weight": "1", "flavors": {"cpu": {"cpu": {"nominalQuota": "4"}}}}})["cohorts"]
    assert root["parentName"] is None
    assert root["resourceGroups"][0]["flavors"][0]["name"] == "cpu"


def test_a_pool_with_quota_of_a_cohort_alone_is_a_flavor() -> None:
    assert "cpu" not in [one["name"] for one in view()["flavors"]]
    cohorts = {"research": {"weight": "1", "flavors": {"cpu": {"cpu": {"nominalQuota": "4"}}}}}
    assert "cpu" in [one["name"] for one in view(cohorts=cohorts)["flavors"]]


def test_what_a_team_says_of_its_queue() -> None:
    (queue,) = view(team_on(cohort="research", weight="2", stopPolicy="HoldAndDrain"))["queues"]
    assert (queue["cohortName"], queue["weight"], queue["stopPolicy"]) == ("research", "2", "HoldAndDrain")
    (queue,) = view()["queues"]
    assert (queue["weight"], queue["stopPolicy"]) == ("1", "None")


def test_every_flavor_lists_the_covered_resources_in_their_order() -> None:
    flavors = {
        "l40s": {"memory": {"nominalQuota": "1Gi"}, "cpu": {"nominalQuota": "1", "borrowingLimit": "1"}},
        "h100": {"nvidia.com/gpu": {"nominalQuota": "8"}, "hugepages-2Mi": {"nominalQuota": "1Gi"}},
    }
    (group,) = view(team_on(flavors=flavors))["queues"][0]["resourceGroups"]
    assert group["coveredResources"] == ["cpu", "memory", "nvidia.com/gpu", "hugepages-2Mi"]
    for flavor in group["flavors"]:
        assert [one["name"] for one in flavor["resources"]] == group["coveredResources"]
    assert [one["nominalQuota"] for one in group["flavors"][0]["resources"]] == ["0", "0", "8", "1Gi"]


def test_preemption_and_fungibility_come_from_the_settings() -> None:
    preemption = settings()["preemption"] | {
        "borrowWithinCohort": {"policy": "LowerPriority", "maxPriorityThreshold": 7}
    }
    fungibility = {"whenCanBorrow": "TryNextFlavor", "whenCanPreempt": "TryNextFlavor"}
    (queue,) = view(preemption=preemption, flavorFungibility=fungibility)["queues"]
    assert queue["preemption"] == preemption
    assert queue["flavorFungibility"] == fungibility


def test_a_flavor_tolerates_every_taint_of_its_pool() -> None:
    """A flavor's tolerations take the place of those of a TrainJob's runtime (kueue#15161)."""
    flavor = next(one for one in view()["flavors"] if one["name"] == "h100")
    assert flavor["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"key": "team", "operator": "Equal", "value": "x", "effect": "NoSchedule"},
    ]
    assert flavor["topologyName"] == "nodes"
    assert next(one for one in view()["flavors"] if one["name"] == "l40s")["topologyName"] is None


@pytest.mark.parametrize(
    "cohorts", [{}, {"a": {"weight": "1", "flavors": {"h100": {"memory": {"nominalQuota": "1"}}}}}]
)
def test_what_no_queue_or_cohort_covers_is_not_counted(cohorts: Json) -> None:
    """A requested resource that nothing covers would block every run (gpu-platform.md 5.2)."""
    text = view(cohorts=cohorts)["configuration"]
    assert ("- memory" in text.split("excludeResourcePrefixes")[1]) is not bool(cohorts)


def component_waves() -> dict[str, int]:
    """Waves of the components of a training cluster."""
    gathered, _ = inputs.gather(fleets.ROOT)
    catalogue = load.load(gathered).catalogue
    return waves({name: one for name, one in catalogue.items() if "training" in one.data["roles"]})


def test_waves_follow_references(objects: list[Any]) -> None:
    """An object is applied after what it names: Kueue keeps a queue inactive otherwise (gpu-platform.md 5.1)."""
    by_kind: dict[str, set[int]] = {}
    for one in objects:
        if one.component == "kueue" and one.object["apiVersion"].startswith("kueue.x-k8s.io/"):
            wave = int(one.object["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
            by_kind.setdefault(one.object["kind"], set()).add(wave)
    order = ["Topology", "ResourceFlavor", "Cohort", "ClusterQueue"]
    found = [by_kind[kind] for kind in order]
    # LocalQueues are in the teams' Applications, which come after those of components.
    assert max(component_waves().values()) < applications.TEAMS_WAVE
    assert all(len(one) == 1 for one in found)
    assert [min(one) for one in found] == sorted({min(one) for one in found})
