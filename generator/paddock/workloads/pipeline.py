"""Pipeline: a WorkflowTemplate of Argo Workflows whose tasks are the steps, and on a schedule a CronWorkflow.

What Argo expands, `{{…}}`, is written here alone: in the values of a spec a check refuses it (checks.pipelines).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Step, Team, Workload
from paddock.quantity import seconds
from paddock.workloads import companions, mounts, pods, runs

ENTRYPOINT = "pipeline"
"""Template of the whole; no step may have this name."""
MAIN = "main"
"""Name that Argo gives a step's container (argo-workflows v4.0.6, workflow/common)."""
_SHARED_MEMORY = "shared-memory"
# A node that went is not there again at once: the second attempt waits a minute, later ones longer. Not maxDuration:
# it counts from the begin of the first attempt, so a step of hours would never be tried again (argo-workflows v4.0.6,
# processNodeRetries).
_BACKOFF = {"duration": "60", "factor": 2, "cap": "900"}


def view(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team, workload: Workload) -> dict[str, Json]:
    """The context of templates/workloads/pipeline/; `schedule`, `activeDeadline`, `parallelism`, `priorityClass` and
    `podSpecPatch` may be None."""
    data = workload.data
    mounted = mounts.view(environment, cluster, workload)
    tracking = runs.variables(fleet, environment, cluster, team, workload)
    steps = [
        _template(fleet, cluster, workload, step, tracking, mounted["volumeMounts"])
        for step in workload.parts()
        if isinstance(step, Step)
    ]
    context = companions.context(fleet, environment, team, workload)
    return context | {
        "entrypoint": ENTRYPOINT,
        # Karpenter leaves a node with a running step alone (gpu-platform.md 8 #5).
        "podAnnotations": {**context["podAnnotations"], "karpenter.sh/do-not-disrupt": "true"},
        "parameters": [{"name": name, "value": value} for name, value in sorted(data["parameters"].items())],
        "priorityClass": pods.priority_class(fleet, cluster, workload),
        "podSpecPatch": _patch(mounted["schedulingGates"]),
        "securityContext": _security_context(data["user"]),
        "retention": seconds(team.data["runRetention"]),
        "activeDeadline": seconds(data["activeDeadline"]) if "activeDeadline" in data else None,
        "parallelism": data.get("parallelism"),
        "claims": mounted["claims"],
        "volumes": mounted["mountVolumes"],
        "templates": [{"name": ENTRYPOINT, "dag": {"tasks": _tasks(workload)}}, *steps],
        "schedule": _schedule(data["run"]) if runs.is_scheduled(workload) else None,
    }


def dependencies(step: Mapping[str, Json]) -> list[str]:
    """The steps that must have succeeded before a step: those it names, and those whose outputs it takes. Sorted."""
    return sorted({*step["dependsOn"], *(one["from"] for one in step["inputs"].values())})


def _tasks(workload: Workload) -> list[Json]:
    """A task of the DAG for each step."""
    tasks = []
    for name, step in sorted(workload.data["steps"].items()):
        task: dict[str, Json] = {"name": name, "template": name}
        before = dependencies(step)
        if before:
            task["dependencies"] = before
        if step["inputs"]:
            taken = [{"name": one, "from": _output(one, stated)} for one, stated in sorted(step["inputs"].items())]
            task["arguments"] = {"artifacts": taken}
        tasks.append(task)
    return tasks


def _output(name: str, stated: Mapping[str, str]) -> str:
    """Argo's reference to an output of another task."""
    return f"{{{{tasks.{stated['from']}.outputs.artifacts.{stated.get('output', name)}}}}}"


def _template(
    fleet: Fleet, cluster: Cluster, workload: Workload, step: Step, tracking: Mapping[str, str], mounted: list[Json]
) -> dict[str, Json]:
    """The template of a step: a pod with one container of ours, beside those of the executor."""
    data = step.data
    shared = "sharedMemory" in data
    memory = {"name": _SHARED_MEMORY, "emptyDir": {"medium": "Memory", "sizeLimit": data.get("sharedMemory")}}
    metadata = {"annotations": pods.anywhere(cluster, step), "labels": _queue_labels(data)}
    template = {
        "name": step.step,
        "metadata": {key: value for key, value in metadata.items() if value} or None,
        "inputs": _artifacts(data["inputs"]),
        "outputs": _artifacts(data["outputs"]),
        "activeDeadlineSeconds": seconds(data["timeout"]) if "timeout" in data else None,
        "retryStrategy": _retries(data["retries"]),
        **pods.placement(fleet, cluster, step),
        "volumes": [memory] if shared else None,
        "container": _container(cluster, workload, step, tracking, _mounts(mounted, shared=shared)),
    }
    return {key: value for key, value in template.items() if value is not None}


def _container(
    cluster: Cluster, workload: Workload, step: Step, tracking: Mapping[str, str], mounted: list[Json]
) -> dict[str, Json]:
    data = step.data
    parameters = {name: f"{{{{workflow.parameters.{name}}}}}" for name in workload.data["parameters"]}
    container = {
        "name": MAIN,
        "image": reference(data["image"]),
        "command": data["command"],
        "args": data["args"],
        "env": pods.variables(step, {**tracking, **parameters}),
        "resources": pods.resources(cluster, step),
        "volumeMounts": mounted,
        "securityContext": pods.security_context(locks_memory=pods.efa_interfaces(cluster, step) > 0),
    }
    return {key: value for key, value in container.items() if value}


def _mounts(mounted: list[Json], *, shared: bool) -> list[Json]:
    return [*([{"name": _SHARED_MEMORY, "mountPath": "/dev/shm"}] if shared else []), *mounted]


def _queue_labels(data: Mapping[str, Json]) -> dict[str, str]:
    """Labels by which Kueue holds a step's pod back; Argo Workflows is queued by its pods alone (gpu-platform.md 5.2).
    `parts` has left the queue out where the step has no GPUs."""
    queue = data.get("queue")
    if queue is None:
        return {}
    ours = {"kueue.x-k8s.io/queue-name": queue["name"]}
    if "priority" in queue:
        ours["kueue.x-k8s.io/priority-class"] = queue["priority"]
    return dict(sorted(ours.items()))


def _artifacts(stated: Mapping[str, Json]) -> dict[str, Json] | None:
    """Inputs or outputs of a template; they lie in the controller's artifact repository."""
    found = [{"name": name, "path": one["path"]} for name, one in sorted(stated.items())]
    return {"artifacts": found} if found else None


def _retries(limit: int) -> dict[str, Json] | None:
    """Always: a pod that Kueue preempted, or whose node went, ends in an error, a program in a failure."""
    return {"limit": limit, "retryPolicy": "Always", "backoff": _BACKOFF} if limit else None


def _security_context(user: int) -> dict[str, Json]:
    """Of the pod: Argo's containers and the step's share a volume and send each other signals, so their user is one."""
    return {"fsGroup": user, "runAsNonRoot": True, "runAsUser": user, "seccompProfile": {"type": "RuntimeDefault"}}


def _patch(gates: list[Json]) -> str | None:
    """Argo's templates have no field for scheduling gates, so they are a patch of the pod."""
    return json.dumps({"schedulingGates": gates}, sort_keys=True) if gates else None


def _schedule(how: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "schedules": [how["schedule"]],
        "timezone": how["timeZone"],
        "concurrencyPolicy": how["concurrencyPolicy"],
        "startingDeadlineSeconds": seconds(how["startingDeadline"]),
    }
