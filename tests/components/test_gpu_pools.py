"""GPU pools as Karpenter and the plugins get them: what the reference platform renders, edges of the view-models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paddock import source
from paddock.components import dcgm_exporter, gpu_nodes, karpenter, nvidia_device_plugin
from paddock.model import NodePool
from paddock.pipeline import Result
from paddock.taints import pool_taints, tolerations
from repositories import reference_result

Json = Any


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


@pytest.fixture(scope="module")
def rendered(result: Result) -> dict[str, Json]:
    """Every rendered YAML file by environment and path."""
    return {
        f"{environment}/{path}": source.parse(text.encode(), path)[0]
        for environment, tree in result.trees.items()
        for path, text in tree.items()
        if path.endswith(".yaml")
    }


def pool(result: Result, environment: str, cluster: str, name: str, **data: Json) -> NodePool:
    """A pool of the reference platform, with some fields changed."""
    assert result.fleet is not None
    found = result.fleet.environments[environment].clusters[cluster].node_pools[name]
    return replace(found, data={**found.data, **data})


def named(rendered: dict[str, Json], kind: str) -> dict[str, Json]:
    return {path: one for path, one in rendered.items() if isinstance(one, dict) and one.get("kind") == kind}


def walk(value: Json) -> list[Json]:
    """A value and everything in it."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(one for item in below for one in walk(item))]


def tolerated(taint: dict[str, str], stated: list[dict[str, str]]) -> bool:
    return any(
        one["key"] == taint["key"]
        and one.get("effect") == taint["effect"]
        and (one["operator"] == "Exists" or one.get("value") == taint.get("value"))
        for one in stated
    )


def test_static_pool_has_the_gate_and_only_a_limit_of_nodes(rendered: dict[str, Json]) -> None:
    static = {path: one for path, one in named(rendered, "NodePool").items() if "replicas" in one["spec"]}
    assert {path: (one["spec"]["replicas"], one["spec"]["limits"]) for path, one in static.items()} == {
        "prod/clusters/train-iad/components/karpenter/resources/nodepool-h200.yaml": (8, {"nodes": "9"}),
        "staging/clusters/serve-fra/components/karpenter/resources/nodepool-l4-claimed.yaml": (2, {"nodes": "3"}),
    }
    for path, one in static.items():
        assert "weight" not in one["spec"]
        values = rendered[path.partition("/resources/")[0] + "/values.yaml"]
        assert values["settings"]["featureGates"]["staticCapacity"] is True
    assert rendered["dev/clusters/shared-iad/components/karpenter/values.yaml"]["settings"]["featureGates"] == {
        "reservedCapacity": True,
        "nodeRepair": False,
        "spotToSpotConsolidation": True,
        "staticCapacity": False,
        "nodeOverlay": False,
    }


def test_reservations_are_selected_by_id(rendered: dict[str, Json]) -> None:
    folder = "prod/clusters/train-iad/components/karpenter/resources"
    assert rendered[f"{folder}/ec2nodeclass-h100.yaml"]["spec"]["capacityReservationSelectorTerms"] == [
        {"id": "cr-06e1b93fa5d7c2408"},
        {"id": "cr-0d2f8a61b7c94e035"},
    ]


def test_min_values_stand_at_the_instance_types(rendered: dict[str, Json]) -> None:
    one = rendered["prod/clusters/train-iad/components/karpenter/resources/nodepool-a10g.yaml"]
    stated = {
        each["key"]: each["minValues"]
        for each in one["spec"]["template"]["spec"]["requirements"]
        if "minValues" in each
    }
    assert stated == {"node.kubernetes.io/instance-type": 3}


def test_kubelet_of_a_pool_is_merged_over_that_of_every_pool(result: Result) -> None:
    everywhere = {"maxPods": 50, "systemReserved": {"cpu": "100m", "memory": "300Mi"}}
    plain = pool(result, "prod", "serve-fra", "l4")
    assert karpenter.kubelet(plain, everywhere) == everywhere
    stated = {
        "maxPods": 100,
        "systemReserved": {"memory": "2Gi"},
        "evictionHard": {"memory.available": "5%"},
        "evictionSoft": {"memory.available": {"threshold": "10%", "gracePeriod": "2m"}},
    }
    assert karpenter.kubelet(pool(result, "prod", "serve-fra", "l4", kubelet=stated), everywhere) == {
        "maxPods": 100,
        "systemReserved": {"cpu": "100m", "memory": "2Gi"},
        "evictionHard": {
            "imagefs.available": "15%",
            "imagefs.inodesFree": "5%",
            "memory.available": "5%",
            "nodefs.available": "10%",
            "nodefs.inodesFree": "5%",
        },
        "evictionSoft": {"memory.available": "10%"},
        "evictionSoftGracePeriod": {"memory.available": "2m"},
    }
    assert everywhere == {"maxPods": 50, "systemReserved": {"cpu": "100m", "memory": "300Mi"}}


def test_shared_gpus_are_labelled_and_kept_from_others(rendered: dict[str, Json]) -> None:
    slices = rendered["prod/clusters/serve-fra/components/karpenter/resources/nodepool-a100-slices.yaml"]
    shared = rendered["staging/clusters/serve-fra/components/karpenter/resources/nodepool-l4-shared.yaml"]
    assert slices["spec"]["template"]["metadata"]["labels"]["nvidia.com/mig.config"] == "all-1g.5gb"
    assert shared["spec"]["template"]["metadata"]["labels"]["nvidia.com/device-plugin.config"] == "four"
    for one in (slices, shared):
        assert {"key": "nvidia.com/gpu.shared", "value": "true", "effect": "NoSchedule"} in one["spec"]["template"][
            "spec"
        ]["taints"]
    folder = "staging/clusters/serve-fra/"
    pods = [one for path, one in rendered.items() if path.startswith(folder + "workloads/")]
    assert pods
    assert "l4-shared" not in [value for one in pods for value in walk(one) if isinstance(value, str)]


def test_volume_performance_is_that_of_the_data_disk(result: Result, rendered: dict[str, Json]) -> None:
    one = rendered["prod/clusters/train-iad/components/karpenter/resources/ec2nodeclass-b200.yaml"]
    ebs = one["spec"]["blockDeviceMappings"][0]["ebs"]
    assert (ebs["volumeSize"], ebs["iops"], ebs["throughput"]) == ("1Ti", 6000, 500)
    fast = {"volumePerformance": {"iops": 4000, "throughput": 250}, "ami": "bottlerocket@1.54.0"}
    disks = karpenter._disks(pool(result, "prod", "train-iad", "l40s", **fast))
    assert [disk["ebs"].get("iops") for disk in disks] == [None, 4000]


@pytest.mark.parametrize(
    "component", ["gpu-operator", "nvidia-device-plugin", "dcgm-exporter", "aws-efa-k8s-device-plugin"]
)
def test_plugins_tolerate_every_taint_of_the_pools_they_serve(
    result: Result, rendered: dict[str, Json], component: str
) -> None:
    """gpu-platform.md 8, rows 1 and 29: a node whose plugin cannot run never becomes ready."""
    assert result.fleet is not None
    served = 0
    for cluster in result.fleet.clusters():
        if component not in cluster.components:
            continue
        values = rendered[f"{cluster.environment}/clusters/{cluster.name}/components/{component}/values.yaml"]
        stated = values["daemonsets"]["tolerations"] if component == "gpu-operator" else values["tolerations"]
        for one in cluster.node_pools.values():
            if one.efa if component == "aws-efa-k8s-device-plugin" else one.gpu_model:
                served += 1
                assert all(tolerated(taint, stated) for taint in pool_taints(one)), (cluster.identity, one.name)
    assert served


def test_device_plugin_keeps_off_bottlerocket(result: Result) -> None:
    """Two plugins on a node fight (gpu-platform.md 4.1); an affinity to no pool is still a valid one."""
    assert result.fleet is not None
    cluster = result.fleet.environments["staging"].clusters["serve-fra"]
    pools = {
        name: pool(result, "staging", "serve-fra", name, ami="bottlerocket@1.54.0") if one.gpu_model else one
        for name, one in cluster.node_pools.items()
    }
    changed = replace(cluster, node_pools=pools)
    plugin = nvidia_device_plugin.view(result.fleet, changed, {"timeSlicing": {}}, {})
    assert plugin["sharing"] is None
    assert plugin["affinity"] == gpu_nodes.on_pools(result.fleet, [])
    exporter = dcgm_exporter.view(result.fleet, changed, {"metricsInterval": "30s"}, {})
    assert exporter["affinity"] == gpu_nodes.on_pools(result.fleet, gpu_nodes.gpu_pools(cluster))


def test_without_operator_the_same_alerts_reach_the_same_people(rendered: dict[str, Json]) -> None:
    def names(path: str) -> set[str]:
        return {rule["alert"] for group in rendered[path]["spec"]["groups"] for rule in group["rules"]}

    operator = names("prod/clusters/serve-fra/components/gpu-operator/resources/prometheusrule-gpu-operator.yaml")
    exporter = names("staging/clusters/serve-fra/components/dcgm-exporter/resources/prometheusrule-dcgm-exporter.yaml")
    assert operator - exporter == {"GPUOperatorDown"}
    assert exporter <= operator
    values = rendered["staging/clusters/serve-fra/components/dcgm-exporter/values.yaml"]
    assert values["serviceMonitor"]["honorLabels"] is True


def test_xids_are_compared_and_never_rated(rendered: dict[str, Json]) -> None:
    """gpu-platform.md 8, row 25: the series keeps the last code."""
    expressions = [
        rule["expr"]
        for one in named(rendered, "PrometheusRule").values()
        for group in one["spec"]["groups"]
        for rule in group["rules"]
        if "XID" in rule["expr"]
    ]
    assert len(expressions) >= 2
    for expression in expressions:
        assert "rate(" not in expression
        assert "increase(" not in expression


def test_every_node_label_that_is_asked_for_is_on_some_pool(result: Result, rendered: dict[str, Json]) -> None:
    """gpu-platform.md 8, row 9: Karpenter makes no node for a label that no pool has."""
    well_known = ("kubernetes.io/", "topology.kubernetes.io/", "topology.k8s.aws/", "node.kubernetes.io/")
    asked = 0
    for path, one in rendered.items():
        environment, _, rest = path.partition("/")
        if not rest.startswith("clusters/"):
            continue
        cluster = rest.split("/")[1]
        prefix = f"{environment}/clusters/{cluster}/components/karpenter/resources/nodepool-"
        labels = [
            pair
            for other, pool in rendered.items()
            if other.startswith(prefix)
            for pair in pool["spec"]["template"]["metadata"]["labels"].items()
        ]
        for part in walk(one):
            stated = part.get("nodeSelector") or part.get("nodeLabels") if isinstance(part, dict) else None
            for key, value in stated.items() if isinstance(stated, dict) else ():
                asked += 1
                assert (key, value) in labels or key.startswith(well_known), (path, key, value)
    assert asked


def test_nothing_mounts_infiniband_or_gives_nodes_public_addresses(rendered: dict[str, Json]) -> None:
    """gpu-platform.md 8, rows 2 and 13."""
    classes = named(rendered, "EC2NodeClass")
    assert classes
    assert not [path for path, one in classes.items() if "associatePublicIPAddress" in one["spec"]]
    paths = [
        part["hostPath"]["path"]
        for one in rendered.values()
        for part in walk(one)
        if isinstance(part, dict) and isinstance(part.get("hostPath"), dict)
    ]
    assert not [path for path in paths if path.startswith("/dev/infiniband")]


def test_tolerations_of_pools_answer_their_taints(result: Result) -> None:
    taints = pool_taints(pool(result, "prod", "serve-fra", "a100-slices"))
    assert [taint["key"] for taint in taints] == ["nvidia.com/gpu", "nvidia.com/gpu.shared"]
    assert all(tolerated(taint, tolerations(taints)) for taint in taints)


def test_images_are_pulled_on_the_pools_that_want_them(rendered: dict[str, Json]) -> None:
    folder = "prod/clusters/train-iad/components/image-prepull/resources/"
    sets = {path: one for path, one in named(rendered, "DaemonSet").items() if path.startswith(folder)}
    assert sorted(sets) == [f"{folder}daemonset-h100.yaml", f"{folder}daemonset-h200.yaml"]
    image = rendered["prod/clusters/train-iad/workloads/perception/bev-train/" + _run(rendered)]
    wanted = {part["image"] for part in walk(image) if isinstance(part, dict) and "image" in part}
    for path, one in sets.items():
        pod = one["spec"]["template"]["spec"]
        node_pool = rendered[path.replace("image-prepull", "karpenter").replace("daemonset", "nodepool")]
        assert pod["nodeSelector"].items() <= node_pool["spec"]["template"]["metadata"]["labels"].items()
        assert all(tolerated(one, pod["tolerations"]) for one in node_pool["spec"]["template"]["spec"]["taints"])
        assert {each["image"] for each in pod["initContainers"]} == wanted
        for container in [*pod["initContainers"], *pod["containers"]]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["resources"]["limits"] == {"memory": "64Mi"}


def _run(rendered: dict[str, Json]) -> str:
    """File of the run of bev-train, whose name ends in a digest."""
    folder = "prod/clusters/train-iad/workloads/perception/bev-train/"
    return next(path[len(folder) :] for path in sorted(rendered) if path.startswith(f"{folder}trainjob-"))
