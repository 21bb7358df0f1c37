"""Kyverno's policies as Kyverno judges them: on pods that pass and fail, and all of them on the reference platform.

Needs the real command-line program (github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno), on PATH or beside Python;
analysis.admission answers the same questions without it, and here both are compared.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import yaml

from paddock import load, source
from paddock.analysis import admission, pod_templates
from paddock.components import kyverno
from paddock.inputs import combine
from paddock.model import Cluster, Fleet
from paddock.pipeline import Result
from repositories import reference, reference_result

Json = Any
GPU = {"limits": {"nvidia.com/gpu": "1"}}
DIGEST = "@sha256:" + "0" * 64
OURS = "123456789012.dkr.ecr.us-east-1.amazonaws.com/perception/tracker:1" + DIGEST
LABELS = {"team": "perception", "cost-center": "cc-1", "environment": "prod"}
QUEUED = {pod_templates.QUEUE: "perception"}


def find() -> str | None:
    """The program beside this Python, else on PATH."""
    beside = Path(sys.executable).with_name("kubectl-kyverno")
    return str(beside) if beside.is_file() else which("kubectl-kyverno")


PROGRAM = find()
needs_program = pytest.mark.skipif(PROGRAM is None, reason="kubectl-kyverno is not installed: it is built where Go is")


def pod(name: str, *, labels: Json = None, image: str = OURS, controller: str = "", **spec: Json) -> Json:
    """A Pod of the namespace perception that every policy passes, but for what is stated."""
    metadata = {"name": name, "namespace": "perception", "labels": LABELS if labels is None else labels}
    if controller:
        owner = {"apiVersion": "x/v1", "kind": controller, "name": "x", "uid": "x", "controller": True}
        metadata["ownerReferences"] = [owner]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "main", "image": image}], **spec},
    }


def of(kind: str, name: str, template: Json, *, labels: Json = None, controller: str = "") -> Json:
    """The pod as the template of a controller or job."""
    inner = {"metadata": {"labels": template["metadata"]["labels"]}, "spec": template["spec"]}
    metadata = {**template["metadata"], "name": name, "labels": labels or {}}
    if controller:
        owner = {"apiVersion": "x/v1", "kind": controller, "name": "x", "uid": "x", "controller": True}
        metadata["ownerReferences"] = [owner]
    job = {"spec": {"template": inner}, "metadata": {"labels": labels or {}}}
    versions = {"Job": "batch/v1", "CronJob": "batch/v1", "JobSet": "jobset.x-k8s.io/v1alpha2"}
    specs: dict[str, Json] = {
        "CronJob": {"schedule": "0 0 * * *", "jobTemplate": job},
        "JobSet": {"replicatedJobs": [{"name": "node", "template": job}]},
        "Job": {"template": inner},
    }
    spec = specs.get(kind, {"selector": {"matchLabels": {"a": "b"}}, "template": inner})
    return {"apiVersion": versions.get(kind, "apps/v1"), "kind": kind, "metadata": metadata, "spec": spec}


def train_job(name: str, labels: Json) -> Json:
    metadata = {"name": name, "namespace": "perception", "labels": labels}
    spec = {"runtimeRef": {"name": "x"}, "trainer": {"image": OURS}}
    return {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob", "metadata": metadata, "spec": spec}


def ray(kind: str, name: str, labels: Json, *, own: bool = False) -> Json:
    """A RayCluster with a GPU in its workers, or a RayJob with (`own`) or without such a cluster of its own."""
    cpu, gpu = ({"template": {"spec": {"containers": container(**more)}}} for more in ({}, {"resources": GPU}))
    cluster = {"headGroupSpec": cpu, "workerGroupSpecs": [gpu]}
    specs = {"RayCluster": cluster, "RayJob": {"rayClusterSpec": cluster} if own else {"clusterSelector": {"a": "b"}}}
    metadata = {"name": name, "namespace": "perception", "labels": labels}
    return {"apiVersion": "ray.io/v1", "kind": kind, "metadata": metadata, "spec": specs[kind]}


def container(**fields: Json) -> list[Json]:
    return [{"name": "main", "image": OURS, **fields}]


GPU_POD = {"containers": container(resources=GPU)}
CLAIMING_POD = {
    "containers": container(resources={"claims": [{"name": "gpus"}]}),
    "resourceClaims": [{"name": "gpus", "resourceClaimTemplateName": "x-gpus-1"}],
}
MIRROR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
# What each policy passes and what it refuses.
CASES: dict[str, tuple[list[Json], list[Json]]] = {
    admission.ALLOWED_REGISTRIES: (
        [pod("ours"), pod("runtime", image=f"{MIRROR}/nvidia/nvidia/tritonserver:1"), of("Deployment", "d", pod("x"))],
        [
            pod("elsewhere", image="quay.io/x/y:1"),
            pod("short", image="nginx"),
            pod("beginning", image="123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example/x:1"),
            pod("part-of-a-name", image="nvcr.io/nvidiax/y:1"),
            pod("init", initContainers=[{"name": "init", "image": "quay.io/x/y:1"}]),
            of("Deployment", "d2", pod("x", image="quay.io/x/y:1")),
            of("StatefulSet", "s2", pod("x", image="quay.io/x/y:1")),
            of("DaemonSet", "ds2", pod("x", image="quay.io/x/y:1")),
            of("Job", "j2", pod("x", image="quay.io/x/y:1")),
            of("CronJob", "c2", pod("x", image="quay.io/x/y:1")),
        ],
    ),
    admission.IMAGE_DIGESTS: (
        [pod("digest"), pod("digest-alone", image="quay.io/x/y" + DIGEST)],
        [
            pod("tag", image="quay.io/x/y:1"),
            pod("init", initContainers=[{"name": "init", "image": "quay.io/x/y:1"}]),
            of("CronJob", "c2", pod("x", image="quay.io/x/y:1")),
        ],
    ),
    admission.HOST_ACCESS: (
        [
            pod("plain", volumes=[{"name": "a", "emptyDir": {}}]),
            pod("false", hostNetwork=False, containers=container(securityContext={"privileged": False})),
            pod("lock", containers=container(securityContext={"capabilities": {"add": ["IPC_LOCK"]}})),
            pod("port", containers=container(ports=[{"containerPort": 80}])),
        ],
        [
            pod("network", hostNetwork=True),
            pod("pid", hostPID=True),
            pod("ipc", hostIPC=True),
            pod("path", volumes=[{"name": "a", "hostPath": {"path": "/dev/infiniband"}}]),
            pod("privileged", containers=container(securityContext={"privileged": True})),
            pod("init", initContainers=container(securityContext={"privileged": True})),
            pod("port-of-host", containers=container(ports=[{"containerPort": 80, "hostPort": 80}])),
            of("Deployment", "d2", pod("x", hostNetwork=True)),
        ],
    ),
    admission.REQUIRED_LABELS: (
        [pod("labelled"), of("Deployment", "d", pod("x"))],
        [
            pod("none", labels={}),
            pod("one", labels={"team": "perception"}),
            pod("empty", labels={**LABELS, "team": ""}),
            of("Deployment", "d2", pod("x", labels={"team": "perception"})),
        ],
    ),
    admission.QUEUE_NAME: (
        [
            pod("cpu"),
            pod("controlled", controller="ReplicaSet", **GPU_POD),
            of("Job", "queued", pod("x", **GPU_POD), labels=QUEUED),
            of("Job", "queued-claim", pod("x", **CLAIMING_POD), labels=QUEUED),
            of("Job", "cpu-job", pod("x")),
            of("Job", "of-a-jobset", pod("x", **GPU_POD), controller="JobSet"),
            of("JobSet", "queued-set", pod("x", **GPU_POD), labels=QUEUED),
            of("JobSet", "of-a-trainjob", pod("x", **GPU_POD), controller="TrainJob"),
            of("Deployment", "service", pod("x", **GPU_POD)),
            train_job("queued-run", QUEUED),
            ray("RayCluster", "queued-cluster", QUEUED),
            ray("RayJob", "on-a-cluster-there-is", {}),
        ],
        [
            pod("bare", **GPU_POD),
            of("Job", "unqueued", pod("x", **GPU_POD)),
            of("Job", "mig", pod("x", containers=container(resources={"requests": {"nvidia.com/mig-1g.10gb": "1"}}))),
            of("Job", "of-a-cronjob", pod("x", **GPU_POD), controller="CronJob"),
            of("Job", "empty-label", pod("x", **GPU_POD), labels={pod_templates.QUEUE: ""}),
            of("JobSet", "unqueued-set", pod("x", **GPU_POD)),
            of("Job", "unqueued-claim", pod("x", **CLAIMING_POD)),
            train_job("unqueued-run", {}),
            ray("RayCluster", "unqueued-cluster", {}),
            ray("RayJob", "unqueued-ray", {}, own=True),
        ],
    ),
}
# Bare Pods, Ray and what a controller makes are Kyverno's to refuse: the tree has none.
ONLY_KYVERNO = {("queue-name", name) for name in ("bare", "of-a-cronjob", "unqueued-cluster", "unqueued-ray")}


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    loaded = load.load(combine(specs=reference(), own={})[0])
    assert loaded.fleet is not None
    return loaded.fleet


@pytest.fixture(scope="module")
def cluster(fleet: Fleet) -> Cluster:
    return fleet.environments["prod"].clusters["train-iad"]


def policies(fleet: Fleet, cluster: Cluster) -> dict[str, Json]:
    """The policies of a cluster by name, whole."""
    found = {}
    for rule in admission.on_cluster(fleet, cluster).values():
        for one in kyverno.policies(rule, fleet):
            metadata = {"name": one["name"]}
            found[one["name"]] = {
                "apiVersion": "policies.kyverno.io/v1",
                "kind": one["kind"],
                "metadata": metadata,
                "spec": one["spec"],
            }
    return found


def report(folder: Path, policies: list[Json], objects: list[Json], namespaces: dict[str, Json]) -> list[Json]:
    """The results that `kyverno apply` reports."""
    values = {
        "apiVersion": "cli.kyverno.io/v1alpha1",
        "kind": "Values",
        "metadata": {"name": "values"},
        "namespaceSelector": [{"name": name, "labels": labels} for name, labels in namespaces.items()],
    }
    files = {"policies": policies, "objects": objects, "values": [values]}
    for name, documents in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(documents))
    paths = {name: str(folder / f"{name}.yaml") for name in files}
    command = [str(PROGRAM), "apply", paths["policies"], "--resource", paths["objects"], "--values-file"]
    command += [paths["values"], "--policy-report", "--output-format", "json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    if not answer.stdout.strip():
        assert answer.returncode == 0, answer.stderr
        return []
    found: list[Json] = json.loads(answer.stdout[answer.stdout.index("{") :]).get("results") or []
    return found


def apply(folder: Path, policies: list[Json], objects: list[Json], namespaces: dict[str, Json]) -> set[tuple[str, ...]]:
    """What Kyverno says: (policy, kind, namespace, name, result) of each judgement."""
    return {
        (one["policy"], of["kind"], of.get("namespace", ""), of["name"], one["result"])
        for one in report(folder, policies, objects, namespaces)
        for of in one["resources"]
    }


def here(rule: admission.Rule, data: Json) -> bool:
    """Whether our own evaluation refuses an object. What a controller makes is in no tree."""
    if data["metadata"].get("ownerReferences"):
        return False
    refused = any(next(admission.refusals(rule, pod), None) for pod in pod_templates.pods(data))
    return refused or any(admission.refuses_job(rule, job) for job in pod_templates.jobs(data))


@pytest.mark.parametrize("name", CASES)
def test_our_own_evaluation(name: str, fleet: Fleet, cluster: Cluster) -> None:
    rule = admission.on_cluster(fleet, cluster)[name]
    good, bad = CASES[name]
    assert [one["metadata"]["name"] for one in good if here(rule, one)] == []
    missed = [one["metadata"]["name"] for one in bad if not here(rule, one)]
    assert [one for one in missed if (name, one) not in ONLY_KYVERNO] == []


@needs_program
@pytest.mark.parametrize("name", CASES)
def test_kyverno_passes_and_refuses(name: str, fleet: Fleet, cluster: Cluster, tmp_path: Path) -> None:
    good, bad = CASES[name]
    namespaces = {"perception": {"team": "perception"}}
    found = apply(tmp_path, [policies(fleet, cluster)[name]], [*good, *bad], namespaces)
    refused = {(kind, object) for _, kind, _, object, result in found if result == "fail"}
    assert refused == {(one["kind"], one["metadata"]["name"]) for one in bad}
    assert {result for *_, result in found} <= {"pass", "fail"}


@needs_program
def test_namespaces_that_policies_leave_out(fleet: Fleet, cluster: Cluster, tmp_path: Path) -> None:
    """Those of EKS have no label team; those of components are the platform's, and some need their host."""
    namespaces = {
        "kube-system": {},
        "kueue-system": {"team": "platform"},
        "monitoring": {"team": "platform", "ml.av.example.com/host-access": "allowed"},
        "perception": {"team": "perception"},
    }
    bad = pod("bad", labels={}, image="quay.io/x:1", hostNetwork=True, **GPU_POD)
    objects = [{**bad, "metadata": {"name": "bad", "namespace": name}} for name in namespaces]
    chosen = [one for one in policies(fleet, cluster).values() if one["kind"] == "ValidatingPolicy"]
    found = apply(tmp_path, chosen, objects, namespaces)
    refused: dict[str, set[str]] = {}
    for policy, _, namespace, _, result in found:
        if result == "fail":
            refused.setdefault(namespace, set()).add(policy)
    ours = set(CASES) - {admission.ALLOWED_REGISTRIES, admission.IMAGE_DIGESTS}
    assert refused == {"kueue-system": {admission.HOST_ACCESS}, "perception": ours}


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


def rendered(result: Result, environment: str, cluster: str) -> Iterator[Json]:
    """Every object below clusters/<cluster>/ of an environment."""
    for ref in result.objects[environment]:
        if ref.path.startswith(f"clusters/{cluster}/"):
            yield source.parse(result.trees[environment][ref.path].encode(), ref.path)[0]


def judged(objects: list[Json]) -> list[Json]:
    """Objects and, for kinds whose pods Kyverno sees only when they are made, these pods."""
    found = []
    for data in objects:
        if data["kind"] in ("CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet", "TrainJob"):
            found.append(data)
        for number, template in enumerate(pod_templates.pods(data)):
            if data["kind"] in ("InferenceService", "TrainingRuntime", "WorkflowTemplate"):
                containers = [{"name": f"c{at}", "image": OURS, **one} for at, one in enumerate(template.containers())]
                name = f"{data['metadata']['name']}-{number}"
                metadata = {"name": name, "namespace": template.namespace, "labels": template.labels}
                spec = {**template.spec, "containers": containers}
                owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "x", "uid": "x", "controller": True}
                metadata["ownerReferences"] = [owner]
                found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return found


def whole(objects: list[Json]) -> list[Json]:
    """Workloads as the cluster runs them: a model server's container is its runtime's with what the service says."""
    runtimes = [one for one in objects if one["kind"] == "ClusterServingRuntime"]
    found = []
    for data in objects:
        if data["kind"] in ("CronJob", "Deployment"):
            found.append(data)
        for number, template in enumerate(pod_templates.pods(data)):
            if data["kind"] not in ("InferenceService", "TrainingRuntime", "WorkflowTemplate"):
                continue
            spec, containers = dict(template.spec), template.containers()
            if data["kind"] == "InferenceService":
                runtime = next(one["spec"] for one in runtimes if pod_templates.serves(one, data))
                containers = [merged(runtime["containers"][0], one) for one in containers]
                spec = {**{key: runtime[key] for key in ("volumes",) if key in runtime}, **spec}
            spec["containers"] = [{"image": OURS, "name": f"c{at}", **one} for at, one in enumerate(containers)]
            metadata = {"name": f"{data['kind'].lower()}-{data['metadata']['name']}-{number}", "namespace": "x"}
            metadata["labels"] = {"kind": data["kind"]}
            found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return found


def merged(base: Json, over: Json) -> Json:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}


@needs_program
@pytest.mark.parametrize("where", ["dev/shared-iad", "prod/hub-iad", "prod/serve-fra", "prod/train-iad"])
def test_kyverno_refuses_nothing_of_the_reference_platform(where: str, result: Result, tmp_path: Path) -> None:
    """Every rendered policy against every rendered workload; signatures need the registry and are not looked at."""
    objects = list(rendered(result, *where.split("/")))
    namespaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in objects if one["kind"] == "Namespace"}
    chosen = [one for one in objects if one["kind"] == "ValidatingPolicy"]
    found = apply(tmp_path, chosen, judged(objects), namespaces)
    results = {(policy, kind, name) for policy, kind, _, name, result in found if result != "pass"}
    assert {one for one in results if one[0] != admission.IMAGE_DIGESTS} == set()
    if where.startswith("prod/"):
        assert results == set()
    if "hub" not in where:
        # Each policy judged something, or this test would prove nothing.
        assert {policy for policy, *_ in found} == {one["metadata"]["name"] for one in chosen}


def practice(name: str, expression: str) -> Json:
    """A policy on pods and their controllers, of ours for this test alone."""
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    variables = [{"name": "all", "expression": "object.spec.containers + object.spec.?initContainers.orValue([])"}]
    spec = {
        "validationActions": ["Audit"],
        "autogen": {"podControllers": {"controllers": ["cronjobs", "deployments"]}},
        "matchConstraints": {"resourceRules": rules},
        "variables": variables,
        "validations": [{"expression": expression, "message": name}],
    }
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ValidatingPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


RESTRICTED = {
    "apiVersion": "kyverno.io/v1",
    "kind": "ClusterPolicy",
    "metadata": {"name": "pod-security"},
    "spec": {
        "rules": [
            {
                "name": "restricted",
                "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
                "validate": {"failureAction": "Audit", "podSecurity": {"level": "restricted", "version": "latest"}},
            }
        ]
    },
}
PRACTICES = {
    "requests": 'variables.all.all(c, ["cpu", "memory"].all(r, r in c.?resources.?requests.orValue({})))',
    "memory-limit": 'variables.all.all(c, "memory" in c.?resources.?limits.orValue({}))',
    "image-version": 'variables.all.all(c, c.image.contains("@") || '
    '(c.image.matches(":[^/]+$") && !c.image.endsWith(":latest")))',
    "read-only-root": "variables.all.all(c, c.?securityContext.?readOnlyRootFilesystem.orValue(false))",
    "probes": 'object.spec.?restartPolicy.orValue("Always") != "Always" || '
    "object.spec.containers.all(c, has(c.readinessProbe))",
}
# What our own manifests do not follow, by kind, practice and control of Pod Security, and why.
_EFA = "EFA locks the memory it sends from: IPC_LOCK (gpu-platform.md 6.2)"
_ROOT = "programs write caches and temporary files beside themselves; the images are the teams'"
REASONS: dict[tuple[str, str], str] = {
    ("Deployment", "probes"): "pods of overprovisioning do nothing that could be asked after",
    ("Deployment", "read-only-root"): _ROOT,
    ("InferenceService", "probes"): "KServe adds the probes of the protocol",
    ("InferenceService", "read-only-root"): "model servers unpack models and compile kernels beside themselves",
    ("TrainingRuntime", "capabilities_baseline"): _EFA,
    ("TrainingRuntime", "capabilities_restricted"): _EFA,
    ("TrainingRuntime", "memory-limit"): "the run states them: resourcesPerNode of the TrainJob",
    ("TrainingRuntime", "read-only-root"): _ROOT,
    ("TrainingRuntime", "requests"): "the run states them: resourcesPerNode of the TrainJob",
    ("TrainingRuntime", "runAsNonRoot"): "public images of frameworks run as root; the namespace's level is baseline",
    ("WorkflowTemplate", "read-only-root"): _ROOT,
}


@needs_program
def test_our_manifests_follow_good_practice_or_say_why_not(result: Result, tmp_path: Path) -> None:
    """And every reason is still needed. Service accounts without a token stand in the templates of workloads."""
    chosen = [RESTRICTED, *(practice(name, expression) for name, expression in PRACTICES.items())]
    found = set()
    for where in ("dev/shared-iad", "prod/serve-fra", "prod/train-iad"):
        objects = whole(list(rendered(result, *where.split("/"))))
        kinds = {one["metadata"]["name"]: one["metadata"]["labels"].get("kind", one["kind"]) for one in objects}
        for one in report(tmp_path, chosen, objects, {}):
            for of in one["resources"] if one["result"] != "pass" else ():
                controls = one.get("properties", {}).get("controls", "")
                found |= {(kinds[of["name"]], name) for name in (controls.split(",") if controls else [one["policy"]])}
    assert found == REASONS.keys()


@needs_program
def test_kyverno_reads_the_policies_on_signatures(fleet: Fleet, cluster: Cluster, tmp_path: Path) -> None:
    """An image that no pattern fits needs no signature, so no registry is asked."""
    signed = [one for one in policies(fleet, cluster).values() if one["kind"] == "ImageValidatingPolicy"]
    assert len(signed) == 2
    found = apply(tmp_path, signed, [pod("other", image="quay.io/x/y:1")], {"perception": {"team": "perception"}})
    assert "fail" not in {result for *_, result in found}
    assert "error" not in {result for *_, result in found}


def test_actions_follow_the_environment(fleet: Fleet) -> None:
    """Unless a cluster says otherwise: in development what reaches hosts is refused, too."""
    for cluster in fleet.clusters():
        production = fleet.environments[cluster.environment].production
        for rule in admission.on_cluster(fleet, cluster).values():
            stated = (cluster.environment, rule.name) == ("dev", admission.HOST_ACCESS)
            assert rule.enforced is (production or stated)
            for policy in kyverno.policies(rule, fleet):
                spec = policy["spec"]
                assert spec["validationActions"] == (["Deny"] if rule.enforced else ["Audit", "Warn"])
                assert spec["failurePolicy"] == ("Fail" if rule.enforced else "Ignore")


def test_rules_without_anything_to_ask_are_left_out(fleet: Fleet, cluster: Cluster) -> None:
    settings = cluster.components["kyverno"].settings
    bare = {"registries": [], "requiredLabels": [], "signers": {}}
    platform = replace(fleet.platform, data={**fleet.platform.data, "admission": bare})
    without_kueue = replace(cluster, components={"kyverno": cluster.components["kyverno"]})
    found = admission.rules(replace(fleet, platform=platform), without_kueue, settings)
    assert list(found) == [admission.HOST_ACCESS, admission.IMAGE_DIGESTS]
    off = {**settings, "policies": {name: {"action": "Off"} for name in settings["policies"]}}
    assert admission.rules(fleet, cluster, off) == {}


def test_keyless_subjects_with_wildcards_are_anchored_expressions() -> None:
    signer = {"keyless": {"issuer": "https://i.example.com", "subject": "https://github.com/a.b/*"}}
    identity = kyverno._cosign(signer)["keyless"]["identities"][0]
    assert identity == {"issuer": "https://i.example.com", "subjectRegExp": "^https://github\\.com/a\\.b/.*$"}
    assert kyverno._cosign({"key": "awskms:///arn:aws:kms:x"}) == {"key": {"kms": "awskms:///arn:aws:kms:x"}}


def test_what_argo_cd_must_know_of_the_chart(result: Result) -> None:
    """Pitfalls of charts.md 2a, 2b, 2d, 2f and 3.10, on every cluster of the reference platform."""
    for tree in result.trees.values():
        for path, text in tree.items():
            if path.endswith("components/kyverno/values.yaml"):
                values = source.parse(text.encode(), path)[0]
                assert values["crds"]["migration"]["enabled"] is False
                assert values["webhooksCleanup"]["enabled"] is False
                assert values["admissionController"]["createSelfSignedCert"] is False
                assert values["admissionController"]["replicas"] == (2 if "shared-iad" in path else 3)
                assert values["features"]["policyExceptions"]["enabled"] is False
                monitored = ("admissionController", "reportsController")
                assert all(values[one]["serviceMonitor"]["enabled"] for one in monitored)
                left_out = values["config"]["webhooks"]["namespaceSelector"]["matchExpressions"]
                assert {
                    "key": "kubernetes.io/metadata.name",
                    "operator": "NotIn",
                    "values": ["kube-system"],
                } in left_out
            elif path.startswith("argocd/applications/") and path.endswith("-kyverno.yaml"):
                application = source.parse(text.encode(), path)[0]
                assert application["spec"]["destination"]["namespace"] == "kyverno"
                options = application["metadata"]["annotations"]["argocd.argoproj.io/compare-options"]
                assert "ServerSideDiff=true" in options
                sync = application["spec"]["syncPolicy"]["syncOptions"]
                assert {"ServerSideApply=true", "RespectIgnoreDifferences=true"} <= set(sync)
                ignored = application["spec"]["ignoreDifferences"]
                assert {(one["kind"], one["name"]) for one in ignored} == {
                    ("ClusterRole", "kyverno:admission-controller"),
                    ("ClusterRole", "kyverno:reports-controller"),
                }
                assert all(one["jsonPointers"] == ["/rules"] for one in ignored)
    assert sum(path.endswith("kyverno/values.yaml") for tree in result.trees.values() for path in tree) == 7
