"""What must be there before something else is applied, and how it is applied: CRDs, waves, Namespaces, size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis.argocd_projects import BUILT_IN_GROUPS, KEPT_DATA
from paddock.catalogue import Component
from paddock.checks.whole_tree import (
    WAVE,
    Application,
    WholeTree,
    component_of,
    rendered,
    template_place,
)
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster
from paddock.names import application_name
from paddock.render import ObjectRef

IDS = (
    "kind-without-crd",
    "crd-after-consumer",
    "waves-without-health",
    "needs-server-side-apply",
    "namespace-managed-twice",
    "replaced-with-its-data",
)
ANNOTATION_LIMIT = 262_144
"""Bytes of all annotations of an object: client-side apply keeps the whole object in one (argo-cd#820)."""
HEALTH = "resource.customizations.health.argoproj.io_Application"
_LATER = "SkipDryRunOnMissingResource=true"


def check(tree: WholeTree) -> Iterator[Problem]:
    """Kinds and their CRDs, then what Applications say of how and when they are applied."""
    yield from _crds(tree)
    yield from _health(tree)
    yield from _applied(tree)


def _crds(tree: WholeTree) -> Iterator[Problem]:
    """Custom kinds whose CRD is a component's: one problem for each kind of a template, or component that is late."""
    clusters = {one.identity: one for one in tree.fleet.clusters()}
    owners = _owners(tree.catalogue)
    waves = {(one.ref.environment, one.name): one.wave for one in tree.applications}
    seen: set[tuple[str, ...]] = set()
    owning: dict[tuple[str, str], list[str]] = {}
    for ref, appliers in tree.applied:
        if ref.group in BUILT_IN_GROUPS or ref.cluster not in clusters:
            continue
        if (ref.group, ref.kind) not in owning:
            owning[ref.group, ref.kind] = _owning(ref, owners)
        known, cluster = owning[ref.group, ref.kind], clusters[ref.cluster]
        if not known or _otherwise(ref, known, cluster, tree):
            continue
        here = [one for one in known if one in cluster.components]
        for application, _ in appliers:
            problem = _absent(ref, known, cluster, tree) if not here else None
            if here and not _waits(ref, application, tree):
                first = here[0]
                provider = application_name(cluster.identity, first)
                wave = waves.get((cluster.environment, provider))
                if wave is not None and provider != application.name and wave >= application.wave:
                    problem = _late(ref, application, first, wave)
            cause = (application.name, *here[:1]) if here else (ref.template, ref.kind, ref.cluster)
            if problem is not None and cause not in seen:
                seen.add(cause)
                yield problem


def _owners(catalogue: Mapping[str, Component]) -> dict[str, list[tuple[str, str]]]:
    """(plural name of a CRD, component) by API group."""
    found: dict[str, list[tuple[str, str]]] = {}
    for component in catalogue.values():
        for crd in component.data["crds"]:
            plural, _, group = crd.partition(".")
            found.setdefault(group, []).append((plural, component.name))
    return found


def _owning(ref: ObjectRef, owners: Mapping[str, list[tuple[str, str]]]) -> list[str]:
    """The components that own an object's CRD. The plural is the kind's in lower case, as controller-gen derives it."""
    kind = ref.kind.lower()
    plurals = {f"{kind}s", f"{kind}es", f"{kind[:-1]}ies", kind}
    return sorted({name for plural, name in owners.get(ref.group, ()) if plural in plurals})


def _otherwise(ref: ObjectRef, known: list[str], cluster: Cluster, tree: WholeTree) -> bool:
    """Whether a CRD is there without its component: Argo CD's own on the hub, which may be the capability of EKS, and
    what an add-on of the component's name brings."""
    on_hub = ref.cluster == tree.fleet.platform.hub_identity
    return ("argo-cd" in known and on_hub) or any(name in cluster.data["eks"]["addons"] for name in known)


def _waits(ref: ObjectRef, application: Application, tree: WholeTree) -> bool:
    """Whether Argo CD may apply an object whose kind is not there yet, and tries again."""
    if _LATER in application.options:
        return True
    return _LATER in tree.trees[ref.environment][ref.path]


def _absent(ref: ObjectRef, known: list[str], cluster: Cluster, tree: WholeTree) -> Problem:
    component = component_of(ref, tree)
    return Problem(
        id="kind-without-crd",
        message=f'the template renders a {ref.kind} of {ref.group} on cluster "{cluster.identity}", where no component '
        "brings its CRD",
        place=ref.mended_at(f"kind: {ref.kind}"),
        related=(*rendered(ref), Note(message="by this template", place=template_place(ref, f"kind: {ref.kind}"))),
        help=f"enable {' or '.join(known)} there"
        + (f", and add it to requires of {component.path}" if component is not None else ""),
    )


def _late(ref: ObjectRef, application: Application, owner: str, wave: int) -> Problem:
    return Problem(
        id="crd-after-consumer",
        message=f'Application "{application.name}" applies a {ref.kind} in wave {application.wave}, and component '
        f'"{owner}", which brings its CRD, comes in wave {wave}',
        place=template_place(application.ref, WAVE),
        related=rendered(ref),
        help=f"write a wave after {wave}, or the sync option {_LATER} (argocd.md 5.3)",
    )


def _health(tree: WholeTree) -> Iterator[Problem]:
    """Without its own health check of Applications, Argo CD waits for none of them (argo-cd#3781, #16870)."""
    hub = tree.fleet.hub
    if hub is None or "argo-cd" not in hub.components or hub.environment not in tree.trees:
        return
    waves = {one.wave for one in tree.applications}
    path = f"clusters/{hub.name}/components/argo-cd/values.yaml"
    if len(waves) > 1 and HEALTH not in tree.trees[hub.environment].get(path, ""):
        component = tree.catalogue["argo-cd"]
        yield Problem(
            id="waves-without-health",
            message=f"the values of argo-cd lack {HEALTH}, so that no wave of Applications waits for the one before",
            place=Place(path=component.values or component.path, line=1),
            related=(
                Note(message=f"rendered to {path}"),
                Note(message="rendered for this hub", place=hub.name_place()),
            ),
            help="write it below configs.cm, with Lua that returns obj.status.health",
        )


def _applied(tree: WholeTree) -> Iterator[Problem]:
    done: set[tuple[str, str]] = set()
    for ref, appliers in tree.applied:
        for application, _ in appliers:
            for problem in _object(ref, application, tree):
                if (problem.id, application.name) not in done:
                    done.add((problem.id, application.name))
                    yield problem


def _object(ref: ObjectRef, application: Application, tree: WholeTree) -> Iterator[Problem]:
    text = tree.trees[ref.environment][ref.path]
    kind = (ref.group, ref.kind)
    if "ServerSideApply=true" not in application.options and len(text) > ANNOTATION_LIMIT // 2:
        size = len(text.encode())
        if size > ANNOTATION_LIMIT and "ServerSideApply=true" not in text:
            yield Problem(
                id="needs-server-side-apply",
                message=f'{ref.kind} "{ref.name}" has {size:,} bytes, and Application "{application.name}" does not '
                f"apply it on the server: the client keeps a copy in an annotation of at most {ANNOTATION_LIMIT:,}",
                place=template_place(application.ref, "syncOptions:"),
                related=rendered(ref),
                help="add ServerSideApply=true to its syncOptions (argo-cd#820)",
            )
    policy = application.spec.get("syncPolicy") or {}
    managed = "managedNamespaceMetadata" in policy and application.spec["destination"].get("namespace") == ref.name
    if managed and kind == ("", "Namespace"):
        yield Problem(
            id="namespace-managed-twice",
            message=f'Application "{application.name}" has managedNamespaceMetadata and applies the Namespace '
            f'"{ref.name}" itself: the labels of the two overwrite each other',
            place=template_place(application.ref, "managedNamespaceMetadata:"),
            related=rendered(ref),
            help="write the labels into the Namespace, and leave managedNamespaceMetadata out (argo-cd#16995)",
        )
    if "Replace=true" in application.options and kind in KEPT_DATA:
        yield Problem(
            id="replaced-with-its-data",
            message=f'Application "{application.name}" replaces what it applies (Replace=true), and one of its '
            f"objects is a {ref.kind}: whatever is in it is lost with it",
            place=template_place(application.ref, "Replace=true"),
            related=rendered(ref),
            help="leave Replace=true out, or write it as an annotation of the one object that needs it (argo-cd#18245)",
        )
