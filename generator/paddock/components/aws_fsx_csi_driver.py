"""File systems of FSx for Lustre: classes linked to buckets, and volumes of file systems that exist already."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import buckets, volumes
from paddock.model import Cluster, Environment, Fleet, Json
from paddock.storage_classes import repository_class


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`repositories` (StorageClasses) and `fileSystems` (a PersistentVolume with its claim each)."""
    environment = fleet.environments[cluster.environment]
    linked = ((name, stated, _bucket(environment, stated)) for name, stated in settings["repositories"].items())
    return {
        "repositories": [_repository(name, stated, bucket) for name, stated, bucket in linked if bucket is not None],
        "fileSystems": [_file_system(cluster, name, stated) for name, stated in settings["fileSystems"].items()],
    }


def _bucket(environment: Environment, stated: Json) -> str | None:
    """Name of the bucket; None where there is none, which has a finding."""
    found = buckets.find(environment, "", stated["bucket"])
    return found.name if found else None


def _repository(name: str, stated: Json, bucket: str) -> dict[str, Json]:
    """Both paths lie in one bucket, or FSx refuses (aws-fsx-csi-driver examples/kubernetes/dynamic_provisioning_s3)."""
    root = f"s3://{bucket}"
    return {
        "name": repository_class(name),
        "importPath": f"{root}/{stated['importPrefix']}" if "importPrefix" in stated else root,
        "exportPath": f"{root}/{stated['exportPrefix']}" if "exportPrefix" in stated else None,
        "autoImportPolicy": stated["autoImportPolicy"],
    }


def _file_system(cluster: Cluster, name: str, stated: Json) -> dict[str, Json]:
    claim = volumes.file_system_claim(cluster, name)
    return {
        "name": claim,
        "team": stated["team"],
        # Of the claim: the volume exists, so the team's quota of new storage must not count it.
        "request": volumes.CAPACITY,
        "volume": {
            "accessModes": ["ReadWriteMany"],
            "capacity": {"storage": stated["capacity"]},
            "claimRef": {"name": claim, "namespace": stated["team"]},
            "csi": volumes.file_system_source(stated),
            "mountOptions": ["flock", "noatime"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "volumeMode": "Filesystem",
        },
    }
