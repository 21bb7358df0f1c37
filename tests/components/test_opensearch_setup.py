"""The job that gives teams their part of OpenSearch: its script against a server with OpenSearch's own rules."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from opensearch_server import OpenSearch, serve
from paddock import load, logs
from paddock.components import opensearch_setup
from paddock.model import Cluster, Fleet
from repositories import ROOT, gathered, reference

Json = Any

SCRIPT = ROOT / "generator" / "paddock" / "data" / "opensearch_setup.py"
PASSWORDS = {
    "WRITER_PASSWORD": "correct horse battery",
    "DASHBOARDS_PASSWORD": "staple 42 !",
    "METRICS_PASSWORD": "numbers 77",
}


def loaded_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("opensearch_setup_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT_MODULE = loaded_script()


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    found = load.load(gathered(reference())).fleet
    assert found is not None
    return found


@pytest.fixture(scope="module")
def cluster(fleet: Fleet) -> Cluster:
    """The one whose OpenSearch has everything: people, metrics, three nodes."""
    return fleet.environments["prod"].clusters["serve-fra"]


@pytest.fixture
def config(fleet: Fleet, cluster: Cluster) -> Json:
    return opensearch_setup.config(fleet, cluster, cluster.components["opensearch"].settings)


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets of this machine only: everything else stays closed, as for every test."""
    own = socket.socket.__mro__[1]

    def opened(name: str) -> Any:
        def call(self: socket.socket, address: Any) -> Any:
            assert address[0] == "127.0.0.1", "a test must not leave this machine"
            return getattr(own, name)(self, address)

        return call

    for name in ("bind", "connect"):
        monkeypatch.setattr(socket.socket, name, opened(name))


@pytest.fixture
def opensearch() -> OpenSearch:
    return OpenSearch()


@pytest.fixture
def url(loopback: None, opensearch: OpenSearch) -> Iterator[str]:
    ends: list[Any] = []
    yield serve(opensearch, ends.append)
    ends[0]()


class Job:
    """The script with a document, as the pod runs it; it never really sleeps."""

    def __init__(self, folder: Path, config: Json, url: str) -> None:
        self.path = folder / "config.json"
        self.config = {**config, "url": url}
        self.pauses: list[float] = []

    def run(self, environment: Json = PASSWORDS) -> int:
        self.path.write_text(json.dumps(self.config))
        return int(SCRIPT_MODULE.main([str(self.path)], environment, self.pauses.append))


@pytest.fixture
def job(tmp_path: Path, config: Json, url: str) -> Job:
    return Job(tmp_path, config, url)


def state(opensearch: OpenSearch) -> Json:
    policies = {name: one.body for name, one in opensearch.policies.items()}
    return json.loads(json.dumps([opensearch.entities, opensearch.templates, policies]))


def test_every_team_has_its_part(job: Job, opensearch: OpenSearch, fleet: Fleet, cluster: Cluster) -> None:
    assert job.run() == 0
    groups = fleet.platform.data["identityGroups"]
    teams = fleet.environments["prod"].teams_on(cluster.name)
    assert len(teams) >= 5
    for team in teams:
        name = team.name
        assert opensearch.templates[f"logs-{name}"]["index_patterns"] == [f"logs-{name}.*"]
        assert opensearch.entities["tenants"].keys() >= {name}
        for right, group in team.data["groups"].items():
            role = opensearch.entities["roles"][f"logs-{name}-{right}"]
            assert [one["index_patterns"] for one in role["index_permissions"]] == [[f"logs-{name}.*"]]
            assert [one["tenant_patterns"] for one in role["tenant_permissions"]] == [[name]]
            mapped = opensearch.entities["rolesmapping"][f"logs-{name}-{right}"]
            assert mapped == {"backend_roles": [groups[group]["claim"]]}
    assert set(opensearch.policies) == {"logs-platform", *(f"logs-{team.name}" for team in teams)}


def test_who_may_write_and_who_may_do_everything(job: Job, opensearch: OpenSearch) -> None:
    assert job.run() == 0
    mappings = opensearch.entities["rolesmapping"]
    assert mappings["all_access"] == {"backend_roles": ["av-ml-platform-admins"]}
    assert mappings["logs-writer"] == {"users": ["fluent-bit"]}
    writer = opensearch.entities["roles"]["logs-writer"]["index_permissions"]
    actions = {action for one in writer for action in one["allowed_actions"]}
    assert not {one for one in actions if "delete" in one or "read" in one or "get" in one or one.endswith("_all")}
    assert opensearch.entities["internalusers"]["kibanaserver"]["password"] == PASSWORDS["DASHBOARDS_PASSWORD"]
    domains = opensearch.entities["securityconfig"]["config"]["dynamic"]["authc"]
    assert [one["http_authenticator"]["challenge"] for one in domains.values()] == [False, False]


def test_no_index_is_anybody_else_s(config: Json) -> None:
    """Not even of a team whose name begins with another's: templates, roles and policies fit their own only."""
    owners = [*config["tenants"], "platform", "data", "data-platform", "map", "mapping"]
    for one, other in permutations(dict.fromkeys(owners), 2):
        index = f"{logs.index(other)}{logs.SEPARATOR}2026.11.25"
        assert fnmatchcase(index, logs.pattern(other))
        assert not fnmatchcase(index, logs.pattern(one)), (one, index)


@pytest.mark.parametrize(
    ("team", "age"), [("perception", "91d"), ("validation", "3654d"), ("platform", "91d"), ("mapping", None)]
)
def test_indexes_go_when_their_last_line_is_old_enough(config: Json, team: str, age: str | None) -> None:
    """An index is a day older than its last line; on hold it never goes."""
    states = {one["name"]: one for one in config["policies"][f"logs-{team}"]["policy"]["states"]}
    assert [one["conditions"]["min_index_age"] for one in states["kept"]["transitions"]] == ([age] if age else [])
    deleting = [name for name, one in states.items() if any("delete" in action for action in one["actions"])]
    assert deleting == (["deleted"] if age else [])


def test_twice_is_once(job: Job, opensearch: OpenSearch) -> None:
    assert job.run() == 0
    first = state(opensearch)
    assert job.run() == 0
    assert state(opensearch) == first


def test_nothing_is_deleted(job: Job, opensearch: OpenSearch) -> None:
    opensearch.entities["roles"]["by-hand"] = {"cluster_permissions": []}
    opensearch.templates["by-hand"] = {"index_patterns": ["other-*"]}
    assert job.run() == 0
    assert {method for method, _ in opensearch.requests} == {"GET", "PUT", "POST"}
    assert "by-hand" in opensearch.entities["roles"]
    assert "by-hand" in opensearch.templates


def test_a_new_retention_reaches_indexes_that_are_there(job: Job, opensearch: OpenSearch) -> None:
    """ISM keeps an index under the policy it began with until it is told to change."""
    opensearch.indexes |= {"logs-perception.2026.11.24": None, "logs-planning.2026.11.24": None}
    assert job.run() == 0
    policy = job.config["policies"]["logs-perception"]
    assert opensearch.indexes["logs-perception.2026.11.24"] == ("logs-perception", policy)
    kept = policy["policy"]["states"][0]
    kept["transitions"][0]["conditions"]["min_index_age"] = "366d"
    assert job.run() == 0
    found = opensearch.indexes["logs-perception.2026.11.24"]
    assert found is not None
    assert found[1]["policy"]["states"][0] == kept
    assert opensearch.indexes["logs-planning.2026.11.24"] == ("logs-planning", job.config["policies"]["logs-planning"])


def test_a_server_that_starts_is_waited_for(job: Job, opensearch: OpenSearch) -> None:
    opensearch.starting = 7
    assert job.run() == 0
    assert job.pauses == [2, 4, 8, 16, 30, 30, 30]


def test_a_server_that_never_starts_is_given_up(
    job: Job, opensearch: OpenSearch, capsys: pytest.CaptureFixture[str]
) -> None:
    opensearch.starting = 10_000
    job.config["attempts"] = 5
    assert job.run() == 2
    assert len(opensearch.requests) == 5
    message = capsys.readouterr().err
    assert message.startswith("error: OpenSearch is not there: GET /_cluster/health")
    assert "503 OpenSearch Security not initialized." in message


def test_a_server_that_is_down(
    tmp_path: Path, config: Json, loopback: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    job = Job(tmp_path, {**config, "attempts": 3}, f"http://127.0.0.1:{port}")
    assert job.run() == 2
    assert job.pauses == [2, 4]
    assert "ConnectionRefusedError" in capsys.readouterr().err


def test_somebody_else_changes_a_policy_meanwhile(job: Job, opensearch: OpenSearch) -> None:
    assert job.run() == 0
    opensearch.rivals = 3
    assert job.run() == 0


def test_somebody_else_changes_it_for_ever(
    job: Job, opensearch: OpenSearch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job.run() == 0
    opensearch.rivals = 10_000
    assert job.run() == 1
    assert "5 times somebody else had just changed it" in capsys.readouterr().err


def test_what_is_refused_is_said_without_passwords(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert job.run({**PASSWORDS, "WRITER_PASSWORD": "short"}) == 1
    message = capsys.readouterr().err
    where = "/_plugins/_security/api/internalusers/fluent-bit"
    assert message == f"error: OpenSearch refused PUT {where}: 400 Weak password\n"
    assert "short" not in message


def test_a_mapping_without_its_role_is_refused(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    del job.config["roles"]["logs-perception-edit"]
    assert job.run() == 1
    assert "404 role 'logs-perception-edit' not found." in capsys.readouterr().err


def test_a_role_with_a_key_that_is_not_one_is_refused(job: Job) -> None:
    job.config["roles"]["logs-perception-edit"]["indices"] = []
    assert job.run() == 1


def test_policies_over_one_pattern_are_refused(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """What the dot after the name prevents: with a hyphen, data's pattern would fit data-platform's indexes."""
    policy = json.dumps(job.config["policies"]["logs-data-platform"])
    job.config["policies"]["logs-data"] = json.loads(policy.replace("logs-data-platform.*", "logs-data.*"))
    assert job.run() == 0
    job.config["policies"]["logs-data"] = json.loads(policy.replace("logs-data-platform.*", "logs-data-*"))
    assert job.run() == 1
    assert "matching existing policy templates" in capsys.readouterr().err


def test_a_password_that_is_missing(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert job.run({"WRITER_PASSWORD": "correct horse battery"}) == 3
    assert capsys.readouterr().err == "error: the variable DASHBOARDS_PASSWORD is not set\n"


def test_as_a_program(tmp_path: Path) -> None:
    """Without a document: the exit code and one line, no traceback."""
    arguments = [sys.executable, "-I", str(SCRIPT), str(tmp_path / "absent.json")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("error: the document cannot be used: FileNotFoundError")
    assert done.stderr.count("\n") == 1


def test_small_clusters_ask_for_no_replicas(fleet: Fleet) -> None:
    """A replica that has no second node makes an index yellow for ever."""
    one = fleet.environments["staging"].clusters["serve-fra"]
    settings = one.components["opensearch"].settings
    assert settings["replicas"] == 1
    templates = opensearch_setup.config(fleet, one, settings)["indexTemplates"].values()
    assert {found["template"]["settings"]["index.number_of_replicas"] for found in templates} == {0}


def certificate(folder: Path, name: str, *, issuer: str | None = None) -> None:
    """`<name>.crt` and `<name>.key` for 127.0.0.1: of an issuer made before, or a CA of its own."""
    key, request, made = (str(folder / f"{name}.{one}") for one in ("key", "csr", "crt"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key]
    subject = ["-subj", f"/CN={name}"]
    if issuer is None:
        commands = [["req", "-x509", *curve, *subject, "-days", "2", "-out", made]]
    else:
        (folder / "names").write_text("subjectAltName = IP:127.0.0.1\n")
        ca = ["-CA", str(folder / f"{issuer}.crt"), "-CAkey", str(folder / f"{issuer}.key"), "-CAcreateserial"]
        signing = ["-in", request, "-days", "2", "-extfile", str(folder / "names"), "-out", made]
        commands = [["req", "-new", *curve, *subject, "-out", request], ["x509", "-req", *ca, *signing]]
    for arguments in commands:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_both_sides_show_certificates(
    tmp_path: Path, config: Json, loopback: None, opensearch: OpenSearch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server's is of the CA for HTTPS, the job's of that for administrators; no other CA's server is believed."""
    for name, issuer in (
        ("http-ca", None),
        ("admin-ca", None),
        ("other-ca", None),
        ("os", "http-ca"),
        ("admin", "admin-ca"),
    ):
        certificate(tmp_path, name, issuer=issuer)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "os.crt", tmp_path / "os.key")
    tls.load_verify_locations(tmp_path / "admin-ca.crt")
    tls.verify_mode = ssl.CERT_REQUIRED
    ends: list[Any] = []
    url = serve(opensearch, ends.append, tls=tls)
    files = {"authority": "http-ca.crt", "certificate": "admin.crt", "key": "admin.key"}
    job = Job(tmp_path, {**config, "attempts": 2, **{key: str(tmp_path / name) for key, name in files.items()}}, url)
    assert job.run() == 0
    assert "logs-perception-edit" in opensearch.entities["roles"]
    job.config["authority"] = str(tmp_path / "other-ca.crt")
    assert job.run() == 2
    assert "certificate verify failed" in capsys.readouterr().err
    ends[0]()


KEYS = {
    "AccessKeyId": "AKIDEXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "Token": "session/token==",
}
SIGNATURES = [
    (
        ("GET", "/_cluster/health?wait_for_status=yellow&timeout=30s", b""),
        "36a7f295b2295db9a3610b2da579349d020e2081022519eab2852b4cdb11e449",
    ),
    (
        ("POST", "/_plugins/_ism/change_policy/logs-perception.*", b'{"policy_id": "logs-perception"}'),
        "fe518c907fd4b56787452dcb39041038fbfd171a5a2503fcc6ff9039a0521f92",
    ),
    (
        ("PUT", "/_plugins/_ism/policies/logs-perception?if_seq_no=7&if_primary_term=1", b"{}"),
        "e11be8d3e8fcf5bcfd5b83a3dfeb754b4a70a227605b5ed5778b5981b55947a7",
    ),
]
"""Requests, and what botocore 1.44.8 signs them with (SigV4Auth, service es)."""


@pytest.mark.parametrize(("request_", "signature"), SIGNATURES)
def test_signatures_are_those_of_aws_s_own_library(request_: tuple[str, str, bytes], signature: str) -> None:
    method, path, content = request_
    host = "vpc-logs-abc.us-east-1.es.amazonaws.com"
    found = SCRIPT_MODULE.signed(method, host, path, content, KEYS, "us-east-1", "20261125T120000Z")
    scope = "Credential=AKIDEXAMPLE/20261125/us-east-1/es/aws4_request"
    names = "SignedHeaders=host;x-amz-date;x-amz-security-token"
    assert found["Authorization"] == f"AWS4-HMAC-SHA256 {scope}, {names}, Signature={signature}"


class Agent:
    """The agent of EKS Pod Identity on a node, as far as a pod asks it."""

    def __init__(self) -> None:
        self.tokens: list[str | None] = []

    def serve(self) -> tuple[str, Any]:
        tokens = self.tokens

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tokens.append(self.headers.get("Authorization"))
                written = json.dumps(KEYS).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return f"http://127.0.0.1:{server.server_port}/v1/credentials", end


@pytest.fixture
def domain(fleet: Fleet) -> Json:
    training = fleet.environments["prod"].clusters["train-iad"]
    return opensearch_setup.domain_config(fleet, training, training.components["opensearch-domain"].settings)


def test_a_domain_is_set_up_by_the_role_of_the_pod(
    tmp_path: Path, domain: Json, url: str, opensearch: OpenSearch
) -> None:
    agent = Agent()
    address, end = agent.serve()
    (tmp_path / "token").write_text("a pod's token\n")
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": address,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert Job(tmp_path, domain, url).run(environment) == 0
    end()
    assert agent.tokens == ["a pod's token"], "asked once, not for each request"
    assert all(one and one.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") for one in opensearch.authorizations)
    assert opensearch.entities["securityconfig"] == opensearch.entities["internalusers"] == {}, "the domain's own"
    writers = opensearch.entities["rolesmapping"]["logs-writer"]["backend_roles"]
    assert writers == ["arn:aws:iam::777788889999:role/av-prod-train-iad-fluent-bit"]
    assert "all_access" not in opensearch.entities["rolesmapping"]
    assert "logs-perception" in opensearch.policies


def test_whom_others_let_into_a_domain_stays_in(tmp_path: Path, domain: Json, url: str, opensearch: OpenSearch) -> None:
    opensearch.entities["rolesmapping"]["kibana_user"] = {"backend_roles": ["data-office"], "users": ["auditor"]}
    del domain["region"]
    assert Job(tmp_path, domain, url).run({}) == 0
    found = opensearch.entities["rolesmapping"]["kibana_user"]
    assert found["users"] == ["auditor"]
    assert {"data-office", "av-ml-perception-engineers"} <= set(found["backend_roles"])


def test_a_domain_s_teams_are_those_that_send_to_it(fleet: Fleet, domain: Json) -> None:
    prod = fleet.environments["prod"]
    training = prod.clusters["train-iad"]
    assert sorted(domain["tenants"]) == [team.name for team in prod.teams_on("train-iad")]
    other = {**training.components["opensearch-domain"].settings, "host": "elsewhere.example.com"}
    assert opensearch_setup.domain_config(fleet, training, other)["tenants"] == {}


def test_a_pod_without_a_role(tmp_path: Path, domain: Json, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert Job(tmp_path, domain, url).run({}) == 3
    assert capsys.readouterr().err == "error: the pod has no role: AWS_CONTAINER_CREDENTIALS_FULL_URI is not set\n"
