"""Gives each team a workspace in MLflow: a user, a role, its experiments and registered models. It may run at any time.

    python set_up_teams.py teams.json ADMIN_FOLDER PASSWORDS_FOLDER

It deletes nothing. What it takes back is the right to read other teams' workspaces, where the setting says so. Only
Python's own library is used, so that it runs in the image of MLflow. Routes: mlflow 3.15, server/auth/routes.py.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 30
TEAM_ROLE = "team"
READER_ROLE = "reader"
# A member may create in the workspace and edit all that is in it; what its user makes is its own to delete.
TEAM_GRANTS = {"workspace": "USE", "experiment": "EDIT", "registered_model": "EDIT", "prompt": "EDIT"}
READER_GRANTS = {"experiment": "READ", "registered_model": "READ", "prompt": "READ"}


class Refused(Exception):
    """Something that MLflow, or this program, does not do; the rest goes on."""

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Down(Exception):
    """No answer at all."""


class Server:
    """MLflow's REST API as one user; `workspace` is that of a request."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url.rstrip("/")
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, values: dict[str, Any] | None = None, workspace: str = "") -> Any:
        """The answer; Refused if it is an error, Down if there is none."""
        query = "?" + urllib.parse.urlencode(values) if method == "GET" and values else ""
        data = None if method == "GET" or values is None else json.dumps(values).encode()
        headers = self._headers | ({"X-MLFLOW-WORKSPACE": workspace} if workspace else {})
        request = urllib.request.Request(f"{self.url}/api/{path}{query}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                return json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            if error.code in (502, 503, 504):  # of a load balancer, or of a pod that is not ready
                raise Down(f"HTTP {error.code}") from None
            raise _refused(f"{method} {path}", error) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Down(str(getattr(error, "reason", error))) from None

    def find(self, path: str, values: dict[str, Any] | None = None, workspace: str = "") -> Any:
        """What is there, or None."""
        try:
            return self.call("GET", path, values, workspace)
        except Refused as error:
            if error.status == 404 or error.code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    def make(self, path: str, values: dict[str, Any], workspace: str = "") -> None:
        """Make it, unless someone else just did."""
        try:
            self.call("POST", path, values, workspace)
        except Refused as error:
            if error.code != "RESOURCE_ALREADY_EXISTS":
                raise


def _refused(what: str, error: urllib.error.HTTPError) -> Refused:
    """MLflow's own words, without the statement of the database that follows in the next lines."""
    text = error.read().decode(errors="replace")
    try:
        answer = json.loads(text)
        message, code = str(answer.get("message", "")), str(answer.get("error_code", ""))
    except (ValueError, AttributeError):
        message, code = text, ""
    first = (message.splitlines() or [""])[0]
    return Refused(f"{what}: HTTP {error.code} {first}".rstrip(), status=error.code, code=code)


def wait(server: Server, seconds: float) -> None:
    """Until MLflow answers, keeps workspaces and knows the administrator."""
    until = time.monotonic() + seconds
    while True:
        try:
            info = server.call("GET", "3.0/mlflow/server-info")
            break
        except Down:
            if time.monotonic() >= until:
                raise
            time.sleep(min(5.0, seconds))
    if not info.get("workspaces_enabled"):
        raise SystemExit(f"MLflow at {server.url} keeps no workspaces: start it with --enable-workspaces")
    user = server.call("GET", "2.0/mlflow/users/current")["user"]
    if not user["is_admin"]:
        raise SystemExit(f'user "{user["username"]}" is no administrator of MLflow at {server.url}')


def workspace(server: Server, team: str) -> None:
    """The team's workspace: its artifacts lie below workspaces/<team>/ of the server's root."""
    if server.find(f"3.0/mlflow/workspaces/{team}") is None:
        server.make("3.0/mlflow/workspaces", {"name": team, "description": f"Team {team}"})
        say(f"workspace {team}: made")


def user(server: Server, team: str, password: str) -> None:
    """The team's user, with the password that the secret store has today."""
    if not password:
        raise Refused(f"team {team}: there is no password for its user; add it to the secret store")
    found = server.find("2.0/mlflow/users/get", {"username": team})
    if found is None:
        server.make("2.0/mlflow/users/create", {"username": team, "password": password})
        say(f"user {team}: made")
        return
    if found["user"]["is_admin"]:
        raise Refused(f"user {team} is an administrator of MLflow, and a team must not be: take that right away")
    try:
        Server(server.url, team, password).call("GET", "2.0/mlflow/users/current")
    except Refused as error:
        if error.status != 401:
            raise
        server.call("PATCH", "2.0/mlflow/users/update-password", {"username": team, "password": password})
        say(f"user {team}: new password")


def role(server: Server, team: str, name: str, grants: dict[str, str]) -> int:
    """The id of a role of the team's workspace that has these permissions on all that is in it."""
    roles = server.call("GET", "3.0/mlflow/roles/list", {"workspace": team})["roles"]
    found = next((one for one in roles if one["name"] == name), None)
    if found is None:
        values = {"name": name, "workspace": team, "description": "Made by the platform"}
        found = server.call("POST", "3.0/mlflow/roles/create", values)["role"]
        say(f"role {name} of workspace {team}: made")
    given = {one["resource_type"]: one for one in found["permissions"] if one["resource_pattern"] == "*"}
    for kind, permission in grants.items():
        if kind not in given:
            values = {"role_id": found["id"], "resource_type": kind, "resource_pattern": "*", "permission": permission}
            server.make("3.0/mlflow/roles/permissions/add", values)
            say(f"role {name} of workspace {team}: {permission} on every {kind}")
        elif given[kind]["permission"] != permission:
            values = {"role_permission_id": given[kind]["id"], "permission": permission}
            server.call("PATCH", "3.0/mlflow/roles/permissions/update", values)
            say(f"role {name} of workspace {team}: {permission} on every {kind}, not {given[kind]['permission']}")
    return int(found["id"])


def member(server: Server, team: str) -> None:
    """The team's user works in the team's workspace."""
    identity, found = role(server, team, TEAM_ROLE, TEAM_GRANTS), user_id(server, team)
    if found is not None and found not in holders(server, identity):
        server.make("3.0/mlflow/roles/assign", {"role_id": identity, "username": team})
        say(f"user {team}: works in workspace {team}")


def readers(server: Server, team: str, others: list[str], allowed: bool) -> None:
    """Users of other teams may read the team's workspace, or may not."""
    identity = role(server, team, READER_ROLE, READER_GRANTS)
    held = holders(server, identity)
    for other in others:
        found = user_id(server, other)
        if found is None:
            continue  # its own step says why
        if allowed and found not in held:
            server.make("3.0/mlflow/roles/assign", {"role_id": identity, "username": other})
            say(f"user {other}: reads workspace {team}")
        elif found in held and not allowed:
            server.call("DELETE", "3.0/mlflow/roles/unassign", {"role_id": identity, "username": other})
            say(f"user {other}: no longer reads workspace {team}")


def user_id(server: Server, username: str) -> int | None:
    """The id of a user, if there is one."""
    found = server.find("2.0/mlflow/users/get", {"username": username})
    return int(found["user"]["id"]) if found else None


def holders(server: Server, identity: int) -> set[int]:
    """Ids of the users that have a role."""
    found = server.call("GET", "3.0/mlflow/roles/users/list", {"role_id": identity})
    return {int(one["user_id"]) for one in found["assignments"]}


def experiment(server: Server, team: str, name: str) -> None:
    """An experiment in the team's workspace."""
    found = server.find("2.0/mlflow/experiments/get-by-name", {"experiment_name": name}, team)
    if found is None:
        server.make("2.0/mlflow/experiments/create", {"name": name}, team)
        say(f"experiment {name}: made")
    elif found["experiment"]["lifecycle_stage"] != "active":
        raise Refused(f"experiment {name} was deleted: restore it, or name another one in the workload")


def model(server: Server, team: str, name: str) -> None:
    """A registered model in the team's workspace."""
    if server.find("2.0/mlflow/registered-models/get", {"name": name}, team) is None:
        server.make("2.0/mlflow/registered-models/create", {"name": name}, team)
        say(f"registered model {name}: made")


def steps(settings: dict[str, Any], passwords: Path) -> list[tuple[Any, ...]]:
    """What is to be done, in order: a function and its arguments after the server."""
    teams = settings["teams"]
    found: list[tuple[Any, ...]] = []
    for team in teams:
        name = team["name"]
        found += [(workspace, name), (user, name, secret(passwords / name)), (member, name)]
        found += [(experiment, name, one) for one in team["experiments"]]
        found += [(model, name, one) for one in team["models"]]
    allowed = settings["otherTeams"] == "READ"
    names = [team["name"] for team in teams]
    return [*found, *((readers, name, [one for one in names if one != name], allowed) for name in names)]


def secret(path: Path) -> str:
    """The text of a mounted secret; empty if it is not there."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def say(text: str) -> None:
    """Tell what was changed."""
    print(text, flush=True)


def main(config: Path, admin: Path, passwords: Path) -> int:
    """0 if all is as it should be, 1 if something was refused; ends the program if MLflow does not answer."""
    settings = json.loads(config.read_text())
    server = Server(settings["url"], secret(admin / "username"), secret(admin / "password"))
    faults: set[str] = set()
    try:
        wait(server, float(os.environ.get("WAIT_SECONDS", "600")))
        for step, *arguments in steps(settings, passwords):
            try:
                step(server, *arguments)
            except Refused as error:
                if str(error) not in faults:
                    print(error, file=sys.stderr, flush=True)
                faults.add(str(error))
    except Refused as error:
        raise SystemExit(f"MLflow at {server.url} refuses the administrator: {error}") from None
    except Down as error:
        raise SystemExit(f"MLflow does not answer at {server.url}: {error}") from None
    say(f"{len(settings['teams'])} teams, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    sys.exit(main(*(Path(one) for one in sys.argv[1:])))
