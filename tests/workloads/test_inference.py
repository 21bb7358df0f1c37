from __future__ import annotations

from typing import Any

import pytest

import fleets
from paddock import projects, workloads

Json = Any
NAME = "detector"
SERVICE = ("InferenceService", NAME)


def render(spec: Json) -> dict[tuple[str, str], Json]:
    one = fleets.workload(NAME, spec)
    fleet = fleets.fleet(one)
    dev = fleet.environments["dev"]
    context = workloads.VIEWS["inference"](fleet, dev, dev.clusters["train"], dev.teams["perception"], one)
    return fleets.rendered("workloads/inference", context)


FULL = fleets.INFERENCE | {
    "model": {"format": "triton", "version": "2", "storageUri": "s3://models/bev/3", "runtime": "kserve-tritonserver"},
    "args": ["--strict-readiness=true"],
    "env": {"TOKEN": {"secret": "hub", "key": "token"}},
    "secrets": {"hub": {"token": {"remoteKey": "dev/hub"}}},
    "annotations": {"example.com/note": "yes"},
    "concurrency": 16,
    "timeout": "2m",
    "metrics": {"port": 8002},
    "alerts": {
        "Slow": {"expr": "x > 1", "severity": "warning", "summary": "Slow", "runbookURL": "https://example.com/slow"}
    },
}


def test_everything_beside_the_service() -> None:
    assert set(render(FULL)) == {
        ("ServiceAccount", NAME),
        SERVICE,
        ("NetworkPolicy", NAME),
        ("PodDisruptionBudget", NAME),
        ("ExternalSecret", "detector-hub"),
        ("PodMonitor", NAME),
        ("PrometheusRule", NAME),
    }


def test_the_service() -> None:
    service = render(FULL)[SERVICE]
    assert service["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "Standard"}
    predictor = service["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (2, 6)
    assert (predictor["scaleMetric"], predictor["scaleTarget"]) == ("cpu", 70)
    assert (predictor["containerConcurrency"], predictor["timeout"]) == (16, 120)
    assert predictor["serviceAccountName"] == NAME
    assert predictor["annotations"] == {"example.com/note": "yes"}
    assert predictor["labels"]["workload-kind"] == "inference"
    model = predictor["model"]
    assert model["modelFormat"] == {"name": "triton", "version": "2"}
    assert (model["runtime"], model["protocolVersion"]) == ("kserve-tritonserver", "v2")
    assert model["storageUri"] == "s3://models/bev/3"
    assert model["env"] == [
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "detector-hub", "key": "token"}}},
    ]


def test_a_cpu_limit_keeps_kserve_from_filling_in_a_smaller_one() -> None:
    resources = render(FULL)[SERVICE]["spec"]["predictor"]["model"]["resources"]
    assert resources["requests"] == {"cpu": "8", "memory": "64Gi"}
    assert resources["limits"] == {"cpu": "8", "memory": "64Gi", "nvidia.com/gpu": "1"}


def test_it_goes_to_the_pools_of_its_gpu_and_tolerates_their_taints() -> None:
    predictor = render(FULL)[SERVICE]["spec"]["predictor"]
    terms = predictor["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms[0]["matchExpressions"][0]["values"] == ["l40s", "l40s-efa"]
    assert [one["key"] for one in predictor["tolerations"]] == ["nvidia.com/gpu"]
    one = render(FULL | {"pool": "l40s"})[SERVICE]["spec"]["predictor"]
    assert one["nodeSelector"] == {"ml.example.com/pool": "l40s"}
    assert "affinity" not in one


@pytest.mark.parametrize(
    ("replicas", "bounds", "scales", "budget"),
    [
        ({"min": 1}, (1, 1), False, False),
        ({"min": 3}, (3, 3), False, True),
        ({"min": 0}, (1, 1), False, False),
        ({"min": 0, "max": 2}, (1, 2), True, False),
        ({"min": 2, "max": 2}, (2, 2), False, True),
    ],
)
def test_replicas(replicas: Json, bounds: tuple[int, int], scales: Json, budget: Json) -> None:
    objects = render(fleets.INFERENCE | {"replicas": replicas})
    predictor = objects[SERVICE]["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == bounds
    assert ("scaleTarget" in predictor) is scales
    assert (("PodDisruptionBudget", NAME) in objects) is budget


def test_who_may_reach_it() -> None:
    objects = render(FULL)
    spec = objects["NetworkPolicy", NAME]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    same, entry, monitoring = spec["ingress"]
    assert same == {"from": [{"podSelector": {}}]}
    assert entry["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert monitoring == {
        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "ports": [{"protocol": "TCP", "port": 8002}],
    }
    labels = objects[SERVICE]["spec"]["predictor"]["labels"]
    assert spec["podSelector"]["matchLabels"].items() <= labels.items()
    assert objects["PodDisruptionBudget", NAME]["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_metrics_of_a_port_that_the_runtime_does_not_declare() -> None:
    (endpoint,) = render(FULL)["PodMonitor", NAME]["spec"]["podMetricsEndpoints"]
    assert endpoint["portNumber"] == 8080
    assert endpoint["relabelings"] == [
        {
            "sourceLabels": ["__meta_kubernetes_pod_ip"],
            "targetLabel": "__address__",
            "replacement": "${1}:8002",
        }
    ]
    (plain,) = render(FULL | {"metrics": {"port": 8080}})["PodMonitor", NAME]["spec"]["podMetricsEndpoints"]
    assert "relabelings" not in plain


def test_a_stated_runbook_wins() -> None:
    (rule,) = render(FULL)["PrometheusRule", NAME]["spec"]["groups"][0]["rules"]
    assert rule["annotations"]["runbook_url"] == "https://example.com/slow"


def test_a_team_s_project_may_sync_what_is_rendered() -> None:
    allowed = {(one["group"], one["kind"]) for one in projects.TENANT_KINDS}
    assert {(one["apiVersion"].rpartition("/")[0], one["kind"]) for one in render(FULL).values()} <= allowed
