"""Which pods stand behind which objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paddock.analysis import pod_templates

Json = Any

TEMPLATE = {"metadata": {"labels": {"team": "a"}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
JOB = {"spec": {"template": TEMPLATE}}
RUNTIME = {"template": {"spec": {"replicatedJobs": [{"template": {"spec": {"template": TEMPLATE}}}]}}}


def object_of(kind: str, spec: Json) -> Json:
    return {"kind": kind, "metadata": {"name": "n", "namespace": "ns"}, "spec": spec}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Deployment", {"template": TEMPLATE}),
        ("Job", {"template": TEMPLATE}),
        ("CronJob", {"jobTemplate": JOB}),
        ("JobSet", {"replicatedJobs": [{"template": JOB}]}),
        ("TrainingRuntime", RUNTIME),
    ],
)
def test_templates_with_their_labels(kind: str, spec: Json) -> None:
    (pod,) = pod_templates.pods(object_of(kind, spec))
    assert (pod.kind, pod.name, pod.namespace) == (kind, "n", "ns")
    assert pod.labels == {"team": "a"}
    assert pod.images() == ["x:1"]


def test_each_step_of_a_workflow_is_a_pod() -> None:
    spec = {
        "podMetadata": {"labels": {"team": "a"}},
        "volumes": [{"name": "data"}],
        "templates": [
            {"name": "all", "dag": {"tasks": []}},
            {"name": "one", "container": {"name": "main", "image": "x:1"}},
            {
                "name": "two",
                "metadata": {"labels": {"queue": "q"}},
                "volumes": [{"name": "own"}],
                "container": {"name": "main", "image": "y:1"},
            },
        ],
    }
    one, two = pod_templates.pods(object_of("WorkflowTemplate", spec))
    assert (one.labels, one.images()) == ({"team": "a"}, ["x:1"])
    assert (two.labels, two.images()) == ({"team": "a", "queue": "q"}, ["y:1"])
    assert [volume["name"] for volume in two.spec["volumes"]] == ["data", "own"]


def test_runtimes_of_the_cluster_leave_labels_open() -> None:
    (pod,) = pod_templates.pods(object_of("ClusterTrainingRuntime", RUNTIME))
    assert pod.labels is None
    (pod,) = pod_templates.pods(object_of("ClusterServingRuntime", TEMPLATE["spec"]))
    assert (pod.labels, pod.images()) == (None, ["x:1"])


def test_an_inference_service_has_the_labels_of_its_predictor() -> None:
    predictor = {"labels": {"team": "a"}, "model": {"image": "m:1"}, "initContainers": [{"image": "i:1"}]}
    (pod,) = pod_templates.pods(object_of("InferenceService", {"predictor": predictor}))
    assert pod.labels == {"team": "a"}
    assert pod.images() == ["m:1", "i:1"]


def test_a_config_map_with_a_run_is_the_run() -> None:
    run = object_of("TrainJob", {"trainer": {"image": "t:1"}})
    data = {**object_of("ConfigMap", None), "data": {"trainjob.json": json.dumps(run), "other": "{"}}
    (pod,) = pod_templates.pods(data)
    (job,) = pod_templates.jobs(data)
    assert (pod.kind, pod.images()) == ("TrainJob", ["t:1"])
    assert (job.kind, job.gpu, job.labels) == ("TrainJob", True, {})


def test_other_kinds_have_none() -> None:
    data = object_of("Service", {"ports": []})
    assert list(pod_templates.pods(data)) == list(pod_templates.jobs(data)) == []


@pytest.mark.parametrize(
    ("resources", "asks"),
    [
        ({"limits": {"nvidia.com/gpu": "1"}}, True),
        ({"requests": {"nvidia.com/mig-1g.10gb": "1"}}, True),
        ({"limits": {"vpc.amazonaws.com/efa": "1"}}, False),
        ({}, False),
    ],
)
def test_asking_for_gpus(resources: Json, asks: bool) -> None:
    assert pod_templates.asks_for_gpu({"containers": [{"resources": resources}]}) is asks


def test_runtimes_that_are_used() -> None:
    serving = object_of("ClusterServingRuntime", {"supportedModelFormats": [{"name": "onnx", "autoSelect": True}]})
    by_format = object_of("InferenceService", {"predictor": {"model": {"modelFormat": {"name": "onnx"}}}})
    by_name = object_of("InferenceService", {"predictor": {"model": {"runtime": "other"}}})
    assert pod_templates.serves(serving, by_format)
    assert not pod_templates.serves(serving, by_name)
    training = object_of("ClusterTrainingRuntime", RUNTIME)
    reference = {"kind": "ClusterTrainingRuntime", "name": "n"}
    assert pod_templates.runs(training, object_of("TrainJob", {"runtimeRef": reference}))
    assert not pod_templates.runs(training, object_of("TrainJob", {"runtimeRef": reference, "trainer": {"image": "x"}}))
    assert not pod_templates.runs(
        training, object_of("TrainJob", {"runtimeRef": {"kind": "TrainingRuntime", "name": "n"}})
    )


def test_a_claim_is_asking_for_gpus() -> None:
    """A job that claims its GPUs must not pass by its queue either."""
    claims = [{"name": "gpus", "resourceClaimTemplateName": "x-gpus-8"}]
    assert pod_templates.asks_for_gpu({"containers": [{"resources": {}}], "resourceClaims": claims})
    assert not pod_templates.asks_for_gpu({"containers": [{"resources": {}}], "resourceClaims": []})


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Deployment", {"template": {}}),
        ("Deployment", {"template": {"spec": None}}),
        ("Job", {"template": {"metadata": None}}),
        ("CronJob", {"jobTemplate": {}}),
        ("CronJob", {"jobTemplate": {"spec": {"template": {}}}}),
    ],
)
def test_what_kubernetes_lets_an_object_leave_out(kind: str, spec: Json) -> None:
    (pod,) = pod_templates.pods(object_of(kind, spec))
    assert pod.containers() == []


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"kind": "TrainJob"}', '{"kind": 1, "metadata": {}}'])
def test_a_text_that_is_no_run_has_no_pods(text: str) -> None:
    data = {"kind": "ConfigMap", "metadata": {"name": "n"}, "data": {"trainjob.json": text}}
    assert list(pod_templates.pods(data)) == []
    assert list(pod_templates.jobs(data)) == []


def test_where_the_parts_of_pods_stand() -> None:
    (pod,) = pod_templates.pods(object_of("CronJob", {"jobTemplate": JOB}))
    assert pod.pointer("containers", 0, "image")[:5] == ("spec", "jobTemplate", "spec", "template", "spec")
    (pod,) = pod_templates.pods(object_of("TrainJob", {"trainer": {"image": "x:1"}}))
    assert pod.pointer("containers", 0, "image") == ("spec", "trainer", "image")
    predictor = {"containers": [{"name": "proxy"}], "model": {"image": "x:1"}}
    (pod,) = pod_templates.pods(object_of("InferenceService", {"predictor": predictor}))
    assert pod.pointer("containers", 0, "name") == ("spec", "predictor", "containers", 0, "name")
    assert pod.pointer("containers", 1, "image") == ("spec", "predictor", "model", "image")
