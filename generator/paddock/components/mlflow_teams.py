"""What gives each team its place in MLflow: the program, its configuration, and the passwords of the teams' users."""

from __future__ import annotations

import json
from collections.abc import Mapping

from paddock import mirrors, tracking
from paddock.components.remote_secrets import external_secret
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json
from paddock.names import digest

NAME = "mlflow-teams"
PROGRAM = "set_up_teams.py"
# The chart's Service (charts.md 3.6); release and namespace are both called mlflow.
_URL = "http://mlflow.mlflow.svc.cluster.local"
# What chart 1.11.5 runs (charts.md 1); the program needs no more than Python of the image.
_IMAGE = {"repository": "burakince/mlflow", "tag": "3.15.1"}


def view(
    fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]
) -> dict[str, Json] | None:
    """`name`, `job` (its name), `data` (of the ConfigMap), `podLabels`, `selector`, `pod` (spec) and `secrets`; None
    without workspaces or teams.

    The Job is named after what it does, so that a change makes a new one; hooks are not used, since one hook of Argo
    CD makes it ignore those of the chart (argo-cd, docs/user-guide/helm.md). The CronJob does the same again for
    passwords that change, and for what was not there yet.
    """
    if not settings["workspaces"]:
        return None
    environment = fleet.environments[cluster.environment]
    teams = tracking.tracked(environment, cluster)
    if not teams:
        return None
    data = {PROGRAM: files[PROGRAM], "teams.json": _configuration(settings, teams)}
    image = _image(fleet, cluster, settings)
    return {
        "name": NAME,
        "job": f"{NAME}-{_digest({'data': data, 'image': image})}",
        "data": data,
        "podLabels": {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": "mlflow", "team": "platform"},
        "selector": {"app.kubernetes.io/name": NAME},
        "pod": _pod(image, [one.team for one in teams]),
        "secrets": [_secret(environment, one.team) for one in teams],
    }


def _configuration(settings: Mapping[str, Json], teams: list[tracking.Tracked]) -> str:
    stated = {
        "otherTeams": settings["otherTeams"],
        "teams": [
            {"name": one.team, "experiments": list(one.experiments), "models": list(one.models)} for one in teams
        ],
        "url": _URL,
    }
    return json.dumps(stated, indent=2) + "\n"


def _image(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json]) -> str:
    mirror = mirrors.of(fleet, cluster.environment)
    found = {**_IMAGE, "repository": mirror.repository(_IMAGE["repository"]) if mirror else _IMAGE["repository"]}
    return reference(found | {"digest": settings["imageDigest"]} if "imageDigest" in settings else found)


def _pod(image: str, teams: list[str]) -> dict[str, Json]:
    """A pod that needs nothing of Kubernetes and writes nothing."""
    mounted = {"admin": "/admin", "passwords": "/passwords", "program": "/program"}
    container = {
        "name": NAME,
        "image": image,
        "command": ["python", f"/program/{PROGRAM}", "/program/teams.json", "/admin", "/passwords"],
        "env": [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": name, "mountPath": path, "readOnly": True} for name, path in mounted.items()],
    }
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "admin", "secret": {"secretName": "mlflow-admin"}},
            {"name": "passwords", "projected": {"sources": [_source(team) for team in teams]}},
            {"name": "program", "configMap": {"name": NAME}},
        ],
    }


def _secret(environment: Environment, team: str) -> Json:
    source = {"remoteKey": tracking.remote_key(environment, team), "property": tracking.PASSWORD}
    return external_secret(_secret_name(team), {tracking.PASSWORD: source})


def _source(team: str) -> Json:
    """A file by the team's name; one that is not there yet keeps no other team waiting, and the program names it."""
    items = [{"key": tracking.PASSWORD, "path": team}]
    return {"secret": {"name": _secret_name(team), "optional": True, "items": items}}


def _secret_name(team: str) -> str:
    return f"mlflow-team-{team}"


def _digest(value: Json) -> str:
    return digest(json.dumps(value, sort_keys=True))
