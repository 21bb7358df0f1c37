"""Roles and bindings that give more than their pods or people need: a tenant that has them escapes its namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis import rbac
from paddock.diagnostics import Severity
from paddock.model import Json
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("escalating-role", "unsafe-binding", "wildcard-role")

_ROLES = ("ClusterRole", "Role")
KINDS = frozenset({*_ROLES, "ClusterRoleBinding", "RoleBinding"})

_AGGREGATED = "rbac.authorization.k8s.io/aggregate-to-"
_TENANTS = ("admin", "edit", "view")


def check(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    """A tenant's rights are errors, the platform's where nothing is left to gain; else it may be meant: a warning."""
    if ref.group == "rbac.authorization.k8s.io":
        yield from _role(ref, data) if ref.kind in _ROLES else _binding(ref, data)


def _is_tenants(ref: ObjectRef, data: Mapping[str, Json]) -> bool:
    """Whether a team has it: it is the team's, or a part of the roles that teams are bound to."""
    labels = data["metadata"].get("labels") or {}
    aggregated = any(labels.get(f"{_AGGREGATED}{name}") == "true" for name in _TENANTS)
    return aggregated or ref.path.split("/")[2:3] in (["teams"], ["workloads"])


def _role(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    rules, tenant = data.get("rules") or [], _is_tenants(ref, data)
    for risk in rbac.wildcards(rules):
        yield Fault(
            id="wildcard-role",
            message=f'{ref.kind} "{ref.name}" {risk.what}: also of kinds that are still to come',
            pointer=risk.pointer,
            severity=_severity(tenant, risk.total),
            help="name the API groups, resources and verbs that are needed",
        )
    for risk in rbac.escalations(rules, cluster=ref.kind == "ClusterRole", tenant=tenant):
        yield Fault(
            id="escalating-role",
            message=f'{ref.kind} "{ref.name}" {risk.what}',
            pointer=risk.pointer,
            severity=_severity(tenant, risk.total),
            help="take it out, or name the objects in resourceNames "
            "(https://kubernetes.io/docs/concepts/security/rbac-good-practices/)",
        )


def _binding(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    role, tenant = data["roleRef"], _is_tenants(ref, data)
    for name, pointer in rbac.subjects(data):
        yield Fault(
            id="unsafe-binding",
            message=f'{ref.kind} "{ref.name}" gives the role "{role["name"]}" to {name}: {rbac.SUBJECTS[name]}',
            pointer=pointer,
            severity=_severity(tenant, name in rbac.OPEN),
            help="name the group or the service account that needs it",
        )
    if role["kind"] == "ClusterRole" and role["name"] == "cluster-admin":
        yield Fault(
            id="unsafe-binding",
            message=f'{ref.kind} "{ref.name}" gives the role "cluster-admin", which may do everything',
            pointer=("roleRef",),
            severity=_severity(tenant, ref.kind == "ClusterRoleBinding"),
            help="write a role with what is needed",
        )


def _severity(tenant: bool, total: bool) -> Severity:
    return Severity.ERROR if tenant or total else Severity.WARNING
