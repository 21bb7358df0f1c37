"""Generated fleets for measuring: sizes S to XL of the design's section 10. The same size gives the same bytes."""

from __future__ import annotations

import hashlib
from typing import Any

from paddock import emit

Json = Any

SIZES = {"S": 168, "M": 624, "L": 3000, "XL": 10000}
"""Workloads over three environments; each renders about 6.25 objects, its share of teams and components included."""
ENVIRONMENTS = ("dev", "staging", "prod")
_WORKLOADS_OF_A_TEAM = 40
_TYPES = ("training", "inference", "service", "training", "inference")


def fleet(size: str) -> dict[str, bytes]:
    """The files of environments/ by path: a platform, three environments of two clusters, teams, workloads."""
    count = SIZES[size] // len(ENVIRONMENTS)
    teams = [f"team-{index:03}" for index in range(max(1, count // _WORKLOADS_OF_A_TEAM))]
    files = {"environments/platform.yaml": _platform(teams)}
    for index, environment in enumerate(ENVIRONMENTS):
        files[f"environments/{environment}/environment.yaml"] = _environment(environment, index)
        for cluster, role in (("train", "training"), ("serve", "serving")):
            files[f"environments/{environment}/clusters/{cluster}.yaml"] = _cluster(environment, cluster, role)
    for team in teams:
        files[f"environments/base/teams/{team}.yaml"] = _team(team)
        for environment in ENVIRONMENTS:
            files[f"environments/{environment}/teams/{team}.yaml"] = _team_overlay(environment, team)
    for index in range(count):
        team = teams[index % len(teams)]
        name = f"workload-{index:05}"
        files[f"environments/base/workloads/{team}/{name}.yaml"] = _workload(name, team, index)
    return {path: emit.document(content).encode() for path, content in sorted(files.items())}


def _spec(kind: str, name: str, spec: Json, **metadata: str) -> Json:
    return {"apiVersion": "paddock/v1alpha1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def _hex(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def _platform(teams: list[str]) -> Json:
    return _spec(
        "Platform",
        "bench",
        {
            "repository": {"url": "https://github.com/example/bench.git"},
            "argoCD": {"mode": "selfManaged", "hub": {"environment": "prod", "cluster": "serve"}},
            "domain": "ml.example.com",
            "labelDomain": "ml.example.com",
            "owners": ["@example/platform"],
            "images": {"kubectl": _image("kubectl") | {"tag": "1.35.2"}},
            "identityGroups": {team: {"claim": team} for team in teams},
            "priorities": {
                "normal": {"value": 0, "description": "The usual"},
                "high": {"value": 100, "description": "First"},
            },
        },
    )


def _environment(name: str, index: int) -> Json:
    aws = {"accountId": f"{index + 1}" * 12, "region": "us-east-1"}
    promotion = {"promotion": {"after": ENVIRONMENTS[index - 1]}} if index else {}
    budget = {"budget": {"monthlyUSD": 1_000_000_000}}  # so that costs are computed
    return _spec("Environment", name, {"aws": aws, "production": name == "prod", **promotion, **budget})


def _cluster(environment: str, name: str, role: str) -> Json:
    digest = _hex(environment, name)
    pools: Json = {
        "general": {
            "instanceTypes": ["m7i.4xlarge"],
            "capacityTypes": ["on-demand"],
            "zones": ["us-east-1a", "us-east-1b"],
            "limits": {"cpu": "100000"},
        },
        "h100": {
            "gpu": {"model": "h100"},
            "instanceTypes": ["p5.48xlarge"],
            "capacityTypes": ["on-demand"],
            "zones": ["us-east-1a"],
            "efa": role == "training",
            "limits": {"nvidia.com/gpu": "80000"},
        },
        "l4": {
            "gpu": {"model": "l4"},
            "instanceTypes": ["g6.8xlarge"],
            "capacityTypes": ["spot", "on-demand"],
            "zones": ["us-east-1a", "us-east-1b"],
            "limits": {"nvidia.com/gpu": "80000"},
        },
    }
    return _spec(
        "Cluster",
        name,
        {
            "role": role,
            "kubernetesVersion": "1.35",
            "eks": {
                "name": f"bench-{environment}-{name}",
                "endpoint": f"https://{digest[:32]}.example.com",
                "certificateAuthority": "LS0tLS1CRUdJTg==",
                "argoCDRoleARN": f"arn:aws:iam::123456789012:role/{environment}-{name}",
            },
            "network": {
                "vpcId": f"vpc-{digest[:17]}",
                "podCIDRs": ["10.0.0.0/16"],
                "discoveryTag": f"bench-{environment}-{name}",
                "fsxSubnetId": f"subnet-{digest[:17]}",
                "fsxSecurityGroupIds": [f"sg-{digest[:17]}"],
            },
            "nodePools": pools,
            "components": _components(role, environment),
        },
    )


def _components(role: str, environment: str) -> Json:
    settings: Json = {"karpenter": {"nodeRole": "bench-node", "interruptionQueue": f"bench-{environment}"}}
    if role == "serving":
        runtimes = ("huggingface", "huggingfaceCPU", "mlserver", "sklearn", "triton")
        settings["kserve"] = {
            "images": {name: _image(name.lower()) for name in runtimes},
            "storageInitializer": {"image": _image("storage-initializer")},
        }
    if role == "training":
        settings["kubeflow-trainer"] = {"torch": {"image": _image("torch")}}
        secrets = {
            name: {"remoteKey": f"{environment}/mlflow/{name}"} for name in ("database", "admin", "flaskSession")
        }
        settings["mlflow"] = {
            "database": {"host": f"db.{environment}.example.com"},
            "artifacts": {"bucket": f"bench-{environment}"},
            "secrets": secrets,
        }
    return {name: {"settings": one} for name, one in settings.items()}


def _team(name: str) -> Json:
    quota = {"requests.cpu": "100000", "requests.memory": "1000Ti", "requests.nvidia.com/gpu": "8000", "pods": "10000"}
    flavor = {
        resource: {"nominalQuota": amount}
        for resource, amount in (
            ("cpu", "20000"),
            ("memory", "200Ti"),
            ("nvidia.com/gpu", "800"),
            ("vpc.amazonaws.com/efa", "3200"),
            ("hugepages-2Mi", "1Ti"),
        )
    }
    return _spec(
        "Team",
        name,
        {
            "description": f"Generated {name}",
            "owners": [f"@example/{name}"],
            "costCenter": name,
            "groups": {"edit": name},
            "alerts": {"slackChannel": f"#{name}"},
            "buckets": {"checkpoints": {"purpose": "checkpoints", "expectedSize": {"STANDARD": "10Ti"}}},
            "clusters": {"train": {"quota": quota, "flavors": {"h100": flavor}}, "serve": {"quota": quota}},
        },
    )


def _team_overlay(environment: str, name: str) -> Json:
    """No two environments share a bucket."""
    return _spec("Team", name, {"buckets": {"checkpoints": {"name": f"bench-{environment}-{name}"}}})


def _workload(name: str, team: str, index: int) -> Json:
    type = _TYPES[index % len(_TYPES)]
    cluster = "train" if type == "training" else "serve"
    spec = {
        "type": type,
        "environments": list(ENVIRONMENTS),
        "clusters": [cluster],
        **_BY_TYPE[type](name, team, index),
    }
    return _spec("Workload", name, spec, team=team)


def _image(name: str) -> Json:
    return {"repository": f"registry.example.com/bench/{name}", "tag": "1.0.0", "digest": f"sha256:{_hex(name)}"}


def _training(name: str, team: str, index: int) -> Json:
    return {
        "image": _image(name),
        "command": ["torchrun", "train.py"],
        "args": [f"--seed={index}", "--epochs=10"],
        "env": {"DATASET": f"s3://bench/{index}"},
        "nodes": 1 + index % 8,
        "resources": {"gpu": {"model": "h100", "count": 8}, "cpu": "160", "memory": "1600Gi", "efa": True},
        "run": "onChange" if index % 2 else "onDemand",
        "cost": {"runsPerMonth": 1 + index % 5, "hoursPerRun": 4 + index % 20},
        "queue": {"name": team, "priority": "normal"},
        "tracking": {"experiment": name},
    } | ({"checkpoint": {"bucket": "checkpoints", "every": "30m"}} if index % 2 else {})


def _inference(name: str, team: str, index: int) -> Json:
    return {
        "model": {"format": "onnx", "storageUri": f"s3://bench-models/{name}"},
        "resources": {"gpu": {"model": "l4", "count": 1}, "cpu": "4", "memory": "16Gi"},
        "replicas": {"min": 1, "max": 2 + index % 6},
    }


def _service(name: str, team: str, index: int) -> Json:
    return {
        "image": _image(name),
        "resources": {"cpu": "500m", "memory": "1Gi"},
        "ports": {"http": {"port": 8080}},
        "replicas": {"min": 2, "max": 4},
        "env": {"SHARD": str(index)},
    }


_BY_TYPE = {"training": _training, "inference": _inference, "service": _service}
