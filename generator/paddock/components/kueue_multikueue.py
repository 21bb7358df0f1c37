"""Kueue's objects of MultiKueue: on a manager who its workers are and which queues go to them, on a worker what its
managers may do there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from paddock import multikueue
from paddock.components import remote_secrets
from paddock.components.kueue_cohorts import Quotas, known, resource_groups
from paddock.model import Cluster, Environment, Json
from paddock.multikueue import Queue
from paddock.quantity import binary, decimal, parse

# The key of the Secret that Kueue reads (apis/kueue/v1beta2/multikueue_types.go, SecretLocationType).
KUBECONFIG = "kubeconfig"
DISPATCHERS = {
    "AllAtOnce": "kueue.x-k8s.io/multikueue-dispatcher-all-at-once",
    "Incremental": "kueue.x-k8s.io/multikueue-dispatcher-incremental",
}
KINDS = {
    "batch/job": ("batch", "jobs"),
    "jobset.x-k8s.io/jobset": ("jobset.x-k8s.io", "jobsets"),
    "kubeflow.org/mpijob": ("kubeflow.org", "mpijobs"),
    "leaderworkerset.x-k8s.io/leaderworkerset": ("leaderworkerset.x-k8s.io", "leaderworkersets"),
    "pod": ("", "pods"),
    "ray.io/raycluster": ("ray.io", "rayclusters"),
    "ray.io/rayjob": ("ray.io", "rayjobs"),
    "ray.io/rayservice": ("ray.io", "rayservices"),
    "statefulset": ("apps", "statefulsets"),
    "trainer.kubeflow.org/trainjob": ("trainer.kubeflow.org", "trainjobs"),
}
"""Group and resource of the frameworks that MultiKueue sends away (pkg/controller/jobs/*/*_multikueue_adapter.go). A
deployment has no adapter: its pods have."""
_BYTES = ("memory", "ephemeral-storage", "hugepages-")
_LOOK = ["get", "list", "watch"]


def manager(environment: Environment, cluster: Cluster, preemption: Mapping[str, Json]) -> dict[str, Json]:
    """`workers`, `secrets` and `dispatchQueues` of a manager; all empty on another cluster."""
    workers = multikueue.stated(cluster).get("workers", {})
    return {
        "workers": [{"name": name, "secret": secret_name(name)} for name in sorted(workers)],
        "secrets": [
            remote_secrets.external_secret(secret_name(name), {KUBECONFIG: worker["kubeconfig"]})
            for name, worker in sorted(workers.items())
        ],
        "dispatchQueues": [_queue(environment, cluster, one, preemption) for one in multikueue.queues(cluster)],
    }


def secret_name(worker: str) -> str:
    """The Secret with the kubeconfig of a worker."""
    return f"multikueue-{worker}"


def configuration(cluster: Cluster) -> dict[str, Json] | None:
    """Kueue's field `multiKueue` on a manager. By `origin` managers that share a worker tell their runs apart, and each
    deletes only its own there (config.kueue.x-k8s.io/v1beta2)."""
    settings = multikueue.stated(cluster)
    if not settings.get("workers"):
        return None
    return {
        "dispatcherName": DISPATCHERS[settings["dispatcher"]],
        "gcInterval": "1m",
        "origin": cluster.identity[:63].rstrip("-"),
        "workerLostTimeout": settings["workerLostTimeout"],
    }


def quotas(environment: Environment, cluster: Cluster, queue: Queue) -> Quotas:
    """What the team may use at most on all workers of a queue, by flavor and resource: nominal quota and what it may
    borrow. With less the workers would stay idle, with more the manager would send runs that nobody can admit
    (site/content/en/docs/concepts/multikueue.md)."""
    found: dict[str, dict[str, list[str]]] = {}
    for worker in multikueue.workers(environment.clusters, cluster, queue):
        team = environment.teams.get(queue.team)
        flavors = team.clusters.get(worker.name, {}).get("flavors", {}) if team else {}
        for flavor, resources in known(flavors, worker).items():
            for name, quota in resources.items():
                amounts = [quota["nominalQuota"], *([quota["borrowingLimit"]] if "borrowingLimit" in quota else [])]
                found.setdefault(flavor, {}).setdefault(name, []).extend(amounts)
    return {
        flavor: {name: {"nominalQuota": _sum(name, amounts)} for name, amounts in sorted(resources.items())}
        for flavor, resources in sorted(found.items())
    }


def flavors(environment: Environment, cluster: Cluster) -> set[str]:
    """Names of the flavors that the queues of a manager have."""
    return {name for queue in multikueue.queues(cluster) for name in quotas(environment, cluster, queue)}


def access(environment: Environment, cluster: Cluster) -> list[dict[str, Json]]:
    """For each manager of a worker the name of its service account and token, and the rules of its two roles.

    Kueue lists and watches all namespaces, and one kind that it may not or cannot watch keeps the whole worker out
    (multikueuecluster.go, updateConfigAndRefreshWatchers); it writes only in those of the teams it sends runs of.
    """
    return [
        {
            "name": multikueue.account(one),
            "watch": _rules(one, [("kueue.x-k8s.io", ["workloads"], _LOOK)], _LOOK, status=True),
            "dispatchRole": multikueue.dispatch_role(one),
            "dispatch": _rules(one, _WRITE_WORKLOADS, ["create", "delete"], status=False),
        }
        for one, _ in multikueue.managers(environment, cluster)
    ]


_WRITE_WORKLOADS = [
    ("kueue.x-k8s.io", ["workloads"], ["create", "delete", "patch", "update"]),
    ("kueue.x-k8s.io", ["workloads/status"], ["get", "patch", "update"]),
]


def watched(cluster: Cluster) -> dict[str, tuple[str, str]]:
    """Group and resource by framework of the kinds that a manager watches on its workers."""
    use = cluster.components[multikueue.COMPONENT]
    return {name: KINDS[name] for name in sorted(use.settings["frameworks"]) if name in KINDS}


def _rules(
    manager: Cluster, first: Iterable[tuple[str, list[str], list[str]]], verbs: list[str], *, status: bool
) -> list[Json]:
    kinds = watched(manager).values()
    rules = [*first, *((group, [resource], verbs) for group, resource in sorted(kinds))]
    if status:
        rules += [(group, [f"{resource}/status"], ["get"]) for group, resource in sorted(kinds)]
    return [{"apiGroups": [group], "resources": resources, "verbs": verbs} for group, resources, verbs in rules]


def _queue(environment: Environment, cluster: Cluster, queue: Queue, preemption: Mapping[str, Json]) -> dict[str, Json]:
    """A ClusterQueue with its check and configuration of the same name. It is in no cohort: its quota lies elsewhere,
    and nobody here can borrow it."""
    team = environment.teams.get(queue.team)
    return {
        "name": queue.name,
        "namespace": queue.team,
        "workers": list(queue.workers),
        "stopPolicy": team.clusters[cluster.name]["stopPolicy"] if team and cluster.name in team.clusters else "None",
        "preemption": {"withinClusterQueue": preemption["withinClusterQueue"], "reclaimWithinCohort": "Never"},
        "resourceGroups": resource_groups(quotas(environment, cluster, queue)),
    }


def _sum(resource: str, amounts: list[str]) -> str:
    total = sum((parse(one) for one in amounts), Fraction(0))
    return binary(total) if resource.startswith(_BYTES) else decimal(total)
