"""An enforced policy of Kyverno that would refuse pods which the tree renders: they would fail only after the merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from paddock import source
from paddock.analysis import admission, pod_templates
from paddock.analysis.admission import Rule
from paddock.analysis.pod_templates import PodTemplate
from paddock.diagnostics import Note, Place, Problem
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Spec
from paddock.render import ObjectRef

IDS = ("policy-blocks-pod",)
KINDS = pod_templates.BEARERS

# Runtimes of the whole cluster: the kind that uses them, and whether one of it does.
_RUNTIMES = {
    "ClusterServingRuntime": ("InferenceService", pod_templates.serves),
    "ClusterTrainingRuntime": ("TrainJob", pod_templates.runs),
}
# Component, kind, the setting with the image, and what the container is.
_ADDED = (
    ("argo-workflows", "WorkflowTemplate", "executor", "executor"),
    ("kserve", "InferenceService", "storageInitializer", "storage initializer"),
)
_HELP = {
    admission.ALLOWED_REGISTRIES: "use an image of one of these registries, or add its registry to "
    "spec.admission.registries of the platform",
    admission.HOST_ACCESS: "take it out: namespaces of teams have no access to hosts",
    admission.IMAGE_DIGESTS: "add the digest of the image",
    admission.QUEUE_NAME: "name a queue",
    admission.REQUIRED_LABELS: "add the labels, or take them out of spec.admission.requiredLabels of the platform",
}


def screen(fleet: Fleet) -> Callable[[ObjectRef, Mapping[str, Json]], bool]:
    """Whether an enforced rule refuses something of an object: only these are read again."""
    rules = {
        cluster.identity: [one for one in admission.on_cluster(fleet, cluster).values() if one.enforced]
        for cluster in fleet.clusters()
    }
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
        return concerned and bool(_verdicts(enforced, data))

    return refused


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    """Every enforced rule of every cluster against the pods and jobs of teams' namespaces.

    What one line of a spec brings about in many objects is one problem, of the first of them.
    """
    found: dict[tuple[Place, str, str], list[Problem]] = {}
    for one in _all(objects, trees, fleet):
        found.setdefault((one.place, one.related[0].message, one.message.rpartition(": ")[2]), []).append(one)
    for same in found.values():
        others = len({one.message for one in same}) - 1
        more = (Note(message=f"and {others} more object{'s' * (others > 1)}"),) if others else ()
        yield replace(same[0], related=(*same[0].related, *more))


def _all(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    by_cluster: dict[str, list[ObjectRef]] = {}
    for one in objects:
        if one.kind in KINDS and one.path.startswith("clusters/"):
            by_cluster.setdefault(one.cluster, []).append(one)
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            rules = [one for one in admission.on_cluster(fleet, cluster).values() if one.enforced]
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
    yield from _added(fleet, cluster, rules, {one.kind for one in own})
    for ref in own:
        if IDS[0] not in ref.suspected:
            continue
        data = _read(ref, texts)
        if ref.kind in _RUNTIMES:
            kind, uses = _RUNTIMES[ref.kind]
            if not any(uses(data, _read(one, texts)) for one in own if one.kind == kind):
                continue
        specs = _specs(fleet, environment, cluster, ref)
        for rule, subject, what, image in _verdicts(rules, data):
            yield _problem(rule, cluster, ref, subject, what, _origin(image, specs) or ref.place)


def _verdicts(rules: list[Rule], data: Mapping[str, Json]) -> list[tuple[Rule, str, str, str]]:
    """(rule, "pods of " or "", what is wrong, image or "") of each refusal of an object.

    An object that its schema refuses has a finding of its own, and may lack anything: it has none here.
    """
    try:
        pods = [
            (rule, "pods of ", what, image)
            for rule in rules
            for pod in pod_templates.pods(data)
            for what, image in admission.refusals(rule, pod)
        ]
        jobs = [
            (rule, "", f"{job.kind} asks for GPUs without the label {pod_templates.QUEUE}", "")
            for rule in rules
            for job in pod_templates.jobs(data)
            if admission.refuses_job(rule, job)
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []
    return pods + jobs


def _added(fleet: Fleet, cluster: Cluster, rules: list[Rule], kinds: set[str]) -> Iterator[Problem]:
    """The containers that a component adds to the pods of every object of a kind; they are in no object of the tree."""
    for component, kind, path, what in _ADDED:
        use = cluster.components.get(component)
        if use is None or kind not in kinds:
            continue
        image = reference(use.settings[path]["image"])
        pod = PodTemplate(kind=kind, name="", namespace="", spec={"containers": [{"image": image}]})
        stated = component in cluster.data["components"]
        place = cluster.place(*(("components", component) if stated else ("role",)), key=stated)
        for rule in rules:
            for wrong, _ in admission.refusals(rule, pod):
                yield Problem(
                    id=IDS[0],
                    message=f'policy "{rule.name}" of cluster "{cluster.identity}" refuses the pods of every '
                    f"{kind}, by their {what}: {wrong}",
                    place=_origin(image, [cluster, fleet.platform]) or place,
                    related=(Note(message=f'policy "{rule.name}"', place=rule.place),),
                    help=_HELP[rule.name],
                )


def _read(ref: ObjectRef, texts: Mapping[str, str]) -> Mapping[str, Json]:
    data, _ = source.parse(texts[ref.path].encode("utf-8", "surrogatepass"), ref.path)
    return data  # type: ignore[no-any-return]


def _specs(fleet: Fleet, environment: Environment, cluster: Cluster, ref: ObjectRef) -> list[Spec]:
    """Where an image of an object may have been named, nearest first."""
    parts = ref.path.split("/")
    workload = environment.workloads.get((parts[3], parts[4])) if parts[2] == "workloads" else None
    return [*([workload] if workload else []), cluster, fleet.platform]


def _origin(image: str, specs: Iterable[Spec]) -> Place | None:
    """The place that names an image, in the words of definitions.schema.json."""
    for spec in specs if image else ():
        for pointer, node in _nodes(spec.data, ()):
            if isinstance(node.get("repository"), str) and reference(node) == image:
                return spec.place(*pointer)
    return None


def _nodes(value: Json, pointer: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Json]]]:
    if isinstance(value, Mapping):
        yield pointer, value
        for key, item in value.items():
            yield from _nodes(item, (*pointer, key))


def _problem(rule: Rule, cluster: Cluster, ref: ObjectRef, subject: str, what: str, place: Place) -> Problem:
    namespace = f' in namespace "{ref.namespace}"' if ref.namespace else ""
    return Problem(
        id="policy-blocks-pod",
        message=f'policy "{rule.name}" of cluster "{cluster.identity}" refuses the {subject}{ref.kind} "{ref.name}"'
        f"{namespace}: {what}",
        place=place,
        related=(
            Note(message=f'policy "{rule.name}"', place=rule.place),
            Note(message=f"rendered to {ref.path}"),
        ),
        help=_HELP[rule.name],
    )
