"""How a project could be left: what an AppProject permits that nobody outside the platform team may have.

The holes are those of argocd.md 3.1; a project of a team or of anybody else is a tenant's, the platform's are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis.argocd_patterns import file_match, glob, is_pattern
from paddock.analysis.argocd_projects import (
    Project,
    Target,
    destination_permitted,
    grant,
    kind_permitted,
    policy_fault,
    source_namespace,
    wide_repository,
)
from paddock.checks.whole_tree import IN_CLUSTER
from paddock.diagnostics import Pointer
from paddock.model import Fleet, Json
from paddock.projects import infrastructure_project_name, platform_project_name, root_project_name
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = (
    "default-project-open",
    "argo-cd-namespace-open",
    "tenant-creates-applications",
    "tenant-cluster-kind",
    "tenant-grants-roles",
    "tenant-makes-identities",
    "tenant-on-any-cluster",
    "namespace-without-name",
    "repository-pattern-too-wide",
    "privileged-project-role",
    "invalid-project-policy",
    "duplicate-project-entry",
    "source-namespace-open",
    "source-namespace-missing",
)
_ARGO_CD_KINDS = ("AppProject", "Application", "ApplicationSet")
_ROLES = ("Role", "RoleBinding")
_IDENTITIES = (
    ("eks.services.k8s.aws", ("AccessEntry", "PodIdentityAssociation")),
    ("iam.services.k8s.aws", ("Policy", "Role")),
)
_PRIVILEGED = {"*": "everything", "create": "Applications", "override": "another source"}
_PARTS = {
    "parts": "it has not six parts",
    "subject": "its subject is not this project and role",
    "action": "its action is none of Argo CD's",
    "object": "its object is not of this project",
}


def check(ref: ObjectRef, data: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    """One AppProject."""
    if ref.kind != "AppProject" or ref.group != "argoproj.io":
        return
    project: Project = data["spec"]
    yield from _sources(project)
    yield from _namespaces(project)
    yield from _policies(ref.name, project)
    yield from _twice(project)
    yield from _source_namespaces(project, fleet)
    if ref.name == "default":
        yield from _default(project)
    elif ref.name not in _of_platform(fleet):
        yield from _tenant(project, fleet)


def _of_platform(fleet: Fleet) -> set[str]:
    names = (infrastructure_project_name, platform_project_name, root_project_name)
    return {name(environment) for environment in fleet.environments.values() for name in names}


def _default(project: Project) -> Iterator[Fault]:
    """Argo CD makes the project `default` by itself, and every Application that names none belongs to it."""
    open_fields = [name for name in ("sourceRepos", "destinations", "clusterResourceWhitelist") if project.get(name)]
    any_kind = kind_permitted(project, "any.example.com", "Any", "any", namespaced=True)
    if open_fields or any_kind:
        field = open_fields[0] if open_fields else "namespaceResourceBlacklist"
        yield Fault(
            id="default-project-open",
            message=f'the project "default" is not locked: its {field} '
            + ("is not empty" if open_fields else "does not refuse every kind"),
            pointer=("spec", field) if field in project else ("spec",),
            key=field in project,
            help="empty sourceRepos and destinations, and namespaceResourceBlacklist: [{group: '*', kind: '*'}]",
        )


def _tenant(project: Project, fleet: Fleet) -> Iterator[Fault]:
    hub, control = fleet.hub, fleet.platform.argocd_namespace
    server = str(hub.data["eks"].get("endpoint", "")) if hub is not None else ""
    known = (Target(name=fleet.platform.hub_identity, server=server), IN_CLUSTER)
    for index, entry in enumerate(project.get("destinations") or ()):
        pointer: Pointer = ("spec", "destinations", index)
        if any(destination_permitted({"destinations": [entry]}, one, control) for one in known):
            yield Fault(
                id="argo-cd-namespace-open",
                message=f'a tenant may write into the namespace "{control}" of the hub: whoever does makes projects '
                "and Applications as an administrator does",
                pointer=pointer,
                help="list the tenant's own namespaces, each with the name of its cluster (argocd.md 3.1)",
            )
        elif is_pattern(str(entry.get("name", ""))) or is_pattern(str(entry.get("server", ""))):
            yield Fault(
                id="tenant-on-any-cluster",
                message="a tenant reaches every cluster that a pattern matches, and those still to come",
                pointer=pointer,
                help="write one destination for each cluster, by its name",
            )
    for index, entry in enumerate(project.get("clusterResourceWhitelist") or ()):
        if (entry["group"], entry["kind"]) != ("", "Namespace"):
            yield Fault(
                id="tenant-cluster-kind",
                message=f"a tenant may apply {entry['kind']}, which has no namespace: it is every team's at once",
                pointer=("spec", "clusterResourceWhitelist", index),
                help="leave it out: what is cluster-scoped belongs to the platform's project",
            )
    yield from _tenant_kinds(project)
    entries = [{**one, "namespace": "*"} for one in project.get("destinations") or ()]
    # Where ACK does not run nobody makes anything of them.
    if any(destination_permitted({"destinations": entries}, one, "any") for one in known):
        yield from _tenant_identities(project)


def _tenant_kinds(project: Project) -> Iterator[Fault]:
    for id, group, kinds, why in (
        ("tenant-creates-applications", "argoproj.io", _ARGO_CD_KINDS, "Argo CD obeys it as it obeys an administrator"),
        ("tenant-grants-roles", "rbac.authorization.k8s.io", _ROLES, "a tenant could give itself any right there"),
    ):
        found = [one for one in kinds if kind_permitted(project, group, one, "any", namespaced=True)]
        if found:
            yield Fault(
                id=id,
                message=f"a tenant may apply {', '.join(found)}: {why}",
                pointer=_entry(project, group, found[0]),
                help="list the kinds that it needs in namespaceResourceWhitelist, without patterns: where the list is "
                "absent, every kind is allowed",
            )


def _tenant_identities(project: Project) -> Iterator[Fault]:
    for group, kinds in _IDENTITIES:
        found = [one for one in kinds if kind_permitted(project, group, one, "any", namespaced=True)]
        if found:
            yield Fault(
                id="tenant-makes-identities",
                message=f"a tenant may apply {', '.join(found)} of {group} on the hub, where ACK makes them with the "
                "platform's own rights: any pod could be given any role",
                pointer=_entry(project, group, found[0]),
                help="leave them out of namespaceResourceWhitelist; the platform gives roles to service accounts",
            )


def _entry(project: Project, group: str, kind: str) -> Pointer:
    """The entry of the whitelist that allows a kind; the spec where there is no whitelist."""
    for index, entry in enumerate(project.get("namespaceResourceWhitelist") or ()):
        if file_match(entry["kind"], kind) and file_match(entry["group"], group):
            return ("spec", "namespaceResourceWhitelist", index)
    return ("spec",)


def _namespaces(project: Project) -> Iterator[Fault]:
    for index, entry in enumerate(project.get("clusterResourceWhitelist") or ()):
        reached = file_match(entry["kind"], "Namespace") and file_match(entry["group"], "")
        if reached and not entry.get("name", "*").strip("*"):
            yield Fault(
                id="namespace-without-name",
                message="the project may apply any Namespace, kube-system and those of others too",
                pointer=("spec", "clusterResourceWhitelist", index),
                help="write an entry {group: '', kind: Namespace, name: …} for each Namespace (argo-cd#3553)",
            )


def _sources(project: Project) -> Iterator[Fault]:
    for index, entry in enumerate(project.get("sourceRepos") or ()):
        if wide_repository(entry):
            yield Fault(
                id="repository-pattern-too-wide",
                message=f'the pattern "{entry}" of sourceRepos allows repositories of other owners',
                pointer=("spec", "sourceRepos", index),
                help="write the URL of each repository, or a pattern behind the owner and a slash: "
                "https://github.com/example/*",
            )


def _policies(name: str, project: Project) -> Iterator[Fault]:
    for number, role in enumerate(project.get("roles") or ()):
        for index, policy in enumerate(role.get("policies") or ()):
            pointer: Pointer = ("spec", "roles", number, "policies", index)
            resource, action = grant(policy)
            if fault := policy_fault(name, role["name"], policy):
                yield Fault(
                    id="invalid-project-policy",
                    message=f'Argo CD refuses the project for the policy "{policy}": {_PARTS[fault]}',
                    pointer=pointer,
                    help=f"write p, proj:{name}:{role['name']}, <resource>, <action>, {name}/<Application>, allow "
                    "(or deny)",
                )
            elif resource == "exec" or action in _PRIVILEGED or (resource == "applicationsets" and action != "get"):
                what = "a shell in every pod" if resource == "exec" else _PRIVILEGED.get(action, "every Application")
                yield Fault(
                    id="privileged-project-role",
                    message=f'the role "{role["name"]}" is allowed "{action}" of {resource}: {what}, past any review',
                    pointer=pointer,
                    help="allow get and sync; what is deployed is changed in this repository (argocd.md 3.1)",
                )


def _twice(project: Project) -> Iterator[Fault]:
    """Destinations and roles that ValidateProject takes for one: of a destination with a server the name counts not."""
    keys = [f"{one.get('server') or one.get('name')}/{one['namespace']}" for one in project.get("destinations") or ()]
    roles = [str(one["name"]) for one in project.get("roles") or ()]
    for field, what, names in (("destinations", "destination", keys), ("roles", "role", roles)):
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Fault(
                    id="duplicate-project-entry",
                    message=f'Argo CD refuses the project: the {what} "{name}" is there twice',
                    pointer=("spec", field, index),
                    help="leave one of the two"
                    + (": where there is a server, two names do not make two destinations" if field[0] == "d" else ""),
                )


def _source_namespaces(project: Project, fleet: Fleet) -> Iterator[Fault]:
    control = fleet.platform.argocd_namespace
    stated = project.get("sourceNamespaces") or ()
    reached = [index for index, one in enumerate(stated) if source_namespace(one, control) or glob(one, control)]
    if fleet.platform.capability and not reached:
        yield Fault(
            id="source-namespace-missing",
            message=f'the project does not name "{control}" in sourceNamespaces, without which the Argo CD capability '
            "of EKS takes no Application of it",
            pointer=("spec",),
            help=f"write sourceNamespaces: [{control}]",
        )
    elif reached and not fleet.platform.capability:
        yield Fault(
            id="source-namespace-open",
            message=f'sourceNamespaces names Argo CD\'s own namespace "{control}"',
            pointer=("spec", "sourceNamespaces", reached[0]),
            help="leave it out: Applications there belong to the administrators, and need no permission",
        )
