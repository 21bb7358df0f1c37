"""Runs of training: immutable TrainJobs, their names, and what creates them on demand or on a schedule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from paddock import tracking
from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.quantity import seconds
from paddock.workloads import companions, network

CHECKPOINTS = "/checkpoints"
# The chart's Service listens on port 80 (charts.md 3.6, service.port); release and namespace are both called mlflow.
MLFLOW_IN_CLUSTER = f"http://mlflow.{network.MLFLOW}.svc.cluster.local"


def spec(
    workload: Workload, *, image: str, resources: Json, variables: list[Json], managed_by: str | None = None
) -> dict[str, Json]:
    """The spec of a TrainJob; every field that it has is immutable (CRD of Trainer 2.3).

    `managed_by` names who takes the place of Trainer's controller: Kueue would fill it in (gpu-platform.md 6), and Argo
    CD would see a difference.
    """
    data = workload.data
    trainer: dict[str, Json] = {
        "image": image,
        "command": data["command"],
        "numNodes": data["nodes"],
        "resourcesPerNode": resources,
    }
    processes = data.get("processesPerNode", data["resources"].get("gpu", {}).get("count"))
    optional = {"args": data["args"], "env": variables, "numProcPerNode": processes}
    trainer |= {key: value for key, value in optional.items() if value}
    runtime = {"apiGroup": "trainer.kubeflow.org", "kind": "TrainingRuntime", "name": workload.name}
    result: dict[str, Json] = {"runtimeRef": runtime, "trainer": dict(sorted(trainer.items()))}
    if managed_by is not None:
        result["managedBy"] = managed_by
    if "activeDeadline" in data:
        result["activeDeadlineSeconds"] = seconds(data["activeDeadline"])
    return dict(sorted(result.items()))


def variables(
    fleet: Fleet, environment: Environment, cluster: Cluster, team: Team, workload: Workload
) -> dict[str, Json]:
    """Variables that tell the program where its checkpoints go, where it is tracked and as whom."""
    return _checkpoint_variables(team, workload) | _tracking_variables(fleet, environment, cluster, workload)


def name(workload: Workload, run_spec: Mapping[str, Json]) -> str:
    """`<workload>-<8 hex>`: the hex of the sha256 of the spec's canonical JSON (sorted keys, no spaces, UTF-8)."""
    return f"{workload.name}-{_digest(run_spec)[:8]}"


def labels(standard: Mapping[str, str], workload: Workload) -> dict[str, str]:
    """Labels of a run: those of all objects, its queue and its priority."""
    queue = workload.data["queue"]
    ours = {"kueue.x-k8s.io/queue-name": queue["name"]}
    if "priority" in queue:
        ours["kueue.x-k8s.io/priority-class"] = queue["priority"]
    return dict(sorted({**standard, **ours}.items()))


def run(workload: Workload, run_spec: Mapping[str, Json], run_labels: Mapping[str, str]) -> dict[str, Json]:
    """The run, and as `marker` the data of the ConfigMap of its name: it is there as long as the tree names the run."""
    command = [*workload.data["command"], *workload.data["args"]]
    marker = {"command": f"sha256:{_digest(command)}", "image": run_spec["trainer"]["image"]}
    if "tracking" in workload.data:
        marker["experiment"] = workload.data["tracking"]["experiment"]
    return {
        "name": name(workload, run_spec),
        "labels": run_labels,
        "spec": run_spec,
        "marker": dict(sorted(marker.items())),
    }


def template(
    team: Team, workload: Workload, run_spec: Mapping[str, Json], run_labels: Mapping[str, str]
) -> dict[str, Json]:
    """A ConfigMap with a run as JSON, of which `kubectl create -f` makes a new one each time."""
    manifest = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": {"generateName": f"{workload.name}-", "labels": run_labels, "namespace": team.name},
        "spec": run_spec,
    }
    data = {"trainjob.json": json.dumps(manifest, indent=2, sort_keys=True) + "\n"}
    if is_scheduled(workload):
        data = {"create-run.sh": companions.script("create-run.sh")} | data
    return {"name": f"{workload.name}-run-template", "data": data}


def is_scheduled(workload: Workload) -> bool:
    """Whether runs are created on a schedule."""
    return isinstance(workload.data.get("run"), Mapping)


def scheduler(workload: Workload) -> str:
    """The ServiceAccount that creates scheduled runs; its rights are in the team's folder, with all RBAC."""
    return f"{workload.name}-scheduler"


def schedule(fleet: Fleet, workload: Workload, *, image: str, pod_labels: Mapping[str, str]) -> dict[str, Json]:
    """The parts of the CronJob of a scheduled workload. Its pods are not those of the workload: Services, monitors and
    policies that select these must not find them."""
    how = workload.data["run"]
    selector = companions.selector(fleet, workload)
    return {
        "schedule": how["schedule"],
        "timeZone": how["timeZone"],
        "concurrencyPolicy": how["concurrencyPolicy"],
        "serviceAccount": scheduler(workload),
        "image": image,
        "podLabels": {key: value for key, value in pod_labels.items() if key not in selector},
        "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
    }


def _digest(value: Json) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _checkpoint_variables(team: Team, workload: Workload) -> dict[str, str]:
    checkpoint = workload.data.get("checkpoint")
    if checkpoint is None:
        return {}
    return {
        "CHECKPOINT_BUCKET": f"s3://{team.data['buckets'][checkpoint['bucket']]['name']}",
        "CHECKPOINT_DIR": CHECKPOINTS,
        "CHECKPOINT_INTERVAL_SECONDS": str(seconds(checkpoint["every"])),
    }


def _tracking_variables(
    fleet: Fleet, environment: Environment, cluster: Cluster, workload: Workload
) -> dict[str, Json]:
    stated = workload.data.get("tracking")
    if stated is None:
        return {}
    model = tracking.model_name(workload.team, stated)
    return {
        **tracking_client(fleet, environment, cluster, workload.team),
        "MLFLOW_EXPERIMENT_NAME": tracking.experiment_name(workload.team, stated),
        **({"MLFLOW_REGISTERED_MODEL": model} if model else {}),
    }


def tracking_client(fleet: Fleet, environment: Environment, cluster: Cluster, team: str) -> dict[str, Json]:
    """Variables by which MLflow's client finds the server and, where it keeps teams apart, signs in to the team's
    workspace as the team's user (mlflow 3.15, environment_variables.py)."""
    found: dict[str, Json] = {"MLFLOW_TRACKING_URI": tracking_uri(fleet, environment, cluster)}
    if tracking.team_server(environment, cluster) is not None:
        found |= {
            "MLFLOW_TRACKING_PASSWORD": {"name": tracking.SECRET, "key": tracking.PASSWORD},
            "MLFLOW_TRACKING_USERNAME": team,
            "MLFLOW_WORKSPACE": team,
        }
    return found


def tracking_uri(fleet: Fleet, environment: Environment, cluster: Cluster) -> str:
    """MLflow by its Service where it runs on the cluster, else by the host name of the environment's first that has it.

    The default of the host is the component's; without MLflow in the environment it is mlflow.<environment>.<domain>.
    """
    found = tracking.server(environment, cluster)
    if found is cluster:
        return MLFLOW_IN_CLUSTER
    domain = f"{environment.name}.{fleet.platform.data['domain']}"
    if found is None:
        return f"https://mlflow.{domain}"
    ingress = found.components[tracking.COMPONENT].settings.get("ingress", {})
    return f"https://{ingress.get('host', f'mlflow.{found.name}.{domain}')}"
