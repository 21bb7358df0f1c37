"""Every log is collected, once: what must be kept is not left out, and no two agents read the same files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import logs
from paddock.diagnostics import Note, Problem
from paddock.model import Cluster, Environment, Fleet, Json

IDS = ("log-minimum-avoidable", "logs-collected-twice", "logs-not-collected")

ADDON = "amazon-cloudwatch-observability"


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each cluster of each environment."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            collected = logs.FLUENT_BIT in cluster.components
            if collected and _addon_collects(cluster):
                yield _twice(cluster)
            if "minimum" in environment.data["logs"] and cluster.registered:
                yield from _kept(environment, cluster)


def _addon_collects(cluster: Cluster) -> bool:
    """The add-on reads containers' logs unless it is told not to (its chart's values.yaml, containerLogs.enabled)."""
    stated = cluster.data["eks"]["addons"].get(ADDON)
    if stated is None or not stated["enabled"]:
        return False
    collects: Json = stated["configuration"].get("containerLogs", {})
    return not isinstance(collects, Mapping) or collects.get("enabled", True) is not False


def _twice(cluster: Cluster) -> Problem:
    return Problem(
        id="logs-collected-twice",
        message=f'on cluster "{cluster.identity}" both Fluent Bit and the add-on {ADDON} send what containers write',
        place=cluster.place("eks", "addons", ADDON, key=True),
        related=(Note(message="Fluent Bit runs here", place=cluster.place("components", logs.FLUENT_BIT, key=True)),),
        help="tell the add-on to leave logs alone: configuration: {containerLogs: {enabled: false}}",
    )


def _kept(environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    minimum = environment.place("logs", "minimum", key=True)
    reason = Note(message=f"the minimum: {environment.data['logs']['minimum']['reason']}", place=minimum)
    use = cluster.components.get(logs.FLUENT_BIT)
    if use is None and not _addon_collects(cluster):
        yield Problem(
            id="logs-not-collected",
            message=f'environment "{environment.name}" keeps logs for a minimum of time, and nothing collects those of '
            f'cluster "{cluster.identity}"',
            place=cluster.name_place(),
            related=(reason,),
            help="enable the component fluent-bit on it, with a sink",
        )
    elif use is not None and use.settings.get("allowExclude", False):
        yield Problem(
            id="log-minimum-avoidable",
            message=f'environment "{environment.name}" keeps logs for a minimum of time, and on cluster '
            f'"{cluster.identity}" an annotation of a pod keeps its own back',
            place=cluster.place("components", logs.FLUENT_BIT, "settings", "allowExclude", key=True),
            related=(reason,),
            help="write allowExclude: false",
        )
