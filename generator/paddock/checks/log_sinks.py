"""Fluent Bit sends logs somewhere, and what it sends to is there and can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import logs
from paddock.checks.workload_references import merged, unknown
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Environment, Fleet

IDS = (
    "dashboards-without-provider",
    "log-index-taken",
    "log-sink-not-reachable",
    "log-sink-not-there",
    "no-log-sink",
    "unknown-cluster",
)


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each cluster that runs Fluent Bit or OpenSearch Dashboards."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            if logs.FLUENT_BIT in cluster.components:
                yield from _sinks(fleet, environment, cluster)
            yield from _provider(cluster)
    yield from merged(_domains(fleet))


def _sinks(fleet: Fleet, environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    use = cluster.components[logs.FLUENT_BIT]
    if use.valid and not logs.sinks(cluster):
        yield Problem(
            id="no-log-sink",
            message=f'Fluent Bit on cluster "{cluster.identity}" reads every log and sends none anywhere',
            place=_place(cluster, "sinks"),
            help="name a sink, e.g. sinks: {cloudWatch: {}}, or disable it: components.fluent-bit.enabled: false",
        )
    sink = logs.sinks(cluster).get("openSearch")
    if sink is not None and "domain" not in sink:
        yield from _opensearch(fleet, environment, cluster, sink.get("cluster", cluster.name))


def _domains(fleet: Fleet) -> Iterator[Problem]:
    """Indexes are named after teams, which are the same in every environment: in one domain they would be one."""
    first: dict[str, Cluster] = {}
    for cluster in fleet.clusters():
        domain = logs.sinks(cluster).get("openSearch", {}).get("domain")
        if domain is None or first.setdefault(domain["host"], cluster).environment == cluster.environment:
            continue
        other = first[domain["host"]]
        yield Problem(
            id="log-index-taken",
            message=f'logs of cluster "{cluster.identity}" go to the OpenSearch domain "{domain["name"]}", where those '
            f'of environment "{other.environment}" lie in indexes of the same names',
            place=_place(cluster, "sinks", "openSearch", "domain", "host"),
            related=(
                Note(
                    message=f'cluster "{other.identity}" sends to it, too',
                    place=_place(other, "sinks", "openSearch", "domain", "host"),
                ),
            ),
            help="give each environment a domain of its own",
        )


def _opensearch(fleet: Fleet, environment: Environment, cluster: Cluster, name: str) -> Iterator[Problem]:
    place = _place(cluster, "sinks", "openSearch", *(("cluster",) if name != cluster.name else ()))
    target = environment.clusters.get(name)
    if target is None:
        if ("Cluster", environment.name, name) not in fleet.unread:
            where = f' in environment "{environment.name}"'
            yield unknown("unknown-cluster", "cluster", name, environment.clusters, place, where=where)
    elif logs.OPENSEARCH not in target.components:
        yield _not_there(environment, cluster, target, place)
    elif target is not cluster and not _entrance(target):
        yield Problem(
            id="log-sink-not-reachable",
            message=f'Fluent Bit on cluster "{cluster.identity}" sends logs to OpenSearch on cluster '
            f'"{target.identity}", which has no entry from outside',
            place=place,
            related=(
                Note(message="OpenSearch runs here", place=target.place("components", logs.OPENSEARCH, key=True)),
            ),
            help=f"give it one on {target.name}: components.opensearch.settings.ingress.enabled: true",
        )


def _not_there(environment: Environment, cluster: Cluster, target: Cluster, place: Place) -> Problem:
    others = [one for one in environment.clusters.values() if logs.OPENSEARCH in one.components]
    elsewhere = f"name a cluster that has it: {', '.join(one.name for one in others)}; or " if others else ""
    return Problem(
        id="log-sink-not-there",
        message=f'Fluent Bit on cluster "{cluster.identity}" sends logs to OpenSearch on cluster "{target.identity}", '
        "where it does not run",
        place=place,
        help=f"{elsewhere}enable the component opensearch on {target.name}, or send logs to CloudWatch",
    )


def _entrance(target: Cluster) -> bool:
    use = target.components[logs.OPENSEARCH]
    return not use.valid or bool(use.settings["ingress"]["enabled"])


def _provider(cluster: Cluster) -> Iterator[Problem]:
    """Dashboards signs people in at the provider whose tokens OpenSearch believes."""
    dashboards, there = cluster.components.get("opensearch-dashboards"), cluster.components.get(logs.OPENSEARCH)
    if dashboards is None or there is None or "oidc" not in dashboards.settings or "oidc" in there.settings:
        return
    yield Problem(
        id="dashboards-without-provider",
        message=f'OpenSearch Dashboards on cluster "{cluster.identity}" signs people in by OpenID Connect, and '
        "OpenSearch believes no provider",
        place=cluster.place("components", "opensearch-dashboards", "settings", "oidc", key=True),
        help="state it in the settings of opensearch: oidc: {connectURL: …/.well-known/openid-configuration}",
    )


def _place(cluster: Cluster, *pointer: str) -> Place:
    return cluster.place("components", logs.FLUENT_BIT, "settings", *pointer, key=True)
