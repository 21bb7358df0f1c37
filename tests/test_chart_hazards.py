"""Pitfalls of the platform's charts and controllers that no schema shows, held on everything the reference platform
renders. docs/rules.md names for each pitfall the test here, or the finding, that holds it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import yaml

from paddock import load
from paddock.applications import SYNC_OPTIONS
from paddock.catalogue import Component
from paddock.model import Fleet
from paddock.pipeline import Result
from paddock.requirements import waves
from repositories import ROOT, gathered, reference, reference_result

Json = Any

ABSENT = object()
MAX_ANNOTATION_BYTES = 262_144
"""Largest annotations of an object: client-side apply keeps a copy of the object in one (charts.md 2a)."""


@cache
def result() -> Result:
    return reference_result()


@cache
def fleet() -> Fleet:
    found = load.load(gathered(reference())).fleet
    assert found is not None
    return found


@cache
def catalogue() -> Mapping[str, Component]:
    return load.load(gathered(reference())).catalogue


@cache
def objects(kind: str) -> tuple[Json, ...]:
    """Every rendered object of a kind."""
    return tuple(one for _, _, one in placed(kind))


@cache
def placed(kind: str) -> tuple[tuple[str, str, Json], ...]:
    """(environment, identity of the cluster, object) of every rendered object of a kind."""
    return tuple(
        (environment, ref.cluster, yaml.safe_load(result().trees[environment][ref.path]))
        for environment, refs in result().objects.items()
        for ref in refs
        if ref.kind == kind
    )


@cache
def values() -> tuple[tuple[str, str, Json], ...]:
    """(environment and cluster, component, Helm values) of every chart on every cluster."""
    return tuple(
        (f"{environment}-{path.split('/')[1]}", path.split("/")[3], yaml.safe_load(text))
        for environment, tree in result().trees.items()
        for path, text in sorted(tree.items())
        if path.endswith("/values.yaml")
    )


def of(component: str) -> list[Json]:
    """The values of a component on each of its clusters."""
    found = [data for _, name, data in values() if name == component]
    assert found, f"no cluster runs {component}"
    return found


def at(data: Json, path: str) -> Json:
    """What stands at a path of dotted keys."""
    for key in path.split("."):
        if not isinstance(data, Mapping) or key not in data:
            return ABSENT
        data = data[key]
    return data


def pod_specs(data: Json) -> Iterator[Json]:
    """Everything in an object that has containers."""
    if isinstance(data, Mapping):
        if isinstance(data.get("containers"), list):
            yield data
        for value in data.values():
            yield from pod_specs(value)
    elif isinstance(data, list):
        for value in data:
            yield from pod_specs(value)


def tolerates(tolerations: list[Json], taint: Json) -> bool:
    """Whether a pod with these tolerations may run on a node with a taint, as the scheduler decides it."""
    return any(
        (one.get("key") == taint["key"] or ("key" not in one and one.get("operator") == "Exists"))
        and one.get("effect") in (None, taint["effect"])
        and (one.get("operator") == "Exists" or one.get("value", "") == taint.get("value", ""))
        for one in tolerations
    )


def gpu_pools() -> set[tuple[str, str]]:
    """(cluster, pool) of every node pool with GPUs."""
    return {
        (cluster.identity, name)
        for cluster in fleet().clusters()
        for name, pool in cluster.node_pools.items()
        if pool.gpu_model
    }


# charts.md 2d, 2f and 3: what a chart's default would do on every sync, or to everyone. (component, path, value)
REQUIRED: list[tuple[str, str, Json]] = [
    # 2d: jobs that Argo CD would run on every sync
    ("argo-cd", "redisSecretInit.enabled", False),
    ("argo-workflows", "crds.full", False),
    ("cert-manager", "startupapicheck.enabled", False),
    ("gpu-operator", "operator.upgradeCRD", False),
    ("gpu-operator", "operator.cleanupCRD", False),
    ("kube-prometheus-stack", "prometheusOperator.admissionWebhooks.patch.enabled", False),
    ("kube-prometheus-stack", "prometheusOperator.admissionWebhooks.certManager.enabled", True),
    ("kubeflow-trainer", "runtimes.defaultEnabled", False),
    ("kubeflow-trainer", "runtimes.torchDistributed.enabled", False),
    ("kubeflow-trainer", "runtimes.deepspeedDistributed.enabled", False),
    ("kubeflow-trainer", "runtimes.mlxDistributed.enabled", False),
    ("kubeflow-trainer", "runtimes.jaxDistributed.enabled", False),
    ("kubeflow-trainer", "runtimes.xgboostDistributed.enabled", False),
    # 2f: dangerous defaults
    ("argo-cd", "global.networkPolicy.create", True),
    ("argo-workflows", "artifactRepository.s3.useSDKCreds", True),
    ("argo-workflows", "useStaticCredentials", False),
    ("argo-workflows", "workflow.rbac.create", False),
    ("aws-load-balancer-controller", "defaultTargetType", "ip"),
    ("aws-load-balancer-controller", "enableServiceMutatorWebhook", False),
    ("kserve", "kserve.controller.deploymentMode", "Standard"),
    ("metrics-server", "apiService.insecureSkipTLSVerify", False),
    ("jupyterhub", "hub.config.JupyterHub.authenticator_class", "generic-oauth"),
    ("jupyterhub", "prePuller.hook.enabled", False),
    ("jupyterhub", "proxy.service.type", "ClusterIP"),
    ("jupyterhub", "singleuser.cloudMetadata.blockWithIptables", False),
    ("mlflow", "auth.enabled", True),
    ("mlflow", "auth.postgres.enabled", True),
    ("mlflow", "backendStore.postgres.enabled", True),
    ("opencost", "opencost.mcp.enabled", False),
    ("opencost", "opencost.customPricing.enabled", False),
    ("opencost", "opencost.prometheus.internal.enabled", False),
    # 2b and the list of owners: one copy of each CRD
    ("kube-prometheus-stack", "crds.enabled", False),
    ("kubeflow-trainer", "jobset.install", False),
    # gpu-platform.md 8 #14: the node images bring both
    ("gpu-operator", "driver.enabled", False),
    ("gpu-operator", "toolkit.enabled", False),
    # 2a-2i of the charts of logs: no container of root's, no pod that sets the kernel, no demonstration
    ("fluent-bit", "testFramework.enabled", False),
    ("opensearch", "persistence.enableInitChown", False),
    ("opensearch", "sysctlInit.enabled", False),
    ("opensearch", "securityConfig.config.dataComplete", True),
    ("opensearch-dashboards", "updateStrategy.type", "RollingUpdate"),
    # the label trap of charts.md 4.1
    ("gpu-operator", "dcgmExporter.serviceMonitor.honorLabels", True),
    ("argo-workflows", "controller.metricsConfig.honorLabels", True),
    ("cert-manager", "prometheus.servicemonitor.honorLabels", True),
    ("opencost", "opencost.metrics.serviceMonitor.honorLabels", True),
]


@pytest.mark.parametrize(("component", "path", "value"), REQUIRED, ids=lambda part: str(part))
def test_a_chart_s_default_is_overridden(component: str, path: str, value: Json) -> None:
    assert [at(data, path) for data in of(component)] == [value] * len(of(component))


def test_charts_that_need_the_cluster_s_name_have_it() -> None:
    """2f: without it the render fails."""
    names = {cluster.identity: cluster.data["eks"]["name"] for cluster in fleet().clusters()}
    found = [
        (cluster, at(data, "settings.clusterName" if name == "karpenter" else "clusterName"))
        for cluster, name, data in values()
        if name in ("karpenter", "aws-load-balancer-controller")
    ]
    assert len(found) == 2 * len(names)
    assert all(names[cluster] == name for cluster, name in found)


def test_nobody_is_let_in_by_default() -> None:
    """2f: Argo CD gives a stranger no role and has no admin account; MLflow lets nobody write in production."""
    for data in of("argo-cd"):
        assert data["configs"]["rbac"]["policy.default"] == ""
        assert data["configs"]["cm"]["admin.enabled"] is False
    production = {cluster.identity for cluster in fleet().clusters() if cluster.environment == "prod"}
    permissions = {
        data["auth"]["defaultPermission"] for cluster, _, data in values() if cluster in production and "auth" in data
    }
    assert permissions
    assert permissions <= {"NO_PERMISSIONS", "READ"}


def test_no_rendered_object_is_a_hook() -> None:
    """2d, gpu-platform.md 8 #19, argocd.md 6 #22: one Argo CD hook makes Argo CD ignore every Helm hook of the
    Application, and a suspended Job in a hook never ends."""
    marks = ("argocd.argoproj.io/hook", "helm.sh/hook")
    texts = [text for tree in result().trees.values() for text in tree.values()]
    assert len(texts) > 1000
    assert [text for text in texts if any(f"{mark}:" in text for mark in marks)] == []


# charts.md 2i: strings that a chart runs through Helm's tpl.
TEMPLATED = {
    "kube-prometheus-stack": (
        ("prometheus", "prometheusSpec", "externalLabels"),
        ("prometheus", "prometheusSpec", "remoteWrite"),
        ("prometheus", "prometheusSpec", "additionalScrapeConfigs"),
        ("extraManifests",),
        ("grafana", "grafana.ini"),
        ("grafana", "additionalDataSources"),
        ("grafana", "datasources"),
    ),
    "argo-workflows": tuple(("artifactRepository", "s3", key) for key in ("bucket", "endpoint", "region")),
    "mlflow": (("extraDeploy",),),
    "gpu-operator": (("extraObjects",),),
    "fluent-bit": (("config",), ("luaScripts",)),
    "opensearch": (("config",), ("securityConfig", "config", "data")),
    "opensearch-dashboards": (("config",),),
}


def test_what_a_chart_templates_once_more_holds_no_braces() -> None:
    """2i: braces would be expanded, or break the render."""
    seen = set()
    for component, paths in TEMPLATED.items():
        for data in of(component):
            for path in paths:
                node = data
                for key in path:
                    node = node.get(key, ABSENT) if isinstance(node, Mapping) else ABSENT
                if node is not ABSENT:
                    seen.add((component, path[-1]))
                    assert "{{" not in json.dumps(node), (component, path)
    assert {("kube-prometheus-stack", "externalLabels"), ("kube-prometheus-stack", "grafana.ini")} <= seen
    assert {("fluent-bit", "config"), ("opensearch", "data"), ("opensearch-dashboards", "config")} <= seen


# charts.md 2h: charts with objects in kube-system, whatever their own namespace is.
IN_KUBE_SYSTEM = {"aws-fsx-csi-driver", "karpenter", "kube-prometheus-stack", "kueue", "metrics-server"}


def test_projects_allow_the_namespaces_that_charts_write_to() -> None:
    """2h: kube-system is a destination wherever such a chart runs; cert-manager's leases lie in its own namespace."""
    projects = {
        environment: one
        for environment, _, one in placed("AppProject")
        if one["metadata"]["name"] == f"platform-{environment}"
    }
    for cluster in fleet().clusters():
        allowed = projects[cluster.environment]["spec"]["destinations"]
        for name in sorted(IN_KUBE_SYSTEM & cluster.components.keys()):
            component = catalogue()[name]
            assert "kube-system" in {component.namespace, *component.data["extraNamespaces"]}, name
            for namespace in (component.namespace, *component.data["extraNamespaces"]):
                assert {"name": cluster.identity, "namespace": namespace} in allowed, (cluster.identity, name)
    assert {data["global"]["leaderElection"]["namespace"] for data in of("cert-manager")} == {"cert-manager"}


# charts.md 2c: charts that leave their monitors out, or fail, where the API of the monitors is not there yet.
WITH_MONITORS = {
    "argo-cd",
    "argo-workflows",
    "external-secrets",
    "fluent-bit",
    "jobset",
    "karpenter",
    "mlflow",
    "opensearch",
    "opensearch-dashboards",
}


def test_monitors_come_after_their_kind() -> None:
    """2c: the CRDs are required, so their wave is the earlier one, and External Secrets renders its monitor always."""
    for name in sorted(WITH_MONITORS):
        assert "prometheus-operator-crds" in catalogue()[name].data["requires"], name
    for cluster in fleet().clusters():
        order = waves({name: catalogue()[name] for name in cluster.components})
        for name in WITH_MONITORS & order.keys():
            assert order["prometheus-operator-crds"] < order[name]
    assert {data["serviceMonitor"]["renderMode"] for data in of("external-secrets")} == {"alwaysRender"}


def test_everything_is_applied_by_the_server() -> None:
    """2a, argocd.md 6 #14, gpu-platform.md 8 #20: of every Application, so of every CRD over the limit too."""
    assert "ServerSideApply=true" in SYNC_OPTIONS
    applications = objects("Application")
    assert len(applications) > 100
    for one in applications:
        assert set(SYNC_OPTIONS) <= set(one["spec"]["syncPolicy"]["syncOptions"]), one["metadata"]["name"]


def test_a_component_s_sync_options_are_argo_cd_s() -> None:
    """argocd.md 2.7: Argo CD ignores a misspelt option, so component.yaml takes those alone that an Application takes,
    and none that destroys, turns the server's apply off or creates a namespace."""
    schemas = {
        path: json.loads((ROOT / "schemas" / path).read_text())["properties"]
        for path in ("component.schema.json", "kubernetes/argoproj.io/application_v1alpha1.json")
    }
    ours = set(schemas["component.schema.json"]["syncOptions"]["items"]["enum"])
    application = schemas["kubernetes/argoproj.io/application_v1alpha1.json"]["spec"]["properties"]
    theirs = set(application["syncPolicy"]["properties"]["syncOptions"]["items"]["enum"])
    assert theirs - ours == {"CreateNamespace=true", "Replace=true", "ServerSideApply=false"}
    assert ours <= theirs


# charts.md 2a: CRDs of ours whose compact JSON, with its descriptions, is over the limit; sizes in kB.
OVER_THE_LIMIT = {
    "alertmanagerconfigs.monitoring.coreos.com": 360,
    "applicationsets.argoproj.io": 341,
    "autoscalingrunnersets.actions.github.com": 612,
    "clusterpolicies.kyverno.io": 652,
    "clustersecretstores.external-secrets.io": 349,
    "clustertrainingruntimes.trainer.kubeflow.org": 356,
    "inferenceservices.serving.kserve.io": 638,
    "jobsets.jobset.x-k8s.io": 357,
    "prometheuses.monitoring.coreos.com": 484,
    "rayjobs.ray.io": 419,
    "secretstores.external-secrets.io": 349,
    "trainingruntimes.trainer.kubeflow.org": 356,
    "workloads.kueue.x-k8s.io": 673,
}


def test_owners_of_crds_over_the_limit_apply_them_on_the_server() -> None:
    """2a: without ServerSideApply they cannot be applied at all; the options of a component never take it away."""
    assert min(OVER_THE_LIMIT.values()) * 1000 > MAX_ANNOTATION_BYTES
    owners = {name for name, one in catalogue().items() if OVER_THE_LIMIT.keys() & set(one.data["crds"])}
    assert len(owners) >= 7
    for name in owners:
        assert "ServerSideApply=false" not in catalogue()[name].data["syncOptions"]
    synced = [one for one in objects("Application") if one["spec"]["project"].startswith("platform-")]
    for one in synced:
        if any(one["metadata"]["name"].endswith(f"-{name}") for name in owners):
            assert "ServerSideApply=true" in one["spec"]["syncPolicy"]["syncOptions"]


def test_variables_of_values_are_strings() -> None:
    """gpu-platform.md 8 #15: a boolean or number in an env list fails the operator's conversion."""

    def variables(data: Json) -> Iterator[Json]:
        if isinstance(data, Mapping):
            for key, value in data.items():
                if key == "env" and isinstance(value, list):
                    yield from value
                elif key in ("env", "extraEnvVars", "extraEnv") and isinstance(value, Mapping):
                    yield from ({"name": name, "value": one} for name, one in value.items())
                else:
                    yield from variables(value)
        elif isinstance(data, list):
            for value in data:
                yield from variables(value)

    charts = [one for _, _, data in values() for one in variables(data)]
    pods = [
        one
        for kind in ("TrainingRuntime", "TrainJob", "Deployment")
        for data in objects(kind)
        for one in variables(data)
    ]
    assert charts
    assert pods
    assert [one for one in charts + pods if not isinstance(one.get("value", ""), str)] == []


def test_gpu_plugins_run_on_every_gpu_pool() -> None:
    """gpu-platform.md 8 #1 and #29: a taint that the plugin does not tolerate leaves the node without GPUs for ever."""
    tolerations = {(cluster, name): data for cluster, name, data in values()}
    seen = 0
    for _, cluster, pool in placed("NodePool"):
        name = pool["metadata"]["name"]
        taints = pool["spec"]["template"]["spec"].get("taints", [])
        if (cluster, name) in gpu_pools():
            seen += 1
            operator = tolerations.get((cluster, "gpu-operator"), {}).get("daemonsets")
            plugin = operator or tolerations[cluster, "nvidia-device-plugin"]
            assert all(tolerates(plugin["tolerations"], taint) for taint in taints), (cluster, name)
        if next(one for one in fleet().clusters() if one.identity == cluster).node_pools[name].efa:
            plugin = tolerations[cluster, "aws-efa-k8s-device-plugin"]
            assert all(tolerates(plugin["tolerations"], taint) for taint in taints), (cluster, name)
            assert name in plugin["supportedInstanceLabels"]["values"]
    assert seen > 5


def test_a_toleration_is_read_as_the_scheduler_reads_it() -> None:
    taint = {"key": "a", "value": "x", "effect": "NoSchedule"}
    assert tolerates([{"operator": "Exists"}], taint)
    assert tolerates([{"key": "a", "operator": "Exists"}], taint)
    assert tolerates([{"key": "a", "value": "x", "effect": "NoSchedule"}], taint)
    assert not tolerates([{"key": "a", "value": "y"}], taint)
    assert not tolerates([{"key": "a", "operator": "Exists", "effect": "NoExecute"}], taint)
    assert not tolerates([{"key": "b", "operator": "Exists"}], taint)


def test_each_pool_has_a_node_class_of_its_own() -> None:
    """gpu-platform.md 8 #3: so a capacity block is in one NodePool. #2: EFA launches without a public address."""
    classes = {(cluster, one["metadata"]["name"]): one for _, cluster, one in placed("EC2NodeClass")}
    pools = [
        (cluster, one["spec"]["template"]["spec"]["nodeClassRef"]["name"]) for _, cluster, one in placed("NodePool")
    ]
    assert sorted(pools) == sorted(classes)
    assert [key for key, one in classes.items() if one["spec"].get("associatePublicIPAddress")] == []


def test_training_is_not_moved() -> None:
    """gpu-platform.md 8 #5: pods say so, and their pools only give up empty nodes."""
    runtimes = objects("TrainingRuntime")
    for one in runtimes:
        for job in one["spec"]["template"]["spec"]["replicatedJobs"]:
            template = job["template"]["spec"]["template"]
            assert template["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    pools = [one for _, cluster, one in placed("NodePool") if (cluster, one["metadata"]["name"]) in gpu_pools()]
    assert len(runtimes) > 20
    assert len(pools) > 5
    assert {one["spec"]["disruption"]["consolidationPolicy"] for one in pools} == {"WhenEmpty"}
    # 8 #8: changes of the node image reach GPU pools under a budget
    assert all(one["spec"]["disruption"]["budgets"] for one in pools)


def test_flavors_choose_nodes_that_exist_and_are_tolerated() -> None:
    """gpu-platform.md 8 #9: each label of a flavor is one of a pool. #17: a flavor tolerates every taint of its pool,
    because its tolerations replace those of a TrainJob's runtime."""
    pools = [(cluster, one["spec"]["template"]) for _, cluster, one in placed("NodePool")]
    flavors = placed("ResourceFlavor")
    assert len(flavors) > 10
    for _, cluster, flavor in flavors:
        chosen = [
            template
            for where, template in pools
            if where == cluster and flavor["spec"]["nodeLabels"].items() <= template["metadata"]["labels"].items()
        ]
        assert chosen, flavor["metadata"]["name"]
        for template in chosen:
            for taint in template["spec"].get("taints", []):
                assert tolerates(flavor["spec"].get("tolerations", []), taint), flavor["metadata"]["name"]


def test_node_selectors_choose_labels_of_a_pool() -> None:
    """gpu-platform.md 8 #9, on the workloads' side."""
    labels: dict[str, set[tuple[str, str]]] = {}
    for _, cluster, one in placed("NodePool"):
        labels.setdefault(cluster, set()).update(one["spec"]["template"]["metadata"]["labels"].items())
    seen = 0
    for kind in ("TrainingRuntime", "InferenceService", "Deployment"):
        for _, cluster, one in placed(kind):
            for pod in pod_specs(one):
                seen += len(pod.get("nodeSelector", {}))
                assert set(pod.get("nodeSelector", {}).items()) <= labels[cluster], one["metadata"]["name"]
    assert seen > 10


def test_no_pod_has_a_folder_of_its_node() -> None:
    """gpu-platform.md 8 #13: /dev/infiniband comes from the device plugin; a hostPath of it breaks the isolation."""
    pods = [
        pod
        for kind in ("TrainingRuntime", "Deployment", "CronJob", "InferenceService", "ClusterServingRuntime")
        for one in objects(kind)
        for pod in pod_specs(one)
    ]
    assert len(pods) > 100
    assert [volume for pod in pods for volume in pod.get("volumes", []) if "hostPath" in volume] == []


def test_kueue_takes_runs_by_queue_and_leaves_the_system_alone() -> None:
    """gpu-platform.md 8 #22: jobs of teams' namespaces are managed, so none slips by without a queue."""
    for data in of("kueue"):
        configuration = yaml.safe_load(data["managerConfig"]["controllerManagerConfigYaml"])
        assert "trainer.kubeflow.org/trainjob" in configuration["integrations"]["frameworks"]
        excluded = configuration["managedJobsNamespaceSelector"]["matchExpressions"]
        assert {"key": "team", "operator": "NotIn", "values": ["platform"]} in excluded
        assert "kube-system" in excluded[0]["values"]
        # 8 #21: quota alone fragments, so a job whose pods do not all start gives its quota back
        assert configuration["waitForPodsReady"]["timeout"]
    assert all("kueue.x-k8s.io/queue-name" in one["metadata"]["labels"] for one in objects("TrainJob"))


def test_differences_that_controllers_make_are_ignored_on_runs() -> None:
    """gpu-platform.md 8 #18 and #19: Kueue suspends, Trainer patches; a run is never healed, nor suspended by us."""
    runs = {one["metadata"]["name"]: one for one in objects("TrainJob")}
    assert len(runs) > 3
    for one in runs.values():
        assert "suspend" not in one["spec"]
        patches = [patch["manager"] for patch in one["spec"].get("runtimePatches", [])]
        assert len(patches) == len(set(patches))
    ignoring = [
        difference
        for one in objects("Application")
        for difference in one["spec"].get("ignoreDifferences", [])
        if difference.get("kind") == "TrainJob"
    ]
    assert len(ignoring) > len(runs)
    assert all(set(one["jsonPointers"]) == {"/spec/suspend", "/spec/runtimePatches"} for one in ignoring)


def test_gpu_alerts_survive_what_dcgm_does_with_xids() -> None:
    """gpu-platform.md 8 #25: the gauge holds the last XID, so its rate means nothing; MIG's labels may be absent."""
    rules = [
        rule["expr"]
        for one in objects("PrometheusRule")
        for group in one["spec"]["groups"]
        for rule in group["rules"]
        if "DCGM_FI_DEV_XID_ERRORS" in rule["expr"]
    ]
    assert rules
    assert [one for one in rules if "rate(" in one or "increase(" in one or "GPU_I_" in one] == []
    assert any("changes(" in one for one in rules)


def version(component: str) -> tuple[int, ...]:
    """The version of a component's chart, as numbers."""
    pins = fleet().platform.data["components"]
    stated = pins.get(component, {}).get("version") or catalogue()[component].data["chart"]["version"]
    return tuple(int(part) for part in str(stated).removeprefix("v").split("."))


# (component, lowest version, row of gpu-platform.md 8)
LOWEST = [
    ("aws-efa-k8s-device-plugin", (0, 5, 14), 12),
    ("karpenter", (1, 3, 0), 3),
    ("kubeflow-trainer", (2, 2, 0), 16),
    ("kubeflow-trainer", (2, 3, 0), 32),
]


@pytest.mark.parametrize(("component", "lowest", "row"), LOWEST, ids=lambda part: str(part))
def test_a_version_has_what_we_rely_on(component: str, lowest: tuple[int, ...], row: int) -> None:
    assert version(component) >= lowest, f"gpu-platform.md 8 #{row}"


def test_controller_and_crds_are_of_one_version() -> None:
    assert version("karpenter") == version("karpenter-crd")
    assert version("kserve") == version("kserve-crd")
    assert version("gha-runner-scale-set") == version("gha-runner-scale-set-controller")


def test_crds_are_not_pruned_with_a_chart() -> None:
    """gpu-platform.md 8 #32: a CRD that leaves a chart takes every object of its kind along."""
    for one in objects("Application"):
        sources = one["spec"].get("sources", [])
        charts = {source.get("chart") for source in sources}
        if charts & {"kubeflow-trainer"}:
            assert "Prune=confirm" in one["spec"]["syncPolicy"]["syncOptions"]
        if charts & {"kserve-crd", "prometheus-operator-crds"}:
            assert one["spec"]["syncPolicy"]["automated"]["prune"] is False
    marked = [data["additionalAnnotations"] for data in of("karpenter-crd")]
    assert {one["argocd.argoproj.io/sync-options"] for one in marked} == {"Prune=confirm,Delete=confirm"}


# Kinds that would bring pitfalls along; once one is rendered, its rows of docs/rules.md must name what holds them.
NOT_RENDERED = {
    "RayCluster": "gpu-platform.md 8 #23 and #24",
    "RayJob": "gpu-platform.md 8 #23 and #24",
}


@pytest.mark.parametrize(("kind", "row"), sorted(NOT_RENDERED.items()))
def test_what_is_not_rendered_cannot_go_wrong(kind: str, row: str) -> None:
    assert objects(kind) == (), f"{kind} is rendered now: say in docs/rules.md what holds {row}, and take it out here"


def test_shapes_that_server_side_apply_refuses() -> None:
    """argocd.md 6 #11 and #12: annotations are strings; no variable, port or volume stands twice in a container."""
    for refs in result().objects.values():
        assert all(isinstance(ref.name, str) for ref in refs)
    for kind in ("TrainingRuntime", "Deployment", "CronJob", "ClusterServingRuntime"):
        for one in objects(kind):
            for pod in pod_specs(one):
                lists = [pod.get("volumes", [])]
                for container in pod["containers"]:
                    lists += [container.get("env", []), container.get("volumeMounts", [])]
                    ports = [
                        (port["containerPort"], port.get("protocol", "TCP")) for port in container.get("ports", [])
                    ]
                    assert len(ports) == len(set(ports))
                for items in lists:
                    names = [item.get("mountPath", item["name"]) for item in items]
                    assert all(first != second for first, second in pairwise(sorted(names))), one["metadata"]["name"]


def test_one_spelling_of_each_repository() -> None:
    """argocd.md 6 #24: two spellings of one repository are two repositories."""
    urls = {
        source["repoURL"]
        for one in objects("Application")
        for source in one["spec"].get("sources") or [one["spec"]["source"]]
    }
    assert len({url.lower().removesuffix("/").removesuffix(".git").removeprefix("https://") for url in urls}) == len(
        urls
    )


def test_options_that_destroy_are_not_used() -> None:
    """argocd.md 6 #15 and #16: no Replace or Force, and no element of a list is ignored in a custom resource."""
    applications = objects("Application")
    options = {option for one in applications for option in one["spec"]["syncPolicy"]["syncOptions"]}
    assert not {option for option in options if option.startswith(("Replace=", "Force="))}
    texts = [text for tree in result().trees.values() for text in tree.values()]
    assert [text for text in texts if "Replace=true" in text or "Force=true" in text] == []
    for one in applications:
        for difference in one["spec"].get("ignoreDifferences", []):
            if not difference["group"].endswith("k8s.io"):
                assert not any("[]" in path for path in difference.get("jqPathExpressions", []))
