from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import fleets
import shell
from paddock import projects, workloads

Json = Any
NAME = "bev-train"
RUNTIME = ("TrainingRuntime", NAME)


def render(spec: Json, **options: Any) -> dict[tuple[str, str], Json]:
    one = fleets.workload(NAME, spec)
    fleet = fleets.fleet(one, **options)
    dev = fleet.environments["dev"]
    context = workloads.VIEWS["training"](fleet, dev, dev.clusters["train"], dev.teams["perception"], one)
    return fleets.rendered("workloads/training", context)


def training(**changes: Json) -> Json:
    return fleets.TRAINING | changes


def only(objects: dict[tuple[str, str], Json], kind: str) -> Json:
    found = [value for (one, _), value in objects.items() if one == kind]
    assert len(found) == 1
    return found[0]


def pod(objects: dict[tuple[str, str], Json]) -> Json:
    (job,) = objects[RUNTIME]["spec"]["template"]["spec"]["replicatedJobs"]
    return job["template"]["spec"]["template"]


def variables(objects: dict[tuple[str, str], Json]) -> dict[str, str]:
    listed = only(objects, "TrainJob")["spec"]["trainer"]["env"]
    found = {one["name"]: one.get("value", one.get("valueFrom")) for one in listed}
    assert len(found) == len(listed)
    return found


FULL = training(
    args=["--epochs=12"],
    env={"LR": "1e-4", "TOKEN": {"secret": "hub", "key": "token"}, "EMPTY": ""},
    labels={"tier": "gold", "app.kubernetes.io/name": "mine", "ml.example.com/team": "mine", "team": "mine"},
    annotations={"example.com/note": "yes", "karpenter.sh/do-not-disrupt": "false"},
    secrets={"hub": {"token": {"remoteKey": "dev/hub", "property": "token"}, "user": {"remoteKey": "dev/user"}}},
    alerts={
        "LossIsNaN": {"expr": 'loss{team="x"} != loss', "severity": "critical", "summary": "{{ $labels.pod }}: NaN"}
    },
    metrics={"port": 9400},
    checkpoint={"bucket": "checkpoints", "every": "1h30m"},
    tracking={"experiment": "bev", "registeredModel": "bev"},
    topology={"mode": "required", "level": "topology.k8s.aws/network-node-layer-2"},
    activeDeadline="72h",
)


def test_a_run_and_everything_beside_it() -> None:
    objects = render(FULL)
    run = only(objects, "TrainJob")["metadata"]["name"]
    assert set(objects) == {
        ("ServiceAccount", NAME),
        RUNTIME,
        ("TrainJob", run),
        ("ConfigMap", run),
        ("PersistentVolumeClaim", "bev-train-checkpoints"),
        ("ExternalSecret", "bev-train-hub"),
        ("PrometheusRule", NAME),
        ("PodMonitor", NAME),
    }


def test_the_run() -> None:
    run = only(render(FULL), "TrainJob")
    assert run["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "perception"
    assert run["metadata"]["labels"]["kueue.x-k8s.io/priority-class"] == "high"
    assert run["metadata"]["annotations"] == {
        "argocd.argoproj.io/sync-options": "Prune=false",
        "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    }
    spec = run["spec"]
    assert spec["runtimeRef"] == {"apiGroup": "trainer.kubeflow.org", "kind": "TrainingRuntime", "name": NAME}
    assert spec["activeDeadlineSeconds"] == 72 * 3600
    trainer = spec["trainer"]
    assert trainer["image"] == f"registry.example.com/perception/bev:1.8.2@{fleets.DIGEST}"
    assert (trainer["command"], trainer["args"]) == (["torchrun", "train.py"], ["--epochs=12"])
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (16, 8)
    assert trainer["resourcesPerNode"] == {
        "requests": {"cpu": "160", "memory": "1600Gi"},
        "limits": {
            "nvidia.com/gpu": "8",
            "vpc.amazonaws.com/efa": "32",
            "hugepages-2Mi": "5120Mi",
            "memory": "1600Gi",
        },
    }
    canonical = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    assert run["metadata"]["name"] == f"{NAME}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"


def test_the_marker_has_the_name_of_the_run_and_is_pruned() -> None:
    marker = only(render(FULL), "ConfigMap")
    assert "annotations" not in marker["metadata"]
    assert marker["data"]["image"].endswith(fleets.DIGEST)
    assert marker["data"]["command"].startswith("sha256:")
    assert marker["data"]["experiment"] == "bev"


def test_variables_of_checkpoints_and_tracking() -> None:
    found = variables(render(FULL))
    assert found == {
        "CHECKPOINT_BUCKET": "s3://example-dev-perception-checkpoints",
        "CHECKPOINT_DIR": "/checkpoints",
        "CHECKPOINT_INTERVAL_SECONDS": "5400",
        "EMPTY": "",
        "LR": "1e-4",
        "MLFLOW_EXPERIMENT_NAME": "perception/bev",
        "MLFLOW_REGISTERED_MODEL": "perception-bev",
        "MLFLOW_TRACKING_PASSWORD": {"secretKeyRef": {"name": "mlflow-credentials", "key": "password"}},
        "MLFLOW_TRACKING_URI": "http://mlflow.mlflow.svc.cluster.local",
        "MLFLOW_TRACKING_USERNAME": "perception",
        "MLFLOW_WORKSPACE": "perception",
        "TOKEN": {"secretKeyRef": {"name": "bev-train-hub", "key": "token"}},
    }


def test_a_variable_of_the_workload_wins_over_ours() -> None:
    objects = render(training(checkpoint={"bucket": "checkpoints", "every": "30m"}, env={"CHECKPOINT_DIR": "/mine"}))
    assert variables(objects)["CHECKPOINT_DIR"] == "/mine"


@pytest.mark.parametrize(
    ("settings", "uri"),
    [
        ({}, "https://mlflow.serve.dev.ml.example.com"),
        ({"ingress": {"host": "mlflow.example.com"}}, "https://mlflow.example.com"),
        (None, "https://mlflow.dev.ml.example.com"),
    ],
)
def test_tracking_on_another_cluster(settings: Json, uri: str) -> None:
    components = {} if settings is None else {"mlflow": settings}
    serve = fleets.cluster("serve", fleets.CLUSTER, components=components)
    clusters = {"serve": serve, "train": fleets.cluster("train", fleets.CLUSTER)}
    assert variables(render(training(tracking={"experiment": "bev"}), clusters=clusters))["MLFLOW_TRACKING_URI"] == uri


@pytest.mark.parametrize("components", [{"mlflow": {"workspaces": False}}, {}])
def test_nobody_signs_in_where_teams_are_not_kept_apart(components: Json) -> None:
    clusters = {"train": fleets.cluster("train", fleets.CLUSTER, components=components)}
    found = variables(render(training(tracking={"experiment": "bev"}), clusters=clusters))
    assert {name for name in found if name.startswith("MLFLOW")} == {"MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI"}


def test_the_runtime() -> None:
    runtime = render(FULL)[RUNTIME]
    assert runtime["metadata"]["labels"]["trainer.kubeflow.org/framework"] == "torch"
    assert runtime["spec"]["mlPolicy"] == {"numNodes": 16, "torch": {}}
    (job,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    assert job["name"] == "node"
    assert job["template"]["metadata"]["labels"] == {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
    spec = pod(render(FULL))["spec"]
    (container,) = spec["containers"]
    assert set(container) == {"name", "env", "ports", "securityContext", "volumeMounts"}
    assert container["name"] == "node"
    assert container["ports"] == [{"name": "metrics", "containerPort": 9400, "protocol": "TCP"}]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["IPC_LOCK"]}
    assert {one["name"]: one["value"] for one in container["env"]} == {
        "NCCL_DEBUG": "WARN",
        "NCCL_SOCKET_IFNAME": "^docker,lo,veth",
    }
    assert {one["name"]: one["mountPath"] for one in container["volumeMounts"]} == {
        "shared-memory": "/dev/shm",
        "checkpoints": "/checkpoints",
    }
    assert spec["nodeSelector"] == {"ml.example.com/pool": "h100"}
    assert spec["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"key": "team", "operator": "Equal", "value": "x", "effect": "NoSchedule"},
    ]
    assert spec["serviceAccountName"] == NAME


def test_labels_and_annotations_of_pods() -> None:
    metadata = pod(render(FULL))["metadata"]
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "paddock",
        "app.kubernetes.io/name": NAME,
        "app.kubernetes.io/part-of": "perception",
        "cost-center": "cc-42",
        "environment": "dev",
        "ml.example.com/cost-center": "cc-42",
        "ml.example.com/environment": "dev",
        "ml.example.com/team": "perception",
        "ml.example.com/workload": NAME,
        "ml.example.com/workload-kind": "training",
        "team": "perception",
        "tier": "gold",
        "workload-kind": "training",
    }
    assert metadata["annotations"] == {
        "example.com/note": "yes",
        "karpenter.sh/do-not-disrupt": "true",
        "kueue.x-k8s.io/podset-required-topology": "topology.k8s.aws/network-node-layer-2",
    }


def test_whoever_does_not_care_for_topology_says_so_where_every_pool_has_it() -> None:
    """Kueue 0.19.2, tas_flavorassigner.go: without a word it gives no flavor that has a topology."""
    unconstrained = "kueue.x-k8s.io/podset-unconstrained-topology"
    assert pod(render(training()))["metadata"]["annotations"][unconstrained] == "true"
    resources = {"gpu": {"model": "l40s", "count": 4}, "cpu": "8", "memory": "64Gi"}
    assert unconstrained not in pod(render(training(nodes=1, resources=resources)))["metadata"]["annotations"]


def test_every_object_carries_the_standard_labels() -> None:
    for document in render(FULL).values():
        labels = document["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == NAME
        assert labels["ml.example.com/team"] == "perception"
        assert labels["tier"] == "gold"


def test_secrets_alerts_and_metrics() -> None:
    objects = render(FULL)
    secret = only(objects, "ExternalSecret")["spec"]
    assert secret["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "aws-secrets-manager"}
    defaults = {
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
        "nullBytePolicy": "Ignore",
    }
    assert secret["data"] == [
        {"secretKey": "token", "remoteRef": {"key": "dev/hub", "property": "token", **defaults}},
        {"secretKey": "user", "remoteRef": {"key": "dev/user", **defaults}},
    ]
    assert secret["target"] == {"name": "bev-train-hub", "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    (rule,) = only(objects, "PrometheusRule")["spec"]["groups"][0]["rules"]
    assert (rule["expr"], rule["for"]) == ('loss{team="x"} != loss', "10m")
    assert {key: rule["labels"][key] for key in ("severity", "team", "namespace")} == {
        "severity": "critical",
        "team": "perception",
        "namespace": "perception",
    }
    assert rule["annotations"] == {
        "runbook_url": "https://github.com/example/platform/blob/main/docs/runbooks.md#lossisnan",
        "summary": "{{ $labels.pod }}: NaN",
    }
    monitor = only(objects, "PodMonitor")["spec"]
    assert monitor["podMetricsEndpoints"] == [{"port": "metrics", "path": "/metrics", "interval": "30s"}]
    assert monitor["selector"]["matchLabels"].items() <= pod(objects)["metadata"]["labels"].items()


def test_the_checkpoint_volume_is_never_deleted_silently() -> None:
    claim = only(render(FULL), "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=confirm,Delete=confirm"
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["spec"]["storageClassName"] == "fsx-lustre-scratch"
    assert claim["spec"]["resources"]["requests"]["storage"] == "1200Gi"


@pytest.mark.parametrize(
    "change",
    [
        {"image": {**fleets.IMAGE, "tag": "1.8.3"}},
        {"command": ["torchrun", "other.py"]},
        {"args": ["--epochs=13"]},
        {"env": {"LR": "2e-4"}},
    ],
)
def test_a_changed_job_adds_a_run_and_alters_nothing(change: Json) -> None:
    before, after = render(FULL), render(FULL | change)
    assert {kind for kind, _ in after.keys() - before.keys()} == {"TrainJob", "ConfigMap"}
    assert len(after.keys() - before.keys()) == 2
    assert all(after[key] == before[key] for key in after.keys() & before.keys())


def test_queue_and_labels_change_the_run_in_place() -> None:
    before, after = render(FULL), render(FULL | {"labels": {"tier": "silver"}, "queue": {"name": "perception"}})
    assert before.keys() == after.keys()
    assert "kueue.x-k8s.io/priority-class" not in only(after, "TrainJob")["metadata"]["labels"]


def test_the_order_of_keys_changes_nothing() -> None:
    def reversed_keys(value: Json) -> Json:
        if isinstance(value, dict):
            return {key: reversed_keys(item) for key, item in reversed(value.items())}
        return value

    assert render(FULL) == render(reversed_keys(FULL))


def test_on_demand_gives_a_template_and_no_run() -> None:
    objects = render(FULL | {"run": "onDemand"})
    assert "TrainJob" not in {kind for kind, _ in objects}
    template = only(objects, "ConfigMap")
    assert template["metadata"]["name"] == "bev-train-run-template"
    assert set(template["data"]) == {"trainjob.json"}
    manifest = json.loads(template["data"]["trainjob.json"])
    assert manifest["metadata"]["generateName"] == "bev-train-"
    assert manifest["spec"] == only(render(FULL), "TrainJob")["spec"]
    assert manifest["metadata"]["labels"] == only(render(FULL), "TrainJob")["metadata"]["labels"]
    fleets.assert_valid(manifest | {"metadata": manifest["metadata"] | {"name": "bev-train-x7x7x"}})


SCHEDULE = {"schedule": "0 2 * * *", "timeZone": "Europe/Berlin"}


def test_a_schedule_creates_runs() -> None:
    objects = render(FULL | {"run": SCHEDULE})
    assert ("ServiceAccount", "bev-train-scheduler") in objects
    cron = only(objects, "CronJob")["spec"]
    assert (cron["schedule"], cron["timeZone"], cron["concurrencyPolicy"]) == ("0 2 * * *", "Europe/Berlin", "Forbid")
    template = cron["jobTemplate"]["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert container["image"] == f"registry.example.com/kubectl:1.34.1@{fleets.DIGEST}"
    assert template["spec"]["serviceAccountName"] == "bev-train-scheduler"
    assert template["spec"]["volumes"][0]["configMap"] == {"name": "bev-train-run-template"}
    data = only(objects, "ConfigMap")["data"]
    assert set(data) == {"create-run.sh", "trainjob.json"}
    labels = template["metadata"]["labels"]
    assert labels["team"] == "perception"
    assert not objects["PodMonitor", NAME]["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("run", ["onChange", "onDemand", SCHEDULE])
def test_a_team_s_project_may_sync_what_is_rendered(run: Json) -> None:
    allowed = {(one["group"], one["kind"]) for one in projects.TENANT_KINDS}
    found = render(FULL | {"run": run}).values()
    assert {(one["apiVersion"].rpartition("/")[0], one["kind"]) for one in found} <= allowed


def test_several_pools_give_a_node_affinity_and_the_smallest_efa_count() -> None:
    resources = {"gpu": {"model": "l40s", "count": 4}, "cpu": "40", "memory": "300Gi"}
    spec = pod(render(training(resources=resources)))["spec"]
    assert "nodeSelector" not in spec
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (expression,) = required["nodeSelectorTerms"][0]["matchExpressions"]
    assert expression == {"key": "ml.example.com/pool", "operator": "In", "values": ["l40s", "l40s-efa"]}
    objects = render(training(resources={**resources, "efa": True}))
    assert pod(objects)["spec"]["nodeSelector"] == {"ml.example.com/pool": "l40s-efa"}
    assert only(objects, "TrainJob")["spec"]["trainer"]["resourcesPerNode"]["limits"]["vpc.amazonaws.com/efa"] == "1"
    eight = {**resources, "gpu": {"model": "l40s", "count": 8}, "efa": True}
    limits = only(render(training(resources=eight)), "TrainJob")["spec"]["trainer"]["resourcesPerNode"]["limits"]
    assert limits["vpc.amazonaws.com/efa"] == "4"


def test_a_cpu_job_goes_anywhere_without_gpu_settings() -> None:
    objects = render(training(resources={"cpu": "8", "memory": "32Gi", "ephemeralStorage": "100Gi"}, nodes=1))
    spec = pod(objects)["spec"]
    assert not {"nodeSelector", "affinity", "tolerations"} & set(spec)
    assert "env" not in spec["containers"][0]
    assert "add" not in spec["containers"][0]["securityContext"]["capabilities"]
    trainer = only(objects, "TrainJob")["spec"]["trainer"]
    assert "numProcPerNode" not in trainer
    assert trainer["resourcesPerNode"]["requests"]["ephemeral-storage"] == "100Gi"


def test_a_stated_pool_wins() -> None:
    objects = render(training(resources={"cpu": "8", "memory": "32Gi"}, pool="cpu"))
    assert pod(objects)["spec"]["nodeSelector"] == {"ml.example.com/pool": "cpu"}


@pytest.mark.parametrize(
    ("policy", "runs", "calls"),
    [
        ("Allow", "going-1\n", ["create"]),
        ("Forbid", "old-1 Complete\ngoing-1 Suspended\n", ["get"]),
        ("Forbid", "", ["get", "create"]),
        ("Forbid", "old-1 Complete\nold-2 Suspended Failed\n", ["get", "create"]),
        (
            "Replace",
            "old-1 Complete\ngoing-1 Suspended\ngoing-2\n",
            ["get", "delete going-1", "delete going-2", "create"],
        ),
    ],
)
def test_create_run_keeps_to_the_policy(tmp_path: Path, policy: str, runs: str, calls: list[str]) -> None:
    result = create(tmp_path, policy, f"printf %s '{runs}'")
    assert result.returncode == 0, result.stderr
    assert shell.calls(tmp_path) == calls


def test_create_run_creates_nothing_when_runs_cannot_be_listed(tmp_path: Path) -> None:
    assert create(tmp_path, "Forbid", "exit 1").returncode != 0
    assert shell.calls(tmp_path) == ["get"]


def create(folder: Path, policy: str, answer: str) -> shell.Result:
    environment = {
        "CONCURRENCY_POLICY": policy,
        "MANIFEST": "/run-template/trainjob.json",
        "NAMESPACE": "perception",
        "SELECTOR": "ml.example.com/workload=bev-train",
    }
    return shell.run("create-run.sh", folder, environment, on_get_trainjobs=answer)
