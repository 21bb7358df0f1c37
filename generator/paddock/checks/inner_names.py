"""Each name by which one part of a rendered object needs another part of it is borne by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis import inner_names
from paddock.analysis.pod_kinds import KUBERNETES
from paddock.model import Json
from paddock.render import ObjectRef
from paddock.schema import Fault
from paddock.wording import instead

IDS = ("unknown-inner-name",)

_KINDS = KUBERNETES | {"ClusterWorkflowTemplate", "Workflow", "WorkflowTemplate"}


def check(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    """Mounts without a volume, claims without a device, probes of no port, steps of no template."""
    if ref.kind not in _KINDS:
        return
    for what, name, pointer, legal in inner_names.missing(data):
        yield Fault(
            id="unknown-inner-name",
            message=f'the rendered {ref.kind} names the {what} "{name}", which it does not have',
            pointer=pointer,
            help=instead(name, legal) if legal else "there is none at all",
        )
