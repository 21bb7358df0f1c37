"""Whether each Application may do what it is for: its project, repositories, destination and every object it applies.

Argo CD answers all of it only when it syncs, and then the whole Application stands still (argocd.md 3 and 9)."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.analysis.argocd_projects import (
    Project,
    Target,
    destination_permitted,
    is_namespaced,
    kind_permitted,
    namespace_permitted,
    source_permitted,
)
from paddock.checks.whole_tree import Application, WholeTree, component_of, rendered, template_place
from paddock.diagnostics import Note, Place, Problem
from paddock.render import ObjectRef

IDS = (
    "unknown-project",
    "application-in-foreign-namespace",
    "source-not-in-project",
    "unknown-destination",
    "destination-not-in-project",
    "kind-not-in-project",
    "namespace-not-in-project",
    "applied-to-other-cluster",
    "create-namespace-not-permitted",
)


def check(tree: WholeTree) -> Iterator[Problem]:
    """Every Application against its project, then every object against the project of whatever applies it."""
    verdicts = _Verdicts(tree)
    for application in tree.applications:
        found = tree.projects.get(application.spec["project"])
        if found is not None:
            yield from _application(application, found[1], verdicts, tree)
        elif tree.all_environments:
            yield _unknown_project(application, tree)
    yield from _objects(verdicts, tree)


def _unknown_project(application: Application, tree: WholeTree) -> Problem:
    name = application.spec["project"]
    return Problem(
        id="unknown-project",
        message=f'Application "{application.name}" belongs to the project "{name}", which no AppProject of the tree is',
        place=template_place(application.ref, f"project: {name}"),
        related=rendered(application.ref),
        help=f"legal: {', '.join(sorted(tree.projects))}",
    )


def _application(application: Application, project: Project, verdicts: _Verdicts, tree: WholeTree) -> Iterator[Problem]:
    ref, name = application.ref, application.spec["project"]
    control = tree.fleet.platform.argocd_namespace
    if not namespace_permitted(project, ref.namespace, control=control):
        yield Problem(
            id="application-in-foreign-namespace",
            message=f'Application "{ref.name}" lies in the namespace "{ref.namespace}", where Argo CD does not '
            f'look for Applications of the project "{name}"',
            place=template_place(ref, f"namespace: {ref.namespace}"),
            related=rendered(ref),
            help=f'write it into Argo CD\'s own namespace "{control}"; another one must be in sourceNamespaces of the '
            "project and in application.namespaces of Argo CD",
        )
    for source in application.sources:
        url = source.data["repoURL"]
        if not source_permitted(project, url):
            yield Problem(
                id="source-not-in-project",
                message=f'Application "{ref.name}" reads {url}, which the project "{name}" does not allow',
                place=template_place(ref, f"repoURL: {url}"),
                related=(_stated(name, tree), *rendered(ref)),
                help=f"legal: {', '.join(project.get('sourceRepos') or ()) or 'no repository at all'}",
            )
    yield from _destination(application, project, verdicts, tree)


def _destination(application: Application, project: Project, verdicts: _Verdicts, tree: WholeTree) -> Iterator[Problem]:
    ref, name, destination = application.ref, application.spec["project"], application.spec["destination"]
    field = "name" if "name" in destination else "server"
    place = template_place(ref, f"name: {destination[field]}" if field == "name" else destination[field])
    target = tree.target(application)
    namespace = str(destination.get("namespace", ""))
    if target is None:
        yield Problem(
            id="unknown-destination",
            message=f'Application "{ref.name}" is synced to the cluster "{destination[field]}", '
            "which Argo CD does not know",
            place=place,
            related=rendered(ref),
            help=f"legal: {', '.join(sorted(tree.clusters))}",
        )
    elif namespace and not verdicts.namespace(name, target, namespace):
        yield Problem(
            id="destination-not-in-project",
            message=f'Application "{ref.name}" is synced to the namespace "{namespace}" of "{target.name}", which the '
            f'project "{name}" does not allow',
            place=place,
            related=(_stated(name, tree), *rendered(ref)),
            help=f"legal there: {_namespaces(project, target)}",
        )
    elif "CreateNamespace=true" in application.options and not kind_permitted(
        project, "", "Namespace", namespace, namespaced=False
    ):
        yield Problem(
            id="create-namespace-not-permitted",
            message=f'Application "{ref.name}" makes the namespace "{namespace}" itself (CreateNamespace=true), but '
            f'its project "{name}" does not allow that Namespace',
            place=template_place(ref, "CreateNamespace=true"),
            related=(_stated(name, tree), *rendered(ref)),
            help="leave CreateNamespace=true out and render the Namespace, or list it by name in the project's "
            "clusterResourceWhitelist (argo-cd#22869)",
        )


def _objects(verdicts: _Verdicts, tree: WholeTree) -> Iterator[Problem]:
    """One problem for each project, kind or namespace, and template, however many objects meet it."""
    found: dict[tuple[str, ...], list[tuple[ObjectRef, Application]]] = {}
    for ref, appliers in tree.applied:
        for application, _ in appliers:
            if fault := verdicts.fault(ref, application):
                found.setdefault(_cause(fault, ref, application), []).append((ref, application))
    for (fault, *_), objects in found.items():
        ref, application = objects[0]
        yield _problem(fault, ref, application, tree, more=len(objects) - 1)


def _cause(fault: str, ref: ObjectRef, application: Application) -> tuple[str, ...]:
    """What several objects have in common, so that they are one problem; its id comes first."""
    if fault == "applied-to-other-cluster":
        return (fault, application.name)
    subject = ref.namespace if fault == "namespace-not-in-project" else f"{ref.group}/{ref.kind}"
    return (fault, application.spec["project"], subject, ref.template)


class _Verdicts:
    """What keeps an object from being applied. The same few questions are asked of thousands of objects."""

    def __init__(self, tree: WholeTree) -> None:
        self._tree = tree
        self._targets: dict[str, Target | None] = {}
        self._kinds: dict[tuple[str, str, str, str], bool] = {}
        self._namespaces: dict[tuple[str, Target, str], bool] = {}

    def fault(self, ref: ObjectRef, application: Application) -> str:
        """An id; empty if nothing does, or if the Application has a finding of its own."""
        name = application.spec["project"]
        if application.name not in self._targets:
            self._targets[application.name] = self._tree.target(application)
        target = self._targets[application.name]
        if name not in self._tree.projects or target is None:
            return ""
        if self._tree.identity(target) != ref.cluster:
            return "applied-to-other-cluster"
        namespaced = is_namespaced(ref.group, ref.kind, ref.namespace)
        if not self._kind(name, ref, namespaced=namespaced):
            return "kind-not-in-project"
        namespace = ref.namespace or str(application.spec["destination"].get("namespace", ""))
        return "" if not namespaced or self.namespace(name, target, namespace) else "namespace-not-in-project"

    def _kind(self, name: str, ref: ObjectRef, *, namespaced: bool) -> bool:
        key = (name, ref.group, ref.kind, "" if namespaced else ref.name)
        if key not in self._kinds:
            project = self._tree.projects[name][1]
            self._kinds[key] = kind_permitted(project, ref.group, ref.kind, ref.name, namespaced=namespaced)
        return self._kinds[key]

    def namespace(self, name: str, target: Target, namespace: str) -> bool:
        """Whether a project may use a namespace of a cluster."""
        key = (name, target, namespace)
        if key not in self._namespaces:
            project = self._tree.projects[name][1]
            self._namespaces[key] = _may_go(project, name, target, namespace, self._tree)
        return self._namespaces[key]


def _problem(fault: str, ref: ObjectRef, application: Application, tree: WholeTree, *, more: int) -> Problem:
    notes = (Note(message=f'applied by Application "{application.name}"'), *rendered(ref, more=more))
    if fault == "applied-to-other-cluster":
        target = tree.target(application)
        return Problem(
            id=fault,
            message=f'Application "{application.name}" applies to cluster "{target.name if target else ""}" what was '
            f'rendered for "{ref.cluster}", such as {ref.kind} "{ref.name}"',
            place=template_place(application.ref, "destination:"),
            related=notes,
            help=f"write destination: {{name: {ref.cluster}}}: its schema and its names are those of that cluster",
        )
    if fault == "namespace-not-in-project":
        return _foreign_namespace(ref, application, tree, notes)
    return _foreign_kind(ref, application, tree, notes)


def _foreign_namespace(ref: ObjectRef, application: Application, tree: WholeTree, notes: tuple[Note, ...]) -> Problem:
    name, component = application.spec["project"], component_of(ref, tree)
    own = component is not None and component.path
    return Problem(
        id="namespace-not-in-project",
        message=f'{ref.kind} "{ref.name}" lies in the namespace "{ref.namespace}", which the project "{name}" does not '
        f'allow on cluster "{ref.cluster}"',
        place=template_place(ref, f"namespace: {ref.namespace}"),
        related=(_stated(name, tree), *notes),
        help=f"write it into another namespace, or add {ref.namespace} to extraNamespaces of {own}, or to its "
        "ownNamespaces if nobody else makes it"
        if own
        else "write it into a namespace of the project",
    )


def _foreign_kind(ref: ObjectRef, application: Application, tree: WholeTree, notes: tuple[Note, ...]) -> Problem:
    name, component = application.spec["project"], component_of(ref, tree)
    kind = f"{ref.kind} of {ref.group}" if ref.group else ref.kind
    if component is not None and not is_namespaced(ref.group, ref.kind, ref.namespace):
        stated = bool(component.data["clusterResources"])
        return Problem(
            id="kind-not-in-project",
            message=f'component "{component.name}" renders a {kind}, which has no namespace and is not among its '
            f'clusterResources, so that the project "{name}" does not allow it',
            place=Place(path=component.path, pointer=("clusterResources",), key=True)
            if stated
            else Place(path=component.path, line=1),
            related=(*notes, Note(message="by this template", place=template_place(ref, f"kind: {ref.kind}"))),
            help=f'add {{group: "{ref.group}", kind: {ref.kind}}} to clusterResources',
        )
    return Problem(
        id="kind-not-in-project",
        message=f'the template renders a {kind}, which the project "{name}" does not allow',
        place=template_place(ref, f"kind: {ref.kind}"),
        related=(_stated(name, tree), *notes),
        help="leave it out, or render it as part of a component or team, which the platform's project applies",
    )


def _may_go(project: Project, name: str, target: Target, namespace: str, tree: WholeTree) -> bool:
    """Whether a project may use a namespace of a cluster; IsDestinationPermitted, clusters of one project included."""
    if not destination_permitted(project, target, namespace):
        return False
    if not project.get("permitOnlyProjectScopedClusters"):
        return True
    return any(own == name for _, known, own in tree.secrets if known == target)


def _namespaces(project: Project, target: Target) -> str:
    entries = [one for one in project.get("destinations") or () if target.name in (one.get("name"), target.server)]
    return ", ".join(sorted({one["namespace"] for one in entries})) or "no namespace of that cluster"


def _stated(name: str, tree: WholeTree) -> Note:
    return Note(message=f'AppProject "{name}": {tree.projects[name][0].path}')
