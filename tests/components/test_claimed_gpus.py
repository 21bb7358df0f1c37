"""GPUs that pods claim (DRA): who offers them, who keeps off, what workloads ask for, and how Kueue counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from test_kueue import settings

import fleets
from paddock import source, workloads
from paddock.components import dcgm_exporter, dra_driver_nvidia_gpu, gpu_nodes, karpenter, kueue, nvidia_device_plugin
from paddock.model import Cluster, Fleet, Workload
from paddock.pipeline import Result
from paddock.workloads import pods
from repositories import reference_result

Json = Any

# Two pools of one model, one of them claimed; l40s only claimed.
POOLS = {
    "h100": fleets.pool("p5.48xlarge", gpu="h100", efa=True),
    "h100-claimed": fleets.pool("p5.48xlarge", efa=True, replicas=2, limits={"nodes": "3"})
    | {"gpu": {"model": "h100", "allocation": "DRA"}},
    "l40s": fleets.pool("g6e.12xlarge", replicas=1, limits={"nodes": "2"})
    | {"gpu": {"model": "l40s", "allocation": "DRA"}},
}
EIGHT = {"gpu": {"model": "h100", "count": 8}, "cpu": "160", "memory": "1600Gi", "efa": True}


def cluster(**components: Json) -> Cluster:
    return fleets.cluster("train", fleets.CLUSTER | {"nodePools": POOLS}, components=components)


def fleet(*some: Workload) -> Fleet:
    return fleets.fleet(*some, clusters={"train": cluster()})


def render(kind: str, spec: Json) -> dict[tuple[str, str], Json]:
    one = fleets.workload("bev", spec)
    found = fleet(one)
    dev = found.environments["dev"]
    context = workloads.VIEWS[kind](found, dev, dev.clusters["train"], dev.teams["perception"], one)
    return fleets.rendered(f"workloads/{kind}", context)


def only(objects: Mapping[tuple[str, str], Json], kind: str) -> Json:
    (found,) = [value for (one, _), value in objects.items() if one == kind]
    return found


def claim(count: int) -> Json:
    """What a ResourceClaimTemplate holds: the one form that Kueue counts."""
    exactly = {"allocationMode": "ExactCount", "count": count, "deviceClassName": "gpu.nvidia.com"}
    return {"spec": {"devices": {"requests": [{"name": "gpus", "exactly": exactly}]}}}


def test_training_claims_the_gpus_of_the_pool_it_names() -> None:
    objects = render("training", fleets.TRAINING | {"pool": "h100-claimed", "nodes": 2, "resources": EIGHT})
    template = only(objects, "ResourceClaimTemplate")
    assert template["metadata"]["name"] == "bev-gpus-8"
    assert template["spec"] == claim(8)
    # A run that goes on while the tree asks for another number makes pods from it when it restarts.
    assert template["metadata"]["annotations"] == {
        "argocd.argoproj.io/sync-options": "Prune=false",
        "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    }
    trainer = only(objects, "TrainJob")["spec"]["trainer"]
    assert trainer["resourcesPerNode"]["claims"] == [{"name": "gpus"}]
    assert "nvidia.com/gpu" not in trainer["resourcesPerNode"]["limits"]
    # EFA has a device plugin all the same.
    assert trainer["resourcesPerNode"]["limits"]["vpc.amazonaws.com/efa"] == "32"
    # Trainer takes the number of CPUs where it sees no nvidia.com/gpu and nothing is said.
    assert trainer["numProcPerNode"] == 8
    (job,) = only(objects, "TrainingRuntime")["spec"]["template"]["spec"]["replicatedJobs"]
    pod = job["template"]["spec"]["template"]["spec"]
    assert pod["resourceClaims"] == [{"name": "gpus", "resourceClaimTemplateName": "bev-gpus-8"}]
    assert pod["nodeSelector"] == {"ml.example.com/pool": "h100-claimed"}


def test_another_number_is_another_template() -> None:
    """Its spec is immutable."""
    four = fleets.TRAINING | {
        "pool": "h100-claimed",
        "nodes": 2,
        "resources": EIGHT | {"gpu": EIGHT["gpu"] | {"count": 4}},
    }
    assert only(render("training", four), "ResourceClaimTemplate")["metadata"]["name"] == "bev-gpus-4"


def test_a_model_that_can_be_counted_is_not_claimed() -> None:
    """A pod asks for GPUs or claims them; pools of the device plugin come first."""
    objects = render("training", fleets.TRAINING | {"nodes": 2, "resources": EIGHT})
    assert "ResourceClaimTemplate" not in {kind for kind, _ in objects}
    resources = only(objects, "TrainJob")["spec"]["trainer"]["resourcesPerNode"]
    assert "claims" not in resources
    assert resources["limits"]["nvidia.com/gpu"] == "8"
    (job,) = only(objects, "TrainingRuntime")["spec"]["template"]["spec"]["replicatedJobs"]
    pod = job["template"]["spec"]["template"]["spec"]
    assert "resourceClaims" not in pod
    assert pod["nodeSelector"] == {"ml.example.com/pool": "h100"}


def test_an_endpoint_of_a_model_that_is_claimed_only() -> None:
    objects = render("inference", fleets.INFERENCE)
    assert only(objects, "ResourceClaimTemplate")["spec"] == claim(1)
    predictor = only(objects, "InferenceService")["spec"]["predictor"]
    assert predictor["resourceClaims"] == [{"name": "gpus", "resourceClaimTemplateName": "bev-gpus-1"}]
    assert predictor["model"]["resources"]["claims"] == [{"name": "gpus"}]
    assert sorted(predictor["model"]["resources"]["limits"]) == ["cpu", "memory"]


def test_a_service_claims_too() -> None:
    resources = {"gpu": {"model": "l40s", "count": 2}, "cpu": "8", "memory": "32Gi"}
    objects = render("service", fleets.SERVICE | {"resources": resources})
    assert only(objects, "ResourceClaimTemplate")["spec"] == claim(2)
    pod = only(objects, "Deployment")["spec"]["template"]["spec"]
    assert pod["resourceClaims"] == [{"name": "gpus", "resourceClaimTemplateName": "bev-gpus-2"}]
    assert pod["containers"][0]["resources"]["claims"] == [{"name": "gpus"}]


def test_no_gpu_no_claim() -> None:
    workload = fleets.workload("web", fleets.SERVICE | {"pool": "l40s"})
    assert pods.device_claim(cluster(), workload) is None


def test_never_both_on_a_node() -> None:
    """gpu-platform.md 4.2: the driver where GPUs are claimed, a device plugin nowhere else than elsewhere."""
    found, one = fleet(), cluster()
    driver = dra_driver_nvidia_gpu.view(found, one, {}, {})
    claimed = [pool for pool in one.node_pools.values() if pool.dra]
    assert driver["affinity"] == gpu_nodes.on_pools(found, claimed)
    assert [pool.name for pool in claimed] == ["h100-claimed", "l40s"]
    plugin = nvidia_device_plugin.view(found, one, {"timeSlicing": {}}, {})
    assert plugin["affinity"] == gpu_nodes.on_pools(found, [one.node_pools["h100"]])
    exporter = dcgm_exporter.view(found, one, {}, {})
    assert exporter["claims"] is True
    labels = {
        pool["name"]: pool["nodePool"]["labels"].get("nvidia.com/gpu.deploy.device-plugin")
        for pool in karpenter.view(found, one, {"kubelet": {}, "tags": {}}, {})["pools"]
    }
    assert labels == {"h100": None, "h100-claimed": "false", "l40s": "false"}


def test_what_a_pool_says_of_the_device_plugin_does_not_bring_it_back() -> None:
    label = "nvidia.com/gpu.deploy.device-plugin"
    changed = POOLS | {"l40s": POOLS["l40s"] | {"labels": {label: "true"}}}
    one = fleets.cluster("train", fleets.CLUSTER | {"nodePools": changed})
    found = karpenter.view(fleets.fleet(clusters={"train": one}), one, {"kubelet": {}, "tags": {}}, {})
    assert [pool["nodePool"]["labels"][label] for pool in found["pools"] if pool["name"] == "l40s"] == ["false"]


@pytest.mark.parametrize("claims", [True, False])
def test_kueue_counts_claims_as_the_resource_that_quota_names(claims: bool) -> None:
    """Another name would count a GPU twice where the scheduler makes the claim (Kueue 0.19, path separation)."""
    one = cluster() if claims else fleets.cluster("train", fleets.CLUSTER)
    found = fleets.fleet(clusters={"train": one})
    configuration = yaml.safe_load(kueue.view(found, one, settings(), {})["configuration"])
    mappings = configuration["resources"].get("deviceClassMappings")
    assert mappings == ([{"name": "nvidia.com/gpu", "deviceClassNames": [pods.DEVICE_CLASS]}] if claims else None)
    assert "cpu" in configuration["resources"]["excludeResourcePrefixes"]


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


def test_the_reference_platform_claims_where_a_driver_is(result: Result) -> None:
    """Each claim's class comes with the chart of its cluster, and its pods stand on a pool of that kind."""
    assert result.fleet is not None
    claimed = 0
    for environment, refs in result.objects.items():
        for one in refs:
            if one.kind == "ResourceClaimTemplate":
                claimed += 1
                name = one.path.split("/")[1]
                where = result.fleet.environments[environment].clusters[name]
                assert "dra-driver-nvidia-gpu" in where.components
                data, _ = source.parse(result.trees[environment][one.path].encode(), one.path)
                assert data["apiVersion"] == "resource.k8s.io/v1"
    assert claimed
