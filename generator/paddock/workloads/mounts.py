"""Mounts of a workload in its pods, with the claims behind them; their PersistentVolumes are the platform's (teams)."""

from __future__ import annotations

from paddock import volumes
from paddock.model import Cluster, Environment, Json, Workload


def view(environment: Environment, cluster: Cluster, workload: Workload) -> dict[str, Json]:
    """`claims` (of this workload alone), `mountVolumes`, `volumeMounts` and `schedulingGates` of its pods."""
    found = list(volumes.mounts(environment, cluster, workload))
    gated = volumes.needs_headroom(cluster, found)
    return {
        "claims": [_claim(one.claim, one.volume) for one in found if one.volume is not None],
        "mountVolumes": [
            {"name": _name(one), "persistentVolumeClaim": {"claimName": one.claim, **_read_only(one)}} for one in found
        ],
        "volumeMounts": [{"name": _name(one), "mountPath": one.path, **_read_only(one)} for one in found],
        "schedulingGates": [{"name": volumes.HEADROOM_GATE}] if gated else [],
    }


def persistent_volumes(environment: Environment, cluster: Cluster, team: str) -> list[Json]:
    """Name and spec of the PersistentVolumes of a team's workloads on a cluster, for the team's folder."""
    return [
        {"name": one.volume["csi"]["volumeHandle"], "spec": one.volume}
        for workload in environment.workloads_on(cluster.name)
        if workload.team == team
        for one in volumes.mounts(environment, cluster, workload)
        if one.volume is not None
    ]


def _name(mount: volumes.Mount) -> str:
    """Apart from the names of our own volumes in a pod."""
    return f"mount-{mount.name}"


def _read_only(mount: volumes.Mount) -> dict[str, bool]:
    """The API server drops false, so it is not written."""
    return {"readOnly": True} if mount.read_only else {}


def _claim(name: str, volume: Json) -> Json:
    return {
        "name": name,
        "volumeName": volume["csi"]["volumeHandle"],
        "accessModes": volume["accessModes"],
        "storage": volume["capacity"]["storage"],
    }
