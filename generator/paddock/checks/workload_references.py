"""Everything a workload names exists: team, environments, clusters, pool, queue, priority, bucket, secrets, ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from paddock import multikueue
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Environment, Fleet, Team, Workload
from paddock.wording import instead

IDS = (
    "unknown-environment",
    "unknown-team",
    "unknown-cluster",
    "team-not-on-cluster",
    "unknown-node-pool",
    "unknown-queue",
    "unknown-priority",
    "unknown-bucket",
    "unknown-secret",
    "unknown-port",
    "unknown-topology-level",
)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each reference of each workload, in each environment."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            yield from _environments(fleet, workload)
            yield from _team_and_clusters(fleet, environment, workload)
            yield from _scheduling(fleet, environment, workload)
            yield from _own_names(environment, workload)
            yield from _callers(fleet, environment, workload)


def unknown(id: str, what: str, name: str, legal: Iterable[str], place: Place, *, where: str = "") -> Problem:
    """A name that names nothing, with what would be legal."""
    names = sorted(legal)
    return Problem(
        id=id,
        message=f'there is no {what} "{name}"{where}',
        place=place,
        help=instead(name, names) if names else f"there is no {what}{where} at all",
    )


def merged(problems: Iterable[Problem]) -> Iterator[Problem]:
    """One problem for each id and place: a value that is wrong on three clusters is one fault of one person."""
    by_place: dict[tuple[str, Place], Problem] = {}
    for one in problems:
        first = by_place.setdefault((one.id, one.place), one)
        if first.message != one.message:
            related = (*first.related, Note(message=one.message), *one.related)
            by_place[one.id, one.place] = replace(first, related=tuple(dict.fromkeys(related)))
    yield from by_place.values()


def _environments(fleet: Fleet, workload: Workload) -> Iterator[Problem]:
    for index, name in enumerate(workload.data["environments"]):
        if name not in fleet.environments and ("Environment", name, name) not in fleet.unread:
            place = workload.place("environments", index)
            yield unknown("unknown-environment", "environment", name, fleet.environments, place)


def _team_and_clusters(fleet: Fleet, environment: Environment, workload: Workload) -> Iterator[Problem]:
    team = environment.teams.get(workload.team)
    if team is None and ("Team", environment.name, workload.team) not in fleet.unread:
        place = Place(path=workload.origin.base, pointer=("metadata", "team"))
        problem = unknown("unknown-team", "team", workload.team, environment.teams, place)
        yield replace(problem, help=f"{problem.help}; or write environments/base/teams/{workload.team}.yaml")
    for index, name in enumerate(workload.data["clusters"]):
        place = workload.place("clusters", index)
        if name not in environment.clusters:
            if ("Cluster", environment.name, name) in fleet.unread:
                continue
            where = f' in environment "{environment.name}"'
            yield unknown("unknown-cluster", "cluster", name, environment.clusters, place, where=where)
        elif team is not None and name not in team.clusters and set(team.clusters) <= environment.clusters.keys():
            # A team that names an unknown cluster has a finding: that is most likely the one meant.
            yield Problem(
                id="team-not-on-cluster",
                message=f'team "{team.name}" has no namespace on cluster "{name}" in environment "{environment.name}"',
                place=place,
                help=f"add spec.clusters.{name} with a quota to environments/{environment.name}/teams/{team.name}.yaml",
            )


def _scheduling(fleet: Fleet, environment: Environment, workload: Workload) -> Iterator[Problem]:
    data = workload.data
    clusters = [environment.clusters[name] for name in workload.clusters if name in environment.clusters]
    for cluster in clusters:
        where = f' on cluster "{cluster.identity}"'
        for part in workload.parts():
            name = part.data.get("pool")
            if name is not None and name not in cluster.node_pools:
                place = part.place("pool")
                yield unknown("unknown-node-pool", "node pool", name, cluster.node_pools, place, where=where)
        if "topology" in data:
            yield from _topology(cluster, workload, where)
    yield from _queues(environment, workload)
    priority = data.get("queue", {}).get("priority")
    if priority is not None and priority not in fleet.platform.data["priorities"]:
        place = workload.place("queue", "priority")
        yield unknown("unknown-priority", "priority", priority, fleet.platform.data["priorities"], place)


def _topology(cluster: Cluster, workload: Workload, where: str) -> Iterator[Problem]:
    levels = cluster.data.get("topologyLevels", [])
    level = workload.data["topology"]["level"]
    if level not in levels:
        place = workload.place("topology", "level")
        yield unknown("unknown-topology-level", "topology level", level, levels, place, where=where)


def _queues(environment: Environment, workload: Workload) -> Iterator[Problem]:
    """The queue on each cluster that the workload names; those of MultiKueue's workers are the manager's to name."""
    team = environment.teams.get(workload.team)
    sent = {name for workers in workload.dispatch.values() for name in workers}
    named = [name for name in workload.data["clusters"] if name in environment.clusters and name not in sent]
    for cluster in (environment.clusters[name] for name in named):
        use = cluster.components.get(multikueue.COMPONENT)
        unread = use is not None and not use.valid  # which queues there are is not known
        if "queue" in workload.data and team is not None and cluster.name in team.clusters and not unread:
            yield from _queue(cluster, team, workload, f' on cluster "{cluster.identity}"')


def _queue(cluster: Cluster, team: Team, workload: Workload, where: str) -> Iterator[Problem]:
    queues = [team.name] if team.clusters[cluster.name]["flavors"] else []
    queues += [queue.name for queue in multikueue.team_queues(cluster, team.name)]
    if workload.data["queue"]["name"] not in queues:
        place = workload.place("queue", "name")
        problem = unknown("unknown-queue", "queue", workload.data["queue"]["name"], queues, place, where=where)
        file = team.origin.overlay or team.origin.base
        quota = f'give team "{team.name}" a quota: spec.clusters.{cluster.name}.flavors of {file}'
        yield problem if queues else replace(problem, help=quota)


def _callers(fleet: Fleet, environment: Environment, workload: Workload) -> Iterator[Problem]:
    for index, name in enumerate(workload.data.get("callers", ())):
        if name not in environment.teams and ("Team", environment.name, name) not in fleet.unread:
            place = workload.place("callers", index)
            yield unknown("unknown-team", "team", name, environment.teams, place)


def _own_names(environment: Environment, workload: Workload) -> Iterator[Problem]:
    data = workload.data
    team = environment.teams.get(workload.team)
    if "checkpoint" in data and team is not None and data["checkpoint"]["bucket"] not in team.data["buckets"]:
        where = f' of team "{team.name}" in environment "{environment.name}"'
        place = workload.place("checkpoint", "bucket")
        yield unknown(
            "unknown-bucket", "bucket", data["checkpoint"]["bucket"], team.data["buckets"], place, where=where
        )
    for part in workload.parts():
        yield from _secrets(part)
    if "ingress" in data and data["ingress"]["port"] not in data["ports"]:
        yield unknown("unknown-port", "port", data["ingress"]["port"], data["ports"], workload.place("ingress", "port"))


def _secrets(part: Workload) -> Iterator[Problem]:
    """Keys of secrets that variables refer to."""
    secrets = part.data["secrets"]
    for name, value in part.data.get("env", {}).items():
        if isinstance(value, dict):
            secret = secrets.get(value["secret"])
            if secret is None:
                yield unknown("unknown-secret", "secret", value["secret"], secrets, part.place("env", name, "secret"))
            elif value["key"] not in secret:
                where = f' in secret "{value["secret"]}"'
                yield unknown(
                    "unknown-secret", "key", value["key"], secret, part.place("env", name, "key"), where=where
                )
