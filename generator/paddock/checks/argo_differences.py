"""Differences that an Application ignores although ignoring them breaks its syncs: elements of lists in custom
resources, and required fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.analysis.argocd_differences import enters_list, is_required, jq_steps, pointer_steps
from paddock.analysis.argocd_projects import BUILT_IN_GROUPS
from paddock.catalogue import FOLDER
from paddock.checks.whole_tree import WholeTree, template_place
from paddock.diagnostics import Place, Problem
from paddock.kubernetes import ObjectSchemas
from paddock.model import Json

IDS = ("ignored-array-element", "ignored-required-field")
_VERSIONS = ("v1", "v1beta2", "v1beta1", "v2", "v1alpha1")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ignored:
    """A path that is ignored, whoever says so, and where."""

    group: str
    kind: str
    path: str
    jq: bool
    place: Place


def check(tree: WholeTree) -> Iterator[Problem]:
    """What the components on some cluster ignore, and what Applications of templates do."""
    schemas: dict[tuple[str, str], Json] = {}
    for one in (*_of_components(tree), *_of_applications(tree)):
        kind = f"{one.kind} of {one.group}" if one.group else one.kind
        if one.group not in BUILT_IN_GROUPS and enters_list(one.path, jq=one.jq):
            yield Problem(
                id="ignored-array-element",
                message=f"{one.path} of a {kind} is an element of a list, and of a custom resource Argo CD keeps the "
                "whole list as it is on the cluster: no change of it would arrive",
                place=one.place,
                help="ignore the whole list knowingly, or the fields of one manager by managedFieldsManagers "
                "(argo-cd#9678, #17694)",
            )
            continue
        steps = jq_steps(one.path) if one.jq else pointer_steps(one.path)
        key = (one.group, one.kind)
        if steps and key not in schemas:
            schemas[key] = _schema(*key, tree)
        if steps and schemas[key] is not None and is_required(schemas[key], steps):
            yield Problem(
                id="ignored-required-field",
                message=f"{one.path} of a {kind} is required: Argo CD takes it out before it compares on the server, "
                "which refuses the rest",
                place=one.place,
                help="ignore a field below it, or ServerSideDiff=false in compareOptions (argo-cd#24275)",
            )


def _of_components(tree: WholeTree) -> Iterator[_Ignored]:
    used = {name for cluster in tree.fleet.clusters() for name in cluster.components}
    for name in sorted(used & tree.catalogue.keys()):
        component = tree.catalogue[name]
        for number, entry in enumerate(component.data["ignoreDifferences"]):
            if "ServerSideDiff=false" in component.data["compareOptions"]:
                continue
            for path, jq, pointer in _paths(entry):
                place = Place(path=component.path, pointer=("ignoreDifferences", number, *pointer))
                yield _Ignored(group=entry.get("group", ""), kind=entry["kind"], path=path, jq=jq, place=place)


def _of_applications(tree: WholeTree) -> Iterator[_Ignored]:
    for application in tree.applications:
        if application.ref.template.startswith(FOLDER) and "RespectIgnoreDifferences=true" in application.options:
            for entry in application.spec.get("ignoreDifferences") or ():
                for path, jq, _ in _paths(entry):
                    place = template_place(application.ref, path)
                    yield _Ignored(group=entry.get("group", ""), kind=entry["kind"], path=path, jq=jq, place=place)


def _paths(entry: Mapping[str, Json]) -> Iterator[tuple[str, bool, tuple[str | int, ...]]]:
    """(path, whether it is of jq, pointer) of each path of an entry of ignoreDifferences."""
    for field in ("jsonPointers", "jqPathExpressions"):
        for index, path in enumerate(entry.get(field) or ()):
            yield path, field == "jqPathExpressions", (field, index)


def _schema(group: str, kind: str, tree: WholeTree) -> Json:
    """The schema of a kind for the oldest Kubernetes of the fleet, in whatever version there is; None if in none."""
    versions = {one.kubernetes_version for one in tree.fleet.clusters()}
    schemas = ObjectSchemas(min(versions, key=lambda one: int(one.split(".")[1])), tree.schemas)
    for version in _VERSIONS:
        api_version = f"{group}/{version}" if group else version
        if schemas.uri(api_version, kind) is not None:
            return schemas.standalone(api_version, kind)
    return None
