"""Argo Workflows: who may sign in and with what rights, what its server reads, where artifacts lie, and its alerts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paddock import source, team_access
from paddock.components import argo_workflows, workflow_access
from paddock.pipeline import Result
from repositories import reference, reference_result, run

Json = Any
FOLDER = "clusters/train-iad"


@pytest.fixture(scope="module")
def result() -> Result:
    return run(reference(), environments=["prod"])


def read(result: Result, path: str) -> Json:
    data, problems = source.parse(result.trees["prod"][path].encode(), path)
    assert not problems
    return data


def values(result: Result) -> Json:
    return read(result, f"{FOLDER}/components/argo-workflows/values.yaml")


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        (["a"], '"a" in groups'),
        (["a", 'b "c" \\ d'], '"a" in groups || "b \\"c\\" \\\\ d" in groups'),
        ([], "false"),
    ],
)
def test_a_rule_quotes_claims_and_never_lets_everyone_in(members: list[str], rule: str) -> None:
    annotations = workflow_access.account("x", members, precedence=1)["annotations"]
    assert annotations["workflows.argoproj.io/rbac-rule"] == rule
    assert annotations["workflows.argoproj.io/rbac-rule-precedence"] == "1"


def test_members_of_a_team_act_as_its_accounts(result: Result) -> None:
    folder = f"{FOLDER}/teams/validation"
    found = {}
    for name in (workflow_access.EDIT, workflow_access.VIEW):
        account = read(result, f"{folder}/serviceaccount-{name}.yaml")
        annotations = account["metadata"]["annotations"]
        found[annotations["workflows.argoproj.io/rbac-rule"]] = int(
            annotations["workflows.argoproj.io/rbac-rule-precedence"]
        )
        secret = read(result, f"{folder}/secret-{name}.service-account-token.yaml")
        assert secret["type"] == "kubernetes.io/service-account-token"
        assert secret["metadata"]["annotations"] == {"kubernetes.io/service-account.name": name}
        assert not {"data", "stringData"} & secret.keys()
        assert secret["metadata"]["name"] in values(result)["server"]["sso"]["rbac"]["secretWhitelist"]
        binding = read(result, f"{folder}/rolebinding-{name}.yaml")
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": "validation"}]
        assert binding["roleRef"]["name"] == name
    assert found == {'"av-ml-validation-engineers" in groups': 2, '"av-safety-assessors" in groups': 1}


def test_accounts_of_the_page_can_do_nothing_but_workflows() -> None:
    for name, rules in team_access.PAGE_RULES.items():
        changing = [rule for rule in rules if {"create", "delete", "patch", "update"} & set(rule["verbs"])]
        assert all(rule["resources"] == ["workflows"] for rule in changing), name
        assert not any("secrets" in rule["resources"] for rule in rules), name
    assert [rule for rule in team_access.PAGE_RULES[workflow_access.VIEW] if "create" in rule["verbs"]] == []


def test_whoever_signs_in_has_no_rights_by_that_alone(result: Result) -> None:
    folder = f"{FOLDER}/components/argo-workflows/resources"
    tree = result.trees["prod"]
    login = read(result, f"{folder}/serviceaccount-{argo_workflows.LOGIN}.yaml")["metadata"]["annotations"]
    assert login["workflows.argoproj.io/rbac-rule-precedence"] == "0"
    assert '"av-ml-data-engineers" in groups' in login["workflows.argoproj.io/rbac-rule"]
    assert "av-labelling-leads" in login["workflows.argoproj.io/rbac-rule"]
    bound = [text for path, text in tree.items() if "binding" in path and argo_workflows.LOGIN in text]
    assert bound == []
    admins = read(result, f"{folder}/serviceaccount-{argo_workflows.ADMINS}.yaml")["metadata"]["annotations"]
    assert admins["workflows.argoproj.io/rbac-rule"] == '"av-ml-platform-admins" in groups'
    roles = [
        read(result, path)["roleRef"]["name"]
        for path in tree
        if path.startswith(f"{folder}/clusterrolebinding-") and argo_workflows.ADMINS in path
    ]
    assert sorted(roles) == ["argo-workflows-admin", "view"]


def test_the_server_signs_in_by_the_identity_provider_alone(result: Result) -> None:
    server = values(result)["server"]
    assert server["authModes"] == ["sso"]
    assert {"name": "SSO_DELEGATE_RBAC_TO_NAMESPACE", "value": "true"} in server["extraEnv"]
    secret = read(result, f"{FOLDER}/components/argo-workflows/resources/externalsecret-argo-workflows-sso.yaml")
    keys = {one["secretKey"] for one in secret["spec"]["data"]}
    assert keys == {server["sso"]["clientId"]["key"], server["sso"]["clientSecret"]["key"]}


def test_without_sign_in_there_is_no_server_and_no_account() -> None:
    tree = reference_result().trees["dev"]
    path = "clusters/shared-iad/components/argo-workflows/values.yaml"
    data, _ = source.parse(tree[path].encode(), path)
    assert data["server"] == {"enabled": False}
    assert "persistence" not in data["controller"]
    assert not [one for one in tree if "pipelines-edit" in one or "argo-workflows-login" in one]


def test_artifacts_lie_below_the_name_of_the_team(result: Result) -> None:
    """charts.md 2i: the chart hands the format on as it is; the role of a team allows what begins with its name."""
    assert values(result)["artifactRepository"]["s3"]["keyFormat"].split("/")[0] == "{{workflow.namespace}}"


def test_namespaces_are_those_of_the_cluster_s_teams(result: Result) -> None:
    """charts.md 2f: the chart's default is the namespace default."""
    names = values(result)["controller"]["workflowNamespaces"]
    folders = {path.split("/")[3] for path in result.trees["prod"] if path.startswith(f"{FOLDER}/teams/")}
    assert set(names) == folders
    assert "default" not in names


def test_the_executor_may_report_and_no_more(result: Result) -> None:
    role = read(result, f"{FOLDER}/teams/validation/role-pipeline-executor.yaml")
    assert role["rules"] == [
        {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    ]
    binding = read(result, f"{FOLDER}/teams/validation/rolebinding-pipeline-executor.yaml")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "release-eval", "namespace": "validation"}]
    assert f"{FOLDER}/teams/perception/role-pipeline-executor.yaml" not in result.trees["prod"]


def test_the_executor_is_what_its_setting_names() -> None:
    image = {"repository": "registry.example.com:5000/argo/argoexec", "tag": "v4.0.6", "digest": "sha256:ab"}
    assert argo_workflows._executor(image) == {
        "registry": "registry.example.com:5000/argo",
        "repository": "argoexec",
        "tag": "v4.0.6@sha256:ab",
    }


def test_a_failed_run_reaches_its_team(result: Result) -> None:
    rules = read(result, f"{FOLDER}/components/argo-workflows/resources/prometheusrule-argo-workflows.yaml")
    alerts = {one["alert"]: one for one in rules["spec"]["groups"][0]["rules"]}
    failed = alerts["PipelineFailed"]
    assert failed["labels"]["team"] == "{{ $labels.team }}"
    # Alertmanager routes by the namespace (charts.md 4.4), and the first failure begins the series.
    assert "sum by (namespace, name)" in failed["expr"]
    assert "unless" in failed["expr"]
    assert {one for one, rule in alerts.items() if rule["labels"]["severity"] == "critical"} == {
        "ArgoWorkflowsDown",
        "ArgoWorkflowsWithoutLeader",
    }


def test_only_workflows_of_templates_run(result: Result) -> None:
    assert values(result)["controller"]["workflowRestrictions"] == {"templateReferencing": "Strict"}
    assert json.dumps(values(result)).count("Strict") == 1
