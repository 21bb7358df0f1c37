"""Volumes that exist before any pod asks for them: buckets by Mountpoint for Amazon S3, FSx file systems by their id.

A PersistentVolume's source cannot be changed, nor which one a claim binds; both names therefore end in a digest of the
source, and a change of it makes a new pair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock import buckets
from paddock.buckets import Bucket
from paddock.model import Cluster, Environment, Json, Workload
from paddock.names import digest

MOUNTPOINT = "aws-mountpoint-s3-csi-driver"
FSX = "aws-fsx-csi-driver"
HEADROOM_GATE = "s3.csi.aws.com/reserve-headroom-for-mppod"
"""Scheduling gate of a pod for whose Mountpoint pods the driver first reserves room on the node
(awslabs/mountpoint-s3-csi-driver docs/HEADROOM_FOR_MPPOD.md; mountpoint-s3-csi-driver#543)."""
CAPACITY = "1Gi"
"""Of a bucket: Kubernetes wants a number, the driver ignores it, and the ResourceQuota counts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A mount of a workload on a cluster: the folder, and the claim behind it.

    `volume` is the spec of the PersistentVolume that belongs to this mount alone; None for a file system, whose volume
    and claim are the cluster's.
    """

    name: str
    path: str
    read_only: bool
    claim: str
    volume: Mapping[str, Json] | None


def mounts(environment: Environment, cluster: Cluster, workload: Workload) -> Iterator[Mount]:
    """The mounts of a workload by name; one that refers to nothing has a finding and is left out."""
    for name, stated in sorted(workload.data.get("mounts", {}).items()):
        claim, volume = None, None
        if "fileSystem" in stated:
            claim = file_system_claim(cluster, stated["fileSystem"])
        elif MOUNTPOINT in cluster.components:
            bucket = buckets.find(environment, workload.team, stated["bucket"])
            if bucket is not None and bucket.region is not None:
                volume = _bucket_volume(cluster, workload, name, stated, bucket)
                claim = volume["claimRef"]["name"]
        if claim is not None:
            yield Mount(name=name, path=stated["path"], read_only=stated["readOnly"], claim=claim, volume=volume)


def needs_headroom(cluster: Cluster, found: list[Mount]) -> bool:
    """Whether pods with these mounts wait until the driver has reserved room for their Mountpoint pods."""
    use = cluster.components.get(MOUNTPOINT)
    return bool(use and use.settings["reserveHeadroom"] and any(one.volume is not None for one in found))


def file_systems(cluster: Cluster) -> Mapping[str, Json]:
    """Settings of the static FSx for Lustre file systems of a cluster, by name."""
    use = cluster.components.get(FSX)
    return dict(use.settings.get("fileSystems", {})) if use else {}


def file_system_claim(cluster: Cluster, name: str) -> str | None:
    """Name of the claim (and of the volume) of a file system of the cluster; None if there is none of the name."""
    stated = file_systems(cluster).get(name)
    return named(f"fsx-{name}", file_system_source(stated)) if stated else None


def file_system_source(stated: Mapping[str, Json]) -> dict[str, Json]:
    """The CSI source of a static FSx for Lustre volume (gpu-platform.md 6.1)."""
    return {
        "driver": "fsx.csi.aws.com",
        "volumeHandle": stated["id"],
        "volumeAttributes": {"dnsname": stated["dnsName"], "mountname": stated["mountName"]},
    }


def named(prefix: str, value: Json) -> str:
    """`<prefix>-<8 hex>`: the hex of the sha256 of the value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return f"{prefix}-{digest(text)}"


def _bucket_volume(cluster: Cluster, workload: Workload, name: str, stated: Json, bucket: Bucket) -> dict[str, Json]:
    """The spec of a bucket's PersistentVolume: static, without a class (gpu-platform.md 6.1, Mountpoint S3)."""
    attributes = {"bucketName": bucket.name, **_attributes(cluster.components[MOUNTPOINT].settings)}
    if "cache" in stated:
        attributes |= {"cache": "emptyDir", "cacheEmptyDirSizeLimit": stated["cache"]}
    options = _options(stated, bucket)
    identity = [workload.team, workload.name, name, attributes, options]
    handle = named(f"{workload.team}-{workload.name}-{name}", identity)
    claim = named(f"{workload.name}-{name}", identity)
    return {
        "accessModes": ["ReadOnlyMany" if stated["readOnly"] else "ReadWriteMany"],
        "capacity": {"storage": CAPACITY},
        "claimRef": {"name": claim, "namespace": workload.team},
        "csi": {
            "driver": "s3.csi.aws.com",
            # Volumes of one handle are mounted once, whichever bucket they are of.
            "volumeHandle": handle,
            "volumeAttributes": dict(sorted(attributes.items())),
        },
        "mountOptions": options,
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "volumeMode": "Filesystem",
    }


def _attributes(settings: Mapping[str, Json]) -> dict[str, str]:
    """Who signs in to S3, and the resources of the Mountpoint pod.

    Without reserved headroom the pod has no requests: it could not be placed on a node that its workload fills, and
    limits alone would become requests (gpu-platform.md 8 #28).
    """
    found = {"authenticationSource": settings["authenticationSource"]}
    if settings["reserveHeadroom"]:
        resources = settings["resources"]
        found |= {
            "mountpointContainerResourcesRequestsCpu": resources["cpu"],
            "mountpointContainerResourcesRequestsMemory": resources["memory"],
            "mountpointContainerResourcesLimitsMemory": resources["memoryLimit"],
        }
    return found


def _options(stated: Json, bucket: Bucket) -> list[str]:
    """Flags of Mountpoint, sorted. The pod's user is not the one that mounts, so others may enter and, where the mount
    can be written, write: only pods with the claim see it."""
    options = ["allow-other", f"region {bucket.region}"]
    if stated["readOnly"]:
        options.append("read-only")
    else:
        options += ["allow-delete", "allow-overwrite", "dir-mode 777", "file-mode 666"]
    if "prefix" in stated:
        options.append(f"prefix {stated['prefix']}")
    return sorted(options)
