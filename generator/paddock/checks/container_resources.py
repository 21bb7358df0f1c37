"""Containers of the platform without a memory limit or a request: one that leaks takes its whole node with it.

Those in namespaces of teams get both from the LimitRange there, where they do not state them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis import pod_templates
from paddock.analysis.pod_kinds import KUBERNETES
from paddock.catalogue import FOLDER
from paddock.diagnostics import Pointer, Severity
from paddock.model import Fleet, Json
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("resource-limits-missing", "unpinned-image")

KINDS = KUBERNETES - {"Pod"}


def check(ref: ObjectRef, data: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    """Pods that a component's template writes itself, in a namespace of components; charts have values for theirs."""
    if not ref.template.startswith(FOLDER):
        return
    namespace = fleet.namespaces.get(ref.cluster, {}).get(ref.namespace)
    limited = namespace is not None and not namespace.components
    for pod in pod_templates.pods(data):
        for at, one in pod.numbered():
            if not limited and at[0] != "ephemeralContainers":
                yield from _resources(ref, pod.pointer(*at), one)
            yield from _image(ref, pod.pointer(*at), one)


def _resources(ref: ObjectRef, at: Pointer, one: Mapping[str, Json]) -> Iterator[Fault]:
    resources = one.get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    # A limit without a request is the request, too.
    missing = [] if "memory" in limits else ["limits.memory"]
    missing += [] if "cpu" in requests or "cpu" in limits else ["requests.cpu"]
    if missing:
        yield Fault(
            id="resource-limits-missing",
            message=f'container "{one["name"]}" of {ref.kind} "{ref.name}" has no {" and no ".join(missing)}',
            pointer=at,
            severity=Severity.WARNING,
            help="state resources: the limit keeps a leak from the node, and the scheduler counts requests",
        )


def _image(ref: ObjectRef, at: Pointer, one: Mapping[str, Json]) -> Iterator[Fault]:
    """An image whose tag may be another image tomorrow: none is `latest`."""
    image = one.get("image") or ""
    tag = image.rpartition("/")[2].partition(":")[2]
    if image and "@sha256:" not in image and tag in ("", "latest"):
        yield Fault(
            id="unpinned-image",
            message=f'container "{one["name"]}" of {ref.kind} "{ref.name}" runs "{image}", whatever that is when a '
            "pod starts",
            pointer=at,
            severity=Severity.WARNING,
            help="add a tag of a release, better a digest",
        )
