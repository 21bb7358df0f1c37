"""Every Helm value that a component writes is a key that its chart reads: a chart ignores a key it does not know.

The comparison needs PADDOCK_UPSTREAM, a folder that holds the charts' default values in `charts/<chart>/`.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from paddock import inputs, load, source
from paddock.catalogue import Component
from paddock.load import Loaded
from paddock.model import Cluster, Environment
from paddock.templating import Templates
from paddock.units import contexts

Json = Any
Keys = tuple[str, ...]

ROOT = Path(__file__).resolve().parents[1]

# Settings that switch on what is off by default, by component; every branch of a values template is taken once.
SETTINGS: dict[str, Json] = {
    "argo-cd": {
        "host": "argocd.example.com",
        "oidc": {"issuer": "https://sso.example.com", "clientID": "argocd", "clientSecret": {"key": "argocd/oidc"}},
        "ingress": {"annotations": {"alb.ingress.kubernetes.io/group.name": "platform"}},
        "redis": {"highAvailability": True, "secretInit": True},
    },
    "argo-workflows": {
        "artifacts": {"bucket": "artifacts"},
        "database": {"host": "db.example.com", "secret": {"remoteKey": "argo-workflows/database"}},
        "oidc": {
            "issuer": "https://sso.example.com",
            "secret": {"remoteKey": "argo-workflows/oidc"},
            "adminGroups": ["platform-admins"],
        },
        "parallelism": 100,
        "namespaceParallelism": 10,
    },
    "cert-manager": {
        "issuers": {
            "own": {"selfSigned": {}},
            "internal": {"ca": {"secretName": "internal-ca"}},
            "public": {
                "acme": {
                    "email": "platform@example.com",
                    "dnsZones": ["example.com"],
                    "hostedZoneID": "Z0123456789",
                    "server": "https://acme.example.com/directory",
                }
            },
        }
    },
    "aws-mountpoint-s3-csi-driver": {"reserveHeadroom": False},
    "gpu-operator": {"timeSlicing": {"four": {"replicas": 4}}, "gdrcopy": True},
    "nvidia-device-plugin": {"timeSlicing": {"four": {"replicas": 4}}},
    "jobset": {"replicas": 1},
    "jupyterhub": {
        "image": {"repository": "registry.example.com/notebook", "tag": "1.0"},
        "oidc": {
            "clientID": "jupyterhub",
            "authURL": "https://sso.example.com/auth",
            "tokenURL": "https://sso.example.com/token",
            "userInfoURL": "https://sso.example.com/userinfo",
        },
        "secrets": {"hub": {"remoteKey": "platform/jupyterhub"}},
    },
    "karpenter": {"interruptionQueue": "interruptions", "isolatedVPC": True},
    "kube-prometheus-stack": {
        "receivers": {
            "slack": {"channel": "#alerts", "secret": {"remoteKey": "alerts/slack"}},
            "sns": {"topicARN": "arn:aws:sns:us-east-1:123456789012:alerts"},
            "pagerDuty": {"secret": {"remoteKey": "alerts/pagerduty"}},
            "deadMansSwitch": {"secret": {"remoteKey": "alerts/watchdog"}},
        },
        "grafana": {"dataSources": {"openSearch": {"url": "https://logs.example.com"}}},
    },
    "kyverno": {"replicas": 1, "migrateStoredVersions": True},
    "mlflow": {
        "ingress": {"enabled": True},
        "database": {"host": "db.example.com"},
        "artifacts": {"bucket": "artifacts"},
        "secrets": {name: {"remoteKey": f"mlflow/{name}"} for name in ("database", "admin", "metrics", "flaskSession")},
    },
    "fluent-bit": {"sinks": {"cloudWatch": {}, "openSearch": {}}},
    "opensearch": {
        "setupImage": {"repository": "registry.example.com/python", "tag": "3.13"},
        "image": {"repository": "docker.io/example/opensearch", "tag": "3.6.0"},
        "priorityClass": "platform",
        "oidc": {"connectURL": "https://sso.example.com/.well-known/openid-configuration"},
        "metrics": {"secret": {"remoteKey": "opensearch/metrics"}},
        "ingress": {"enabled": True},
    },
    "opensearch-domain": {
        "name": "logs",
        "host": "logs.example.com",
        "writers": ["arn:aws:iam::123456789012:role/writer"],
        "setupImage": {"repository": "registry.example.com/python", "tag": "3.13"},
    },
    "opensearch-dashboards": {
        "image": {"repository": "docker.io/example/opensearch-dashboards", "tag": "3.6.0"},
        "priorityClass": "platform",
        "oidc": {"clientID": "logs", "secret": {"remoteKey": "opensearch/oidc"}},
        "ingress": {"enabled": True},
    },
}

# Maps without keys of their own in values.yaml: the key is one of the program's, not of the chart's.
OPEN: dict[str, set[Keys]] = {
    "argo-cd": {("configs", "cm"), ("configs", "params")},
    "jupyterhub": {("hub", "config")},
    "gha-runner-scale-set": {("template",)},
    "kube-prometheus-stack": {("grafana", "grafana.ini"), ("alertmanager", "config")},
}

# Keys that charts read although their values.yaml does not show them, or only in a comment.
UNLISTED: dict[str, set[Keys]] = {
    "argo-workflows": {
        ("controller", "pdb", "maxUnavailable"),
        ("server", "pdb", "maxUnavailable"),
    },
    "cert-manager": {
        ("podDisruptionBudget", "minAvailable"),
        ("webhook", "podDisruptionBudget", "minAvailable"),
        ("cainjector", "podDisruptionBudget", "minAvailable"),
    },
    "gpu-operator": {
        ("operator", "metrics"),
        ("dcgmExporter", "podLabelAllowlistRegex"),
        ("dcgmExporter", "args"),
        ("dcgmExporter", "config"),
    },
    "kube-prometheus-stack": {
        ("grafana", "sidecar", "datasources", "url"),
        ("grafana", "serviceAccount", "annotations"),
        ("grafana", "persistence", "storageClassName"),
        ("grafana", "persistence", "existingClaim"),
        ("grafana", "ingress", "ingressClassName"),
        ("grafana", "podAnnotations"),
        ("grafana", "podLabels"),
        ("grafana", "priorityClassName"),
    },
    "aws-load-balancer-controller": {("certManager", "issuerRef"), ("envFrom",), ("annotations",)},
    "fluent-bit": {("serviceMonitor", "interval")},
    # Contexts go into pods and containers whole (statefulset.yaml, deployment.yaml).
    "opensearch": {
        ("ingress", "ingressClassName"),
        ("persistence", "storageClass"),
        ("podSecurityContext", "fsGroupChangePolicy"),
        ("podSecurityContext", "seccompProfile"),
        ("securityContext", "allowPrivilegeEscalation"),
        ("serviceMonitor", "basicAuth", "existingSecret"),
    },
    "opensearch-dashboards": {
        ("ingress", "ingressClassName"),
        ("securityContext", "allowPrivilegeEscalation"),
        ("updateStrategy", "rollingUpdate"),
    },
    "gha-runner-scale-set": {
        ("containerMode",),
        ("controllerServiceAccount",),
        ("listenerTemplate",),
        ("maxRunners",),
        ("minRunners",),
        ("runnerGroup",),
        ("runnerScaleSetName",),
    },
    "gha-runner-scale-set-controller": {("flags", "excludeLabelPropagationPrefixes"), ("metrics",)},
}

# Keys that stand in values.yaml but that no template reads: setting one would do nothing.
WITHOUT_EFFECT: dict[str, set[Keys]] = {
    "argo-workflows": {("crds", "annotations")},
    "kueue": {("metricsService", "labels")},
    "kubeflow-trainer": {("commonLabels",)},
    "metrics-server": {("tls", "certManager", "annotations"), ("tls", "certManager", "labels")},
    "mlflow": {("service", "enabled")},
    "gpu-operator": {("devicePlugin", "mps")},
    "opensearch": {("networkPolicy", "http")},
}

# Charts whose values PADDOCK_UPSTREAM need not hold, and why; where it does, they are compared.
NOT_KEPT = {"dra-driver-nvidia-gpu": "PADDOCK_UPSTREAM has no chart of NVIDIA's DRA driver"}

SUBCHARTS: dict[str, tuple[str, ...]] = {
    "gpu-operator": ("node-feature-discovery",),
    "kube-prometheus-stack": ("grafana", "kube-state-metrics", "prometheus-node-exporter"),
    "kubeflow-trainer": ("jobset",),
}


@cache
def loaded() -> tuple[Loaded, Templates]:
    """The reference platform with the repository's own templates."""
    gathered, problems = inputs.gather(ROOT)
    assert problems == []
    return load.load(gathered), Templates(gathered.templates)


def uses(component: Component) -> Iterator[tuple[Environment, Cluster]]:
    """The clusters of the reference platform that run a component, or all of them if none does by itself."""
    found = loaded()[0]
    assert found.fleet is not None
    every = [
        (environment, cluster)
        for environment in found.fleet.environments.values()
        for cluster in environment.clusters.values()
    ]
    yield from [pair for pair in every if component.name in pair[1].components] or every


def emitted(component: Component) -> Iterator[Json]:
    """What a component's values template renders: on each cluster with the spec's settings, once more with SETTINGS."""
    found, templates = loaded()
    assert found.fleet is not None
    for environment, cluster in uses(component):
        stated = cluster.components[component.name].settings if component.name in cluster.components else {}
        for settings in [stated, *([SETTINGS[component.name]] if component.name in SETTINGS else [])]:
            assert found.schemas.faults(component.settings_schema, settings) == []
            filled = found.schemas.with_defaults(component.settings_schema, settings)
            use = replace(load.ComponentUse(name=component.name, settings={}), settings=filled)
            for _, data in contexts(found.fleet, environment, cluster, component, use):
                text, problem = templates.render(component.values or "", data)
                assert problem is None
                values, problems = source.parse(text.encode(), "values.yaml")
                assert problems == []
                yield values


WITH_SCHEMA = {"cert-manager", "external-secrets", "mlflow"}
"""Charts of ours that ship a values.schema.json at least; most ship none (charts.md 0)."""


def charts() -> list[Component]:
    return [one for one in loaded()[0].catalogue.values() if one.values is not None]


def chart_name(component: Component) -> str:
    return str(component.data["chart"]["name"])


def upstream(chart: str, file: str) -> str | None:
    folder = os.environ.get("PADDOCK_UPSTREAM")
    if not folder:
        pytest.skip("PADDOCK_UPSTREAM does not name the folder of the charts' default values")
    path = Path(folder) / "charts" / chart / file
    return path.read_text(encoding="utf-8") if path.exists() else None


def defaults(chart: str) -> Json:
    """Default values of a chart, its subcharts' included."""
    text = upstream(chart, "values.yaml")
    if text is None and chart in NOT_KEPT:
        pytest.skip(NOT_KEPT[chart])
    assert text is not None, f"no default values of chart {chart}"
    values = yaml.safe_load(text) or {}
    for subchart in SUBCHARTS.get(chart, ()):
        values[subchart] = merged(defaults(subchart), values.get(subchart) or {})
    return values


def merged(base: Json, over: Json) -> Json:
    """Values as Helm merges them: maps key by key, anything else replaced, null deletes."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return copy.deepcopy(over)
    result = {key: copy.deepcopy(value) for key, value in base.items()}
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def unknown(values: Json, known: Json, chart: str, path: Keys = ()) -> Iterator[Keys]:
    """Paths of emitted values that the chart does not know. What is {} or null in values.yaml takes any key."""
    if path in UNLISTED.get(chart, set()) | OPEN.get(chart, set()):
        return
    container = not isinstance(known, Mapping) or known.keys() <= {"requests", "limits"}
    if path and path[-1] == "resources" and container and isinstance(values, Mapping):
        # A container's resources go into the pod whole, whatever part of them values.yaml shows.
        yield from ((*path, key) for key in values if key not in ("requests", "limits"))
        return
    if known is None or known == {} or not isinstance(values, Mapping):
        return
    if not isinstance(known, Mapping):
        yield path
        return
    for key, value in values.items():
        below = (*path, key)
        if key in known or below in UNLISTED.get(chart, set()):
            yield from unknown(value, known.get(key), chart, below)
        else:
            yield below


def paths(values: Json, path: Keys = ()) -> Iterator[Keys]:
    yield path
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from paths(value, (*path, key))


def test_an_unknown_key_is_found() -> None:
    known = {"replicas": 1, "resources": {"requests": {"cpu": "1"}}, "env": {}, "image": {"tag": ""}}
    values = {
        "replicaCount": 2,
        "resources": {"limits": {"cpu": "1"}},
        "image": {"tag": "v1", "digest": "x"},
        "replicas": {"min": 1},
    }
    assert list(unknown(values, known, "chart")) == [("replicaCount",), ("image", "digest"), ("replicas",)]


def test_merging_is_helms() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "l": [1, 2]}, {"a": {"b": None, "d": 3}, "l": [4]}) == {
        "a": {"c": 2, "d": 3},
        "l": [4],
    }


@pytest.mark.parametrize("component", charts(), ids=lambda one: one.name)
def test_values_satisfy_our_schema(component: Component) -> None:
    schemas = loaded()[0].schemas
    for values in emitted(component):
        assert schemas.faults(component.values_schema or "", values) == []


@pytest.mark.parametrize("component", charts(), ids=lambda one: one.name)
def test_every_key_exists_in_the_chart(component: Component) -> None:
    chart = chart_name(component)
    known = defaults(chart)
    for values in emitted(component):
        assert list(unknown(values, known, chart)) == []
        assert not WITHOUT_EFFECT.get(chart, set()) & set(paths(values))


@pytest.mark.parametrize("component", charts(), ids=lambda one: one.name)
def test_the_charts_schema_accepts_the_merged_values(component: Component) -> None:
    """Every chart with a values.schema.json, and every subchart: Helm asks both."""
    chart = chart_name(component)
    texts = {name: upstream(name, "values.schema.json") for name in (chart, *SUBCHARTS.get(chart, ()))}
    assert texts[chart] is not None or chart not in WITH_SCHEMA
    for name, text in texts.items():
        if text is None:
            continue
        validator = jsonschema_rs.validator_for(json.loads(text))
        for values in emitted(component):
            whole = merged(defaults(chart), values)
            errors = [error.message for error in validator.iter_errors(whole if name == chart else whole[name])]
            assert errors == [], name
