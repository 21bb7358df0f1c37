"""Log groups of teams and of the platform on a cluster whose Fluent Bit sends to CloudWatch.

The inventory makes them, so that each has its key and its retention before the first line comes; groups that Fluent
Bit makes have neither a key nor an owner.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock import logs
from paddock.infrastructure.control_plane import key
from paddock.infrastructure.logs import LogGroup
from paddock.infrastructure.resource import Resource
from paddock.model import Cluster, Environment


def resources(environment: Environment, cluster: Cluster) -> Iterator[Resource]:
    """A group for the platform and for each team on the cluster, encrypted with the cluster's key."""
    sink = logs.sinks(cluster).get("cloudWatch")
    if sink is None:
        return
    for team in (None, *environment.teams_on(cluster.name)):
        owner = team.name if team else logs.PLATFORM
        yield LogGroup(
            key=f"logs-{owner}",
            name=logs.log_group(cluster, owner, sink),
            retention_days=logs.retention(environment, team),
            kms=key(cluster).reference,
            tags={"team": owner},
        )
