"""What Kyverno's policies ask of pods on a cluster, and the same questions answered here for what the tree renders.

The policies themselves, in CEL, are made of these rules by components.kyverno."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock import mirrors
from paddock.analysis import pod_templates
from paddock.analysis.pod_templates import QUEUE, JobTemplate, PodTemplate
from paddock.model import Cluster, Fleet
from paddock.wording import ending, quoted

Json = Any

COMPONENT = "kyverno"
ALLOWED_REGISTRIES = "allowed-registries"
HOST_ACCESS = "host-access"
IMAGE_DIGESTS = "image-digests"
QUEUE_NAME = "queue-name"
REQUIRED_LABELS = "required-labels"
SIGNED_IMAGES = "signed-images"
SETTINGS = {
    ALLOWED_REGISTRIES: "allowedRegistries",
    HOST_ACCESS: "hostAccess",
    IMAGE_DIGESTS: "imageDigests",
    QUEUE_NAME: "queueName",
    REQUIRED_LABELS: "requiredLabels",
    SIGNED_IMAGES: "signedImages",
}
# Kueue's frameworks by the kinds of jobs that carry the label themselves (gpu-platform.md 5.2, 8 row 22).
FRAMEWORKS = {
    "batch/job": "Job",
    "jobset.x-k8s.io/jobset": "JobSet",
    "ray.io/raycluster": "RayCluster",
    "ray.io/rayjob": "RayJob",
    "trainer.kubeflow.org/trainjob": "TrainJob",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A policy of a cluster. `values` are its registries, labels or kinds."""

    name: str
    enforced: bool
    values: tuple[str, ...] = ()


def rules(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json]) -> dict[str, Rule]:
    """The rules that hold on a cluster by name, sorted: those switched off or without anything to ask are left out."""
    stated = fleet.platform.data["admission"]
    values = {
        ALLOWED_REGISTRIES: _registries(fleet, cluster, [*stated["registries"], *settings["registries"]]),
        HOST_ACCESS: (),
        IMAGE_DIGESTS: (),
        QUEUE_NAME: _queued_kinds(cluster),
        REQUIRED_LABELS: tuple(sorted(stated["requiredLabels"])),
        SIGNED_IMAGES: tuple(sorted(stated["signers"])),
    }
    # Without registries the platform restricts none; a registry of one cluster alone would shut out all others.
    idle = {name for name in (QUEUE_NAME, REQUIRED_LABELS, SIGNED_IMAGES) if not values[name]}
    idle |= set() if stated["registries"] else {ALLOWED_REGISTRIES}
    production = fleet.environments[cluster.environment].production
    found = {}
    for name in sorted(values.keys() - idle):
        key = SETTINGS[name]
        action = settings["policies"][key].get("action", "Enforce" if production else "Audit")
        if action != "Off":
            found[name] = Rule(name=name, enforced=action == "Enforce", values=values[name])
    return found


def on_cluster(fleet: Fleet, cluster: Cluster) -> dict[str, Rule]:
    """The rules of a cluster; none where Kyverno does not run."""
    use = cluster.components.get(COMPONENT)
    return rules(fleet, cluster, use.settings) if use is not None else {}


def enforced(fleet: Fleet, cluster: Cluster) -> list[Rule]:
    """The rules of a cluster that keep something out, not only report it."""
    return [one for one in on_cluster(fleet, cluster).values() if one.enforced]


def refusals(rule: Rule, pod: PodTemplate) -> Iterator[tuple[str, str]]:
    """Why a rule refuses a pod of a team: (what is wrong, image concerned or ""). What is left open is legal."""
    if rule.name == ALLOWED_REGISTRIES:
        for image in pod.images():
            if not from_registry(image, rule.values):
                yield f'image "{image}" is from none of its registries {quoted(rule.values)}', image
    elif rule.name == IMAGE_DIGESTS:
        yield from ((f'image "{image}" has no digest', image) for image in pod.images() if "@sha256:" not in image)
    elif rule.name == HOST_ACCESS:
        yield from ((what, "") for what in host_access(pod))
    elif rule.name == REQUIRED_LABELS and pod.labels is not None:
        missing = tuple(name for name in rule.values if not pod.labels.get(name))
        if missing:
            yield f"its pods lack the label{ending(len(missing))} {quoted(missing)}", ""


def refuses_job(rule: Rule, job: JobTemplate) -> bool:
    """Whether the rule on queues refuses a job."""
    kind = "Job" if job.kind == "CronJob" else job.kind
    return rule.name == QUEUE_NAME and kind in rule.values and job.gpu and not job.labels.get(QUEUE)


def verdicts(rules: Iterable[Rule], data: Mapping[str, Json]) -> list[tuple[Rule, str, str, str]]:
    """(rule, "pods of " or "", what is wrong, image or "") of each refusal of an object.

    An object that its schema refuses has a finding of its own, and may lack anything: it has none here.
    """
    try:
        pods = [
            (rule, "pods of ", what, image)
            for rule in rules
            for pod in pod_templates.pods(data)
            for what, image in refusals(rule, pod)
        ]
        jobs = [
            (rule, "", f"{job.kind} asks for GPUs without the label {QUEUE}", "")
            for rule in rules
            for job in pod_templates.jobs(data)
            if refuses_job(rule, job)
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []
    return pods + jobs


def from_registry(image: str, registries: tuple[str, ...]) -> bool:
    """Whether an image lies in one of the registries, each a host with or without the beginning of a repository.

    Names are compared as they are written: `nginx`, short for docker.io/library/nginx, is in no registry.
    """
    return any(image.startswith(f"{registry}/") for registry in registries)


def host_access(pod: PodTemplate) -> list[str]:
    """What of its node a pod reaches, as Pod Security's level baseline counts it, without capabilities."""
    found = [f"it has {name}" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(name)]
    for volume in pod.spec.get("volumes") or ():
        if volume.get("hostPath") is not None:
            found.append(f'its volume "{volume["name"]}" is a hostPath')
    for one in pod.containers():
        if (one.get("securityContext") or {}).get("privileged"):
            found.append(f'its container "{one.get("name", "")}" is privileged')
        if any(port.get("hostPort") for port in one.get("ports") or ()):
            found.append(f'its container "{one.get("name", "")}" has a hostPort')
    return found


def _registries(fleet: Fleet, cluster: Cluster, stated: list[str]) -> tuple[str, ...]:
    """Registries as images of the cluster begin: those of its mirror, where it has one."""
    mirror = mirrors.of(fleet, cluster.environment)
    return tuple(sorted(set(mirror.registries(stated) if mirror else stated)))


def _queued_kinds(cluster: Cluster) -> tuple[str, ...]:
    kueue = cluster.components.get("kueue")
    frameworks = kueue.settings["frameworks"] if kueue is not None else ()
    return tuple(sorted({FRAMEWORKS[name] for name in frameworks if name in FRAMEWORKS}))
