"""What is wrong with one Application by itself: a name too long for labels and releases, a finalizer in production."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.diagnostics import Severity
from paddock.model import Fleet, Json
from paddock.names import APPLICATION_LIMIT, LABEL_LIMIT
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("application-name-too-long", "cascade-in-production")


def check(ref: ObjectRef, data: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    """One Application."""
    if ref.kind == "Application" and ref.group == "argoproj.io":
        yield from _name(ref, data["spec"])
        yield from _finalizer(ref, data["metadata"], fleet)


def _name(ref: ObjectRef, spec: Mapping[str, Json]) -> Iterator[Fault]:
    """Names are labels of what Argo CD makes, and the release where no other is stated (argo-cd#13645, #4045)."""
    charts = [one for one in spec.get("sources") or [spec["source"]] if "chart" in one]
    released = any("releaseName" not in (one.get("helm") or {}) for one in charts)
    limit, what = (APPLICATION_LIMIT, "a Helm release") if released else (LABEL_LIMIT, "a label")
    if len(ref.name) > limit:
        yield Fault(
            id="application-name-too-long",
            message=f'the name of Application "{ref.name}" has {len(ref.name)} characters; '
            f"as {what} it may have {limit}",
            pointer=("metadata",),
            key=True,
            help="shorten it" + (", or state helm.releaseName" if released and len(ref.name) <= LABEL_LIMIT else ""),
        )


def _finalizer(ref: ObjectRef, metadata: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    """In production nothing that runs goes with an Application (argo-cd#10949)."""
    environment = fleet.environments.get(ref.environment)
    if environment is not None and environment.production and metadata.get("finalizers"):
        yield Fault(
            id="cascade-in-production",
            message=f'Application "{ref.name}" of the production environment "{environment.name}" has a finalizer: '
            "whoever deletes it deletes everything that it has applied",
            pointer=("metadata", "finalizers"),
            severity=Severity.WARNING,
            help="leave finalizers out in production; what goes is removed by a change of its specs",
        )
