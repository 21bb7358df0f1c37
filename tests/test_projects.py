"""No team leaves its project: the holes of argocd.md 3.1 by their numbers, in what the reference platform renders."""

from __future__ import annotations

from typing import Any

import pytest

from paddock import source
from paddock.pipeline import Result
from repositories import reference_result

Json = Any

# Kinds by which a tenant would become more than one: 3.1 #3 to #6.
RESERVED = {
    "APIService",
    "AppProject",
    "Application",
    "ApplicationSet",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PodIdentityAssociation",
    "PriorityClass",
    "Role",
    "RoleBinding",
    "Secret",
    "ValidatingWebhookConfiguration",
}


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


@pytest.fixture(scope="module")
def projects(result: Result) -> dict[str, Json]:
    """Specs of all AppProjects by name."""
    found = {}
    for environment, refs in result.objects.items():
        for ref in refs:
            if ref.kind == "AppProject":
                data, _ = source.parse(result.trees[environment][ref.path].encode(), ref.path)
                assert ref.name not in found, "two environments would fight over it"
                found[ref.name] = data["spec"]
    return found


@pytest.fixture(scope="module")
def tenants(projects: dict[str, Json]) -> dict[str, Json]:
    found = {
        name: one
        for name, one in projects.items()
        if not name.startswith(("root-", "platform-", "infrastructure-", "default"))
    }
    assert len(found) == 24
    return found


def test_destinations_are_namespaces_of_the_team(tenants: dict[str, Json]) -> None:
    """#1: neither Argo CD's namespace nor a pattern."""
    for name, spec in tenants.items():
        team = name.rsplit("-", 1)[0]
        assert {one["namespace"] for one in spec["destinations"]} == {team}
        assert not any("*" in one["name"] or "server" in one for one in spec["destinations"])


def test_the_default_project_is_locked(projects: dict[str, Json]) -> None:
    """#2: Argo CD makes it by itself, and by itself it allows everything."""
    locked = projects["default"]
    assert locked["sourceRepos"] == []
    assert locked["destinations"] == []
    assert locked["clusterResourceWhitelist"] == []
    assert locked["namespaceResourceBlacklist"] == [{"group": "*", "kind": "*"}]


def test_tenants_have_no_reserved_kind(tenants: dict[str, Json]) -> None:
    """#3 to #6, and half of #9: a list of what is allowed, without a pattern, and nothing cluster-scoped."""
    for spec in tenants.values():
        allowed = {one["kind"] for one in spec["namespaceResourceWhitelist"]}
        assert not allowed & RESERVED
        assert not any("*" in one["kind"] or "*" in one["group"] for one in spec["namespaceResourceWhitelist"])
        assert spec["clusterResourceWhitelist"] == []


def test_namespaces_are_listed_by_name(projects: dict[str, Json]) -> None:
    """#4, for the platform too."""
    for spec in projects.values():
        assert all("name" in one for one in spec["clusterResourceWhitelist"] if one["kind"] == "Namespace")


def test_sources_are_exact(projects: dict[str, Json]) -> None:
    """#7 and #8: no pattern, and Applications live in Argo CD's own namespace."""
    for spec in projects.values():
        assert not any("*" in one for one in spec["sourceRepos"])
        assert "sourceNamespaces" not in spec


def test_service_accounts_name_no_role_of_aws(result: Result) -> None:
    """The other half of #9."""
    for environment, refs in result.objects.items():
        for ref in refs:
            if ref.kind == "ServiceAccount":
                text = result.trees[environment][ref.path]
                assert "eks.amazonaws.com/role-arn" not in text, ref.path


def test_roles_grant_little(tenants: dict[str, Json]) -> None:
    """#10: no exec, no override, no wildcard action, no token; a role speaks of its own project."""
    for name, spec in tenants.items():
        for role in spec["roles"]:
            assert "jwtTokens" not in role
            for policy in role["policies"]:
                _, subject, resource, action, object, effect = policy.split(", ")
                assert subject == f"proj:{name}:{role['name']}"
                assert (resource, effect) == ("applications", "allow")
                assert action in ("get", "sync")
                assert object == f"{name}/*"


def test_nothing_makes_applications_from_templates(result: Result) -> None:
    """#11 and #12: every Application is written out, in the folder that only the platform's owners may change."""
    kinds = {ref.kind for refs in result.objects.values() for ref in refs}
    assert "ApplicationSet" not in kinds
    folders = {ref.path.split("/")[0] for refs in result.objects.values() for ref in refs if ref.kind == "Application"}
    assert folders == {"argocd"}


def test_no_namespace_is_created_by_the_way(result: Result) -> None:
    """#16."""
    for tree in result.trees.values():
        assert not any("CreateNamespace" in text for path, text in tree.items() if path.startswith("argocd/"))


def test_a_revision_of_ones_own_needs_a_privilege(result: Result) -> None:
    """#15, in argocd-cm."""
    values = result.trees["prod"]["clusters/hub-iad/components/argo-cd/values.yaml"]
    assert 'application.sync.requireOverridePrivilegeForRevisionSync: "true"' in values
