"""OpenSearch and Dashboards: who is believed, what is encrypted, what a change brings; and no secret is in text."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import yaml

from paddock import load
from paddock.components import opensearch, opensearch_dashboards
from paddock.model import Cluster, ComponentUse, Fleet
from paddock.pipeline import Result
from repositories import gathered, reference, run

Json = Any


@cache
def loaded() -> Fleet:
    found = load.load(gathered(reference())).fleet
    assert found is not None
    return found


@cache
def result() -> Result:
    return run(reference(), environments=["prod"])


def serving() -> Cluster:
    return loaded().environments["prod"].clusters["serve-fra"]


def settings(**changes: Json) -> Json:
    return {**serving().components["opensearch"].settings, **changes}


def view(**changes: Json) -> Json:
    return opensearch.view(loaded(), serving(), settings(**changes), {})


def objects(kind: str) -> dict[tuple[str, str], Json]:
    """(namespace, name) and the object of a kind among those of the component."""
    tree = result().trees["prod"]
    folder = "clusters/serve-fra/components/opensearch/resources/"
    found = [yaml.safe_load(text) for path, text in tree.items() if path.startswith(folder)]
    return {
        (one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in found if one["kind"] == kind
    }


@pytest.mark.parametrize(
    ("memory", "options"),
    [("8Gi", "-Xms4096m -Xmx4096m"), ("1Gi", "-Xms512m -Xmx512m"), ("64Gi", "-Xms31744m -Xmx31744m")],
)
def test_half_of_the_memory_is_the_heap(memory: str, options: str) -> None:
    """Up to 31 GiB: beyond, pointers are no longer compressed."""
    assert opensearch.java_options(memory) == options


def test_every_way_is_encrypted_and_nobody_is_in_at_first() -> None:
    yml = yaml.safe_load(view()["yml"])
    assert yml["plugins.security.ssl.http.enabled"] is True
    assert yml["plugins.security.allow_default_init_securityindex"] is True
    assert "plugins.security.disabled" not in yml
    files = {name: yaml.safe_load(text) for name, text in view()["securityConfig"].items()}
    assert set(files["internal_users.yml"]) == {"_meta"}, "the demonstration's users have known passwords"
    assert files["roles_mapping.yml"]["kibana_server"]["users"] == ["kibanaserver"]
    assert files["config.yml"]["config"]["dynamic"]["http"] == {"anonymous_auth_enabled": False}
    for name, one in files.items():
        assert one["_meta"]["config_version"] == 2, name


def test_administrators_and_nodes_are_of_a_ca_that_nobody_else_can_ask() -> None:
    """Whoever gets a certificate in the administrator's name, is one: its issuer is no ClusterIssuer."""
    yml = yaml.safe_load(view()["yml"])
    certificates = objects("Certificate")
    private = {"group": "cert-manager.io", "kind": "Issuer", "name": "opensearch"}
    for field, name in (("nodes_dn", "opensearch-transport"), ("authcz.admin_dn", "opensearch-admin")):
        spec = certificates["opensearch", name]["spec"]
        assert spec["issuerRef"] == private
        assert yml[f"plugins.security.{field}"] == [f"CN={spec['commonName']}"]
    transport = "certificates/transport/ca.crt"
    assert yml["plugins.security.ssl.http.pemtrustedcas_filepath"] == transport
    assert yml["plugins.security.ssl.transport.pemtrustedcas_filepath"] == transport
    http = certificates["opensearch", "opensearch-http"]["spec"]
    assert http["issuerRef"]["kind"] == "ClusterIssuer"
    assert "opensearch.opensearch.svc" in http["dnsNames"]
    for one in certificates.values():
        assert one["spec"]["privateKey"]["encoding"] == "PKCS8", "OpenSearch reads no other"


def test_a_change_makes_a_new_job_and_an_old_one_is_never_altered() -> None:
    first = view()["setup"]["name"]
    assert view()["setup"]["name"] == first
    changes: list[Json] = [
        {"shards": 7},
        {"setupImage": {"repository": "registry.example.com/python", "tag": "3.14"}},
        {"secrets": {**settings()["secrets"], "writer": {"remoteKey": "elsewhere"}}},
    ]
    names = {view(**one)["setup"]["name"] for one in changes}
    assert len(names | {first}) == 4
    [job] = objects("Job").values()
    [script] = objects("ConfigMap").values()
    assert job["metadata"]["name"] == script["metadata"]["name"]
    assert "ttlSecondsAfterFinished" not in job["spec"], "Argo CD would make it again"
    assert json.loads(script["data"]["config.json"])["url"] == "https://opensearch:9200"


def test_no_password_is_written_anywhere() -> None:
    [job] = objects("Job").values()
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "opensearch-passwords"}}]
    [script] = objects("ConfigMap").values()
    users = json.loads(script["data"]["config.json"])["users"]
    keys = {one["secretKey"] for one in objects("ExternalSecret")["opensearch", "opensearch-passwords"]["spec"]["data"]}
    assert {one["passwordVariable"] for one in users.values()} == keys


def test_an_image_s_digest_follows_its_tag() -> None:
    digest = "sha256:" + "ab" * 32
    image = {"repository": "registry.example.com/os", "digest": digest}
    assert view(image={**image, "tag": "3.6.0"})["image"] == {
        "repository": image["repository"],
        "tag": f"3.6.0@{digest}",
    }
    assert view(image=image)["image"]["tag"].endswith(f"@{digest}")


def dashboards(**changes: Json) -> Json:
    stated = {**serving().components["opensearch-dashboards"].settings, **changes}
    found = opensearch_dashboards.view(loaded(), serving(), stated, {})
    return yaml.safe_load(found["yml"]), found


def test_dashboards_believes_the_provider_of_opensearch() -> None:
    yml, found = dashboards()
    assert yml["opensearch_security.auth.type"] == "openid"
    assert yml["opensearch_security.openid.connect_url"] == settings()["oidc"]["connectURL"]
    assert yml["opensearch_security.openid.base_redirect_url"] == "https://logs.ml.av.example.com"
    variables = {one["secretKey"] for one in found["secret"]["spec"]["data"]}
    written = {value[2:-1] for value in yml.values() if isinstance(value, str) and value.startswith("${")}
    assert written == variables == {"DASHBOARDS_PASSWORD", "COOKIE_PASSWORD", "OIDC_CLIENT_SECRET"}


def test_dashboards_without_people_of_a_provider() -> None:
    stated = dict(serving().components["opensearch-dashboards"].settings)
    del stated["oidc"]
    yml = yaml.safe_load(opensearch_dashboards.view(loaded(), serving(), stated, {})["yml"])
    assert yml["opensearch_security.auth.type"] == "basicauth"
    assert not [key for key in yml if ".openid." in key]


def test_both_give_the_user_of_dashboards_one_password() -> None:
    changed = {"dashboards": {"remoteKey": "elsewhere"}, "writer": {"remoteKey": "w"}}
    use = ComponentUse(name="opensearch", settings=settings(secrets=changed))
    cluster = replace(serving(), components={**serving().components, "opensearch": use})
    stated = cluster.components["opensearch-dashboards"].settings
    data = opensearch_dashboards.view(loaded(), cluster, stated, {})["secret"]["spec"]["data"]
    keys = {one["secretKey"]: one["remoteRef"]["key"] for one in data}
    assert keys["DASHBOARDS_PASSWORD"] == "elsewhere"


def rendered_policies(*, enabled: bool) -> set[str]:
    """Names of NetworkPolicies of OpenSearch, with and without an entry from outside."""
    path = "environments/prod/clusters/serve-fra.yaml"
    stated = yaml.safe_load(reference()[path])
    stated["spec"]["components"]["opensearch"]["settings"]["ingress"] = {"enabled": enabled}
    tree = run({**reference(), path: yaml.safe_dump(stated).encode()}, environments=["prod"]).trees["prod"]
    folder = "clusters/serve-fra/components/opensearch/resources/networkpolicy-"
    return {name.removeprefix(folder).removesuffix(".yaml") for name in tree if name.startswith(folder)}


def test_load_balancers_come_in_only_where_there_is_an_entry() -> None:
    closed = rendered_policies(enabled=False)
    assert closed == {"opensearch", "opensearch-default-deny", "opensearch-setup"}
    assert rendered_policies(enabled=True) - closed == {"opensearch-load-balancers"}
