"""Charts and images of an environment with mirrors: nothing is left that comes from outside.

What charts pull by themselves is compared with their default values, which needs PADDOCK_UPSTREAM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import yaml

from paddock import mirrors
from paddock.analysis import pod_templates
from paddock.catalogue import Component
from paddock.mirrors import Mirror
from paddock.pipeline import Result
from repositories import reference, reference_result, run, with_spec
from test_values_keys import defaults, emitted, loaded, merged, unknown

Json = Any
Keys = tuple[str, ...]

MIRROR = Mirror(
    registry="mirror.example.com/copies",
    upstreams={"docker.io": "hub", "quay.io": "quay"},
    internal=("internal.example.com/teams",),
)
OUTSIDE = re.compile(
    r"(?:quay\.io|docker\.io|ghcr\.io|registry\.k8s\.io|public\.ecr\.aws|ecr-public\.aws\.com|nvcr\.io|gcr\.io|pkg\.dev)/"
    r"|https://[a-z0-9.-]*(?:github\.io|jetstack|helm|charts|external-secrets)[a-z0-9./-]*"
)


@cache
def result() -> Result:
    return reference_result()


@pytest.mark.parametrize(
    ("image", "pulled"),
    [
        ("quay.io/kuberay/operator", "mirror.example.com/copies/quay/kuberay/operator"),
        ("docker.io/kserve/agent", "mirror.example.com/copies/hub/kserve/agent"),
        ("kserve/agent", "mirror.example.com/copies/hub/kserve/agent"),
        ("busybox", "mirror.example.com/copies/hub/library/busybox"),
        ("internal.example.com/teams/vision", "internal.example.com/teams/vision"),
        ("mirror.example.com/copies/own", "mirror.example.com/copies/own"),
    ],
)
def test_where_an_image_is_pulled_from(image: str, pulled: str) -> None:
    assert MIRROR.covers(image)
    assert MIRROR.repository(image) == pulled
    assert MIRROR.reached(pulled)


@pytest.mark.parametrize("image", ["nvcr.io/nvidia/cuda", "internal.example.com/team", "mirror.example.com/other"])
def test_what_a_mirror_does_not_cover_stays(image: str) -> None:
    """Registries end at a slash: internal.example.com/teams says nothing of internal.example.com/team."""
    assert not MIRROR.covers(image)
    assert MIRROR.repository(image) == image


def test_registries_of_policies_and_patterns_of_signers_follow() -> None:
    stated = ["docker.io", "quay.io/a", "internal.example.com/teams/*", "nvcr.io/nvidia"]
    assert MIRROR.registries(stated) == [
        "mirror.example.com/copies/hub",
        "mirror.example.com/copies/quay/a",
        "internal.example.com/teams/*",
        "nvcr.io/nvidia",
    ]


def test_values_by_the_part_that_a_key_holds() -> None:
    images = [
        {"repository": "quay.io/a/b", "value": "image.repository", "part": "repository"},
        {"repository": "quay.io/a/b", "value": "x.image.registry", "part": "registry"},
        {"repository": "docker.io/library/c", "value": "y.registry", "part": "registry"},
        {"repository": "quay.io/a/b", "value": "x.repository", "part": "folder"},
        {"repository": "quay.io/a/b", "value": "pause", "part": "reference", "tag": "3.10"},
        {"repository": "nvcr.io/d/e", "value": "not.covered", "part": "repository"},
    ]
    assert mirrors.values(images, MIRROR) == {
        "image": {"repository": "mirror.example.com/copies/quay/a/b"},
        "pause": "mirror.example.com/copies/quay/a/b:3.10",
        "x": {
            "image": {"registry": "mirror.example.com/copies/quay"},
            "repository": "mirror.example.com/copies/quay/a",
        },
        "y": {"registry": "mirror.example.com/copies/hub"},
    }


def test_images_that_templates_write_themselves() -> None:
    images = [
        {"repository": "quay.io/a/b", "name": "one", "tag": "1", "part": "repository"},
        {"repository": "quay.io/a/c", "value": "image.repository", "part": "repository"},
    ]
    assert mirrors.references(images, MIRROR) == {"one": "mirror.example.com/copies/quay/a/b:1"}
    assert mirrors.references(images, None) == {"one": "quay.io/a/b:1"}
    assert mirrors.values(images, MIRROR) == {"image": {"repository": "mirror.example.com/copies/quay/a/c"}}


def test_nothing_in_the_tree_of_production_comes_from_outside() -> None:
    """Every line of every file: Applications, projects, Terraform, values, objects."""
    tree = result().trees["prod"]
    found = [
        (path, line.strip())
        for path, text in tree.items()
        for line in text.splitlines()
        if OUTSIDE.search(line) and not path.startswith(".paddock/")
    ]
    assert found == []
    assert any(OUTSIDE.search(text) for text in result().trees["dev"].values())


def test_sources_of_applications_and_projects() -> None:
    fleet = result().fleet
    assert fleet is not None
    allowed = {fleet.platform.repository_url, fleet.platform.data["chartMirror"]}
    charts = 0
    for path, text in result().trees["prod"].items():
        if not path.startswith("argocd/"):
            continue
        data = yaml.safe_load(text)
        if data["kind"] == "Application":
            sources = data["spec"].get("sources") or [data["spec"]["source"]]
            charts += sum("chart" in one for one in sources)
            assert {one["repoURL"] for one in sources} <= allowed, path
            assert all(one["repoURL"] == fleet.platform.data["chartMirror"] for one in sources if "chart" in one)
            files = [file.rpartition("/")[2] for one in sources for file in one.get("helm", {}).get("valueFiles", ())]
            # Of two the later wins: an image that a setting names.
            assert files in ([], ["values.yaml"], ["images.yaml", "values.yaml"]), path
        elif data["kind"] == "AppProject":
            assert set(data["spec"]["sourceRepos"]) <= allowed, path
    assert charts > 40
    stack = result().trees["prod"]["terraform/hub-iad-argo-cd/main.tf.json"]
    assert stack.count(f'"oci://{fleet.platform.data["chartMirror"]}"') == 2
    assert "components/argo-cd/images.yaml" in stack


def test_images_of_pods_lie_inside() -> None:
    fleet = result().fleet
    assert fleet is not None
    mirror = mirrors.of(fleet, "prod")
    assert mirror is not None
    images = [
        image
        for ref in result().objects["prod"]
        if ref.kind in pod_templates.BEARERS
        for pod in pod_templates.pods(yaml.safe_load(result().trees["prod"][ref.path]))
        for image in pod.images()
    ]
    assert len(images) > 50
    assert [one for one in images if not mirror.reached(one)] == []


def test_defaults_of_settings_and_policies_follow() -> None:
    """Runtimes whose images no spec names, the values that hold one, and the registries that Kyverno admits."""
    tree = run(
        with_spec(reference(), "environments/dev/environment.yaml", {"mirrored": True}), environments=["dev"]
    ).trees["dev"]
    where = "clusters/shared-iad/components"
    hub = "123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub"
    assert (
        f"{hub}/kserve/huggingfaceserver:" in tree[f"{where}/kserve/resources/clusterservingruntime-huggingface.yaml"]
    )
    values = yaml.safe_load(tree[f"{where}/kserve/values.yaml"])
    assert values["kserve"]["storage"]["image"] == f"{hub}/kserve/storage-initializer"
    policies = "".join(text for path, text in tree.items() if "/kyverno/resources/validatingpolicy" in path)
    assert f"{hub}/kserve/" in policies
    assert not OUTSIDE.search(policies)


def test_an_environment_without_mirrors_is_as_before() -> None:
    assert not any(path.endswith("/" + mirrors.VALUES_FILE) for path in result().trees["staging"])
    fleet = result().fleet
    assert fleet is not None
    assert mirrors.applied(fleet, "dev") is fleet


# What stands in a chart's values but runs nowhere with ours, by chart: a value above it says so, or the reason.
_SANDBOX = (("sandboxWorkloads", "enabled"), False)
_RUNTIMES = (("runtimes", "defaultEnabled"), False)
IDLE: dict[str, dict[Keys, tuple[Keys, Json] | str]] = {
    "gpu-operator": {
        ("draDriver",): (("gpuCluster", "deployCR"), False),
        ("kataSandboxDevicePlugin",): _SANDBOX,
        ("sandboxDevicePlugin",): _SANDBOX,
        ("vfioManager",): _SANDBOX,
        ("vgpuDeviceManager",): _SANDBOX,
    },
    "kube-prometheus-stack": {
        ("prometheus-node-exporter", "permissionInitContainer"): (
            ("prometheus-node-exporter", "permissionInitContainer", "fixes"),
            {"rapl": False, "slabinfo": False},
        ),
    },
    "kubeflow-trainer": {
        ("runtimes", "installer"): _RUNTIMES,
        ("runtimes", "torchtuneDistributed"): _RUNTIMES,
    },
    "kueue": {("kueueViz",): (("enableKueueViz",), False)},
    "kyverno": {("test",): "a test of Helm, which Argo CD leaves out (charts.md 0)"},
    "opencost": {("opencost", "sigV4Proxy"): (("opencost", "prometheus", "amp", "enabled"), False)},
}


def idle(chart: str, path: Keys, values: Json) -> bool:
    """Whether a branch of the values runs nowhere; what says so is looked up."""
    for branch, because in IDLE.get(chart, {}).items():
        if path[: len(branch)] == branch:
            if isinstance(because, str):
                return True
            keys, expected = because
            for key in keys:
                values = values[key]
            return bool(values == expected)
    return False


def charts() -> list[Component]:
    return [one for one in loaded()[0].catalogue.values() if one.data.get("chart")]


def mirror_of_production() -> Mirror:
    fleet = loaded()[0].fleet
    assert fleet is not None
    mirror = mirrors.of(fleet, "prod")
    assert mirror is not None
    return mirror


@pytest.mark.parametrize("component", charts(), ids=lambda one: one.name)
def test_keys_of_images_exist_in_the_chart(component: Component) -> None:
    assert "images" in component.data, "say in component.yaml, under images, what the chart pulls"
    chart = component.data["chart"]["name"]
    found = mirrors.values(component.data["images"], mirror_of_production())
    assert list(unknown(found, defaults(chart), chart)) == []


@pytest.mark.parametrize("component", charts(), ids=lambda one: one.name)
def test_every_image_of_a_chart_is_mirrored_or_off(component: Component) -> None:
    """The values as Helm merges them: the chart's own, those of its images, and ours."""
    chart = component.data["chart"]["name"]
    mirror = mirror_of_production()
    over = mirrors.values(component.data["images"], mirror)
    for values in emitted(component) if component.values else [{}]:
        whole = merged(merged(defaults(chart), over), mapped(values, mirror))
        left = [
            (path, image) for path, image in pulled(whole) if not mirror.reached(image) and not idle(chart, path, whole)
        ]
        assert left == []


@pytest.mark.parametrize("component", charts(), ids=lambda one: one.name)
def test_tags_of_references_are_the_charts(component: Component) -> None:
    chart = component.data["chart"]["name"]
    for image in component.data["images"]:
        value = defaults(chart)
        for key in image.get("value", "").split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if image["part"] == "reference":
            assert value == f"{image['repository']}:{image['tag']}"


def mapped(value: Json, mirror: Mirror) -> Json:
    """Values of settings as the pipeline has them: `emitted` renders without a mirror."""
    if isinstance(value, Mapping):
        return {key: mapped(item, mirror) for key, item in value.items()}
    if isinstance(value, list):
        return [mapped(item, mirror) for item in value]
    return mirror.repository(value) if isinstance(value, str) and OUTSIDE.match(value) else value


def pulled(values: Json, path: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """(path, repository) of each image in merged values whose branch is not switched off."""
    if not isinstance(values, Mapping):
        return
    if any(values.get(key) is False for key in ("enabled", "install", "create", "deployCR")) and path:
        return
    repository, registry, image = values.get("repository"), values.get("registry"), values.get("image")
    if isinstance(repository, str) and repository:
        base = f"{registry}/{repository}" if isinstance(registry, str) and registry else repository
        whole = f"{base}/{image}" if isinstance(image, str) and image else base
        yield path, whole
    if path and path[-1] == "image" and isinstance(values.get("name"), str) and "/" in values["name"]:
        yield path, values["name"]
    for key, value in values.items():
        named = key == "image" or key.endswith("Image")
        if named and isinstance(value, str) and value and not repository:
            yield (*path, key), re.sub(r"(:[^/]*)?(@.*)?$", "", value)
        yield from pulled(value, (*path, key))
