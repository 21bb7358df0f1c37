"""What the checks of single objects hold against a team that they let pass, or only warn of, for the platform."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.checks import rbac
from paddock.diagnostics import Place, Severity
from paddock.render import ObjectRef

Json = Any
GROUP = "rbac.authorization.k8s.io"


def reference(folder: str, kind: str) -> ObjectRef:
    return ObjectRef(
        path=f"clusters/train/{folder}/{kind.lower()}-demo.yaml",
        environment="dev",
        cluster="dev-train",
        kubernetes_version="1.34",
        api_version=f"{GROUP}/v1",
        kind=kind,
        namespace="perception",
        name="demo",
        place=Place(path="environments/base/teams/perception.yaml"),
        template="templates/team/role.yaml.j2",
    )


def found(folder: str, kind: str, data: Json) -> list[tuple[str, Severity]]:
    return [(one.id, one.severity) for one in rbac.check(reference(folder, kind), {"metadata": {}, **data})]


@pytest.mark.parametrize("folder", ["teams/perception", "workloads/perception/train"])
def test_rights_of_a_team(folder: str) -> None:
    rules = [{"apiGroups": ["batch"], "resources": ["*"], "verbs": ["get"]}]
    assert found(folder, "Role", {"rules": rules}) == [("wildcard-role", Severity.ERROR)]
    assert found("components/demo/resources", "Role", {"rules": rules}) == [("wildcard-role", Severity.WARNING)]
    shell = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]
    assert found(folder, "Role", {"rules": shell}) == [("escalating-role", Severity.ERROR)]
    assert found("components/demo/resources", "Role", {"rules": shell}) == []


def test_bindings_of_a_team() -> None:
    role = {"roleRef": {"kind": "ClusterRole", "name": "view"}}
    subjects = [{"kind": "Group", "name": "system:authenticated"}]
    assert found("teams/perception", "RoleBinding", {**role, "subjects": subjects}) == [
        ("unsafe-binding", Severity.ERROR)
    ]
    assert found("components/demo/resources", "RoleBinding", {**role, "subjects": subjects}) == [
        ("unsafe-binding", Severity.WARNING)
    ]
    admin = {"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}, "subjects": []}
    assert found("teams/perception", "RoleBinding", admin) == [("unsafe-binding", Severity.ERROR)]
    # A Role of that name in the namespace is another one.
    assert found("teams/perception", "RoleBinding", {"roleRef": {"kind": "Role", "name": "cluster-admin"}}) == []


def test_a_role_without_rules_gives_nothing() -> None:
    for data in ({}, {"rules": None}, {"rules": [{"verbs": ["get"]}]}):
        assert found("teams/perception", "Role", data) == []
