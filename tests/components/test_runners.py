"""Runner scale sets: one release for each entry of a team's spec, in a namespace of its own."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from paddock.pipeline import Result
from repositories import reference, run

Json = Any

WHERE = "clusters/shared-iad/components/gha-runner-scale-set/perception"


@pytest.fixture(scope="module")
def tree() -> dict[str, str]:
    result: Result = run(reference(), environments=["dev"])
    return dict(result.trees["dev"])


def read(tree: dict[str, str], path: str) -> Json:
    return yaml.safe_load(tree[path])


def test_each_scale_set_has_an_application_and_values(tree: dict[str, str]) -> None:
    for name, url in (("l4", "https://github.com/example-av"), ("cpu", "https://github.com/example-av/perception")):
        one = read(
            tree,
            f"argocd/applications/shared-iad/application-dev-shared-iad-runners-perception-perception-{name}.yaml",
        )
        assert one["spec"]["destination"]["namespace"] == "perception-runners"
        assert one["spec"]["sources"][0]["helm"]["releaseName"] == f"perception-{name}"
        values = read(tree, f"{WHERE}/perception-{name}/values.yaml")
        assert values["githubConfigUrl"] == url
        assert values["runnerScaleSetName"] == f"perception-{name}"
    assert not any(path == "clusters/shared-iad/components/gha-runner-scale-set/values.yaml" for path in tree)


def test_the_chart_looks_for_nothing_in_the_cluster(tree: dict[str, str]) -> None:
    """charts.md 2b: the ServiceAccount that scale sets name is the one that the controller's chart makes."""
    controller = read(tree, "clusters/shared-iad/components/gha-runner-scale-set-controller/values.yaml")
    one = read(tree, f"{WHERE}/perception-l4/values.yaml")
    namespace = read(
        tree,
        "argocd/applications/shared-iad/application-dev-shared-iad-gha-runner-scale-set-controller.yaml",
    )["spec"]["destination"]["namespace"]
    assert one["controllerServiceAccount"] == {"namespace": namespace, "name": controller["serviceAccount"]["name"]}
    # charts.md 3.12: what the controller makes is no part of the Application.
    assert controller["flags"]["excludeLabelPropagationPrefixes"] == ["argocd.argoproj.io/instance"]


def test_jobs_get_the_gpu_and_runners_none(tree: dict[str, str]) -> None:
    values = read(tree, f"{WHERE}/perception-l4/values.yaml")
    [runner] = values["template"]["spec"]["containers"]
    assert "nvidia.com/gpu" not in str(runner["resources"])
    config = read(tree, f"{WHERE}/perception-l4/resources/configmap-perception-l4-job-template.yaml")
    [volume] = values["template"]["spec"]["volumes"]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    [mount], [variable] = runner["volumeMounts"], runner["env"]
    assert variable["value"] == f"{mount['mountPath']}/{next(iter(config['data']))}"
    pod = yaml.safe_load(config["data"]["pod.yaml"])
    [job] = pod["spec"]["containers"]
    assert job["name"] == "$job"
    assert job["resources"]["limits"] == {"memory": "12Gi", "nvidia.com/gpu": "1"}
    assert pod["spec"]["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
    ]
    assert {"cost-center", "environment", "team"} <= pod["metadata"]["labels"].keys()
    cpu = read(tree, f"{WHERE}/perception-cpu/resources/configmap-perception-cpu-job-template.yaml")
    assert yaml.safe_load(cpu["data"]["pod.yaml"])["spec"].keys() == {"containers"}


def test_the_secret_is_the_teams_app(tree: dict[str, str]) -> None:
    secret = read(tree, f"{WHERE}/perception-l4/resources/externalsecret-perception-l4-github-app.yaml")
    assert secret["metadata"]["namespace"] == "perception-runners"
    assert [one["secretKey"] for one in secret["spec"]["data"]] == [
        "github_app_id",
        "github_app_installation_id",
        "github_app_private_key",
    ]
    values = read(tree, f"{WHERE}/perception-l4/values.yaml")
    assert values["githubConfigSecret"] == secret["spec"]["target"]["name"]


def test_the_namespace_is_bounded_and_closed(tree: dict[str, str]) -> None:
    namespace = read(tree, "clusters/shared-iad/namespaces/namespace-perception-runners.yaml")
    assert namespace["metadata"]["labels"]["team"] == "perception"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    team = "clusters/shared-iad/teams/perception"
    quota = read(tree, f"{team}/resourcequota-runners.yaml")
    assert quota["metadata"]["namespace"] == "perception-runners"
    assert quota["spec"]["hard"] == {"pods": "36", "requests.nvidia.com/gpu": "4"}
    allowed = read(tree, f"{team}/networkpolicy-runners-allow.yaml")
    assert allowed["spec"]["ingress"] == [{"from": [{"podSelector": {}}]}]
    project = read(tree, "argocd/projects/appproject-platform-dev.yaml")
    assert {"name": "dev-shared-iad", "namespace": "perception-runners"} in project["spec"]["destinations"]


def test_teams_without_runners_have_no_such_namespace(tree: dict[str, str]) -> None:
    found = [path for path in tree if "-runners" in path and "/namespaces/" in path]
    assert found == ["clusters/shared-iad/namespaces/namespace-perception-runners.yaml"]
