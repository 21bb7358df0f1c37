"""What pods reach of their host where no level of Pod Security keeps them: teams nothing, the platform what it lists.

Namespaces of teams with EFA are privileged, because no weaker level lets a pod lock memory (gpu-platform.md 6.2); that
is all they are for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis import admission, pod_security, pod_templates
from paddock.analysis.pod_security import BASELINE, RESTRICTED, Violation
from paddock.analysis.pod_templates import PodTemplate
from paddock.model import Fleet, Json
from paddock.render import ObjectRef
from paddock.schema import Fault
from paddock.wording import quoted

IDS = ("host-path-not-allowed", "team-pod-reaches-host")
KINDS = pod_templates.BEARERS

_ENFORCE = "pod-security.kubernetes.io/enforce"
_EFA = "adds the capability IPC_LOCK"


def check(ref: ObjectRef, data: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    """Pods in privileged namespaces, and in those that are EKS' own, which enforce no level."""
    if not ref.namespace or ref.cluster not in fleet.namespaces:
        return
    namespace = fleet.namespaces[ref.cluster].get(ref.namespace)
    if namespace is not None and namespace.labels.get(_ENFORCE) in (BASELINE, RESTRICTED):
        return  # pod_security.py
    if namespace is not None and not namespace.components:
        yield from _team(ref, data, fleet)
    else:
        allowed = fleet.platform.data["admission"]["hostPaths"]
        for pod in pod_templates.pods(data):
            yield from _platform(ref, pod, allowed)


def _team(ref: ObjectRef, data: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    found = [
        one
        for pod in pod_templates.pods(data)
        for one in pod_security.violations(pod, BASELINE, ref.kubernetes_version)
        if not one.what.endswith(_EFA)
    ]
    if found and not _is_refused(ref, fleet):
        yield from (_reaches(ref, one) for one in found)


def _is_refused(ref: ObjectRef, fleet: Fleet) -> bool:
    """Whether Kyverno's policy on hosts is enforced there: admission_policies.py says what it refuses."""
    cluster = next(one for one in fleet.clusters() if one.identity == ref.cluster)
    rule = admission.on_cluster(fleet, cluster).get(admission.HOST_ACCESS)
    return rule is not None and rule.enforced


def _reaches(ref: ObjectRef, found: Violation) -> Fault:
    return Fault(
        id="team-pod-reaches-host",
        message=f'pods of {ref.kind} "{ref.name}" reach their host: {found.what} (control "{found.control}"), and '
        f'namespace "{ref.namespace}" of a team is privileged for the sake of EFA alone',
        pointer=found.pointer,
        help="take it out: other teams run on the same nodes",
    )


def _platform(ref: ObjectRef, pod: PodTemplate, allowed: list[str]) -> Iterator[Fault]:
    for pointer, path in pod_security.host_paths(pod):
        if not pod_security.is_below(path, allowed):
            legal = quoted(sorted(allowed)) or "none"
            yield Fault(
                id="host-path-not-allowed",
                message=f'pods of {ref.kind} "{ref.name}" mount "{path}" of their host; legal: {legal}',
                pointer=pointer,
                help="use another kind of volume, or add the path to spec.admission.hostPaths of the platform",
            )
