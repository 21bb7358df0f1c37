"""An enforced policy of Kyverno that would refuse pods which the tree renders: they would fail only after the merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from paddock import source
from paddock.analysis import admission, pod_templates
from paddock.analysis.admission import Rule
from paddock.checks.policy_words import HELP, merged, note, origin
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Spec
from paddock.render import ObjectRef

IDS = ("policy-blocks-pod",)
KINDS = pod_templates.BEARERS

# Runtimes of the whole cluster: the kind that uses them, and whether one of it does.
_RUNTIMES = {
    "ClusterServingRuntime": ("InferenceService", pod_templates.serves),
    "ClusterTrainingRuntime": ("TrainJob", pod_templates.runs),
}


def screen(fleet: Fleet) -> Callable[[ObjectRef, Mapping[str, Json]], bool]:
    """Whether an enforced rule refuses something of an object: only these are read again."""
    rules = {cluster.identity: admission.enforced(fleet, cluster) for cluster in fleet.clusters()}
    teams = {
        cluster.identity: {team.name for team in environment.teams_on(cluster.name)}
        for environment in fleet.environments.values()
        for cluster in environment.clusters.values()
    }

    def refused(ref: ObjectRef, data: Mapping[str, Json]) -> bool:
        enforced = rules.get(ref.cluster)
        if not enforced or not ref.path.startswith("clusters/"):
            return False
        concerned = ref.kind in _RUNTIMES or ref.namespace in teams[ref.cluster]
        return concerned and bool(admission.verdicts(enforced, data))

    return refused


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    """Every enforced rule of every cluster against the pods and jobs of teams' namespaces."""
    yield from merged(_all(objects, trees, fleet))


def _all(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    by_cluster: dict[str, list[ObjectRef]] = {}
    for one in objects:
        if one.kind in KINDS and one.path.startswith("clusters/"):
            by_cluster.setdefault(one.cluster, []).append(one)
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            rules = admission.enforced(fleet, cluster)
            if rules:
                texts = trees.get(environment.name, {})
                yield from _cluster(fleet, environment, cluster, rules, by_cluster.get(cluster.identity, ()), texts)


def _cluster(
    fleet: Fleet,
    environment: Environment,
    cluster: Cluster,
    rules: list[Rule],
    objects: Iterable[ObjectRef],
    texts: Mapping[str, str],
) -> Iterator[Problem]:
    """The problems of one cluster. A runtime of the whole cluster counts where something of a team would run on it."""
    teams = {team.name for team in environment.teams_on(cluster.name)}
    own = [one for one in objects if one.namespace in teams or one.kind in _RUNTIMES]
    for ref in own:
        if IDS[0] not in ref.suspected:
            continue
        data = _read(ref, texts)
        if ref.kind in _RUNTIMES:
            kind, uses = _RUNTIMES[ref.kind]
            if not any(uses(data, _read(one, texts)) for one in own if one.kind == kind):
                continue
        specs = _specs(fleet, cluster, ref)
        for rule, subject, what, image in admission.verdicts(rules, data):
            place = origin(image, specs) or ref.place
            yield _problem(rule, ref, subject, what, place, cluster, note(fleet, cluster, rule))


def _read(ref: ObjectRef, texts: Mapping[str, str]) -> Mapping[str, Json]:
    data, _ = source.parse(texts[ref.path].encode("utf-8", "surrogatepass"), ref.path)
    return data  # type: ignore[no-any-return]


def _specs(fleet: Fleet, cluster: Cluster, ref: ObjectRef) -> list[Spec]:
    """Where an image of an object may have been named, nearest first."""
    workload = ref.workload(fleet)
    return [*([workload] if workload else []), cluster, fleet.platform]


def _problem(
    rule: Rule, ref: ObjectRef, subject: str, what: str, place: Place, cluster: Cluster, policy: Note
) -> Problem:
    namespace = f' in namespace "{ref.namespace}"' if ref.namespace else ""
    return Problem(
        id="policy-blocks-pod",
        message=f'policy "{rule.name}" of cluster "{cluster.identity}" refuses the {subject}{ref.kind} "{ref.name}"'
        f"{namespace}: {what}",
        place=place,
        related=(policy, Note(message=f"rendered to {ref.path}")),
        help=HELP[rule.name],
    )
