"""Training: a TrainingRuntime, and by `run` the run itself, a template of runs, or a schedule that creates them.

What comes from image, command, args and env is in the run alone: a change of them adds a run and alters nothing else.
"""

from __future__ import annotations

from paddock import multikueue
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.workloads import companions, mounts, pods, runs

# gpu-platform.md 6.2: the interfaces of docker, loopback and pods never lead to another node. A variable of the same
# name in the run wins over one of the runtime.
NCCL_VARIABLES = {"NCCL_DEBUG": "WARN", "NCCL_SOCKET_IFNAME": "^docker,lo,veth"}
TOPOLOGY = {
    "required": "kueue.x-k8s.io/podset-required-topology",
    "preferred": "kueue.x-k8s.io/podset-preferred-topology",
}


def view(fleet: Fleet, environment: Environment, cluster: Cluster, team: Team, workload: Workload) -> dict[str, Json]:
    """The context of templates/workloads/training/; `run`, `runTemplate`, `schedule` and `checkpoint` may be None."""
    data, how = workload.data, workload.data["run"]
    away = cluster.name in workload.dispatch
    here = away or cluster.name in data["clusters"]
    # Kueue compares the pods of a run on manager and worker and ends it where they differ (pkg/util/equality), so the
    # runtime and the run are those of a worker on both.
    cluster = _pods_of(environment, cluster, workload)
    context = companions.context(fleet, environment, team, workload)
    spec = runs.spec(
        workload,
        image=reference(data["image"]),
        resources=pods.resources(cluster, workload),
        variables=pods.variables(workload, runs.variables(fleet, environment, cluster, team, workload)),
        managed_by=multikueue.CONTROLLER if away else None,
    )
    labels = runs.labels(context["labels"], workload)
    kubectl = reference(fleet.platform.data["images"]["kubectl"])
    nccl = NCCL_VARIABLES if "gpu" in data["resources"] else {}
    locks_memory = pods.efa_interfaces(cluster, workload) > 0
    return context | {
        "placement": pods.placement(fleet, cluster, workload),
        "deviceClaim": pods.device_claim(cluster, workload),
        "priorityClass": pods.priority_class(fleet, cluster, workload),
        "nodes": data["nodes"],
        "runtimeLabels": context["labels"] | {"trainer.kubeflow.org/framework": "torch"},
        "podAnnotations": _annotations(cluster, workload),
        "runtimeEnv": [{"name": name, "value": value} for name, value in sorted(nccl.items())],
        "securityContext": pods.security_context(locks_memory=locks_memory),
        "sharedMemory": data["sharedMemory"],
        "checkpoint": _checkpoint(workload),
        **mounts.view(environment, cluster, workload),
        "run": runs.run(workload, spec, labels) if here and how == "onChange" else None,
        "runTemplate": runs.template(team, workload, spec, labels) if here and how != "onChange" else None,
        "schedule": runs.schedule(fleet, workload, image=kubectl, pod_labels=context["podLabels"])
        if here and runs.is_scheduled(workload)
        else None,
    }


def _pods_of(environment: Environment, cluster: Cluster, workload: Workload) -> Cluster:
    """The cluster for which pods are written: that of the first worker where a manager sends the run away."""
    workers = workload.dispatch.get(cluster.name, ())
    return environment.clusters[workers[0]] if workers else cluster


def _annotations(cluster: Cluster, workload: Workload) -> dict[str, str]:
    """Hours of training are lost with a node, so Karpenter leaves it alone (gpu-platform.md 8 #5)."""
    ours = {"karpenter.sh/do-not-disrupt": "true", **pods.anywhere(cluster, workload)}
    if "topology" in workload.data:
        ours[TOPOLOGY[workload.data["topology"]["mode"]]] = workload.data["topology"]["level"]
    return dict(sorted((workload.data["annotations"] | ours).items()))


def _checkpoint(workload: Workload) -> dict[str, Json] | None:
    stated = workload.data.get("checkpoint")
    if stated is None:
        return None
    return {
        "claim": f"{workload.name}-checkpoints",
        "mountPath": runs.CHECKPOINTS,
        "size": stated["size"],
        "storageClassName": stated["storageClassName"],
    }
