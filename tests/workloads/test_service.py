from __future__ import annotations

from typing import Any

import pytest

import fleets
from paddock import projects, workloads

Json = Any
NAME = "api"
DEPLOYMENT = ("Deployment", NAME)


def render(**changes: Json) -> dict[tuple[str, str], Json]:
    one = fleets.workload(NAME, fleets.SERVICE | changes)
    fleet = fleets.fleet(one)
    dev = fleet.environments["dev"]
    context = workloads.VIEWS["service"](fleet, dev, dev.clusters["train"], dev.teams["perception"], one)
    return fleets.rendered("workloads/service", context)


FULL = {
    "command": ["serve"],
    "args": ["--port=8000"],
    "env": {"B": "2", "A": "no", "KEY": {"secret": "db", "key": "password"}},
    "secrets": {"db": {"password": {"remoteKey": "dev/db", "property": "password"}}},
    "annotations": {"example.com/note": "yes"},
    "replicas": {"min": 2, "max": 10, "cpuUtilization": 60},
    "probes": {"liveness": {"httpGet": {"path": "/live", "port": "http"}, "periodSeconds": 5}},
    "ingress": {"port": "http"},
    "metrics": {"port": 9090, "path": "/m"},
    "alerts": {"Down": {"expr": "up == 0", "severity": "info", "summary": "Down"}},
}


def container(objects: dict[tuple[str, str], Json]) -> Json:
    (found,) = objects[DEPLOYMENT]["spec"]["template"]["spec"]["containers"]
    return found


def test_everything_beside_the_deployment() -> None:
    assert set(render(**FULL)) == {
        ("ServiceAccount", NAME),
        DEPLOYMENT,
        ("Service", NAME),
        ("HorizontalPodAutoscaler", NAME),
        ("PodDisruptionBudget", NAME),
        ("NetworkPolicy", NAME),
        ("Ingress", NAME),
        ("ServiceMonitor", NAME),
        ("ExternalSecret", "api-db"),
        ("PrometheusRule", NAME),
    }
    assert set(render(replicas={"min": 1})) == {
        ("ServiceAccount", NAME),
        DEPLOYMENT,
        ("Service", NAME),
        ("NetworkPolicy", NAME),
    }


def test_the_deployment() -> None:
    objects = render(**FULL)
    spec = objects[DEPLOYMENT]["spec"]
    template = spec["template"]
    assert spec["selector"]["matchLabels"] == {"ml.example.com/team": "perception", "ml.example.com/workload": NAME}
    assert spec["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert template["metadata"]["annotations"] == {"example.com/note": "yes"}
    assert template["spec"]["serviceAccountName"] == NAME
    (spread,) = template["spec"]["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["maxSkew"]) == ("topology.kubernetes.io/zone", 1)
    assert not {"nodeSelector", "affinity", "tolerations"} & set(template["spec"])
    assert container(objects)["env"] == [
        {"name": "A", "value": "no"},
        {"name": "B", "value": "2"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "api-db", "key": "password"}}},
    ]
    assert container(objects)["resources"] == {
        "requests": {"cpu": "2", "memory": "4Gi"},
        "limits": {"memory": "4Gi"},
    }


def test_the_deployment_is_restricted() -> None:
    objects = render()
    spec = objects[DEPLOYMENT]["spec"]["template"]["spec"]
    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container(objects)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": False,
        "runAsNonRoot": True,
    }


@pytest.mark.parametrize(
    ("replicas", "stated", "bounds", "budget"),
    [
        ({"min": 1}, 1, None, False),
        ({"min": 0}, 0, None, False),
        ({"min": 3, "max": 3}, 3, None, True),
        ({"min": 2, "max": 10}, None, (2, 10), True),
        ({"min": 0, "max": 3}, None, (1, 3), False),
    ],
)
def test_replicas_belong_to_the_autoscaler_where_there_is_one(
    replicas: Json, stated: int | None, bounds: Json, budget: Json
) -> None:
    objects = render(replicas=replicas)
    assert objects[DEPLOYMENT]["spec"].get("replicas") == stated
    scaler = objects.get(("HorizontalPodAutoscaler", NAME))
    assert (scaler and (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"])) == bounds
    assert (("PodDisruptionBudget", NAME) in objects) is budget


def test_probes() -> None:
    assert container(render())["readinessProbe"] == {"tcpSocket": {"port": "grpc"}}
    given = container(render(**FULL))
    assert given["livenessProbe"] == FULL["probes"]["liveness"]
    assert "readinessProbe" not in given
    assert "readinessProbe" not in container(render(ports={"dns": {"port": 53, "protocol": "UDP"}}))


def test_ports_and_metrics() -> None:
    objects = render(**FULL)
    assert objects["Service", NAME]["spec"]["ports"] == [
        {"name": "grpc", "port": 9000, "protocol": "TCP", "targetPort": "grpc"},
        {"name": "http", "port": 8000, "protocol": "TCP", "targetPort": "http"},
        {"name": "metrics-9090", "port": 9090, "protocol": "TCP", "targetPort": "metrics-9090"},
    ]
    assert objects["ServiceMonitor", NAME]["spec"]["endpoints"] == [
        {"port": "metrics-9090", "path": "/m", "interval": "30s"}
    ]
    labels = objects["Service", NAME]["metadata"]["labels"]
    assert objects["ServiceMonitor", NAME]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    same = render(metrics={"port": 8000})
    assert len(same["Service", NAME]["spec"]["ports"]) == 2
    assert same["ServiceMonitor", NAME]["spec"]["endpoints"][0]["port"] == "http"


def test_the_ingress() -> None:
    objects = render(**FULL)
    ingress = objects["Ingress", NAME]
    host = "api.perception.train.dev.ml.example.com"
    assert ingress["spec"]["tls"] == [{"hosts": [host]}]
    assert ingress["spec"]["rules"][0]["host"] == host
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": NAME, "port": {"name": "http"}}
    assert ingress["metadata"]["annotations"]["alb.ingress.kubernetes.io/listen-ports"] == '[{"HTTPS":443}]'
    entry = objects["NetworkPolicy", NAME]["spec"]["ingress"][1]
    assert {"ipBlock": {"cidr": "100.64.0.0/10"}} in entry["from"]
    assert entry["ports"] == [{"protocol": "TCP", "port": 8000}]


def test_another_ingress_class_and_annotations() -> None:
    objects = render(
        ingress={
            "port": "grpc",
            "host": "x.example.com",
            "path": "/v1",
            "ingressClassName": "nginx",
            "annotations": {"a": "b"},
        }
    )
    ingress = objects["Ingress", NAME]
    assert ingress["metadata"]["annotations"] == {"a": "b"}
    assert ingress["spec"]["tls"] == [{"hosts": ["x.example.com"], "secretName": "api-tls"}]
    entry = objects["NetworkPolicy", NAME]["spec"]["ingress"][1]
    assert entry["from"] == [{"namespaceSelector": {"matchLabels": {"team": "platform"}}}]
    own = render(ingress={"port": "http", "annotations": {"alb.ingress.kubernetes.io/target-type": "instance"}})
    assert own["Ingress", NAME]["metadata"]["annotations"]["alb.ingress.kubernetes.io/target-type"] == "instance"


def test_values_cannot_break_out_of_their_place() -> None:
    nasty = 'x"\n---\nkind: Secret\n# {{ a }} \\ ${B}'
    objects = render(env={"NASTY": nasty}, args=[nasty, "yes", "012", "~"])
    assert container(objects)["env"] == [{"name": "NASTY", "value": nasty}]
    assert container(objects)["args"] == [nasty, "yes", "012", "~"]


def test_a_team_s_project_may_sync_what_is_rendered() -> None:
    allowed = {(one["group"], one["kind"]) for one in projects.TENANT_KINDS}
    assert {(one["apiVersion"].rpartition("/")[0], one["kind"]) for one in render(**FULL).values()} <= allowed


def test_templates_that_types_share_are_the_same() -> None:
    for name in ("externalsecret", "prometheusrule"):
        texts = {fleets.templates().sources[f"templates/workloads/{type}/{name}.yaml.j2"] for type in workloads.VIEWS}
        assert len(texts) == 1
    for name in ("serviceaccount", "networkpolicy", "poddisruptionbudget"):
        sources = fleets.templates().sources
        assert (
            sources[f"templates/workloads/inference/{name}.yaml.j2"]
            == sources[f"templates/workloads/service/{name}.yaml.j2"]
        )
