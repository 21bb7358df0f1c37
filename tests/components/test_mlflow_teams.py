"""The program that sets up teams in MLflow, against a real server with basic authentication, on this machine alone.

`make test` installs MLflow into .venv/mlflow; where that cannot be done these tests are skipped. The test process opens
no connection itself: the server, the program and every request are processes of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paddock.components.mlflow_teams import PROGRAM

Json = Any

ROOT = Path(__file__).resolve().parents[2]
MLFLOW = ROOT / ".venv" / "mlflow" / "bin"
SCRIPT = ROOT / "templates" / "components" / "mlflow" / "files" / PROGRAM
ADMIN = ("admin", "admin-password-1")
TEAMS = [
    {"name": "perception", "experiments": ["perception/bev", "perception/lidar"], "models": ["perception-bev"]},
    {"name": "planning", "experiments": ["planning/bev"], "models": []},
]
PASSWORDS = {"perception": "perception-password-1", "planning": "planning-password-1"}
REQUEST = """
import base64, json, sys, urllib.error, urllib.request
url, method, user, password, workspace, body = sys.argv[1:]
headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
headers |= {"X-MLFLOW-WORKSPACE": workspace} if workspace else {}
headers |= {"Content-Type": "application/json"} if body.startswith("{") else {}
data = body.encode() if body else None
try:
    answer = urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers, method=method), timeout=60)
    print(json.dumps([answer.status, answer.read().decode()]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, error.read().decode()]))
"""

installed = pytest.mark.skipif(
    not (MLFLOW / "mlflow").exists(), reason="MLflow is not installed: make test installs it where it can"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server with its files; `url` is on the loopback interface."""

    url: str
    folder: Path

    def request(
        self, method: str, path: str, login: tuple[str, str] = ADMIN, *, workspace: str = "", body: str = ""
    ) -> tuple[int, Json]:
        command = [sys.executable, "-c", REQUEST, f"{self.url}/api/{path}", method, *login, workspace, body]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90)
        status, text = json.loads(done.stdout)
        return status, json.loads(text) if text.startswith("{") else text

    def set_up(
        self, teams: Json = TEAMS, *, passwords: Json = PASSWORDS, other: str = "NO_PERMISSIONS", url: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run the program as the Job does."""
        place = self.folder / "run"
        for name, text in (("admin/username", ADMIN[0]), ("admin/password", f"{ADMIN[1]}\n")):
            _write(place / name, text)
        for old in (place / "passwords").glob("*"):
            old.unlink()
        for team, password in passwords.items():
            _write(place / "passwords" / team, password)
        _write(place / "teams.json", json.dumps({"url": url or self.url, "otherTeams": other, "teams": teams}))
        command = [sys.executable, str(SCRIPT), "teams.json", "admin", "passwords"]
        environment = {**os.environ, "WAIT_SECONDS": "0" if url else "60"}
        return subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    def state(self) -> Json:
        """All that the program makes, as an administrator sees it."""
        found: dict[str, Json] = {}
        _, listed = self.request("GET", "3.0/mlflow/workspaces")
        _, users = self.request("GET", "2.0/mlflow/users/list")
        found["users"] = sorted((one["username"], one["is_admin"]) for one in users["users"])
        for name in sorted(one["name"] for one in listed["workspaces"]):
            _, experiments = self.request(
                "POST", "2.0/mlflow/experiments/search", workspace=name, body=json.dumps({"max_results": 100})
            )
            _, models = self.request("GET", "2.0/mlflow/registered-models/search", workspace=name)
            _, roles = self.request("GET", f"3.0/mlflow/roles/list?workspace={name}")
            found[name] = {
                "experiments": sorted(
                    (one["name"], one["artifact_location"]) for one in experiments.get("experiments", [])
                ),
                "models": sorted(one["name"] for one in models.get("registered_models", [])),
                "roles": {one["name"]: self._role(one) for one in roles["roles"]},
            }
        return found

    def _role(self, role: Json) -> Json:
        _, held = self.request("GET", f"3.0/mlflow/roles/users/list?role_id={role['id']}")
        grants = sorted(
            (one["resource_type"], one["resource_pattern"], one["permission"]) for one in role["permissions"]
        )
        return [sorted(one["user_id"] for one in held["assignments"]), grants]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _free_port() -> int:
    script = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
    return int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=30).stdout)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("mlflow"), _free_port()
    found = Server(url=f"http://127.0.0.1:{port}", folder=folder)
    process = _start(folder, port)
    try:
        _wait(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=60)


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """As the chart starts it, but with SQLite, a folder for artifacts and one process."""
    (folder / "auth.ini").write_text(
        "[mlflow]\ndefault_permission = NO_PERMISSIONS\n"
        f"database_uri = sqlite:///{folder}/auth.db\nadmin_username = {ADMIN[0]}\nadmin_password = {ADMIN[1]}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        # Hashing a password takes most of a request.
        "auth_cache_ttl_seconds = 300\n"
    )
    command = [
        *(str(MLFLOW / "mlflow"), "server", "--app-name", "basic-auth", "--enable-workspaces", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--serve-artifacts", "--artifacts-destination", f"{folder}/artifacts"),
    ]
    environment = {
        **os.environ,
        "PATH": f"{MLFLOW}:{os.environ['PATH']}",
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "key-of-a-test",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    script = f"import urllib.request; urllib.request.urlopen('{server.url}/health', timeout=5)"
    until = time.monotonic() + 180
    while subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=30).returncode:
        log = (server.folder / "server.log").read_text()
        assert process.poll() is None, log[-4000:]
        assert time.monotonic() < until, log[-4000:]
        time.sleep(1)


@installed
def test_twice_is_once(server: Server) -> None:
    first = server.set_up()
    assert (first.returncode, first.stderr) == (0, "")
    assert "workspace perception: made" in first.stdout
    state = server.state()
    assert state["perception"]["experiments"] == [
        ("perception/bev", "mlflow-artifacts:/workspaces/perception/1"),
        ("perception/lidar", "mlflow-artifacts:/workspaces/perception/2"),
    ]
    assert state["planning"]["experiments"] == [("planning/bev", "mlflow-artifacts:/workspaces/planning/3")]
    assert state["perception"]["models"] == ["perception-bev"]
    assert state["users"] == [("admin", True), ("perception", False), ("planning", False)]
    again = server.set_up()
    assert (again.returncode, again.stdout, again.stderr) == (0, "2 teams, 0 faults\n", "")
    assert server.state() == state


@installed
def test_a_team_works_in_its_workspace_only(server: Server) -> None:
    assert server.set_up().returncode == 0
    own, other = ("perception", PASSWORDS["perception"]), ("planning", PASSWORDS["planning"])
    _, found = server.request(
        "GET", "2.0/mlflow/experiments/get-by-name?experiment_name=perception%2Fbev", workspace="perception"
    )
    run = json.dumps({"experiment_id": found["experiment"]["experiment_id"]})
    status, made = server.request("POST", "2.0/mlflow/runs/create", own, workspace="perception", body=run)
    assert status == 200
    artifact = made["run"]["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert artifact.startswith("workspaces/perception/")
    route = f"2.0/mlflow-artifacts/artifacts/{artifact}/model.bin"
    assert server.request("PUT", route, own, workspace="perception", body="weights")[0] == 200
    assert (server.folder / "artifacts" / artifact / "model.bin").read_text() == "weights"
    for workspace in ("perception", "planning", ""):
        assert server.request("POST", "2.0/mlflow/runs/create", other, workspace=workspace, body=run)[0] == 403
        assert server.request("PUT", route, other, workspace=workspace, body="others")[0] == 403
        assert server.request("GET", route, other, workspace=workspace)[0] in (403, 404)
    assert (server.folder / "artifacts" / artifact / "model.bin").read_text() == "weights"
    named = json.dumps({"name": "planning/elsewhere"})
    for workspace in ("perception", ""):
        assert server.request("POST", "2.0/mlflow/experiments/create", other, workspace=workspace, body=named)[0] == 403
    assert server.request("POST", "2.0/mlflow/experiments/create", other, workspace="planning", body=named)[0] == 200


@installed
def test_the_client_that_a_run_uses(server: Server) -> None:
    """MLflow's own client with the variables of a run (paddock.workloads.runs.tracking_client)."""
    assert server.set_up().returncode == 0
    script = (
        "import mlflow, pathlib\n"
        "pathlib.Path('note.txt').write_text('seen')\n"
        "with mlflow.start_run() as run:\n"
        "    mlflow.log_metric('loss', 0.5)\n"
        "    mlflow.log_artifact('note.txt')\n"
        "    print(mlflow.get_artifact_uri())\n"
    )
    variables = {
        "MLFLOW_TRACKING_URI": server.url,
        "MLFLOW_TRACKING_USERNAME": "perception",
        "MLFLOW_TRACKING_PASSWORD": PASSWORDS["perception"],
        "MLFLOW_WORKSPACE": "perception",
        "MLFLOW_EXPERIMENT_NAME": "perception/lidar",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    command = [str(MLFLOW / "python"), "-c", script]
    place = server.folder / "client"
    place.mkdir()
    done = subprocess.run(
        command, cwd=place, env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    uri = done.stdout.split()[0]
    assert uri.startswith("mlflow-artifacts:/workspaces/perception/")
    assert (server.folder / "artifacts" / uri.removeprefix("mlflow-artifacts:/") / "note.txt").read_text() == "seen"


@installed
def test_other_teams_may_read_where_the_setting_says_so(server: Server) -> None:
    assert server.set_up().returncode == 0
    other = ("planning", PASSWORDS["planning"])
    route = "2.0/mlflow/experiments/get-by-name?experiment_name=perception%2Fbev"
    named = json.dumps({"name": "planning/elsewhere"})
    assert server.request("GET", route, other, workspace="perception")[0] == 403
    assert server.set_up(other="READ").returncode == 0
    status, found = server.request("GET", route, other, workspace="perception")
    assert (status, found["experiment"]["name"]) == (200, "perception/bev")
    run = json.dumps({"experiment_id": found["experiment"]["experiment_id"]})
    assert server.request("POST", "2.0/mlflow/runs/create", other, workspace="perception", body=run)[0] == 403
    assert server.request("POST", "2.0/mlflow/experiments/create", other, workspace="perception", body=named)[0] == 403
    assert "no longer reads" in server.set_up().stdout
    assert server.request("GET", route, other, workspace="perception")[0] == 403


@installed
def test_nothing_is_deleted(server: Server) -> None:
    """A team, an experiment and a model that the specs no longer name stay, with their user."""
    assert server.set_up().returncode == 0
    before = server.state()
    fewer = [{"name": "perception", "experiments": ["perception/bev"], "models": []}]
    assert server.set_up(fewer).returncode == 0
    assert server.state() == before


@installed
def test_a_password_that_was_changed(server: Server) -> None:
    assert server.set_up().returncode == 0
    changed = PASSWORDS | {"planning": "planning-password-2"}
    done = server.set_up(passwords=changed)
    assert (done.returncode, done.stdout) == (0, "user planning: new password\n2 teams, 0 faults\n")
    assert server.request("GET", "2.0/mlflow/users/current", ("planning", "planning-password-2"))[0] == 200
    assert server.request("GET", "2.0/mlflow/users/current", ("planning", PASSWORDS["planning"]))[0] == 401
    assert server.set_up().returncode == 0


@installed
def test_one_team_without_a_password_keeps_no_other_waiting(server: Server) -> None:
    teams = [{"name": "mapping", "experiments": ["mapping/lanes"], "models": []}, *TEAMS]
    done = server.set_up(teams)
    assert done.returncode == 1
    assert "team mapping: there is no password for its user; add it to the secret store\n" in done.stderr
    assert done.stdout.endswith("faults\n")
    assert server.set_up(teams, passwords=PASSWORDS | {"mapping": "mapping-password-1"}).returncode == 0


@installed
def test_a_team_is_no_administrator(server: Server) -> None:
    teams = [{"name": "admin", "experiments": [], "models": []}]
    done = server.set_up(teams, passwords={"admin": "another-password-1"})
    assert done.returncode == 1
    assert "user admin is an administrator of MLflow, and a team must not be: take that right away\n" in done.stderr
    assert server.request("GET", "2.0/mlflow/users/current")[0] == 200


@installed
def test_an_experiment_that_someone_deleted(server: Server) -> None:
    teams = [{"name": "planning", "experiments": ["planning/gone"], "models": []}]
    assert server.set_up(teams).returncode == 0
    _, found = server.request(
        "GET", "2.0/mlflow/experiments/get-by-name?experiment_name=planning%2Fgone", workspace="planning"
    )
    body = json.dumps({"experiment_id": found["experiment"]["experiment_id"]})
    assert server.request("POST", "2.0/mlflow/experiments/delete", workspace="planning", body=body)[0] == 200
    done = server.set_up(teams)
    assert done.returncode == 1
    assert done.stderr == "experiment planning/gone was deleted: restore it, or name another one in the workload\n"


def test_a_server_that_is_down(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{_free_port()}"
    done = Server(url=url, folder=tmp_path).set_up(url=url)
    assert done.returncode == 1
    assert done.stderr.startswith(f"MLflow does not answer at {url}: ")
    assert "Traceback" not in done.stderr


@installed
def test_a_wrong_administrator(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_mlflow_teams.ADMIN", ("admin", "not-the-password"))
    done = server.set_up()
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"MLflow at {server.url} refuses the administrator: GET 3.0/mlflow/server-info: HTTP 401"
    )
