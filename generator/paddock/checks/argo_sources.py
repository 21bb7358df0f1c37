"""What Applications read: folders and value files that are there, nothing else beside the objects, each object once.

Argo CD names such a fault only after the merge (argocd.md 2.4, 9; argo-cd#16024, #21228, #24346, #23564)."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping

from paddock.analysis.argocd_paths import is_below, is_covered, outermost, refresh_paths
from paddock.analysis.argocd_patterns import is_pattern, place
from paddock.catalogue import FOLDER
from paddock.checks.whole_tree import Application, WholeTree, rendered, template_place
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Json
from paddock.render import ObjectRef
from paddock.wording import nearest, quoted

IDS = (
    "source-folder-missing",
    "values-file-missing",
    "foreign-file-in-folder",
    "generate-paths-too-narrow",
    "object-in-two-applications",
    "two-spellings-of-repository",
)
PATHS = "argocd.argoproj.io/manifest-generate-paths"


def check(tree: WholeTree) -> Iterator[Problem]:
    """The files behind each Application, then what several of them share."""
    texts = {name: _folders(files) for name, files in tree.trees.items()}
    objects = {(one.environment, one.path) for one in tree.objects}
    for application in tree.applications:
        yield from _missing(application, texts, tree)
        yield from _foreign(application, objects, tree)
        yield from _narrow(application, tree)
    yield from _shared(tree)
    yield from _spellings(tree)


def _folders(files: Mapping[str, str]) -> set[str]:
    """Every folder of a tree."""
    found = {"."}
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _missing(application: Application, folders: Mapping[str, set[str]], tree: WholeTree) -> Iterator[Problem]:
    ref = application.ref
    for source in application.sources:
        known = folders.get(source.environment or "")
        if known is not None and source.folder is not None and source.folder not in known:
            yield Problem(
                id="source-folder-missing",
                message=f'Application "{ref.name}" applies the folder {source.folder}, to which nothing is rendered',
                place=template_place(ref, f"path: {source.data['path']}"),
                related=rendered(ref),
                help=f"name a folder as it stands from the root of the branch of {source.environment}"
                + _near(source.folder, known),
            )
    for file, environment in value_files(application):
        if environment is not None and file not in tree.trees[environment]:
            yield Problem(
                id="values-file-missing",
                message=f'Application "{ref.name}" reads the values file {file}, which is not in the tree of '
                f"{environment}",
                place=template_place(ref, file),
                related=rendered(ref),
                help="write its path from the root of the repository, also behind a $reference (argo-cd#16024)"
                + _near(file, tree.trees[environment]),
            )


def value_files(application: Application) -> Iterator[tuple[str, str | None]]:
    """(path, environment of the tree) of each values file: by `$name/` those of another source, else beside the chart
    or below the source's folder. Patterns, URLs and what may be missing are left out."""
    named = {str(one.data["ref"]): one for one in application.sources if "ref" in one.data}
    for source in application.sources:
        helm = source.data.get("helm") or {}
        for file in () if helm.get("ignoreMissingValueFiles") else helm.get("valueFiles") or ():
            if is_pattern(file) or "://" in file:
                continue
            name, slash, rest = file.partition("/")
            if name.startswith("$"):
                other = named.get(name[1:])
                # One that no source is called is missing wherever one looks.
                known = other is not None and bool(slash)
                yield posixpath.normpath(rest) if known else file, other.environment if other else _tree(application)
            elif source.folder is not None:
                below = file.lstrip("/") if file.startswith("/") else f"{source.folder}/{file}"
                yield posixpath.normpath(below), source.environment


def _tree(application: Application) -> str | None:
    return next((one.environment for one in application.sources if one.environment is not None), None)


def _foreign(application: Application, objects: set[tuple[str, str]], tree: WholeTree) -> Iterator[Problem]:
    ref = application.ref
    for source in application.sources:
        if source.environment is None or source.folder is None or "helm" in source.data:
            continue
        for path in tree.below(source.environment, source.folder):
            manifest = source.reads(path) and path.endswith((".yaml", ".yml", ".json"))
            if manifest and (source.environment, path) not in objects:
                yield Problem(
                    id="foreign-file-in-folder",
                    message=f'Application "{ref.name}" applies the folder {source.folder}, in which {path} is no '
                    "Kubernetes object",
                    place=template_place(ref, f"path: {source.data['path']}"),
                    related=rendered(ref),
                    help="apply a folder of objects only, e.g. resources/ of a component (argo-cd#21228)",
                )


def _narrow(application: Application, tree: WholeTree) -> Iterator[Problem]:
    """Files that it reads, and whose change would not make Argo CD render it again."""
    stated = application.annotations.get(PATHS, "")
    if not stated.strip():
        return  # every commit refreshes it
    paths = refresh_paths(stated, [str(one.data.get("path", "")) for one in application.sources])
    values = value_files(application)
    read = [(file, name) for file, name in values if name is not None and file in tree.trees[name]]
    for source in application.sources:
        if source.environment is not None and source.folder is not None and not is_below(source.folder, paths):
            inside = tree.below(source.environment, source.folder)
            read += [(path, source.environment) for path in inside if source.reads(path)]
    missed = sorted({file for file, _ in read if not is_covered(file, paths)})
    if missed:
        yield Problem(
            id="generate-paths-too-narrow",
            message=f'Application "{application.name}" reads {missed[0]}, which its manifest-generate-paths leave out: '
            "a commit that changes that file alone would not be synced",
            place=template_place(application.ref, PATHS),
            related=rendered(application.ref, more=0),
            help=f'write "{";".join(f"/{one}" for one in _needed(application, missed))}"',
        )


def _needed(application: Application, missed: list[str]) -> list[str]:
    """The shortest list that covers what is read: the folders applied, and those of value files."""
    applied = [one.folder for one in application.sources if one.environment is not None and one.folder is not None]
    return outermost([*applied, *(file.rpartition("/")[0] for file in missed)])


def _shared(tree: WholeTree) -> Iterator[Problem]:
    """Folders that two Applications apply: one problem for each pair."""
    found: dict[tuple[str, ...], list[ObjectRef]] = {}
    owners: dict[tuple[str, ...], Application] = {}
    for ref, appliers in tree.applied:
        applications = {application.name: application for application, _ in appliers}
        if len(applications) > 1:
            found.setdefault(tuple(sorted(applications)), []).append(ref)
            # It is the Application of a template of the repository that is one too many, if any is.
            owners.setdefault(tuple(sorted(applications)), _added(list(applications.values())))
    for names, objects in found.items():
        ref, application = objects[0], owners[names]
        yield Problem(
            id="object-in-two-applications",
            message=f'{ref.kind} "{ref.name}" is applied by the Applications '
            f"{quoted(names, link=' and ')}: whichever is deleted takes it along",
            place=template_place(application.ref, "path:"),
            related=rendered(ref, more=len(objects) - 1),
            help="let each folder be applied by one Application (argo-cd#22607)",
        )


def _added(applications: list[Application]) -> Application:
    return next((one for one in applications if _added_by(one.ref)), applications[0])


def _added_by(ref: ObjectRef) -> bool:
    """Whether an object is one of a component's template, and none that the program renders by itself."""
    return ref.template.startswith(FOLDER)


def _spellings(tree: WholeTree) -> Iterator[Problem]:
    found: dict[str, dict[str, tuple[ObjectRef, Json]]] = {}
    for application in tree.applications:
        for source in application.sources:
            url = source.data["repoURL"]
            found.setdefault(place(url), {}).setdefault(url, (application.ref, source))
    for spellings in found.values():
        if len(spellings) > 1:
            own = tree.fleet.platform.repository_url
            urls = sorted(spellings, key=lambda url: (url != own, _added_by(spellings[url][0]), url))
            first, ref = (spellings[url][0] for url in urls[:2])
            yield Problem(
                id="two-spellings-of-repository",
                message=f"one repository is written {' and '.join(urls)}: Argo CD takes them for two",
                place=_url_place(ref, urls[1], tree),
                # Of charts nothing but the credentials and the cache are double.
                severity=Severity.ERROR if own in urls else Severity.WARNING,
                related=(*rendered(ref), Note(message="the other spelling", place=_url_place(first, urls[0], tree))),
                help=f"write {urls[0]} everywhere (argo-cd#23564)",
            )


def _url_place(ref: ObjectRef, url: str, tree: WholeTree) -> Place:
    """Where a repository is written: in the template of an Application, or in the component whose chart it has."""
    if not _added_by(ref):
        for component in tree.catalogue.values():
            if (component.data.get("chart") or {}).get("repository") == url:
                return Place(path=component.path, pointer=("chart", "repository"))
    return template_place(ref, f"repoURL: {url}")


def _near(name: str, legal: Collection[str]) -> str:
    near = nearest(name, legal)
    return f'; did you mean "{near}"?' if near else ""
