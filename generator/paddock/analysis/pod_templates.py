"""The pods behind Kubernetes objects: what admission will see when the object has been applied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from paddock.analysis.pod_kinds import KUBERNETES
from paddock.devices import GPU, MIG
from paddock.diagnostics import Pointer

Json = Any

QUEUE = "kueue.x-k8s.io/queue-name"
POD_FIELDS = ("containers", "initContainers", "ephemeralContainers")
BEARERS = KUBERNETES | {
    "ClusterServingRuntime",
    "ClusterTrainingRuntime",
    "ConfigMap",
    "InferenceService",
    "JobSet",
    "ServingRuntime",
    "TrainJob",
    "TrainingRuntime",
    "WorkflowTemplate",
}
"""Kinds that may have pods behind them; a ConfigMap has if it holds a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodTemplate:
    """Pods that an object makes. `labels` is None where another object gives them, `spec` holds what this one says.

    `at` is where `spec` stands in the object, and `parts` where the fields of it stand that are not below `at`.
    `complete` says that no other object adds to the containers."""

    kind: str
    name: str
    namespace: str
    spec: Mapping[str, Json]
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    at: Pointer = ()
    parts: Mapping[Pointer, Pointer] = field(default_factory=dict)
    complete: bool = True

    def pointer(self, *steps: str | int) -> Pointer:
        """Where a field of the pod stands in the object."""
        for end in range(len(steps), 0, -1):
            if steps[:end] in self.parts:
                return (*self.parts[steps[:end]], *steps[end:])
        return (*self.at, *steps)

    def numbered(self) -> Iterator[tuple[Pointer, Mapping[str, Json]]]:
        """Its containers, init and ephemeral ones too, each with where it stands in the pod."""
        for field_name in POD_FIELDS:
            for index, one in enumerate(self.spec.get(field_name) or ()):
                yield (field_name, index), one

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


def pods(data: Mapping[str, Json]) -> tuple[PodTemplate, ...]:
    """The pods of a Kubernetes object; none for kinds that have none. Several checks ask for those of one object, one
    after the other: the last answer is kept."""
    if not _last or _last[0][0] is not data:
        _last[:] = [(data, tuple(_pods(data)))]
    return _last[0][1]


_last: list[tuple[Mapping[str, Json], tuple[PodTemplate, ...]]] = []


def _pods(data: Mapping[str, Json]) -> Iterator[PodTemplate]:
    kind, spec = data["kind"], data.get("spec") or {}
    at: Pointer
    if kind == "Pod":
        yield _template(data, {"metadata": data["metadata"], "spec": spec}, ())
    elif kind in ("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"):
        yield _template(data, spec.get("template") or {}, ("spec", "template"))
    elif kind == "CronJob":
        template = ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
        yield _template(data, template, ("spec", "jobTemplate", "spec", "template"))
    elif kind == "JobSet":
        for index, one in enumerate(spec["replicatedJobs"]):
            yield _template(data, one["template"]["spec"]["template"], ("spec", *_replicated(index)))
    elif kind == "TrainingRuntime":
        for index, one in enumerate(spec["template"]["spec"]["replicatedJobs"]):
            at = ("spec", "template", "spec", *_replicated(index))
            yield _template(data, one["template"]["spec"]["template"], at)
    elif kind == "ClusterTrainingRuntime":
        # Runs of all teams name it, and bring their labels.
        for index, one in enumerate(spec["template"]["spec"]["replicatedJobs"]):
            at = ("spec", "template", "spec", *_replicated(index), "spec")
            yield _of(data, one["template"]["spec"]["template"]["spec"], None, at)
    elif kind == "InferenceService":
        yield from _inference(data, spec)
    elif kind in ("ClusterServingRuntime", "ServingRuntime"):
        yield _of(data, spec, None, ("spec",), complete=False)
    elif kind == "TrainJob":
        parts: dict[Pointer, Pointer] = {("containers", 0): ("spec", "trainer")}
        yield _of(data, {"containers": [spec.get("trainer") or {}]}, None, ("spec",), parts=parts, complete=False)
    elif kind == "WorkflowTemplate":
        steps = enumerate(spec.get("templates") or ())
        yield from (_step(data, spec, one, index) for index, one in steps if "container" in one)
    elif kind == "ConfigMap":
        for key, run in _runs(data):
            # A run is one text there: it has no places inside.
            parts = {("containers", 0): ("data", key)}
            yield from (replace(pod, at=("data", key), parts=parts) for pod in pods(run))


def _replicated(index: int) -> Pointer:
    return ("replicatedJobs", index, "template", "spec", "template")


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
        yield from (job for _, run in _runs(data) for job in jobs(run))


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
            own = stated.get("containers", ())
            stated["containers"] = [*own, *([model] if model else [])]
            parts: dict[Pointer, Pointer] = {("containers", len(own)): ("spec", part, "model")}
            yield _of(data, stated, stated.get("labels") or {}, ("spec", part), parts=parts, complete=False)


def _step(data: Mapping[str, Json], spec: Mapping[str, Json], template: Mapping[str, Json], index: int) -> PodTemplate:
    """The pod of a step, without the two containers that Argo adds."""
    common = list(spec.get("volumes") or ())
    volumes = [*common, *(template.get("volumes") or ())]
    metadata = [one.get("labels") or {} for one in (spec.get("podMetadata") or {}, template.get("metadata") or {})]
    # A template's own security context takes the place of the workflow's.
    own = template.get("securityContext")
    security = own if own is not None else spec.get("securityContext")
    pod = {"restartPolicy": "Never", "containers": [template["container"]], "volumes": volumes}
    at: Pointer = ("spec", "templates", index)
    parts: dict[Pointer, Pointer] = {
        ("containers", 0): (*at, "container"),
        ("securityContext",): (*at, "securityContext") if own is not None else ("spec", "securityContext"),
        **{("volumes", number): ("spec", "volumes", number) for number in range(len(common))},
        **{("volumes", number): (*at, "volumes", number - len(common)) for number in range(len(common), len(volumes))},
    }
    pod |= {"securityContext": security} if security is not None else {}
    return _of(data, pod, {**metadata[0], **metadata[1]}, at, parts=parts)


def _template(data: Mapping[str, Json], template: Mapping[str, Json], at: Pointer) -> PodTemplate:
    metadata = template.get("metadata") or {}
    parts: dict[Pointer, Pointer] = {("annotations",): (*at, "metadata", "annotations")}
    return _of(
        data,
        template.get("spec") or {},
        metadata.get("labels") or {},
        (*at, "spec"),
        annotations=metadata.get("annotations") or {},
        parts=parts,
    )


def _of(
    data: Mapping[str, Json],
    spec: Mapping[str, Json],
    labels: Mapping[str, str] | None,
    at: Pointer,
    *,
    annotations: Mapping[str, str] | None = None,
    parts: Mapping[Pointer, Pointer] | None = None,
    complete: bool = True,
) -> PodTemplate:
    metadata = data["metadata"]
    return PodTemplate(
        kind=data["kind"],
        name=metadata.get("name") or metadata.get("generateName", ""),
        namespace=metadata.get("namespace") or "",
        spec=spec,
        labels=labels,
        annotations=annotations or {},
        at=at,
        parts=parts or {},
        complete=complete,
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


def _runs(data: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Runs that a ConfigMap holds as JSON, by key, for a CronJob or a person to create."""
    for key, text in (data.get("data") or {}).items():
        if key == "trainjob.json":
            run = _parsed(text)
            if isinstance(run, dict) and isinstance(run.get("kind"), str) and isinstance(run.get("metadata"), dict):
                yield key, run


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return None
