"""Runs that MultiKueue sends away: made on the manager, admitted and run on a worker, the same on both."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from paddock import source
from paddock.explanations import EXPLANATIONS
from paddock.layout import read_folder
from paddock.pipeline import Result
from repositories import ROOT, reference, reference_result, run, small, with_spec

Json = Any
Objects = dict[tuple[str, str, str], Json]

TRAIN = "environments/base/workloads/vision/train.yaml"
ONE = "environments/dev/clusters/one.yaml"


def case(name: str) -> dict[str, bytes]:
    """The small repository with a case of tests/findings laid over it."""
    return {**small(), **read_folder(ROOT / "tests" / "findings" / name / "input", "environments")}


def objects(specs: Mapping[str, bytes], cluster: str, environment: str = "dev") -> Objects:
    """What a cluster has, by kind, namespace and name."""
    return of(run(specs), cluster, environment)


def of(result: Result, cluster: str, environment: str) -> Objects:
    assert result.diagnostics == []
    found = {}
    for one in result.objects[environment]:
        if one.path.startswith(f"clusters/{cluster}/"):
            data, _ = source.parse(result.trees[environment][one.path].encode(), one.path)
            found[one.kind, one.namespace or "", one.name] = data
    return found


@cache
def platform(cluster: str) -> Objects:
    return of(_reference(), cluster, "prod")


@cache
def _reference() -> Result:
    return reference_result()


@pytest.fixture(scope="module")
def manager() -> Objects:
    return objects(case("legal--multikueue"), "one")


@pytest.fixture(scope="module")
def worker() -> Objects:
    return objects(case("legal--multikueue"), "two")


def kinds(found: Objects, name: str) -> list[str]:
    """Kinds of the objects of a workload."""
    labels = "ml.example.com/workload"
    return sorted(kind for (kind, _, _), one in found.items() if one["metadata"].get("labels", {}).get(labels) == name)


def test_the_manager_has_the_run_and_the_worker_what_it_needs(manager: Objects, worker: Objects) -> None:
    assert kinds(manager, "train") == ["ConfigMap", "ServiceAccount", "TrainJob", "TrainingRuntime"]
    assert kinds(worker, "train") == ["PersistentVolumeClaim", "ServiceAccount", "TrainingRuntime"]


def test_the_run_is_left_to_multikueue(manager: Objects) -> None:
    (trainjob,) = (one for (kind, _, _), one in manager.items() if kind == "TrainJob")
    assert trainjob["spec"]["managedBy"] == "kueue.x-k8s.io/multikueue"
    assert trainjob["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "vision-remote"


def test_a_run_that_stays_is_trainer_s_and_has_the_digest_it_had() -> None:
    specs = case("legal--multikueue-beside-local-runs")
    (before,) = (name for kind, _, name in objects(small(), "one") if kind == "TrainJob")
    here = [one for (kind, _, name), one in objects(specs, "one").items() if kind == "TrainJob" and "here" in name]
    assert ["managedBy" in one["spec"] for one in here] == [False]
    same = {path: content for path, content in specs.items() if path != TRAIN} | {TRAIN: small()[TRAIN]}
    assert ("TrainJob", "vision", before) in objects(same, "one")


def test_the_runtime_is_the_same_on_both(manager: Objects, worker: Objects) -> None:
    """Kueue compares the pods of a run on the worker with those that the manager counted, and ends a run that differs
    (kueue v0.19.2, pkg/util/equality/podset.go)."""
    key = ("TrainingRuntime", "vision", "train")
    assert manager[key] == worker[key]
    assert (
        platform("train-iad")["TrainingRuntime", "simulation", "splat-train"]
        == (platform("train-fra")["TrainingRuntime", "simulation", "splat-train"])
    )


def test_pods_are_written_for_the_worker() -> None:
    """Pools of the same name may have other instance types: EFA interfaces and taints are the worker's."""
    specs = case("legal--multikueue")
    two = "environments/dev/clusters/two.yaml"
    pools = source.parse(specs[two], two)[0]["spec"]["nodePools"]
    pools["h100"] |= {"taints": {"example.com/block": {"value": "true", "effect": "NoSchedule"}}}
    runtime = objects(with_spec(specs, two, {"nodePools": pools}), "one")["TrainingRuntime", "vision", "train"]
    spec = runtime["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    assert "example.com/block" in [one["key"] for one in spec["tolerations"]]


def test_queues_have_the_same_name_on_both_sides(manager: Objects, worker: Objects) -> None:
    def queues(found: Objects) -> dict[str, str]:
        return {name: one["spec"]["clusterQueue"] for (kind, _, name), one in found.items() if kind == "LocalQueue"}

    assert queues(manager) == {"vision": "vision", "vision-remote": "vision-remote"}
    assert queues(worker) == {"vision": "vision", "vision-remote": "vision"}
    assert ("ClusterQueue", "", "vision-remote") not in worker


def test_the_manager_knows_its_workers(manager: Objects) -> None:
    assert manager["MultiKueueCluster", "", "two"]["spec"] == {
        "clusterSource": {"kubeConfig": {"location": "multikueue-two", "locationType": "Secret"}}
    }
    secret = manager["ExternalSecret", "kueue-system", "multikueue-two"]["spec"]
    assert secret["target"]["name"] == "multikueue-two"
    assert [(one["secretKey"], one["remoteRef"]["key"]) for one in secret["data"]] == [("kubeconfig", "kueue/two")]
    assert manager["MultiKueueConfig", "", "vision-remote"]["spec"] == {"clusters": ["two"]}
    assert manager["AdmissionCheck", "", "vision-remote"]["spec"] == {
        "controllerName": "kueue.x-k8s.io/multikueue",
        "parameters": {"apiGroup": "kueue.x-k8s.io", "kind": "MultiKueueConfig", "name": "vision-remote"},
    }


def test_a_queue_that_is_sent_away_lends_and_borrows_nothing(manager: Objects) -> None:
    spec = manager["ClusterQueue", "", "vision-remote"]["spec"]
    assert "cohortName" not in spec
    assert spec["admissionChecksStrategy"] == {"admissionChecks": [{"name": "vision-remote"}]}  # for every flavor
    assert spec["preemption"]["reclaimWithinCohort"] == "Never"
    assert spec["stopPolicy"] == "None"
    assert "admissionChecksStrategy" not in manager["ClusterQueue", "", "vision"]["spec"]


def test_a_team_that_is_held_on_the_manager_sends_nothing() -> None:
    specs, team = case("legal--multikueue"), "environments/dev/teams/vision.yaml"
    clusters = source.parse(specs[team], team)[0]["spec"]["clusters"]
    clusters["one"]["stopPolicy"] = "Hold"
    result = run(with_spec(specs, team, {"clusters": clusters}))
    assert of(result, "one", "dev")["ClusterQueue", "", "vision-remote"]["spec"]["stopPolicy"] == "Hold"
    assert of(result, "two", "dev")["ClusterQueue", "", "vision"]["spec"]["stopPolicy"] == "None"


def test_the_manifest_names_both_clusters_behind_an_object() -> None:
    result = run(case("legal--multikueue"))
    files = json.loads(result.trees["dev"][".paddock/manifest.json"])["files"]
    behind = files["clusters/one/workloads/vision/train/trainingruntime-train.yaml"]
    assert {ONE, "environments/dev/clusters/two.yaml"} <= set(json.dumps(behind).split('"'))


def quota(queue: Json) -> dict[str, dict[str, str]]:
    (group,) = queue["spec"]["resourceGroups"]
    return {
        flavor["name"]: {one["name"]: one["nominalQuota"] for one in flavor["resources"]} for flavor in group["flavors"]
    }


def test_its_quota_is_what_the_workers_may_admit() -> None:
    """Nominal quota and what may be borrowed, of every worker: 2 × (32 + 32) GPUs."""
    found = objects(case("legal--multikueue-several-workers"), "one")
    assert quota(found["ClusterQueue", "", "vision-remote"]) == {
        "h100": {
            "cpu": "3072",
            "memory": "32Ti",
            "nvidia.com/gpu": "128",
            "vpc.amazonaws.com/efa": "512",
            "hugepages-2Mi": "128Gi",
        }
    }


def test_a_flavor_that_only_workers_have_is_counted_and_holds_no_pods() -> None:
    specs = case("legal--multikueue")
    two, team = "environments/dev/clusters/two.yaml", "environments/dev/teams/vision.yaml"
    renamed = {path: specs[path].replace(b"h100:\n", b"p5:\n") for path in (two,)}
    clusters = source.parse(specs[team], team)[0]["spec"]["clusters"]
    clusters["two"]["flavors"] = {"p5": clusters["two"]["flavors"]["h100"]}
    found = objects(with_spec({**specs, **renamed}, team, {"clusters": clusters}), "one")
    assert found["ResourceFlavor", "", "p5"]["spec"] == {"nodeLabels": {"ml.example.com/pool": "p5"}}
    assert list(quota(found["ClusterQueue", "", "vision-remote"])) == ["p5"]


def configuration(found: str) -> Json:
    values, _ = source.parse(found.encode(), "values.yaml")
    text = values["managerConfig"]["controllerManagerConfigYaml"]
    return source.parse(text.encode(), "configuration")[0]


def test_configuration_of_manager_and_worker() -> None:
    trees = _reference().trees["prod"]
    stated = configuration(trees["clusters/train-iad/components/kueue/values.yaml"])["multiKueue"]
    assert stated == {
        "dispatcherName": "kueue.x-k8s.io/multikueue-dispatcher-incremental",
        "gcInterval": "1m",
        "origin": "prod-train-iad",
        "workerLostTimeout": "30m",
    }
    assert "multiKueue" not in configuration(trees["clusters/train-fra/components/kueue/values.yaml"])


def test_a_manager_may_write_in_namespaces_of_its_queues_only(worker: Objects) -> None:
    look = worker["ClusterRole", "", "multikueue-one"]["rules"]
    write = worker["ClusterRole", "", "multikueue-one-dispatch"]["rules"]
    assert {verb for rule in look for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert ("ClusterRoleBinding", "", "multikueue-one-dispatch") not in worker
    bound = [key for key, one in worker.items() if one.get("roleRef", {}).get("name") == "multikueue-one-dispatch"]
    assert bound == [("RoleBinding", "vision", "multikueue-one")]
    resources = {(rule["apiGroups"][0], name) for rule in write for name in rule["resources"]}
    assert resources == {
        ("batch", "jobs"),
        ("jobset.x-k8s.io", "jobsets"),
        ("kueue.x-k8s.io", "workloads"),
        ("kueue.x-k8s.io", "workloads/status"),
        ("ray.io", "rayclusters"),
        ("ray.io", "rayjobs"),
        ("trainer.kubeflow.org", "trainjobs"),
    }
    assert not any("*" in rule["verbs"] + rule["resources"] + rule["apiGroups"] for rule in (*look, *write))


def test_every_kind_that_kueue_watches_can_be_watched(worker: Objects) -> None:
    """One that it may not watch keeps the worker out (kueue v0.19.2, multikueuecluster.go)."""
    rules = worker["ClusterRole", "", "multikueue-one"]["rules"]
    watched = {(rule["apiGroups"][0], name) for rule in rules if "watch" in rule["verbs"] for name in rule["resources"]}
    assert watched >= {("kueue.x-k8s.io", "workloads"), ("trainer.kubeflow.org", "trainjobs"), ("ray.io", "rayjobs")}


def test_the_token_is_kubernetes_own(worker: Objects) -> None:
    secret = worker["Secret", "kueue-system", "multikueue-one"]
    assert secret["type"] == "kubernetes.io/service-account-token"
    assert secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == "multikueue-one"
    assert not {"data", "stringData"} & secret.keys()


def test_managers_that_share_a_worker_have_accounts_of_their_own() -> None:
    found = objects(case("legal--multikueue-two-managers"), "two")
    assert {name for kind, _, name in found if kind == "ServiceAccount" and name.startswith("multikueue-")} == {
        "multikueue-one",
        "multikueue-three",
    }


def test_a_schedule_is_kept_on_the_manager() -> None:
    specs = with_spec(case("legal--multikueue"), TRAIN, {"run": {"schedule": "0 2 * * *", "timeZone": "Etc/UTC"}})
    result = run(specs)
    here, there = of(result, "one", "dev"), of(result, "two", "dev")
    assert kinds(here, "train") == ["ConfigMap", "CronJob", "ServiceAccount", "ServiceAccount", "TrainingRuntime"]
    assert kinds(there, "train") == ["PersistentVolumeClaim", "ServiceAccount", "TrainingRuntime"]
    template = here["ConfigMap", "vision", "train-run-template"]["data"]["trainjob.json"]
    assert json.loads(template)["spec"]["managedBy"] == "kueue.x-k8s.io/multikueue"
    scheduler = ("RoleBinding", "vision", "run-scheduler")
    assert scheduler in here
    assert scheduler not in there


def test_secrets_monitors_and_alerts_are_where_the_pods_are() -> None:
    changes = {
        "secrets": {"token": {"value": {"remoteKey": "vision/token"}}},
        "metrics": {"port": 9400},
        "alerts": {"TrainStuck": {"expr": "up == 0", "for": "5m", "severity": "warning", "summary": "Stuck"}},
    }
    result = run(with_spec(case("legal--multikueue"), TRAIN, changes))
    moved = {"ExternalSecret", "PersistentVolumeClaim", "PodMonitor", "PrometheusRule"}
    assert moved <= set(kinds(of(result, "two", "dev"), "train"))
    assert not moved & set(kinds(of(result, "one", "dev"), "train"))


def test_tracking_is_reached_from_the_worker() -> None:
    """MLflow runs on the manager; its Service does not exist on the worker."""
    template = platform("train-iad")["ConfigMap", "simulation", "splat-train-run-template"]["data"]["trainjob.json"]
    variables = {one["name"]: one.get("value") for one in json.loads(template)["spec"]["trainer"]["env"]}
    assert variables["MLFLOW_TRACKING_URI"] == "https://mlflow.train-iad.prod.ml.av.example.com"


def test_both_sides_are_applications() -> None:
    names = {one.name for one in _reference().objects["prod"] if one.kind == "Application"}
    workload = "simulation-splat-train"
    assert {f"prod-train-iad-{workload}", f"prod-train-fra-{workload}"} <= names


def test_a_worker_that_cannot_be_read_is_one_finding() -> None:
    specs = case("legal--multikueue")
    two = "environments/dev/clusters/two.yaml"
    broken = {**specs, two: specs[two].replace(b"role: development", b"role: developing")}
    assert [(one.id, one.location.path) for one in run(broken).diagnostics] == [("invalid-value", two)]


@pytest.mark.parametrize("cluster", ["one", "two"])
def test_a_cluster_with_a_finding_brings_no_other(cluster: str) -> None:
    """What is rendered goes on without it: the manager without its worker, the worker without its manager."""
    specs, path = case("legal--multikueue"), f"environments/dev/clusters/{cluster}.yaml"
    broken = {**specs, path: specs[path].replace(b"zones: [us-east-1a]\n", b"zones: [us-east-1a, us-east-1b]\n")}
    assert [one.id for one in run(broken).diagnostics] == ["efa-in-several-zones"]


def test_settings_that_are_wrong_are_one_finding() -> None:
    specs = case("legal--multikueue")
    broken = {**specs, ONE: specs[ONE].replace(b"remoteKey: kueue/two", b"remotekey: kueue/two")}
    assert {one.location.path for one in run(broken).diagnostics} == {ONE}
    assert "unknown-queue" not in {one.id for one in run(broken).diagnostics}


GUIDE = ROOT / "docs" / "guides" / "several-training-clusters.md"
BLOCKS = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def held(part: Json, whole: Json) -> bool:
    """Whether a spec says everything that a part of it says."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(held(item, whole.get(key)) for key, item in part.items())
    return bool(part == whole)


@pytest.mark.parametrize(("path", "text"), BLOCKS, ids=[path for path, _ in BLOCKS])
def test_what_the_guide_shows_is_the_reference_platform(path: str, text: str) -> None:
    part, problems = source.parse(text.encode(), path)
    assert problems == []
    assert held(part, source.parse(reference()[path], path)[0])


def test_the_guide_shows_all_three_files_and_names_findings_that_exist() -> None:
    assert len(BLOCKS) == 3
    page = GUIDE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+){2,})`", page))
    assert {"workers-differ", "multikueue-needs-component"} <= EXPLANATIONS.keys()
    assert named - EXPLANATIONS.keys() == set()
