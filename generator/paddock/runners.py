"""Runner scale sets of GitHub Actions: which teams have some on a cluster, in which namespace and on which nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.model import Cluster, Environment, Json, NodePool, Team

SUFFIX = "-runners"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSet:
    """A scale set of a team: `name` is what a workflow's `runs-on` says, `data` its entry under `runners`."""

    team: Team
    name: str
    data: Mapping[str, Json]

    @property
    def namespace(self) -> str:
        return namespace(self.team.name)

    @property
    def url(self) -> str:
        """Where its runners are registered: an organization or a repository."""
        return f"https://github.com/{self.data.get('repository') or self.data['organization']}"

    @property
    def owner(self) -> str:
        """Organization or user."""
        return self.url.split("/")[3]


def namespace(team: str) -> str:
    """Runners have a namespace apart from the team's workloads: who runs in it may read its Secrets."""
    return f"{team}{SUFFIX}"


def of(environment: Environment, cluster: str) -> Iterator[ScaleSet]:
    """The scale sets on a cluster, by team and name."""
    for one in every(environment):
        if one.data["cluster"] == cluster:
            yield one


def every(environment: Environment) -> Iterator[ScaleSet]:
    """The scale sets of an environment."""
    for team in environment.teams.values():
        for name, data in sorted(team.data["runners"].items()):
            yield ScaleSet(team=team, name=name, data=data)


def pools(cluster: Cluster, scale_set: ScaleSet) -> list[NodePool]:
    """Node pools with whole GPUs of the model that its jobs ask for; empty means any node."""
    gpu = scale_set.data.get("gpu")
    found = cluster.node_pools.values() if gpu else ()
    return [pool for pool in found if gpu and pool.gpu_model == gpu["model"] and not pool.shared_gpus]
