"""The pods behind Kubernetes objects: what admission will see when the object has been applied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any

GPU = "nvidia.com/gpu"
MIG = "nvidia.com/mig-"
QUEUE = "kueue.x-k8s.io/queue-name"
POD_FIELDS = ("containers", "initContainers", "ephemeralContainers")
BEARERS = frozenset(
    {
        "ClusterServingRuntime",
        "ClusterTrainingRuntime",
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "InferenceService",
        "Job",
        "JobSet",
        "Pod",
        "ReplicaSet",
        "ServingRuntime",
        "StatefulSet",
        "TrainJob",
        "TrainingRuntime",
    }
)
"""Kinds that may have pods behind them; a ConfigMap has if it holds a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodTemplate:
    """Pods that an object makes. `labels` is None where another object gives them, `spec` holds what this one says."""

    kind: str
    name: str
    namespace: str
    spec: Mapping[str, Json]
    labels: Mapping[str, str] | None = None

    def containers(self) -> list[Mapping[str, Json]]:
        """All containers, init and ephemeral ones too."""
        return [one for field_name in POD_FIELDS for one in self.spec.get(field_name) or ()]

    def images(self) -> list[str]:
        """Images, each once, in order."""
        return list(dict.fromkeys(one["image"] for one in self.containers() if isinstance(one.get("image"), str)))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTemplate:
    """A job that Kueue can hold back: its queue label, and whether its pods ask for GPUs."""

    kind: str
    name: str
    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    gpu: bool = False


def pods(data: Mapping[str, Json]) -> Iterator[PodTemplate]:
    """The pods of a Kubernetes object; none for kinds that have none."""
    kind, spec = data["kind"], data.get("spec") or {}
    if kind == "Pod":
        yield _template(data, {"metadata": data["metadata"], "spec": spec})
    elif kind in ("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"):
        yield _template(data, spec["template"])
    elif kind == "CronJob":
        yield _template(data, spec["jobTemplate"]["spec"]["template"])
    elif kind == "JobSet":
        yield from (_template(data, one["template"]["spec"]["template"]) for one in spec["replicatedJobs"])
    elif kind == "TrainingRuntime":
        for one in spec["template"]["spec"]["replicatedJobs"]:
            yield _template(data, one["template"]["spec"]["template"])
    elif kind == "ClusterTrainingRuntime":
        # Runs of all teams name it, and bring their labels.
        for one in spec["template"]["spec"]["replicatedJobs"]:
            yield _of(data, one["template"]["spec"]["template"]["spec"], None)
    elif kind == "InferenceService":
        yield from _inference(data, spec)
    elif kind in ("ClusterServingRuntime", "ServingRuntime"):
        yield _of(data, spec, None)
    elif kind == "TrainJob":
        yield _of(data, {"containers": [spec.get("trainer") or {}]}, None)
    elif kind == "ConfigMap":
        yield from (pod for run in _runs(data) for pod in pods(run))


def jobs(data: Mapping[str, Json]) -> Iterator[JobTemplate]:
    """The jobs that an object is or makes, of kinds that Kueue queues."""
    kind, spec = data["kind"], data.get("spec") or {}
    if kind in ("Job", "JobSet"):
        yield _job(data, kind, data["metadata"], any(asks_for_gpu(pod.spec) for pod in pods(data)))
    elif kind == "CronJob":
        asks = any(asks_for_gpu(pod.spec) for pod in pods(data))
        yield _job(data, kind, spec["jobTemplate"].get("metadata") or {}, asks)
    elif kind == "TrainJob":
        # What it asks for stands in its runtime: every one goes through a queue.
        yield _job(data, kind, data["metadata"], True)
    elif kind == "ConfigMap":
        yield from (job for run in _runs(data) for job in jobs(run))


def asks_for_gpu(spec: Mapping[str, Json]) -> bool:
    """Whether a pod asks for a GPU or a part of one, or claims a device: Kueue counts claims as GPUs."""
    if spec.get("resourceClaims"):
        return True
    resources = [one.get("resources") or {} for key in POD_FIELDS[:2] for one in spec.get(key) or ()]
    names = {name for one in resources for key in ("limits", "requests") for name in one.get(key) or ()}
    return any(name == GPU or name.startswith(MIG) for name in names)


def serves(runtime: Mapping[str, Json], service: Mapping[str, Json]) -> bool:
    """Whether a model server's runtime may run an InferenceService: it is named, or picks the model's format itself."""
    model = ((service.get("spec") or {}).get("predictor") or {}).get("model") or {}
    if "runtime" in model:
        return bool(model["runtime"] == runtime["metadata"]["name"])
    wanted = (model.get("modelFormat") or {}).get("name")
    formats = (runtime.get("spec") or {}).get("supportedModelFormats") or ()
    return any(one.get("name") == wanted and one.get("autoSelect", False) for one in formats)


def runs(runtime: Mapping[str, Json], job: Mapping[str, Json]) -> bool:
    """Whether a TrainJob runs a cluster's runtime as it is, with its image."""
    spec = job.get("spec") or {}
    stated = spec.get("runtimeRef") or {}
    named = stated.get("kind", "ClusterTrainingRuntime") == runtime["kind"]
    own = (spec.get("trainer") or {}).get("image")
    return bool(named and stated.get("name") == runtime["metadata"]["name"] and not own)


def _inference(data: Mapping[str, Json], spec: Mapping[str, Json]) -> Iterator[PodTemplate]:
    for part in ("predictor", "transformer", "explainer"):
        if part in spec:
            stated = dict(spec[part])
            model = stated.pop("model", None)
            stated["containers"] = [*stated.get("containers", ()), *([model] if model else [])]
            yield _of(data, stated, stated.get("labels") or {})


def _template(data: Mapping[str, Json], template: Mapping[str, Json]) -> PodTemplate:
    return _of(data, template["spec"], (template.get("metadata") or {}).get("labels") or {})


def _of(data: Mapping[str, Json], spec: Mapping[str, Json], labels: Mapping[str, str] | None) -> PodTemplate:
    metadata = data["metadata"]
    name = metadata.get("name") or metadata.get("generateName", "")
    return PodTemplate(
        kind=data["kind"], name=name, namespace=metadata.get("namespace") or "", spec=spec, labels=labels
    )


def _job(data: Mapping[str, Json], kind: str, metadata: Mapping[str, Json], gpu: bool) -> JobTemplate:
    own = data["metadata"]
    return JobTemplate(
        kind=kind,
        name=own.get("name") or own.get("generateName", ""),
        namespace=own.get("namespace") or "",
        labels=metadata.get("labels") or {},
        gpu=gpu,
    )


def _runs(data: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """Runs that a ConfigMap holds as JSON, for a CronJob or a person to create."""
    for key, text in (data.get("data") or {}).items():
        if key == "trainjob.json":
            yield json.loads(text)
