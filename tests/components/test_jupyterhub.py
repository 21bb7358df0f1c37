"""JupyterHub's configuration, run with fakes of what the chart gives it, on the values of the reference platform."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from paddock import source
from paddock.components.jupyterhub import PLACEHOLDERS, profiles
from paddock.load import load
from paddock.pipeline import Result
from repositories import gathered, reference, reference_result, with_spec

Json = Any

DEV, PROD = ("dev", "shared-iad"), ("prod", "train-iad")
ENGINEERS = "av-ml-{}-engineers"


class HTTPError(Exception):
    """Stands for tornado's."""


class Section(dict):
    """A section of traitlets' Config, which is a dictionary: `keys` is its method, not the trait of that name."""

    def __getattr__(self, name: str) -> Json:
        return self[name]

    def __setattr__(self, name: str, value: Json) -> None:
        self[name] = value


@cache
def rendered() -> Result:
    return reference_result()


def document(where: tuple[str, str], path: str) -> Json:
    environment, cluster = where
    path = f"clusters/{cluster}/{path}"
    data, problems = source.parse(rendered().trees[environment][path].encode(), path)
    assert problems == []
    return data


def values(where: tuple[str, str]) -> Json:
    return document(where, "components/jupyterhub/values.yaml")


def configured(
    monkeypatch: pytest.MonkeyPatch,
    where: tuple[str, str] = DEV,
    *,
    token: str = "true-token",
    cookies: str = "ab" * 32,
    keys: str = "cd" * 32,
) -> dict[str, Json]:
    """What the configuration defines, after the chart's own has run (files/hub/jupyterhub_config.py of 4.4.0)."""
    stated = values(where)
    web = ModuleType("tornado.web")
    web.HTTPError = lambda status, text: HTTPError(f"{status} {text}")  # type: ignore[attr-defined]
    tornado = ModuleType("tornado")
    tornado.web = web  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tornado", tornado)
    monkeypatch.setitem(sys.modules, "tornado.web", web)
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", token)
    c = SimpleNamespace(
        JupyterHub=Section(cookie_secret=cookies),
        CryptKeeper=Section(keys=keys.split(";")),
        GenericOAuthenticator=Section(),
        KubeSpawner=Section(),
    )

    def get_config(key: str) -> Json:
        found = stated
        for name in key.split("."):
            found = found[name]
        return found

    scope: dict[str, Json] = {"c": c, "get_config": get_config, "get_secret_value": lambda key: f"secret of {key}"}
    [program] = stated["hub"]["extraConfig"].values()
    exec(program, scope)
    return scope


def spawner(*groups: str, namespace: str = "jupyterhub") -> Json:
    user = SimpleNamespace(groups=[SimpleNamespace(name=one) for one in groups])
    return SimpleNamespace(user=user, namespace=namespace)


def slugs(scope: dict[str, Json], *groups: str) -> list[str]:
    return [one["slug"] for one in scope["profile_list"](spawner(*groups))]


def test_people_choose_among_the_profiles_of_their_teams(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = configured(monkeypatch)
    perception, planning = ENGINEERS.format("perception"), ENGINEERS.format("planning")
    assert slugs(scope, planning) == ["planning_small", "planning_large", "planning_l40s"]
    mine = ["perception_look", "perception_one-l40s", "perception_debug-h100"]
    assert slugs(scope, perception) == mine
    assert slugs(scope, "others", planning, perception) == [*mine, "planning_small", "planning_large", "planning_l40s"]
    chosen = scope["profile_list"](spawner(planning))[0]
    assert "groups" not in chosen
    assert chosen["kubespawner_override"]["namespace"] == "planning"


def test_who_is_in_no_team_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without profiles KubeSpawner would start a pod of its defaults, in the hub's own namespace."""
    scope = configured(monkeypatch)
    for groups in ([], ["av-ml-platform-admins"], ["av-planning-all"]):
        with pytest.raises(HTTPError, match=r"^403 You are in no team"):
            slugs(scope, *groups)


def test_a_pod_is_in_the_namespace_of_a_team_of_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = configured(monkeypatch)
    group, pod = ENGINEERS.format("planning"), object()
    check = scope["c"].KubeSpawner.modify_pod_hook
    assert check(spawner(group, namespace="planning"), pod) is pod
    for namespace in ("perception", "jupyterhub", "kube-system"):
        with pytest.raises(HTTPError, match=rf"^403 You may not start notebooks in namespace {namespace}"):
            check(spawner(group, namespace=namespace), pod)


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        ({"token": PLACEHOLDERS[0]}, "token of the proxy's API"),
        ({"token": ""}, "token of the proxy's API"),
        ({"cookies": PLACEHOLDERS[1]}, "secret of the cookies"),
        ({"keys": PLACEHOLDERS[1]}, "keys of the users' state"),
    ],
)
def test_the_hub_does_not_start_with_a_placeholder(
    secret: dict[str, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=rf"the {what} is still the placeholder"):
        configured(monkeypatch, **secret)  # type: ignore[arg-type]


def test_what_the_configuration_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    c = configured(monkeypatch)["c"]
    assert c.JupyterHub.hub_connect_url == "http://hub.jupyterhub.svc.cluster.local:8081"
    assert c.GenericOAuthenticator.client_secret == "secret of oauth-client-secret"
    assert c.KubeSpawner.remember_pvc_name is False
    assert c.KubeSpawner.delete_pvc is False
    assert c.KubeSpawner.pod_security_context["runAsNonRoot"] is True
    assert c.KubeSpawner.container_security_context == {"capabilities": {"drop": ["ALL"]}}


@pytest.mark.parametrize("where", [DEV, PROD])
def test_every_profile_sets_the_same(where: tuple[str, str]) -> None:
    """What one sets and another does not would stay from the one chosen before."""
    found = values(where)["custom"]["platform"]["profiles"]
    assert len({frozenset(one["kubespawner_override"]) for one in found}) == 1
    assert len({one["slug"] for one in found}) == len(found) > 10
    assert len({one["display_name"] for one in found}) == len(found)
    for one in found:
        override = one["kubespawner_override"]
        assert override["mem_limit"] == override["mem_guarantee"] > 1 << 30
        assert isinstance(override["mem_limit"], int)
        assert {"cost-center", "environment", "team"} <= override["extra_labels"].keys()
        gpus = override["extra_resource_limits"].get("nvidia.com/gpu")
        assert (gpus is None) == (override["node_affinity_required"] == []) == (override["tolerations"] == [])


def test_gpus_lie_in_pools_that_bear_notebooks() -> None:
    """On the training cluster nodes with EFA, reserved nodes and capacity blocks are left to training."""
    pools = {
        name
        for one in values(PROD)["custom"]["platform"]["profiles"]
        for term in one["kubespawner_override"]["node_affinity_required"]
        for name in term["matchExpressions"][0]["values"]
    }
    assert pools == {"a10g", "l40s"}
    teams = {one["kubespawner_override"]["namespace"] for one in values(PROD)["custom"]["platform"]["profiles"]}
    assert "validation" not in teams  # notebooks.enabled: false
    assert "validation" in {
        one["kubespawner_override"]["namespace"] for one in values(DEV)["custom"]["platform"]["profiles"]
    }


def test_sign_in_by_the_teams_groups() -> None:
    traits = values(PROD)["hub"]["config"]["GenericOAuthenticator"]
    assert ENGINEERS.format("perception") in traits["allowed_groups"]
    assert ENGINEERS.format("validation") not in traits["allowed_groups"]
    assert traits["admin_groups"] == ["av-ml-platform-admins"]
    assert not any(one.endswith("-all") for one in traits["allowed_groups"])
    assert traits["oauth_callback_url"] == "https://notebooks.train-iad.prod.ml.av.example.com/hub/oauth_callback"


def test_secrets_come_from_external_secrets() -> None:
    own = document(DEV, "components/jupyterhub/resources/externalsecret-hub-secrets.yaml")["spec"]
    assert {one["secretKey"] for one in own["data"]} == {
        "hub.config.CryptKeeper.keys",
        "hub.config.JupyterHub.cookie_secret",
        "hub.services.prometheus.apiToken",
        "oauth-client-secret",
    }
    chart = document(DEV, "components/jupyterhub/resources/externalsecret-hub.yaml")["spec"]
    [token] = chart["data"]
    assert token["secretKey"] == "hub.config.ConfigurableHTTPProxy.auth_token"
    assert chart["refreshInterval"] == "1m"
    assert chart["target"] == {"name": "hub", "creationPolicy": "Merge", "deletionPolicy": "Retain"}
    application = rendered().trees["dev"]["argocd/applications/shared-iad/application-dev-shared-iad-jupyterhub.yaml"]
    assert "/data/hub.config.ConfigurableHTTPProxy.auth_token" in application
    # All of /data would keep every change of the configuration from the hub.
    assert "- /data\n" not in application


def test_values_hold_placeholders_only() -> None:
    stated = values(DEV)
    found = {
        stated["proxy"]["secretToken"],
        stated["hub"]["cookieSecret"],
        stated["hub"]["services"]["prometheus"]["apiToken"],
        *stated["hub"]["config"]["CryptKeeper"]["keys"],
    }
    assert found == set(PLACEHOLDERS) == set(stated["custom"]["platform"]["placeholders"])
    [guard] = stated["proxy"]["chp"]["extraPodSpec"]["initContainers"]
    assert f"!= {PLACEHOLDERS[0]}" in guard["command"][-1]


def test_what_a_team_s_namespace_opens() -> None:
    folder = "teams/planning"
    binding = document(DEV, f"{folder}/rolebinding-notebook-hub.yaml")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "hub", "namespace": "jupyterhub"}]
    rules = document(DEV, f"{folder}/role-notebook-hub.yaml")["rules"]
    assert {name for rule in rules for name in rule["resources"]} == {"events", "persistentvolumeclaims", "pods"}
    [claims] = [rule for rule in rules if "persistentvolumeclaims" in rule["resources"]]
    assert "delete" not in claims["verbs"]
    policy = document(DEV, f"{folder}/networkpolicy-allow-notebooks.yaml")["spec"]
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/component": "singleuser-server"}}
    assert [port["port"] for rule in policy["ingress"] for port in rule["ports"]] == [8888]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [8081]
    assert document(DEV, f"{folder}/serviceaccount-notebook.yaml")["automountServiceAccountToken"] is False
    prod = rendered().trees["prod"]
    assert not any("teams/validation/" in path and "notebook" in path for path in prod)
    # The team's role on AWS.
    identity = "clusters/train-iad/infrastructure/podidentityassociation-team-{}-notebook.yaml"
    assert identity.format("planning") in prod
    assert identity.format("validation") not in prod


def test_kueue_queues_notebooks_with_gpus_where_it_queues_pods() -> None:
    path = "environments/dev/clusters/shared-iad.yaml"
    data, _ = source.parse(reference()[path], path)
    components = data["spec"]["components"]
    components["kueue"]["settings"]["frameworks"] = ["batch/job", "pod", "trainer.kubeflow.org/trainjob"]
    fleet = load(gathered(with_spec(reference(), path, {"components": components}))).fleet
    assert fleet is not None
    environment = fleet.environments["dev"]
    cluster = environment.clusters["shared-iad"]
    settings = cluster.components["jupyterhub"].settings
    found = profiles(fleet, environment, cluster, [environment.teams["planning"]], settings)
    queues = {
        one["slug"]: one["kubespawner_override"]["extra_labels"].get("kueue.x-k8s.io/queue-name") for one in found
    }
    assert queues == {"planning_small": None, "planning_large": None, "planning_l40s": "planning"}
    assert "kueue.x-k8s.io/queue-name" not in str(values(DEV))
