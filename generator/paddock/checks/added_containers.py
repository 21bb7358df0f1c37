"""Containers that components add to pods, which an enforced policy would refuse; no object of the tree has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock.analysis import admission
from paddock.analysis.pod_templates import PodTemplate
from paddock.checks.policy_words import HELP, merged, note, origin
from paddock.diagnostics import Problem
from paddock.images import reference
from paddock.model import Cluster, Fleet
from paddock.render import ObjectRef

IDS = ("policy-blocks-pod",)

# Component, kind of which each object's pods have the container, the setting with its image, and what it is.
_ADDED = (
    ("argo-workflows", "WorkflowTemplate", "executor", "executor"),
    ("kserve", "InferenceService", "storageInitializer", "storage initializer"),
)


def check(objects: Sequence[ObjectRef], fleet: Fleet) -> Iterator[Problem]:
    """Each cluster on which a team has objects of such a kind."""
    concerned = {kind for _, kind, _, _ in _ADDED}
    found: dict[str, set[tuple[str, str]]] = {}
    for one in objects:
        if one.kind in concerned and one.path.startswith("clusters/"):
            found.setdefault(one.cluster, set()).add((one.namespace, one.kind))
    yield from merged(
        problem
        for environment in fleet.environments.values()
        for cluster in environment.clusters.values()
        for teams in [{team.name for team in environment.teams_on(cluster.name)}]
        for kinds in [{kind for namespace, kind in found.get(cluster.identity, ()) if namespace in teams}]
        for problem in _cluster(fleet, cluster, kinds)
    )


def _cluster(fleet: Fleet, cluster: Cluster, kinds: set[str]) -> Iterator[Problem]:
    for component, kind, path, what in _ADDED:
        use = cluster.components.get(component)
        if use is None or kind not in kinds:
            continue
        image = reference(use.settings[path]["image"])
        pod = PodTemplate(kind=kind, name="", namespace="", spec={"containers": [{"image": image}]})
        stated = component in cluster.data["components"]
        place = cluster.place(*(("components", component) if stated else ("role",)), key=stated)
        for rule in admission.enforced(fleet, cluster):
            for wrong, _ in admission.refusals(rule, pod):
                yield Problem(
                    id="policy-blocks-pod",
                    message=f'policy "{rule.name}" of cluster "{cluster.identity}" refuses the pods of every '
                    f"{kind}, by their {what}: {wrong}",
                    place=origin(image, [cluster, fleet.platform]) or place,
                    related=(note(fleet, cluster, rule),),
                    help=HELP[rule.name],
                )
