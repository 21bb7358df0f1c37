"""What a project permits. The cases are those of argo-cd's documentation (docs/user-guide/projects.md) and of
argocd.md 3; each hole of 3.1 is shown as the hole it is."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from paddock.analysis.argocd_projects import (
    CLUSTER_KINDS,
    Target,
    destination_permitted,
    grant,
    is_namespaced,
    kind_permitted,
    namespace_permitted,
    policy_fault,
    source_permitted,
    wide_repository,
)
from repositories import ROOT

ONE = Target(name="dev-one", server="https://one.example.com")
TWO = Target(name="dev-two", server="https://two.example.com")


@pytest.mark.parametrize(
    ("repos", "url", "permitted"),
    [
        ([], "https://github.com/example/small", False),
        (["*"], "https://github.com/example/small", True),
        (["https://github.com/example/small.git"], "https://github.com/Example/small", True),
        (["https://github.com/example/small"], "https://github.com/example/small2", False),
        (["https://github.com/example/*"], "https://github.com/example/small.git", True),
        (["https://github.com/example/*"], "https://github.com/example/group/small", False),
        (["https://github.com/example*"], "https://github.com/example-of-others/small", False),
        (["https://github.com/example*/*"], "https://github.com/example-of-others/small", True),
        (["https://github.com/example/**"], "https://github.com/example/group/small", True),
        (["ssh://git@github.com/example/small"], "git@github.com:example/small.git", True),
        # A negation refuses, and allows everything else by itself (argo-cd#21264).
        (["!https://github.com/example/small"], "https://github.com/example/small", False),
        (["!https://github.com/example/small"], "https://github.com/somebody/else", True),
        (["*", "!https://github.com/example/*"], "https://github.com/example/small", False),
    ],
)
def test_sources(repos: list[str], url: str, permitted: bool) -> None:
    assert source_permitted({"sourceRepos": repos}, url) is permitted


def test_no_list_of_sources_permits_none() -> None:
    assert not source_permitted({}, "https://github.com/example/small")


def entry(namespace: str, **cluster: str) -> dict[str, str]:
    return {"namespace": namespace, **cluster}


@pytest.mark.parametrize(
    ("entries", "target", "namespace", "permitted"),
    [
        ([], ONE, "vision", False),
        ([entry("vision", name="dev-one")], ONE, "vision", True),
        ([entry("vision", server="https://one.example.com")], ONE, "vision", True),
        ([entry("vision", name="dev-one")], TWO, "vision", False),
        ([entry("vision", name="dev-one")], ONE, "vision2", False),
        ([entry("vision-*", name="dev-*")], TWO, "vision-a", True),
        ([entry("vision-*", name="dev-*")], TWO, "vision", False),
        ([entry("*", server="https://*.example.com")], TWO, "kube-system", True),
        ([entry("{kube-system,vision}", name="dev-one")], ONE, "kube-system", True),
        # A name that stands beside another server matches all the same: either is enough.
        ([entry("vision", name="dev-one", server="https://two.example.com")], TWO, "vision", True),
        # Negations: on the cluster they refuse whatever the namespace is, on the namespace only by a server.
        ([entry("*", server="*"), entry("!kube-system", server="*")], ONE, "kube-system", False),
        ([entry("*", server="*"), entry("!kube-system", name="dev-one")], ONE, "kube-system", True),
        ([entry("*", server="*"), entry("*", name="!dev-one")], ONE, "vision", False),
        ([entry("!kube-system", name="dev-one")], ONE, "vision", True),
    ],
)
def test_destinations(entries: list[Any], target: Target, namespace: str, permitted: bool) -> None:
    assert destination_permitted({"destinations": entries}, target, namespace) is permitted


CONFIG_MAPS = [{"group": "", "kind": "ConfigMap"}]
ANY = [{"group": "*", "kind": "*"}]


@pytest.mark.parametrize(
    ("project", "group", "kind", "permitted"),
    [
        ({}, "apps", "Deployment", True),  # an absent list allows everything
        ({"namespaceResourceWhitelist": []}, "apps", "Deployment", False),
        ({"namespaceResourceWhitelist": CONFIG_MAPS}, "", "ConfigMap", True),
        ({"namespaceResourceWhitelist": CONFIG_MAPS}, "", "Secret", False),
        ({"namespaceResourceWhitelist": ANY, "namespaceResourceBlacklist": CONFIG_MAPS}, "", "ConfigMap", False),
        ({"namespaceResourceBlacklist": ANY}, "apps", "Deployment", False),
        ({"namespaceResourceWhitelist": [{"group": "*.example.com", "kind": "Demo*"}]}, "a.example.com", "Demo2", True),
    ],
)
def test_namespaced_kinds(project: Any, group: str, kind: str, permitted: bool) -> None:
    assert kind_permitted(project, group, kind, "any", namespaced=True) is permitted


NAMESPACES = [{"group": "", "kind": "Namespace", "name": "vision-*"}]


@pytest.mark.parametrize(
    ("project", "name", "permitted"),
    [
        ({}, "vision-a", False),  # an absent list allows nothing
        ({"clusterResourceWhitelist": []}, "vision-a", False),
        ({"clusterResourceWhitelist": NAMESPACES}, "vision-a", True),
        ({"clusterResourceWhitelist": NAMESPACES}, "kube-system", False),
        ({"clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}]}, "kube-system", True),
        ({"clusterResourceWhitelist": ANY, "clusterResourceBlacklist": NAMESPACES}, "vision-a", False),
        ({"clusterResourceWhitelist": ANY, "clusterResourceBlacklist": NAMESPACES}, "vision", True),
    ],
)
def test_cluster_scoped_kinds(project: Any, name: str, permitted: bool) -> None:
    assert kind_permitted(project, "", "Namespace", name, namespaced=False) is permitted


def test_where_applications_may_lie() -> None:
    project = {"sourceNamespaces": ["apps-*", "/^(red|blue)$/", "/[/"]}
    found = [namespace_permitted(project, one, control="argocd") for one in ("argocd", "", "apps-a", "blue", "green")]
    assert found == [True, True, True, True, False]
    assert not namespace_permitted({}, "apps-a", control="argocd")


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        ("p, proj:vision:edit, applications, get, vision/*, allow", ""),
        ("p, proj:vision:edit, applications, action/apps/Deployment/restart, vision/argocd/api, allow", ""),
        ("p, proj:vision:edit, applications, get, vision/*", "parts"),
        ("p, proj:vision:view, applications, get, vision/*, allow", "subject"),
        ("p, proj:audio:edit, applications, get, vision/*, allow", "subject"),
        ("p, proj:vision:edit, applications, look, vision/*, allow", "action"),
        ("p, proj:vision:edit, applications, get, */*, allow", "object"),
        ("p, proj:vision:edit, applications, get, vision2/*, allow", "object"),
    ],
)
def test_policies(policy: str, fault: str) -> None:
    assert policy_fault("vision", "edit", policy) == fault


def test_what_a_policy_grants() -> None:
    assert grant("p, proj:vision:edit, exec, create, vision/*, allow") == ("exec", "create")
    assert grant("p, proj:vision:edit, exec, create, vision/*, deny") == ("", "")


@pytest.mark.parametrize(
    ("entry", "wide"),
    [
        ("https://github.com/example/small.git", False),
        ("https://github.com/example/*", False),
        ("https://github.com/example/small*", False),
        ("https://github.com/example/**", False),
        ("https://gitlab.example.com/group/sub/*", False),
        ("https://gitlab.example.com/group/sub*/app", True),
        ("https://github.com/example*", True),
        ("https://github.com/*", True),
        ("https://*/example/small", True),
        ("git@github.com:example/*", False),
        ("git@github.com:*", True),
        ("ghcr.io/example/charts", False),
        ("https://charts.example.com", False),
        ("*", True),
        ("**", True),
    ],
)
def test_how_wide_a_pattern_is(entry: str, wide: bool) -> None:
    assert wide_repository(entry) is wide


def test_scopes() -> None:
    assert not is_namespaced("", "Namespace", "")
    assert not is_namespaced("kueue.x-k8s.io", "ClusterQueue", "")
    assert is_namespaced("kueue.x-k8s.io", "LocalQueue", "")
    assert is_namespaced("apps", "Deployment", "")
    assert (is_namespaced("a.example.com", "Demo", "x"), is_namespaced("a.example.com", "Demo", "")) == (True, False)


def test_every_cluster_scoped_kind_of_ours_is_known() -> None:
    """Of the custom kinds with a schema of ours, exactly those are listed whose CRD has the scope Cluster."""
    upstream = os.environ.get("PADDOCK_UPSTREAM")
    if not upstream:
        pytest.skip("PADDOCK_UPSTREAM is not set")
    ours = set()
    for path in (ROOT / "schemas" / "kubernetes").rglob("*.json"):
        ours.add((path.parent.name, json.loads(path.read_text())["properties"]["kind"]["const"]))
    scopes: dict[tuple[str, str], str] = {}
    for path in sorted((Path(upstream) / "crds").rglob("*.y*ml")):
        for document in path.read_text().split("\n---"):
            # To parse 163 CRDs takes ten seconds; each has these three at these columns.
            found = [
                re.search(rf"^{key}: (\S+)$", document, re.MULTILINE) for key in ("  group", "    kind", "  scope")
            ]
            group, kind, scope = (one.group(1).strip("\"'") if one else "" for one in found)
            scopes[group, kind] = scope
    known = ours & scopes.keys()
    assert len(known) > 30
    assert {one for one in known if scopes[one] == "Cluster"} == known & CLUSTER_KINDS
    assert {one for one in CLUSTER_KINDS & scopes.keys() if scopes[one] != "Cluster"} == set()
