"""Volumes of mounts: one platform-owned PersistentVolume and one claim each, named by what cannot be changed."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from paddock import source
from paddock.volumes import HEADROOM_GATE
from repositories import reference_result, run, small, with_spec

Json = Any
TRAIN = "environments/base/workloads/vision/train.yaml"
API = "environments/base/workloads/vision/api.yaml"
CLUSTER = "environments/dev/clusters/one.yaml"
MOUNT = {"bucket": "checkpoints", "path": "/before", "prefix": "run-7/"}
FILE_SYSTEM = {
    "id": "fs-0123456789abcdef0",
    "dnsName": "fs-0123456789abcdef0.fsx.us-east-1.amazonaws.com",
    "mountName": "abcdefgh",
    "capacity": "48000Gi",
    "team": "vision",
}


def render(specs: dict[str, bytes]) -> dict[str, Json]:
    result = run(specs)
    assert [one.message for one in result.diagnostics] == []
    return {
        path: source.parse(text.encode(), path)[0]
        for path, text in result.trees["dev"].items()
        if path.endswith(".yaml") and not path.endswith("values.yaml")
    }


def mounted(mount: Json, *, path: str = TRAIN, settings: Json | None = None) -> dict[str, Json]:
    specs = with_spec(small(), path, {"mounts": {"data": mount}})
    if settings is not None:
        use = {"aws-mountpoint-s3-csi-driver": {"settings": settings}}
        specs = with_spec(specs, CLUSTER, {"components": use})
    return render(specs)


def only(objects: dict[str, Json], folder: str, kind: str) -> Json:
    found = [
        one
        for path, one in objects.items()
        if path.startswith(f"clusters/one/{folder}/")
        and one["kind"] == kind
        and one["metadata"]["name"] != "train-checkpoints"
    ]
    assert len(found) == 1
    return found[0]


def pod(objects: dict[str, Json]) -> Json:
    runtime = objects["clusters/one/workloads/vision/train/trainingruntime-train.yaml"]
    (job,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    return job["template"]["spec"]["template"]["spec"]


def test_a_bucket_of_a_training() -> None:
    objects = mounted(MOUNT | {"cache": "50Gi"})
    volume = only(objects, "teams/vision", "PersistentVolume")
    claim = only(objects, "workloads/vision/train", "PersistentVolumeClaim")
    name = volume["metadata"]["name"]
    assert volume["spec"]["csi"] == {
        "driver": "s3.csi.aws.com",
        "volumeHandle": name,
        "volumeAttributes": {
            "authenticationSource": "pod",
            "bucketName": "small-vision-checkpoints",
            "cache": "emptyDir",
            "cacheEmptyDirSizeLimit": "50Gi",
            "mountpointContainerResourcesLimitsMemory": "4Gi",
            "mountpointContainerResourcesRequestsCpu": "250m",
            "mountpointContainerResourcesRequestsMemory": "1Gi",
        },
    }
    assert volume["spec"]["mountOptions"] == ["allow-other", "prefix run-7/", "read-only", "region us-east-1"]
    assert volume["spec"]["claimRef"] == {"name": claim["metadata"]["name"], "namespace": "vision"}
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert claim["spec"]["volumeName"] == name
    for one in (volume, claim):
        assert one["spec"]["storageClassName"] == ""
        assert one["spec"]["accessModes"] == ["ReadOnlyMany"]
    spec = pod(objects)
    assert {"name": "mount-data", "mountPath": "/before", "readOnly": True} in spec["containers"][0]["volumeMounts"]
    reference = {"claimName": claim["metadata"]["name"], "readOnly": True}
    assert {"name": "mount-data", "persistentVolumeClaim": reference} in spec["volumes"]
    assert spec["schedulingGates"] == [{"name": HEADROOM_GATE}]


def test_a_bucket_that_a_service_writes() -> None:
    objects = mounted({"bucket": "checkpoints", "path": "/out", "readOnly": False}, path=API)
    volume = only(objects, "teams/vision", "PersistentVolume")
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    assert volume["spec"]["mountOptions"] == [
        "allow-delete",
        "allow-other",
        "allow-overwrite",
        "dir-mode 777",
        "file-mode 666",
        "region us-east-1",
    ]
    spec = objects["clusters/one/workloads/vision/api/deployment-api.yaml"]["spec"]["template"]["spec"]
    assert spec["containers"][0]["volumeMounts"] == [{"name": "mount-data", "mountPath": "/out"}]
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": volume["spec"]["claimRef"]["name"]}
    assert spec["schedulingGates"] == [{"name": HEADROOM_GATE}]


def test_without_headroom_no_gate_and_no_resources() -> None:
    """Limits alone would become requests, which a node that its workload fills cannot give (#543)."""
    objects = mounted(MOUNT, settings={"reserveHeadroom": False, "authenticationSource": "driver"})
    volume = only(objects, "teams/vision", "PersistentVolume")
    assert volume["spec"]["csi"]["volumeAttributes"] == {
        "authenticationSource": "driver",
        "bucketName": "small-vision-checkpoints",
    }
    assert "schedulingGates" not in pod(objects)


@pytest.mark.parametrize(
    "change", [{"prefix": "run-8/"}, {"cache": "1Gi"}, {"readOnly": False, "path": "/elsewhere"}], ids=str
)
def test_a_change_that_kubernetes_refuses_makes_a_new_pair(change: Json) -> None:
    """The source of a volume and the volume of a claim are immutable."""
    path = API if "readOnly" in change else TRAIN
    names = []
    for mount in (MOUNT, MOUNT | change):
        objects = mounted(mount, path=path)
        workload = "api" if path == API else "train"
        names.append(
            {
                only(objects, "teams/vision", "PersistentVolume")["metadata"]["name"],
                only(objects, f"workloads/vision/{workload}", "PersistentVolumeClaim")["metadata"]["name"],
            }
        )
    assert not names[0] & names[1]


def test_another_path_in_the_pod_keeps_the_pair() -> None:
    volumes = [only(mounted(MOUNT | {"path": path}), "teams/vision", "PersistentVolume") for path in ("/a", "/b")]
    assert volumes[0] == volumes[1]


def test_a_file_system_is_mounted_by_the_claim_of_its_component() -> None:
    mount = {"fileSystem": "drives", "path": "/drives", "readOnly": False}
    specs = with_spec(small(), TRAIN, {"mounts": {"drives": mount}})
    settings = {"fileSystems": {"drives": FILE_SYSTEM}}
    objects = render(with_spec(specs, CLUSTER, {"components": {"aws-fsx-csi-driver": {"settings": settings}}}))
    folder = "components/aws-fsx-csi-driver/resources"
    volume, claim = (only(objects, folder, kind) for kind in ("PersistentVolume", "PersistentVolumeClaim"))
    assert volume["spec"]["csi"] == {
        "driver": "fsx.csi.aws.com",
        "volumeHandle": "fs-0123456789abcdef0",
        "volumeAttributes": {"dnsname": "fs-0123456789abcdef0.fsx.us-east-1.amazonaws.com", "mountname": "abcdefgh"},
    }
    assert volume["spec"]["capacity"] == {"storage": "48000Gi"}
    # The quota of the namespace counts what claims ask for, and this storage was there before.
    assert claim["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
    name = claim["metadata"]["name"]
    assert claim["metadata"]["namespace"] == "vision"
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    assert volume["spec"]["claimRef"] == {"name": name, "namespace": "vision"}
    spec = pod(objects)
    assert {"name": "mount-drives", "persistentVolumeClaim": {"claimName": name}} in spec["volumes"]
    assert "schedulingGates" not in spec


def test_a_repository_is_one_bucket() -> None:
    """FSx refuses paths of two buckets."""
    linked = {"bucket": "vision/checkpoints", "importPrefix": "in", "exportPrefix": "out", "autoImportPolicy": "NEW"}
    settings = {"repositories": {"old": linked, "plain": {"bucket": "vision/checkpoints"}}}
    use = {"components": {"aws-fsx-csi-driver": {"settings": settings}}}
    objects = render(with_spec(small(), CLUSTER, use))
    folder = "clusters/one/components/aws-fsx-csi-driver/resources/storageclass-fsx-lustre"
    old = objects[f"{folder}-old.yaml"]["parameters"]
    assert old["deploymentType"] == "SCRATCH_2"
    assert old["s3ImportPath"] == "s3://small-vision-checkpoints/in"
    assert old["s3ExportPath"] == "s3://small-vision-checkpoints/out"
    assert old["autoImportPolicy"] == "NEW"
    plain = objects[f"{folder}-plain.yaml"]["parameters"]
    assert plain["s3ImportPath"] == "s3://small-vision-checkpoints"
    assert "s3ExportPath" not in plain
    assert plain["autoImportPolicy"] == "NONE"


@cache
def volumes() -> list[tuple[str, str, str, Json]]:
    """Environment, cluster, path and object of every PersistentVolume of the reference platform."""
    result = reference_result()
    return [
        (environment, one.cluster, one.path, source.parse(result.trees[environment][one.path].encode(), one.path)[0])
        for environment, refs in result.objects.items()
        for one in refs
        if one.kind == "PersistentVolume"
    ]


def test_volumes_of_the_reference_platform() -> None:
    """Handles are unique on a cluster, and every volume is where only the platform's project may sync it."""
    handles = [(cluster, one["spec"]["csi"]["volumeHandle"]) for _, cluster, _, one in volumes()]
    assert len(handles) >= 10
    assert len(set(handles)) == len(handles)
    for _, _, path, one in volumes():
        assert path.split("/")[2] in ("components", "teams")
        assert one["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
        assert one["spec"]["storageClassName"] == ""


def test_only_the_platforms_project_may_sync_volumes() -> None:
    tree = reference_result().trees["prod"]
    may = set()
    for path, text in tree.items():
        if path.startswith("argocd/projects/"):
            spec = source.parse(text.encode(), path)[0]["spec"]
            if any(one["kind"] == "PersistentVolume" for one in spec["clusterResourceWhitelist"]):
                may.add(path)
    assert may == {"argocd/projects/appproject-platform-prod.yaml"}


def test_the_namespace_of_mountpoint_pods_is_ours() -> None:
    """The chart does not make it, and the platform's project may put objects into it (#579)."""
    tree = reference_result().trees["prod"]
    namespace = source.parse(tree["clusters/train-iad/namespaces/namespace-mount-s3.yaml"].encode(), "")[0]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    path = "clusters/train-iad/components/aws-mountpoint-s3-csi-driver/values.yaml"
    values = source.parse(tree[path].encode(), path)[0]
    assert values["mountpointPod"] == {"namespace": "mount-s3", "createNamespace": False}
    project = source.parse(tree["argocd/projects/appproject-platform-prod.yaml"].encode(), "")[0]["spec"]
    assert {"name": "prod-train-iad", "namespace": "mount-s3"} in project["destinations"]
    assert {"group": "", "kind": "Namespace", "name": "mount-s3"} in project["clusterResourceWhitelist"]


def test_no_pod_of_a_team_mounts_its_node() -> None:
    """Not for data either: what lies on a node outlives the pod and is anyone's (aws-do-eks#63 for EFA devices)."""
    result = reference_result()
    texts = [
        text
        for tree in result.trees.values()
        for path, text in tree.items()
        if "/workloads/" in path or "/teams/" in path
    ]
    assert len(texts) > 1000
    assert [text for text in texts if "hostPath" in text] == []
