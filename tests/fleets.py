"""A small fleet built by hand, and its units rendered to objects: what tests of views and templates start from."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from paddock import source
from paddock.kubernetes import ObjectSchemas
from paddock.model import Cluster, ComponentUse, Environment, Fleet, NodePool, Origin, Platform, Team, Workload
from paddock.schema import URI, SchemaSet
from paddock.templating import Templates

Json = Any
View = Callable[..., dict[str, Json]]

ROOT = Path(__file__).parents[1]
KUBERNETES = "1.34"
DIGEST = "sha256:" + "ab" * 32

PLATFORM: Json = {
    "repository": {"url": "https://github.com/example/platform.git"},
    "argoCD": {"mode": "selfManaged", "hub": {"environment": "dev", "cluster": "serve"}},
    "domain": "ml.example.com",
    "labelDomain": "ml.example.com",
    "owners": ["@example/platform"],
    "images": {"kubectl": {"repository": "registry.example.com/kubectl", "tag": "1.34.1", "digest": DIGEST}},
    "priorities": {"high": {"value": 100, "description": "First."}},
    "identityGroups": {"perception": {"claim": "idp:perception"}, "everyone": {"claim": "idp:everyone"}},
}
ENVIRONMENT: Json = {"aws": {"accountId": "123456789012", "region": "us-east-1"}, "production": False}


def pool(*instance_types: str, gpu: str | None = None, **data: Json) -> Json:
    """A node pool's spec."""
    model = {"gpu": {"model": gpu}} if gpu else {}
    required = {"capacityTypes": ["on-demand"], "zones": ["us-east-1a"], "limits": {"cpu": "1000"}}
    return {"instanceTypes": list(instance_types), **required, **model, **data}


CLUSTER: Json = {
    "role": "training",
    "kubernetesVersion": KUBERNETES,
    "eks": {
        "name": "dev-train",
        "endpoint": "https://example.eks.amazonaws.com",
        "certificateAuthority": "Zm9v",
        "argoCDRoleARN": "arn:aws:iam::123456789012:role/argocd",
    },
    "network": {"vpcId": "vpc-0123456789abcdef0", "podCIDRs": ["100.64.0.0/16"], "discoveryTag": "dev-train"},
    "topologyLevels": ["topology.k8s.aws/network-node-layer-2", "kubernetes.io/hostname"],
    "nodePools": {
        "cpu": pool("m7i.4xlarge"),
        "h100": pool(
            "p5.48xlarge", gpu="h100", efa=True, topology=True, taints={"team": {"effect": "NoSchedule", "value": "x"}}
        ),
        "l40s": pool("g6e.12xlarge", gpu="l40s"),
        "l40s-efa": pool("g6e.48xlarge", "g6e.24xlarge", "g6e.12xlarge", gpu="l40s", efa=True),
    },
}
TEAM: Json = {
    "description": "Perception models.",
    "owners": ["@example/perception"],
    "costCenter": "cc-42",
    "groups": {"edit": "perception", "view": "everyone"},
    "alerts": {"slackChannel": "#perception-alerts"},
    "buckets": {"checkpoints": {"name": "example-dev-perception-checkpoints", "purpose": "checkpoints"}},
    "clusters": {
        "train": {
            "quota": {"requests.cpu": "2000", "requests.nvidia.com/gpu": "64"},
            "flavors": {"h100": {"nvidia.com/gpu": {"nominalQuota": "64"}}},
        },
        "serve": {"quota": {"pods": "50"}},
    },
}
IMAGE: Json = {"repository": "registry.example.com/perception/bev", "tag": "1.8.2", "digest": DIGEST}
TRAINING: Json = {
    "type": "training",
    "environments": ["dev"],
    "clusters": ["train"],
    "image": IMAGE,
    "command": ["torchrun", "train.py"],
    "nodes": 16,
    "resources": {"gpu": {"model": "h100", "count": 8}, "cpu": "160", "memory": "1600Gi", "efa": True},
    "run": "onChange",
    "queue": {"name": "perception", "priority": "high"},
}
INFERENCE: Json = {
    "type": "inference",
    "environments": ["dev"],
    "clusters": ["train"],
    "model": {"format": "huggingface", "storageUri": "s3://models/bev/3"},
    "resources": {"gpu": {"model": "l40s", "count": 1}, "cpu": "8", "memory": "64Gi"},
    "replicas": {"min": 2, "max": 6},
}
SERVICE: Json = {
    "type": "service",
    "environments": ["dev"],
    "clusters": ["train"],
    "image": IMAGE,
    "resources": {"cpu": "2", "memory": "4Gi"},
    "ports": {"http": {"port": 8000}, "grpc": {"port": 9000}},
    "replicas": {"min": 2},
}


@cache
def schemas() -> SchemaSet:
    """The schemas of specs."""
    files = sorted((ROOT / "schemas" / "specs").rglob("*.json"))
    return SchemaSet({URI + path.relative_to(ROOT).as_posix(): json.loads(path.read_text()) for path in files})


@cache
def templates() -> Templates:
    """All templates."""
    folder = ROOT / "templates"
    return Templates({path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(folder.rglob("*.j2"))})


def filled(kind: str, name: str, spec: Json, **metadata: str) -> Mapping[str, Json]:
    """A spec with its defaults, after it was found valid."""
    uri = f"{URI}schemas/specs/{kind.lower()}.schema.json"
    document = {"apiVersion": "paddock/v1alpha1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}
    assert schemas().faults(uri, document) == []
    data: Mapping[str, Json] = schemas().with_defaults(uri, document)["spec"]
    return data


def workload(name: str, spec: Json) -> Workload:
    """A workload of the team perception in dev."""
    data = filled("Workload", name, spec, team="perception")
    return Workload(name=name, data=data, origin=Origin(base=f"{name}.yaml"), environment="dev", team="perception")


def cluster(name: str, spec: Json, *, components: Mapping[str, Json] | None = None) -> Cluster:
    """A cluster of dev; `components` are settings by name."""
    data = filled("Cluster", name, spec)
    return Cluster(
        name=name,
        data=data,
        origin=Origin(base=f"{name}.yaml"),
        environment="dev",
        account_id="123456789012",
        region="us-east-1",
        node_pools={one: NodePool(name=one, data=data["nodePools"][one]) for one in sorted(data["nodePools"])},
        components={one: ComponentUse(name=one, settings=settings) for one, settings in (components or {}).items()},
    )


def fleet(*workloads: Workload, clusters: Mapping[str, Cluster] | None = None, team: Json = TEAM) -> Fleet:
    """One environment, dev, with the team perception and by default the clusters train (with MLflow) and serve."""
    defaults = {
        "serve": cluster("serve", CLUSTER | {"role": "serving"}),
        "train": cluster("train", CLUSTER, components={"kueue": {}, "mlflow": {}}),
    }
    perception = Team(
        name="perception",
        data=filled("Team", "perception", team),
        origin=Origin(base="perception.yaml"),
        environment="dev",
    )
    dev = Environment(
        name="dev",
        data=filled("Environment", "dev", ENVIRONMENT),
        origin=Origin(base="environment.yaml"),
        clusters=clusters or defaults,
        teams={"perception": perception},
        workloads={(one.team, one.name): one for one in workloads},
    )
    platform = Platform(
        name="example", data=filled("Platform", "example", PLATFORM), origin=Origin(base="platform.yaml")
    )
    return Fleet(platform=platform, environments={"dev": dev})


def rendered(folder: str, context: Mapping[str, Json]) -> dict[tuple[str, str], Json]:
    """Objects by (kind, name) of a folder of templates; each is strict YAML, has a namespace and is valid."""
    found: dict[tuple[str, str], Json] = {}
    for path in templates().sources:
        if path.startswith(f"templates/{folder}/"):
            text, problem = templates().render(path, context)
            assert problem is None, problem
            for document in re.split(r"^---\n", text, flags=re.MULTILINE):
                if document.strip():
                    value, problems = source.parse(document.encode(), path)
                    assert problems == [], (problems, document)
                    assert_valid(value)
                    key = (value["kind"], value["metadata"]["name"])
                    assert key not in found, key
                    found[key] = value
    return found


def assert_valid(document: Json) -> None:
    """An object has a namespace and string annotations, is valid by our schemas and, if there, by upstream's."""
    assert document["metadata"]["namespace"] == "perception"
    assert all(isinstance(one, str) for one in document["metadata"].get("annotations", {}).values())
    uri = object_schemas().uri(document["apiVersion"], document["kind"])
    assert uri is not None, document["kind"]
    assert object_schemas().faults(uri, document) == []
    theirs = upstream(document["apiVersion"], document["kind"])
    if theirs is not None:
        assert [error.message for error in theirs.iter_errors(document)] == []


@cache
def object_schemas() -> ObjectSchemas:
    """Schemas of Kubernetes objects."""
    files = sorted((ROOT / "schemas" / "kubernetes").rglob("*.json"))
    documents = {path.relative_to(ROOT).as_posix(): json.loads(path.read_text()) for path in files}
    return ObjectSchemas(KUBERNETES, documents)


@cache
def upstream(api_version: str, kind: str) -> jsonschema_rs.Validator | None:
    """The strict schema of a CRD below $PADDOCK_UPSTREAM, if there is one."""
    group, _, version = api_version.partition("/")
    path = (
        Path(os.environ.get("PADDOCK_UPSTREAM", "/nowhere")) / "crd-schemas" / group / f"{kind.lower()}_{version}.json"
    )
    return jsonschema_rs.Draft202012Validator(json.loads(path.read_text())) if path.is_file() else None
