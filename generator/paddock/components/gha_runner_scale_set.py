"""One runner scale set: where it registers, its Secret, and the pod that each of its jobs gets."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import emit
from paddock.components.remote_secrets import external_secret
from paddock.devices import GPU
from paddock.images import reference
from paddock.model import Cluster, Fleet, Json
from paddock.runners import ScaleSet, pools
from paddock.taints import pool_taints, tolerations

_KEYS = ("github_app_id", "github_app_installation_id", "github_app_private_key")


def release(fleet: Fleet, cluster: Cluster, scale_set: ScaleSet, settings: Mapping[str, Json]) -> dict[str, Json]:
    """`runner`: what the templates of a scale set need beside the settings that all share."""
    labels = _labels(fleet, cluster, scale_set)
    data = scale_set.data
    remote = data["githubApp"]["remoteKey"]
    secret = external_secret(
        f"{scale_set.name}-github-app", {key: {"remoteKey": remote, "property": key} for key in _KEYS}
    )
    return {
        "runner": {
            "name": scale_set.name,
            "namespace": scale_set.namespace,
            "labels": {"app.kubernetes.io/managed-by": "paddock", **labels},
            "podLabels": labels,
            "url": scale_set.url,
            "group": data["group"],
            "minRunners": data["minRunners"],
            "maxRunners": data["maxRunners"],
            "secret": secret["name"],
            "secretSpec": secret["spec"],
            "image": reference(settings["image"]),
            "jobTemplate": {
                "name": f"{scale_set.name}-job-template",
                "text": emit.document(job_template(fleet, cluster, scale_set)),
            },
        }
    }


def job_template(fleet: Fleet, cluster: Cluster, scale_set: ScaleSet) -> dict[str, Json]:
    """What the runner's hook lays over the pod of a job (actions/runner-container-hooks, ADR 0096): resources of the
    container `$job`, nodes and labels. Of a GPU the request is always the limit (gpu-platform.md 5.3)."""
    resources = scale_set.data["resources"]
    limits = {"memory": resources["memory"]}
    if "gpu" in scale_set.data:
        limits[GPU] = str(scale_set.data["gpu"]["count"])
    job = {"name": "$job", "resources": {"requests": dict(sorted(resources.items())), "limits": limits}}
    return {
        "metadata": {"labels": _labels(fleet, cluster, scale_set)},
        "spec": {"containers": [job], **_placement(fleet, cluster, scale_set)},
    }


def _placement(fleet: Fleet, cluster: Cluster, scale_set: ScaleSet) -> dict[str, Json]:
    chosen = pools(cluster, scale_set)
    if not chosen:
        return {}
    label = f"{fleet.platform.data['labelDomain']}/pool"
    values = sorted(pool.name for pool in chosen)
    terms = [{"matchExpressions": [{"key": label, "operator": "In", "values": values}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    return {
        "affinity": affinity,
        "tolerations": tolerations([taint for pool in chosen for taint in pool_taints(pool)]),
    }


def _labels(fleet: Fleet, cluster: Cluster, scale_set: ScaleSet) -> dict[str, str]:
    """Labels of the pods of runners and jobs: who pays for them (charts.md 4.6)."""
    return {
        "cost-center": scale_set.team.data["costCenter"],
        "environment": cluster.environment,
        "team": scale_set.team.name,
        f"{fleet.platform.data['labelDomain']}/runners": scale_set.name,
    }
