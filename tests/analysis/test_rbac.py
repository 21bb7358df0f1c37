"""What rules of RBAC give."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.analysis import rbac

Json = Any
RBAC = "rbac.authorization.k8s.io"


def rule(group: str, resources: str, verbs: str, **more: Json) -> Json:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}


@pytest.mark.parametrize(
    ("one", "total"),
    [
        (rule("*", "jobs", "get"), False),
        (rule("batch", "*", "get"), False),
        (rule("batch", "jobs", "*"), False),
        (rule("apps", "*/scale", "update"), False),
        (rule("", "*", "*"), True),
        ({"nonResourceURLs": ["*"], "verbs": ["get"]}, False),
    ],
)
def test_wildcards(one: Json, total: bool) -> None:
    (risk,) = rbac.wildcards([rule("", "pods", "get"), one])
    assert risk.total is total
    value: Json = [None, one]
    for step in risk.pointer[1:]:
        value = value[step]
    assert value in ("*", "*/scale")


def test_no_wildcard() -> None:
    legal = [
        rule("apps", "deployments/scale", "get"),
        {"nonResourceURLs": ["/metrics", "/healthz/*"], "verbs": ["get"]},
    ]
    assert list(rbac.wildcards(legal)) == []


ANYWHERE = [
    rule(RBAC, "roles", "bind"),
    rule(RBAC, "clusterroles", "escalate"),
    rule("", "users", "impersonate"),
    rule("", "serviceaccounts/token", "create"),
    rule("", "nodes/proxy", "get"),
    rule("", "persistentvolumes", "create"),
    rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", "patch"),
    rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
    rule("", "namespaces", "update"),
]
HARMLESS = [
    rule(RBAC, "roles rolebindings", "create get list"),
    rule("", "serviceaccounts", "create get"),
    rule("", "nodes", "get list watch"),
    rule("", "persistentvolumes", "get list"),
    rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", "get"),
    rule("certificates.k8s.io", "certificatesigningrequests", "create get"),
    rule("", "namespaces", "get create"),
    # Another group has a resource of that name.
    rule("example.com", "secrets nodes/proxy", "get list"),
    rule("", "secrets serviceaccounts/token nodes/proxy", "create get", resourceNames=["one"]),
]


@pytest.mark.parametrize("one", ANYWHERE)
def test_rights_that_lead_to_others(one: Json) -> None:
    for cluster in (True, False):
        (risk,) = rbac.escalations([one], cluster=cluster, tenant=False)
        assert risk.pointer == ("rules", 0, "resources", 0)


@pytest.mark.parametrize("one", HARMLESS)
def test_rights_that_do_not(one: Json) -> None:
    assert list(rbac.escalations([one], cluster=True, tenant=True)) == []


def test_secrets_count_where_they_are_those_of_all_namespaces() -> None:
    rules = [rule("", "secrets", "list")]
    assert len(list(rbac.escalations(rules, cluster=True, tenant=False))) == 1
    assert list(rbac.escalations(rules, cluster=False, tenant=True)) == []


def test_a_shell_in_pods_counts_for_teams() -> None:
    rules = [rule("", "pods/exec", "create")]
    assert len(list(rbac.escalations(rules, cluster=False, tenant=True))) == 1
    assert list(rbac.escalations(rules, cluster=True, tenant=False)) == []


def test_each_right_has_a_test() -> None:
    shown = {
        one.what
        for case in ANYWHERE
        for one in rbac.RIGHTS
        if one.resources[0] in str(case) or one.verbs[0] in str(case)
    }
    assert {one.what for one in rbac.RIGHTS if not one.cluster and not one.tenants} <= shown


def test_subjects() -> None:
    subjects = [
        {"kind": "Group", "name": "system:masters"},
        {"kind": "User", "name": "system:anonymous"},
        {"kind": "Group", "name": "system:serviceaccounts:demo"},
        {"kind": "ServiceAccount", "name": "system:masters", "namespace": "demo"},
        {"kind": "Group", "name": "engineers"},
    ]
    assert [name for name, _ in rbac.subjects({"subjects": subjects})] == ["system:masters", "system:anonymous"]
    assert list(rbac.subjects({})) == []
