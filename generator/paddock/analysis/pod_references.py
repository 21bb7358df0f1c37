"""What pods need to start: the names in pod templates of every kind that has them, and of runs that are templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paddock.analysis.references import CLUSTER_WIDE, Reference, items, keyed, mapping, named
from paddock.diagnostics import Pointer

Json = Any

QUEUE = "kueue.x-k8s.io/queue-name"
PRIORITY = "kueue.x-k8s.io/priority-class"
_TEMPLATE = ("spec", "template")
_PODS: Mapping[str, tuple[str, ...]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "DaemonSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "Job": _TEMPLATE,
    "Pod": (),
    "ReplicaSet": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
}
_JOBS = {
    "ClusterTrainingRuntime": ("spec", "template", "spec"),
    "JobSet": ("spec",),
    "TrainingRuntime": ("spec", "template", "spec"),
}
_FIELDS = (
    ("serviceAccountName", "ServiceAccount"),
    ("priorityClassName", "PriorityClass"),
    ("runtimeClassName", "RuntimeClass"),
)
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_PARTS = ("predictor", "transformer", "explainer")


def templates(data: Mapping[str, Json]) -> Iterator[tuple[Mapping[str, Json], Pointer]]:
    """(pod template with metadata and spec, where it stands) of a workload of Kubernetes, of a job set or a runtime."""
    kind = data["kind"]
    if kind in _PODS:
        yield mapping(data, *_PODS[kind]), _PODS[kind]
    elif kind in _JOBS:
        path = _JOBS[kind]
        for index, one in items(mapping(data, *path), "replicatedJobs"):
            inner = ("template", "spec", "template")
            yield mapping(one, *inner), (*path, "replicatedJobs", index, *inner)
    elif kind in ("RayCluster", "RayJob", "RayService"):
        yield from _ray(data)


def references(data: Mapping[str, Json]) -> Iterator[Reference]:
    """What the pods of an object name, and the queue and priority that Kueue holds them by."""
    namespace = str(data["metadata"].get("namespace") or "")
    # A runtime of the whole cluster is in no namespace: only its runs are.
    yield from (one for one in _pods(data, namespace) if namespace or one[0].kind in CLUSTER_WIDE)
    yield from _labels(data, ("metadata",), namespace)


def _pods(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    kind = data["kind"]
    for template, at in templates(data):
        yield from of_pod(mapping(template, "spec"), namespace, (*at, "spec"))
        if at:
            yield from _labels(template, (*at, "metadata"), namespace)
    if kind == "InferenceService":
        for part in _PARTS:
            spec = mapping(data, "spec", part)
            if not spec:
                continue
            yield from of_pod(spec, namespace, ("spec", part))
            yield from _container(mapping(spec, "model"), namespace, ("spec", part, "model"))
    elif kind in ("ClusterServingRuntime", "ServingRuntime"):
        yield from of_pod(mapping(data, "spec"), namespace, ("spec",))
    elif kind == "TrainJob":
        yield from _container(mapping(data, "spec", "trainer"), namespace, ("spec", "trainer"))
    elif kind in ("ClusterWorkflowTemplate", "Workflow", "WorkflowTemplate"):
        yield from of_workflow(mapping(data, "spec"), namespace, ("spec",))
    elif kind == "CronWorkflow":
        yield from of_workflow(mapping(data, "spec", "workflowSpec"), namespace, ("spec", "workflowSpec"))


def of_pod(spec: Mapping[str, Json], namespace: str, at: Pointer) -> Iterator[Reference]:
    """Everything that a pod's spec names."""
    # Every pod of the tree comes by here, and most name little: what is not there is not looked into.
    for field, kind in _FIELDS:
        if field in spec:
            yield from named(kind, namespace, spec, at, field)
    for index, one in items(spec, "imagePullSecrets") if "imagePullSecrets" in spec else ():
        yield from named("Secret", namespace, one, (*at, "imagePullSecrets", index), "name")
    for index, one in items(spec, "resourceClaims") if "resourceClaims" in spec else ():
        here = (*at, "resourceClaims", index)
        yield from named("ResourceClaimTemplate", namespace, one, here, "resourceClaimTemplateName")
        yield from named("ResourceClaim", namespace, one, here, "resourceClaimName")
    if "volumes" in spec:
        yield from _volumes(spec, namespace, at)
    for field in _CONTAINERS:
        for index, one in items(spec, field) if field in spec else ():
            yield from _container(one, namespace, (*at, field, index))


def of_workflow(spec: Mapping[str, Json], namespace: str, at: Pointer) -> Iterator[Reference]:
    """Everything that a workflow of Argo names: account, priority, other templates, and its steps' pods."""
    yield from named("ServiceAccount", namespace, spec, at, "serviceAccountName")
    yield from named("PriorityClass", namespace, spec, at, "podPriorityClassName")
    yield from _workflow_template(mapping(spec, "workflowTemplateRef"), namespace, (*at, "workflowTemplateRef"))
    repository = mapping(spec, "artifactRepositoryRef")
    yield from named("ConfigMap", namespace, repository, (*at, "artifactRepositoryRef"), "configMap")
    yield from _volumes(spec, namespace, at)
    yield from _labels({"metadata": mapping(spec, "podMetadata")}, (*at, "podMetadata"), namespace)
    for index, one in items(spec, "templates"):
        here = (*at, "templates", index)
        yield from of_pod({**one, "containers": None}, namespace, here)
        yield from _container(mapping(one, "container"), namespace, (*here, "container"))
        yield from _container(mapping(one, "script"), namespace, (*here, "script"))
        yield from _labels(one, (*here, "metadata"), namespace)
        for number, task in items(mapping(one, "dag"), "tasks"):
            place = (*here, "dag", "tasks", number, "templateRef")
            yield from _workflow_template(mapping(task, "templateRef"), namespace, place)


def _workflow_template(value: Mapping[str, Json], namespace: str, at: Pointer) -> Iterator[Reference]:
    kind = "ClusterWorkflowTemplate" if value.get("clusterScope") else "WorkflowTemplate"
    yield from named(kind, namespace, value, at, "name")


def _volumes(spec: Mapping[str, Json], namespace: str, at: Pointer) -> Iterator[Reference]:
    for index, one in items(spec, "volumes"):
        here = (*at, "volumes", index)
        claim = one.get("persistentVolumeClaim")
        if isinstance(claim, dict):
            place = (*here, "persistentVolumeClaim")
            yield from named("PersistentVolumeClaim", namespace, claim, place, "claimName")
        yield from _either(one, namespace, here, "secretName")
        for number, part in items(mapping(one, "projected"), "sources") if "projected" in one else ():
            yield from _either(part, namespace, (*here, "projected", "sources", number), "name")


def _either(value: Mapping[str, Json], namespace: str, at: Pointer, secret: str) -> Iterator[Reference]:
    """A ConfigMap or Secret as files; a volume names a Secret by another field than a part of one does."""
    if "configMap" in value:
        yield from _files("ConfigMap", namespace, mapping(value, "configMap"), (*at, "configMap"), "name")
    if "secret" in value:
        yield from _files("Secret", namespace, mapping(value, "secret"), (*at, "secret"), secret)


def _files(kind: str, namespace: str, value: Mapping[str, Json], at: Pointer, field: str) -> Iterator[Reference]:
    """A volume of a ConfigMap or Secret: all its keys, or those that it lists."""
    if value.get("optional"):
        return
    for found, pointer in named(kind, namespace, value, at, field):
        yield found, pointer
        for index, one in items(value, "items"):
            yield found._replace(key=str(one.get("key"))), (*at, "items", index, "key")


def _container(one: Mapping[str, Json], namespace: str, at: Pointer) -> Iterator[Reference]:
    for index, variable in items(one, "env") if "env" in one else ():
        stated = variable.get("valueFrom")
        if isinstance(stated, dict):
            here = (*at, "env", index, "valueFrom")
            yield from keyed("Secret", namespace, mapping(stated, "secretKeyRef"), (*here, "secretKeyRef"))
            yield from keyed("ConfigMap", namespace, mapping(stated, "configMapKeyRef"), (*here, "configMapKeyRef"))
    for index, whole in items(one, "envFrom") if "envFrom" in one else ():
        here = (*at, "envFrom", index)
        yield from keyed("Secret", namespace, mapping(whole, "secretRef"), (*here, "secretRef"))
        yield from keyed("ConfigMap", namespace, mapping(whole, "configMapRef"), (*here, "configMapRef"))


def _labels(data: Mapping[str, Json], at: Pointer, namespace: str) -> Iterator[Reference]:
    labels = mapping(data, "metadata", "labels")
    if QUEUE in labels:
        yield from named("LocalQueue", namespace, labels, (*at, "labels"), QUEUE)
    if PRIORITY in labels:
        yield from named("WorkloadPriorityClass", namespace, labels, (*at, "labels"), PRIORITY)


def _ray(data: Mapping[str, Json]) -> Iterator[tuple[Mapping[str, Json], Pointer]]:
    inner: dict[str, tuple[str, ...]] = {
        "RayCluster": ("spec",),
        "RayJob": ("spec", "rayClusterSpec"),
        "RayService": ("spec", "rayClusterConfig"),
    }
    path = inner[data["kind"]]
    cluster = mapping(data, *path)
    yield mapping(cluster, "headGroupSpec", "template"), (*path, "headGroupSpec", "template")
    for index, one in items(cluster, "workerGroupSpecs"):
        yield mapping(one, "template"), (*path, "workerGroupSpecs", index, "template")
