"""Mounts refer to something the workload may see, fit into one container, and are not asked for what S3 cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import buckets, volumes
from paddock.checks.workload_references import merged, unknown
from paddock.diagnostics import Note, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Team, Workload
from paddock.workloads.runs import CHECKPOINTS

IDS = (
    "unknown-bucket",
    "unknown-file-system",
    "unknown-team",
    "bucket-not-shared",
    "workload-needs-component",
    "mount-path-taken",
    "checkpoints-on-mountpoint",
)

_OURS = {"training": ("/dev/shm",)}


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each mount of each workload, and each bucket and file system of the FSx driver, in each environment."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            stated: Mapping[str, Json] = workload.data.get("mounts", {})
            yield from _paths(workload, stated)
            for name, mount in stated.items():
                if "bucket" in mount:
                    yield from _bucket(fleet, environment, workload, name, mount)
                else:
                    yield from _file_system(environment, workload, name, mount)
        for cluster in environment.clusters.values():
            yield from _driver(fleet, environment, cluster)


def _bucket(fleet: Fleet, environment: Environment, workload: Workload, name: str, mount: Json) -> Iterator[Problem]:
    place = workload.place("mounts", name, "bucket")
    team, short_name = buckets.reference(workload.team, mount["bucket"])
    owner = environment.teams.get(team)
    if owner is None:
        if team != workload.team and ("Team", environment.name, team) not in fleet.unread:
            yield unknown("unknown-team", "team", team, environment.teams, place)
        return  # that the workload has no team is a finding of its own
    if short_name not in owner.data["buckets"]:
        where = f' of team "{team}" in environment "{environment.name}"'
        yield unknown("unknown-bucket", "bucket", short_name, owner.data["buckets"], place, where=where)
        return
    if team != workload.team:
        yield from _shared(owner, short_name, workload, name, mount)
    yield from _checkpoints(owner, short_name, workload, name, mount)
    for cluster in workload.clusters:
        found = environment.clusters.get(cluster)
        if found is not None and volumes.MOUNTPOINT not in found.components:
            yield Problem(
                id="workload-needs-component",
                message=f'{workload.type} workload "{workload.name}" mounts a bucket and needs the component '
                f'"{volumes.MOUNTPOINT}", which does not run on cluster "{found.identity}"',
                place=workload.cluster_place(cluster),
                help=f"enable {volumes.MOUNTPOINT} on the cluster, or run the workload elsewhere",
            )


def _shared(owner: Team, short_name: str, workload: Workload, name: str, mount: Json) -> Iterator[Problem]:
    readers = owner.data["buckets"][short_name]["access"]["readOnlyTeams"]
    access = Note(message="who may read it", place=owner.place("buckets", short_name, "access", "readOnlyTeams"))
    if workload.team not in readers:
        yield Problem(
            id="bucket-not-shared",
            message=f'workload "{workload.name}" of team "{workload.team}" mounts bucket "{short_name}" of team '
            f'"{owner.name}", which may be read by: {", ".join(sorted(readers)) or "no other team"}',
            place=workload.place("mounts", name, "bucket"),
            related=(access,),
            help=f'ask team "{owner.name}" to add "{workload.team}" to access.readOnlyTeams of the bucket',
        )
    elif not mount["readOnly"]:
        yield Problem(
            id="bucket-not-shared",
            message=f'workload "{workload.name}" of team "{workload.team}" mounts bucket "{short_name}" of team '
            f'"{owner.name}" to write, but may only read it',
            place=workload.place("mounts", name, "readOnly"),
            related=(access,),
            help="remove readOnly: false, or write to a bucket of the own team",
        )


def _checkpoints(owner: Team, short_name: str, workload: Workload, name: str, mount: Json) -> Iterator[Problem]:
    """Checkpoints are written under another name and renamed, which Mountpoint cannot do (gpu-platform.md 6.1)."""
    purpose = owner.data["buckets"][short_name]["purpose"]
    if mount["readOnly"] or workload.type != "training" or (purpose != "checkpoints" and mount["path"] != CHECKPOINTS):
        return
    yield Problem(
        id="checkpoints-on-mountpoint",
        message=f'training workload "{workload.name}" would write checkpoints to bucket "{short_name}" through '
        f"Mountpoint for Amazon S3, which neither renames files nor writes them twice",
        place=workload.place("mounts", name, key=True),
        help=f"write checkpoint: {{bucket: {short_name}, every: 30m}}, an FSx for Lustre volume at {CHECKPOINTS} from "
        "which the program copies to the bucket; or mount it readOnly",
    )


def _paths(workload: Workload, stated: Mapping[str, Json]) -> Iterator[Problem]:
    """Kubernetes refuses two mounts at one path; one inside another hides part of it."""
    taken = {path: f"paddock mounts {path}" for path in _OURS.get(workload.type, ())}
    if "checkpoint" in workload.data:
        taken[CHECKPOINTS] = f"checkpoint mounts {CHECKPOINTS}"
    for name, mount in stated.items():
        path = mount["path"]
        other = next((one for one in sorted(taken) if _within(path, one) or _within(one, path)), None)
        if other is not None:
            yield Problem(
                id="mount-path-taken",
                message=f'mount "{name}" of workload "{workload.name}" is at {path}, but {taken[other]}',
                place=workload.place("mounts", name, "path"),
                help="give each mount a folder of its own that lies in no other, e.g. /data/<name>",
            )
        taken.setdefault(path, f'mount "{name}" is at {path}')


def _within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _file_system(environment: Environment, workload: Workload, name: str, mount: Json) -> Iterator[Problem]:
    for cluster in (environment.clusters.get(one) for one in workload.clusters):
        if cluster is None:
            continue
        legal = [one for one, stated in volumes.file_systems(cluster).items() if stated["team"] == workload.team]
        if mount["fileSystem"] not in legal:
            place = workload.place("mounts", name, "fileSystem")
            where = f' of team "{workload.team}" on cluster "{cluster.identity}"'
            yield unknown("unknown-file-system", "file system", mount["fileSystem"], legal, place, where=where)


def _driver(fleet: Fleet, environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    """What the settings of aws-fsx-csi-driver name."""
    use = cluster.components.get(volumes.FSX)
    settings = use.settings if use else {}
    for name, stated in settings.get("repositories", {}).items():
        team, short_name = buckets.reference("", stated["bucket"])
        place = cluster.place("components", volumes.FSX, "settings", "repositories", name, "bucket")
        owner = environment.teams.get(team)
        if owner is None and ("Team", environment.name, team) not in fleet.unread:
            yield unknown("unknown-team", "team", team, environment.teams, place)
        elif owner is not None and short_name not in owner.data["buckets"]:
            where = f' of team "{team}" in environment "{environment.name}"'
            yield unknown("unknown-bucket", "bucket", short_name, owner.data["buckets"], place, where=where)
    for name, stated in settings.get("fileSystems", {}).items():
        place = cluster.place("components", volumes.FSX, "settings", "fileSystems", name, "team")
        there = {team.name for team in environment.teams_on(cluster.name)}
        if stated["team"] not in there and ("Team", environment.name, stated["team"]) not in fleet.unread:
            where = f' on cluster "{cluster.identity}"'
            yield unknown("unknown-team", "team", stated["team"], there, place, where=where)
