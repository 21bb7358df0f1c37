"""Pods that the Pod Security level of their namespace refuses: Kubernetes would say so only after the merge, and of a
Deployment's pods only in an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis import pod_security, pod_templates
from paddock.model import Fleet, Json
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("pod-violates-security-level",)
KINDS = pod_templates.BEARERS
_ENFORCE = "pod-security.kubernetes.io/enforce"
_URL = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"


def check(ref: ObjectRef, data: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    """Every control of the enforced level that a pod of the object violates."""
    namespace = fleet.namespaces.get(ref.cluster, {}).get(ref.namespace)
    level = namespace.labels.get(_ENFORCE, "") if namespace is not None else ""
    if level not in (pod_security.BASELINE, pod_security.RESTRICTED):
        return
    if _runs_elsewhere(ref, fleet):
        return
    for pod in pod_templates.pods(data):
        for one in pod_security.violations(pod, level, ref.kubernetes_version):
            yield _fault(ref, level, one)


def _runs_elsewhere(ref: ObjectRef, fleet: Fleet) -> bool:
    """Whether the object is a workload's on a cluster that sends its runs away: no pod of it starts there."""
    workload = ref.workload(fleet)
    return workload is not None and ref.path.split("/")[1] not in workload.clusters


def _fault(ref: ObjectRef, level: str, found: pod_security.Violation) -> Fault:
    return Fault(
        id="pod-violates-security-level",
        message=f'Pod Security refuses the pods of {ref.kind} "{ref.name}": {found.what}, and namespace '
        f'"{ref.namespace}" enforces the level {level} (control "{found.control}")',
        pointer=found.pointer,
        help=f"change it as the level {level} asks ({_URL})",
    )
