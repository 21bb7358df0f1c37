"""Pipelines: the WorkflowTemplate and what stands beside it, to read in golden/pipeline, and its edges."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

import fleets
from paddock import projects, workloads
from paddock.model import Step
from repositories import ROOT, run, small, with_spec

Json = Any
NAME = "nightly"
GOLDEN = ROOT / "tests" / "golden" / "pipeline"
CASE = ROOT / "tests" / "findings" / "legal--pipeline" / "input"


def step(**changes: Json) -> Json:
    return {"command": ["tool"], "resources": {"cpu": "1", "memory": "1Gi"}, **changes}


GPU = {"gpu": {"model": "l40s", "count": 2}, "cpu": "8", "memory": "64Gi"}


def pipeline(**changes: Json) -> Json:
    spec = {
        "type": "pipeline",
        "environments": ["dev"],
        "clusters": ["train"],
        "image": fleets.IMAGE,
        "steps": {"one": step()},
        "run": "onDemand",
    }
    return {**spec, **changes}


def render(spec: Json, **options: Any) -> dict[tuple[str, str], Json]:
    one = fleets.workload(NAME, spec)
    fleet = fleets.fleet(one, **options)
    dev = fleet.environments["dev"]
    context = workloads.VIEWS["pipeline"](fleet, dev, dev.clusters["train"], dev.teams["perception"], one)
    return fleets.rendered("workloads/pipeline", context)


def template(objects: dict[tuple[str, str], Json], name: str) -> Json:
    listed = objects["WorkflowTemplate", NAME]["spec"]["templates"]
    return next(one for one in listed if one["name"] == name)


def tasks(objects: dict[tuple[str, str], Json]) -> dict[str, Json]:
    return {one["name"]: one for one in template(objects, "pipeline")["dag"]["tasks"]}


def test_golden(update_golden: bool) -> None:
    """All that a pipeline brings to a cluster: its own folder, and its part of the team's and of the component's."""
    files = {path.relative_to(CASE).as_posix(): path.read_bytes() for path in CASE.rglob("*.yaml")}
    result = run({**small(), **files})
    assert not result.diagnostics
    tree = result.trees["dev"]
    wanted = ("/workloads/vision/nightly/", "/teams/vision/role", "/components/argo-workflows/")
    found = {path: text for path, text in tree.items() if any(part in path for part in wanted)}
    if update_golden:
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for path, text in found.items():
            (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / path).write_text(text)
    expected = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*") if path.is_file()}
    assert sorted(found) == sorted(expected)
    for path, text in found.items():
        assert text == (GOLDEN / path).read_text(), path


def test_an_input_makes_a_dependency_and_takes_the_output() -> None:
    steps = {
        "a": step(outputs={"x": {"path": "/out/x"}}),
        "b": step(),
        "c": step(dependsOn=["b"], inputs={"y": {"from": "a", "output": "x", "path": "/in/y"}}),
    }
    objects = render(pipeline(steps=steps))
    assert tasks(objects)["a"] == {"name": "a", "template": "a"}
    assert tasks(objects)["c"]["dependencies"] == ["a", "b"]
    (taken,) = tasks(objects)["c"]["arguments"]["artifacts"]
    assert taken == {"name": "y", "from": "{{tasks.a.outputs.artifacts.x}}"}
    assert template(objects, "c")["inputs"] == {"artifacts": [{"name": "y", "path": "/in/y"}]}
    assert template(objects, "a")["outputs"] == {"artifacts": [{"name": "x", "path": "/out/x"}]}


def test_only_steps_with_gpus_wait_in_the_queue() -> None:
    """gpu-platform.md 5.2: Argo Workflows is queued by pods."""
    steps = {"cpu": step(), "gpu": step(resources=GPU)}
    objects = render(pipeline(steps=steps, queue={"name": "perception", "priority": "high"}))
    assert template(objects, "gpu")["metadata"]["labels"] == {
        "kueue.x-k8s.io/priority-class": "high",
        "kueue.x-k8s.io/queue-name": "perception",
    }
    assert "metadata" not in template(objects, "cpu")
    assert "kueue.x-k8s.io/queue-name" not in objects["WorkflowTemplate", NAME]["spec"]["podMetadata"]["labels"]


def test_a_step_is_placed_as_any_workload() -> None:
    steps = {"gpu": step(resources=GPU), "named": step(pool="cpu"), "free": step()}
    objects = render(pipeline(steps=steps))
    terms = template(objects, "gpu")["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = terms["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["l40s", "l40s-efa"]
    assert template(objects, "gpu")["tolerations"]
    assert template(objects, "gpu")["container"]["resources"]["limits"] == {"memory": "64Gi", "nvidia.com/gpu": "2"}
    assert template(objects, "named")["nodeSelector"] == {"ml.example.com/pool": "cpu"}
    assert {"affinity", "nodeSelector", "tolerations"} & template(objects, "free").keys() == set()


def test_a_step_has_the_node_affinity_of_its_pipeline_and_its_own() -> None:
    """Beside the pools of its GPU, if there are several; a single one is in the node selector."""
    steps = {"gpu": step(resources=GPU), "named": step(pool="cpu", capacityTypes=["on-demand", "reserved"])}
    objects = render(pipeline(steps=steps, capacityTypes=["on-demand"], architectures=["amd64"]))

    def expressions(name: str) -> list[Json]:
        affinity = template(objects, name)["affinity"]["nodeAffinity"]
        (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        found: list[Json] = term["matchExpressions"]
        return found

    assert expressions("gpu") == [
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
        {"key": "ml.example.com/pool", "operator": "In", "values": ["l40s", "l40s-efa"]},
    ]
    assert expressions("named") == [
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand", "reserved"]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
    ]
    assert template(objects, "named")["nodeSelector"] == {"ml.example.com/pool": "cpu"}


def test_parameters_reach_steps_as_variables_alone() -> None:
    objects = render(pipeline(parameters={"DAY": "today", "SUITE": "all"}, steps={"one": step(env={"SUITE": "mine"})}))
    assert objects["WorkflowTemplate", NAME]["spec"]["arguments"] == {
        "parameters": [{"name": "DAY", "value": "today"}, {"name": "SUITE", "value": "all"}]
    }
    assert template(objects, "one")["container"]["env"] == [
        {"name": "DAY", "value": "{{workflow.parameters.DAY}}"},
        {"name": "SUITE", "value": "mine"},
    ]


def test_attempts_and_their_end() -> None:
    """A pod that Kueue preempted, or whose node went, ends in an error; maxDuration would end a long step itself."""
    steps = {"default": step(), "once": step(retries=0), "bounded": step(timeout="90m", retries=5)}
    objects = render(pipeline(steps=steps, activeDeadline="3h", parallelism=2))
    default = template(objects, "default")["retryStrategy"]
    assert (default["limit"], default["retryPolicy"]) == (2, "Always")
    assert "maxDuration" not in default["backoff"]
    assert "retryStrategy" not in template(objects, "once")
    assert template(objects, "bounded")["activeDeadlineSeconds"] == 5400
    assert template(objects, "bounded")["retryStrategy"]["limit"] == 5
    spec = objects["WorkflowTemplate", NAME]["spec"]
    assert (spec["activeDeadlineSeconds"], spec["parallelism"]) == (10800, 2)
    assert "activeDeadlineSeconds" not in template(objects, "default")


def test_finished_workflows_are_kept_as_long_as_the_team_keeps_runs() -> None:
    objects = render(pipeline(), team=fleets.TEAM | {"runRetention": "336h"})
    spec = objects["WorkflowTemplate", NAME]["spec"]
    assert spec["ttlStrategy"] == {"secondsAfterCompletion": 336 * 3600}
    assert spec["podGC"] == {"strategy": "OnPodSuccess"}


def test_one_user_for_all_containers_of_a_pod() -> None:
    spec = render(pipeline(user=1234))["WorkflowTemplate", NAME]["spec"]
    assert spec["securityContext"] == {
        "fsGroup": 1234,
        "runAsNonRoot": True,
        "runAsUser": 1234,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = spec["templates"][1]["container"]
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_a_schedule_is_a_cron_workflow_of_the_template() -> None:
    how = {"schedule": "0 2 * * *", "timeZone": "Europe/Berlin", "startingDeadline": "2h"}
    cron = render(pipeline(run=how))["CronWorkflow", NAME]
    assert cron["spec"] == {
        "schedules": ["0 2 * * *"],
        "timezone": "Europe/Berlin",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 7200,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "workflowMetadata": {"labels": cron["metadata"]["labels"]},
        "workflowSpec": {"workflowTemplateRef": {"name": NAME}},
    }
    assert ("CronWorkflow", NAME) not in render(pipeline())


def test_shared_memory_is_mounted_where_it_is_stated() -> None:
    objects = render(pipeline(steps={"one": step(sharedMemory="8Gi"), "two": step()}))
    assert template(objects, "one")["volumes"] == [
        {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}}
    ]
    assert template(objects, "one")["container"]["volumeMounts"] == [{"name": "shared-memory", "mountPath": "/dev/shm"}]
    assert {"volumes", "volumeMounts"} & {*template(objects, "two"), *template(objects, "two")["container"]} == set()


def test_a_team_may_sync_what_a_pipeline_renders() -> None:
    how = {"schedule": "0 2 * * *", "timeZone": "UTC"}
    alerts = {"Late": {"expr": "up", "severity": "info", "summary": "Late."}}
    objects = render(pipeline(run=how, secrets={"s": {"k": {"remoteKey": "x"}}}, alerts=alerts))
    groups = {(one["apiVersion"].rpartition("/")[0], one["kind"]) for one in objects.values()}
    assert len(groups) == 5
    assert groups <= {(one["group"], one["kind"]) for one in projects.TENANT_KINDS}
    assert not {"Application", "AppProject", "ApplicationSet"} & {one["kind"] for one in projects.TENANT_KINDS}


def test_a_step_stands_where_it_states_a_field_and_else_where_its_pipeline_does() -> None:
    spec = pipeline(steps={"one": step(resources=GPU, timeout="1h")}, queue={"name": "perception"})
    (part,) = fleets.workload(NAME, spec).parts()
    assert isinstance(part, Step)
    assert part.place("resources", "gpu").pointer == ("spec", "steps", "one", "resources", "gpu")
    assert part.place("activeDeadline").pointer == ("spec", "steps", "one", "timeout")
    assert part.place("image").pointer == ("spec", "image")
    assert part.place("queue", "name").pointer == ("spec", "queue", "name")


@pytest.mark.parametrize("spec", [fleets.TRAINING, fleets.INFERENCE, fleets.SERVICE], ids=lambda one: one["type"])
def test_other_workloads_are_one_part(spec: Json) -> None:
    one = fleets.workload(NAME, spec)
    assert one.parts() == (one,)


def test_gated_pods_get_their_gate_by_a_patch() -> None:
    """Templates of Argo have no field for scheduling gates (awslabs/mountpoint-s3-csi-driver#543)."""
    files = {path.relative_to(CASE).as_posix(): path.read_bytes() for path in CASE.rglob("*.yaml")}
    path = "environments/dev/clusters/one.yaml"
    for reserved in (True, False):
        components = {
            "argo-workflows": {"enabled": True, "settings": {"artifacts": {"bucket": "small-artifacts"}}},
            "kueue": {"settings": {"frameworks": ["pod"]}},
            "aws-mountpoint-s3-csi-driver": {"enabled": True, "settings": {"reserveHeadroom": reserved}},
        }
        result = run(with_spec({**small(), **files}, path, {"components": components}))
        text = result.trees["dev"]["clusters/one/workloads/vision/nightly/workflowtemplate-nightly.yaml"]
        patch = json.dumps(json.dumps({"schedulingGates": [{"name": "s3.csi.aws.com/reserve-headroom-for-mppod"}]}))
        assert (f"podSpecPatch: {patch}" in text) is reserved


@pytest.mark.parametrize(
    ("covered", "missing"), [(("memory", "nvidia.com/gpu"), []), (("cpu", "memory"), ["nvidia.com/gpu"])]
)
def test_quota_is_asked_of_queued_steps_alone(covered: tuple[str, ...], missing: list[str]) -> None:
    """Kueue holds back a step that asks for what its queue does not cover; steps without GPUs are in none."""
    files = {path.relative_to(CASE).as_posix(): path.read_bytes() for path in CASE.rglob("*.yaml")}
    flavors = {"h100": {name: {"nominalQuota": "1Ti"} for name in covered}}
    clusters = {"one": {"quota": {"requests.cpu": "2000"}, "flavors": flavors}}
    result = run(with_spec({**small(), **files}, "environments/dev/teams/vision.yaml", {"clusters": clusters}))
    found = [one for one in result.diagnostics if one.id == "resource-without-quota"]
    steps = [one.message for one in found if one.location.path.endswith("/nightly.yaml")]
    assert [one.split(",")[0] for one in steps] == [
        f'step "score" of workload "nightly" asks for {name}' for name in missing
    ]
