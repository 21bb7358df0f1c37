"""Logs of a fleet: where each cluster sends them, under which names they lie there, and for how many days.

It reads specs only; what Fluent Bit, OpenSearch and CloudWatch are told of it is their components' and the inventory's.
"""

from __future__ import annotations

from collections.abc import Mapping

from paddock.model import Cluster, Environment, Json, Team

FLUENT_BIT = "fluent-bit"
OPENSEARCH = "opensearch"
PLATFORM = "platform"
"""Whose logs those are that belong to no team: controllers, DaemonSets, kube-system."""
INDEX_PREFIX = "logs"
SEPARATOR = "."
"""Between an index and its date. No team has a dot in its name, so that the pattern of team `data` (logs-data.*) never
fits an index of team `data-platform`; with OpenSearch's usual hyphen it would."""
CLOUDWATCH_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""Days for which CloudWatch Logs keeps events (CloudWatch Logs API reference, PutRetentionPolicy)."""


def days(retention: str) -> int:
    """Days of a retention such as 30d."""
    return int(retention.removesuffix("d"))


def retention(environment: Environment, team: Team | None) -> int | None:
    """Days that logs of a team are kept, those of the platform where there is no team; None while they are on hold."""
    stated: Mapping[str, Json] = team.data["logs"] if team else {}
    if "legalHold" in stated:
        return None
    return days(stated.get("retention", environment.data["logs"]["retention"]))


def index(owner: str) -> str:
    """The index of an owner's logs, without separator and date."""
    return f"{INDEX_PREFIX}-{owner}"


def pattern(owner: str) -> str:
    """The pattern that an owner's indexes, and no others, fit."""
    return f"{index(owner)}{SEPARATOR}*"


def log_group(cluster: Cluster, owner: str, sink: Mapping[str, Json]) -> str:
    """The log group of an owner's logs on a cluster: EKS clusters have names of their own in an account and region.

    `sink` is the cluster's sink `cloudWatch`.
    """
    return f"{sink.get('groupPrefix', '/eks')}/{cluster.eks_name}/{owner}"


def sinks(cluster: Cluster) -> Mapping[str, Json]:
    """Where Fluent Bit on a cluster sends logs, by kind of sink; nothing where it does not run."""
    use = cluster.components.get(FLUENT_BIT)
    found: Json = use.settings.get("sinks") if use else None
    return found if isinstance(found, Mapping) else {}


def opensearch(environment: Environment, cluster: Cluster) -> Cluster | None:
    """The cluster on whose OpenSearch the logs of a cluster lie; None where they go to none, or to one not there."""
    sink = sinks(cluster).get("openSearch")
    if sink is None or "domain" in sink:
        return None
    found = environment.clusters.get(sink.get("cluster", cluster.name))
    return found if found is not None and OPENSEARCH in found.components else None


def senders(environment: Environment, cluster: Cluster) -> list[Cluster]:
    """Clusters whose logs lie on a cluster's OpenSearch, in order."""
    found = [(one, opensearch(environment, one)) for one in environment.clusters.values()]
    return [one for one, where in found if where is not None and where.name == cluster.name]


def domain_senders(environment: Environment, host: str) -> list[Cluster]:
    """Clusters of an environment whose logs go to the domain of Amazon OpenSearch Service at a host, in order."""
    domains = [(one, sinks(one).get("openSearch", {}).get("domain", {})) for one in environment.clusters.values()]
    return [one for one, domain in domains if domain.get("host") == host]


def teams(environment: Environment, cluster: Cluster) -> list[Team]:
    """Teams whose logs lie on a cluster's OpenSearch, in order."""
    names = {team.name for one in senders(environment, cluster) for team in environment.teams_on(one.name)}
    return [team for team in environment.teams.values() if team.name in names]
