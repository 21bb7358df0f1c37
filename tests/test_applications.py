"""Argo CD's side: projects are positive lists that hold what is rendered, runs are not healed."""

from __future__ import annotations

from typing import Any

import pytest

from paddock import source
from paddock.analysis.argocd_projects import Target, destination_permitted, kind_permitted, source_permitted
from paddock.pipeline import Result
from repositories import ROOT, reference_result, run, small, with_spec

PLATFORM = "environments/platform.yaml"


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


def read(result: Result, environment: str, path: str) -> Any:
    data, problems = source.parse(result.trees[environment][path].encode(), path)
    assert not problems
    return data


def objects(result: Result, environment: str, kind: str) -> dict[str, Any]:
    """Objects of a kind by name."""
    return {
        one.name: read(result, environment, one.path)
        for one in result.objects[environment]
        if one.kind == kind and one.path.startswith("argocd/")
    }


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_application_is_allowed_by_its_project(result: Result, environment: str) -> None:
    projects = objects(result, environment, "AppProject")
    applications = objects(result, environment, "Application")
    assert applications
    for name, application in applications.items():
        spec = application["spec"]
        project = projects[spec["project"]]["spec"]
        assert {"name": spec["destination"]["name"], "namespace": spec["destination"]["namespace"]} in project[
            "destinations"
        ], name
        sources = spec.get("sources") or [spec["source"]]
        assert {one["repoURL"] for one in sources} <= set(project["sourceRepos"]), name


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_object_is_allowed_by_its_project(result: Result, environment: str) -> None:
    """Kinds and namespaces: an object outside them would make the whole Application fail."""
    cluster_scoped = {one.kind for one in result.objects[environment] if not one.namespace}
    projects = objects(result, environment, "AppProject")
    for application in objects(result, environment, "Application").values():
        spec = application["spec"]
        project = projects[spec["project"]]["spec"]
        folders = [one["path"] + "/" for one in (spec.get("sources") or [spec["source"]]) if "path" in one]
        for one in result.objects[environment]:
            if not any(one.path.startswith(folder) for folder in folders):
                continue
            if one.kind in cluster_scoped:
                allowed = {
                    (kind["group"], kind["kind"])
                    for kind in project["clusterResourceWhitelist"]
                    if kind.get("name", one.name) == one.name
                }
                assert (one.group, one.kind) in allowed, (spec["project"], one.path)
            else:
                assert {"name": spec["destination"]["name"], "namespace": one.namespace} in project["destinations"], (
                    one.path
                )
                if "namespaceResourceWhitelist" in project:
                    assert {"group": one.group, "kind": one.kind} in project["namespaceResourceWhitelist"], one.path


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_path_and_value_file_exists(result: Result, environment: str) -> None:
    files = set(result.trees[environment])
    for name, application in objects(result, environment, "Application").items():
        spec = application["spec"]
        for one in spec.get("sources") or [spec["source"]]:
            if "path" in one:
                assert any(path.startswith(one["path"] + "/") for path in files), name
                assert not any(
                    path.startswith(one["path"] + "/") and path.endswith("/values.yaml") for path in files
                ), name
            for file in one.get("helm", {}).get("valueFiles", []):
                assert file.removeprefix("$values/") in files, name


def test_every_file_belongs_to_exactly_one_application(result: Result) -> None:
    for environment, refs in result.objects.items():
        paths = [
            one["path"] + "/"
            for application in objects(result, environment, "Application").values()
            for one in (application["spec"].get("sources") or [application["spec"]["source"]])
            if "path" in one
        ]
        for ref in refs:
            assert sum(ref.path.startswith(path) for path in paths) == 1, ref.path


def test_names_fit_and_nothing_is_negated(result: Result) -> None:
    for environment in result.trees:
        applications = objects(result, environment, "Application")
        assert all(len(name) <= 53 for name in applications)
        for project in objects(result, environment, "AppProject").values():
            assert "!" not in str(project["spec"])
            assert project["spec"]["sourceRepos"] != ["*"]
            kinds = project["spec"].get("namespaceResourceWhitelist", [])
            if not project["metadata"]["name"].startswith("root-"):
                assert {"group": "argoproj.io", "kind": "Application"} not in kinds


def test_finalizers_by_environment(result: Result) -> None:
    assert all(
        "finalizers" in one["metadata"]
        for name, one in objects(result, "dev", "Application").items()
        if name != "root-dev"
    )
    assert not any("finalizers" in one["metadata"] for one in objects(result, "prod", "Application").values())


def test_runs_happen_once(result: Result) -> None:
    for name, one in objects(result, "prod", "Application").items():
        heals = one["spec"]["syncPolicy"]["automated"]["selfHeal"]
        folder = (one["spec"].get("source") or {}).get("path", "")
        has_run = (
            any(ref.kind == "TrainJob" and ref.path.startswith(folder + "/") for ref in result.objects["prod"])
            and folder
        )
        assert heals is not bool(has_run), name


def test_freeze_windows_are_deny_windows(result: Result) -> None:
    windows = [one["spec"].get("syncWindows", []) for one in objects(result, "prod", "AppProject").values()]
    assert all(windows)
    assert {window["kind"] for one in windows for window in one} == {"deny"}


def test_capability_mode() -> None:
    """The Argo CD capability of EKS: clusters by ARN, no config, sourceNamespaces in every project (argocd.md 4.3)."""
    specs = with_spec(
        small(), PLATFORM, {"argoCD": {"mode": "capability", "hub": {"environment": "dev", "cluster": "one"}}}
    )
    found = run(specs)
    assert not found.failed
    secret = read(found, "dev", "argocd/clusters/secret-cluster-dev-one.yaml")
    assert secret["stringData"] == {
        "name": "dev-one",
        "server": "arn:aws:eks:us-east-1:111122223333:cluster/small-dev-one",
    }
    for project in objects(found, "dev", "AppProject").values():
        assert project["spec"]["sourceNamespaces"] == ["argocd"]


def test_long_names_are_shortened_with_a_hash() -> None:
    from paddock.names import application_name

    name = application_name("production-training-cluster", "autonomous-perception", "bird-eye-view")
    assert len(name) == 53
    assert name.startswith("production-training-cluster-autonomous-perce")
    assert name != application_name("production-training-cluster", "autonomous-perception", "bird-eye-viex")


def test_the_default_project_is_locked(result: Result) -> None:
    """argocd.md 3.1 #2: the environment of the hub has it, and it permits neither source, destination nor kind."""
    found = [objects(result, environment, "AppProject").get("default") for environment in result.trees]
    [project] = [one["spec"] for one in found if one is not None]
    assert not source_permitted(project, "https://github.com/example-av/ml-platform.git")
    for target in (Target(name="prod-hub-iad", server=""), Target(name="in-cluster", server="https://kubernetes")):
        assert not destination_permitted(project, target, "default")
    assert not kind_permitted(project, "", "ConfigMap", "any", namespaced=True)
    assert not kind_permitted(project, "", "Namespace", "any", namespaced=False)


def test_no_application_set(result: Result) -> None:
    """argocd.md 3.1 #11: none is rendered, and none could be: there is no schema of it."""
    assert {one.kind for refs in result.objects.values() for one in refs if one.group == "argoproj.io"} >= {
        "Application"
    }
    assert not any(one.kind == "ApplicationSet" for refs in result.objects.values() for one in refs)
    assert not (ROOT / "schemas/kubernetes/argoproj.io/applicationset_v1alpha1.json").exists()


def test_a_sync_to_another_revision_wants_more_rights(result: Result) -> None:
    """argocd.md 3.1 #15."""
    paths = [path for path in result.trees["prod"] if path.endswith("/components/argo-cd/values.yaml")]
    assert paths
    for path in paths:
        values = read(result, "prod", path)
        assert values["configs"]["cm"]["application.sync.requireOverridePrivilegeForRevisionSync"] == "true"


def test_nothing_is_applied_only_where_it_differs(result: Result) -> None:
    """argocd.md 6 #25: what ApplyOutOfSyncOnly takes for synced stays unapplied, whatever git says of it."""
    for environment in result.trees:
        for name, application in objects(result, environment, "Application").items():
            assert "ApplyOutOfSyncOnly=true" not in application["spec"]["syncPolicy"]["syncOptions"], name
    assert "ApplyOutOfSyncOnly" in (ROOT / "docs/guides/adding-a-component.md").read_text()
