"""What stands beside every workload, whatever its type: names, labels, secrets, alerts and how it is scraped."""

from __future__ import annotations

from functools import cache
from importlib import resources

from paddock.model import Environment, Fleet, Json, Team, Workload

SECRET_STORE = "aws-secrets-manager"
# More labels than a program needs with those that Prometheus adds, and values longer than a name: both are mistakes,
# such as an error message as a label.
_LABEL_LIMITS = {"labelLimit": 40, "labelNameLengthLimit": 128, "labelValueLengthLimit": 512}
# Defaults of the API server, written out: left out, Argo CD sees a difference for ever (charts.md 3.10).
REMOTE_DEFAULTS = {
    "conversionStrategy": "Default",
    "decodingStrategy": "None",
    "metadataPolicy": "None",
    "nullBytePolicy": "Ignore",
}


def context(fleet: Fleet, environment: Environment, team: Team, workload: Workload) -> dict[str, Json]:
    """The part of a context that all types have."""
    metrics = workload.data.get("metrics")
    standard = labels(fleet, environment, team, workload)
    return {
        "name": workload.name,
        "namespace": team.name,
        "labels": standard,
        "selector": selector(fleet, workload),
        "podLabels": dict(sorted((standard | cost_labels(environment, team, workload)).items())),
        "podAnnotations": dict(sorted(workload.data["annotations"].items())),
        "externalSecrets": [_secret(workload, name) for name in sorted(workload.data["secrets"])],
        "rules": [_rule(fleet, team, workload, name) for name in sorted(workload.data["alerts"])],
        "metrics": metrics,
        "scrapeLimits": {"sampleLimit": team.data["metrics"]["sampleLimit"], **_LABEL_LIMITS},
    }


def labels(fleet: Fleet, environment: Environment, team: Team, workload: Workload) -> dict[str, str]:
    """Labels of every object of a workload: its own and the platform's, which win. Sorted by key."""
    domain = fleet.platform.data["labelDomain"]
    ours = {
        "app.kubernetes.io/name": workload.name,
        "app.kubernetes.io/part-of": team.name,
        "app.kubernetes.io/managed-by": "paddock",
        f"{domain}/cost-center": team.data["costCenter"],
        f"{domain}/environment": environment.name,
        f"{domain}/workload-kind": workload.type,
        **selector(fleet, workload),
    }
    return dict(sorted((workload.data["labels"] | ours).items()))


def selector(fleet: Fleet, workload: Workload) -> dict[str, str]:
    """The labels by which a workload's pods are found; they never change while it has its name."""
    domain = fleet.platform.data["labelDomain"]
    return {f"{domain}/team": workload.team, f"{domain}/workload": workload.name}


def cost_labels(environment: Environment, team: Team, workload: Workload) -> dict[str, str]:
    """Plain labels by which OpenCost adds up the cost of pods (charts.md 4.6)."""
    return {
        "cost-center": team.data["costCenter"],
        "environment": environment.name,
        "team": team.name,
        "workload-kind": workload.type,
    }


def secret_name(workload: Workload, secret: str) -> str:
    """The Secret of a workload's secret; two workloads of a team may both have one of a name."""
    return f"{workload.name}-{secret}"


def remote_reference(key: str, property: str | None) -> dict[str, str]:
    """A secret in AWS Secrets Manager, or one property of the JSON document in it."""
    return {"key": key, **({"property": property} if property else {}), **REMOTE_DEFAULTS}


@cache
def script(name: str) -> str:
    """A script of the package's data, to be mounted from a ConfigMap."""
    return resources.files("paddock").joinpath("data", name).read_text(encoding="utf-8")


def _secret(workload: Workload, name: str) -> Json:
    keys = workload.data["secrets"][name]
    return {
        "name": secret_name(workload, name),
        "store": SECRET_STORE,
        "data": [
            {"secretKey": key, "remoteRef": remote_reference(keys[key]["remoteKey"], keys[key].get("property"))}
            for key in sorted(keys)
        ],
    }


def _rule(fleet: Fleet, team: Team, workload: Workload, name: str) -> Json:
    """An alert. It carries its namespace, because Alertmanager routes a team's alerts by it (charts.md 4.4)."""
    alert = workload.data["alerts"][name]
    return {
        "alert": name,
        "expr": alert["expr"],
        "for": alert["for"],
        "labels": {"namespace": team.name, "severity": alert["severity"], "team": team.name, "workload": workload.name},
        "annotations": {
            "runbook_url": alert.get("runbookURL", fleet.platform.runbook(name)),
            "summary": alert["summary"],
        },
    }
