"""A cluster's own file systems of FSx for Lustre, with the key and the security group that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import buckets, file_systems
from paddock.file_systems import Repository
from paddock.infrastructure import fsx
from paddock.infrastructure.control_plane import subnets, vpc
from paddock.infrastructure.ec2 import Rule, SecurityGroup
from paddock.infrastructure.fsx import FileSystem, Link
from paddock.infrastructure.kms import Key
from paddock.infrastructure.resource import ByTerraform, Json, Reference, Resource
from paddock.model import Cluster, Environment

KEY = "file-systems"


def resources(environment: Environment, cluster: Cluster) -> Iterator[Resource]:
    """Nothing where the spec has none. A subnet that is missing has a finding."""
    found = [one for one in file_systems.file_systems(cluster) if subnets(cluster, (one.zone,))]
    if not found:
        return
    key = Key(key=KEY, alias=f"{cluster.eks_name}-{KEY}", description=f"File systems of the cluster {cluster.identity}")
    own = tuple(Rule(direction=way, peer=KEY, ports=ports) for way in ("in", "out") for ports in fsx.LUSTRE_PORTS)
    group = SecurityGroup(
        key=KEY,
        name=f"{cluster.eks_name}-{KEY}",
        description=f"FSx for Lustre file systems of {cluster.eks_name}",
        vpc=vpc(cluster),
        # Servers of a file system talk with each other, too.
        rules=(*own, *fsx.rules(cluster.data["network"]["podCIDRs"])),
        tags={},
    )
    yield from (ByTerraform(resource=key), ByTerraform(resource=group))
    for one in found:
        yield FileSystem(
            key=f"fs-{one.name}",
            name=f"{cluster.eks_name}-{one.name}",
            capacity_gib=int(one.capacity.removesuffix("Gi")),
            throughput=one.throughput,
            compression=one.compression,
            backup_days=one.backup_days,
            subnet=subnets(cluster, (one.zone,))[0],
            security_group=group.reference,
            kms=key.reference,
            links=tuple(_links(environment, one.repositories)),
        )


def outputs(cluster: Cluster) -> Mapping[str, Json]:
    """What the settings of aws-fsx-csi-driver want to know of each file system, under the names that it has there."""
    known = {
        one.name: {
            "id": _attribute(one.name, "id"),
            "dnsName": _attribute(one.name, "dns_name"),
            "mountName": _attribute(one.name, "mount_name"),
        }
        for one in file_systems.file_systems(cluster)
        if subnets(cluster, (one.zone,))
    }
    return {"fileSystems": known} if known else {}


def _attribute(name: str, attribute: str) -> Reference:
    return Reference(type="aws_fsx_lustre_file_system", key=f"fs-{name}", attribute=attribute)


def _links(environment: Environment, repositories: tuple[Repository, ...]) -> Iterator[Link]:
    """A bucket that is not there has a finding."""
    for one in repositories:
        bucket = buckets.find(environment, "", one.bucket)
        if bucket is not None:
            path = f"s3://{bucket.name}/{one.prefix}".rstrip("/")
            yield Link(folder=one.folder, path=path, imports=one.imports, exports=one.exports)
