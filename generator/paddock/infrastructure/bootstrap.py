"""The hub's second stack: Argo CD, the Secret that registers the hub with it, and the root of each environment.

It must exist before Argo CD can sync anything, so Argo CD cannot make it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from paddock import mirrors
from paddock.catalogue import Component
from paddock.infrastructure import terraform
from paddock.infrastructure.resource import Block, Expression, Json
from paddock.model import Cluster, Environment, Fleet

PROVIDERS = {
    "helm": {"source": "hashicorp/helm", "version": "~> 3.0"},
    "kubernetes": {"source": "hashicorp/kubernetes", "version": "~> 2.38"},
}
APPS_CHART = {"repository": "https://argoproj.github.io/argo-helm", "chart": "argocd-apps", "version": "2.0.5"}
"""charts.md 1: the chart for bootstrapping."""
_HUB = "data.terraform_remote_state.hub.outputs"
"""What the first stack found out: the names are those of plan.OUTPUTS."""


def argo_cd_stack(fleet: Fleet, cluster: Cluster, catalogue: Mapping[str, Component]) -> str:
    """The second stack: Argo CD by Helm with the values that it will later sync itself with, and each environment's
    root Application with its project. There is no AWS resource in it (validation.md, "Installing the real tools")."""
    settings = fleet.platform.data["terraform"]
    name = f"{cluster.environment}-{cluster.name}-argo-cd"
    blocks = [*_argo_cd(fleet, cluster, catalogue), _registration(fleet, cluster), _roots(fleet, cluster)]
    access = {
        "api_version": "client.authentication.k8s.io/v1",
        "command": "aws",
        "args": ["eks", "get-token", "--region", cluster.region, "--cluster-name", cluster.eks_name],
    }
    # The token is the bootstrapping person's; the cluster is looked up by the state of the first stack.
    kubernetes = {
        "host": Expression(text=f"{_HUB}.endpoint"),
        "cluster_ca_certificate": Expression(text=f"base64decode({_HUB}.certificateAuthority)"),
        "exec": access,
    }
    text = terraform.stack(
        name,
        blocks,
        settings=settings,
        providers=PROVIDERS,
        provider_blocks={"helm": {"kubernetes": kubernetes}, "kubernetes": {**kubernetes, "exec": [access]}},
        outputs={},
    )
    document = json.loads(text)
    state = settings["state"]
    config = {
        "bucket": state["bucket"],
        "key": f"paddock/{cluster.environment}-{cluster.name}.tfstate",
        "region": state["region"],
    }
    document["data"] = {"terraform_remote_state": {"hub": {"backend": "s3", "config": config}}}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _argo_cd(fleet: Fleet, cluster: Cluster, catalogue: Mapping[str, Component]) -> Iterator[Block]:
    if fleet.platform.capability or "argo-cd" not in cluster.components:
        return
    chart = catalogue["argo-cd"].data["chart"]
    pin = fleet.platform.data["components"].get("argo-cd", {}).get("version", chart["version"])
    folder = f"${{path.module}}/../../clusters/{cluster.name}/components/argo-cd"
    mirror = mirrors.of(fleet, cluster.environment)
    images = mirror is not None and mirrors.values(catalogue["argo-cd"].data.get("images") or (), mirror)
    files = [*([mirrors.VALUES_FILE] if images else []), "values.yaml"]
    yield Block(
        type="helm_release",
        key="argo-cd",
        arguments={
            # As its Application has it: another name would make a second Argo CD when the first syncs itself.
            "name": chart.get("releaseName", "argo-cd"),
            "repository": _repository(fleet, cluster, chart),
            "chart": chart["name"],
            "version": pin,
            "namespace": fleet.platform.argocd_namespace,
            "create_namespace": True,
            "values": [Expression(text=f'file("{folder}/{one}")') for one in files],
            # From then on Argo CD syncs itself: Terraform must not undo what git says.
            "lifecycle": [{"ignore_changes": ["values", "version"]}],
        },
    )


def _registration(fleet: Fleet, cluster: Cluster) -> Block:
    """The Secret that registers the hub with its own Argo CD, under the name that argocd/clusters/ gives it: the first
    root is synced to this cluster, so it cannot come from there."""
    if fleet.platform.capability:
        data: dict[str, Json] = {"name": cluster.identity, "server": cluster.arn}
    else:
        access = json.dumps({"clusterName": cluster.eks_name, "roleARN": cluster.argocd_role_arn}, sort_keys=True)
        tls = f"{{insecure = false, caData = {_HUB}.certificateAuthority}}"
        config = f"jsonencode({{awsAuthConfig = {access}, tlsClientConfig = {tls}}})"
        data = {
            "name": cluster.identity,
            "server": Expression(text=f"{_HUB}.endpoint"),
            "config": Expression(text=config),
        }
    metadata = {
        "name": f"cluster-{cluster.identity}",
        "namespace": fleet.platform.argocd_namespace,
        "labels": {"argocd.argoproj.io/secret-type": "cluster"},
    }
    return Block(
        type="kubernetes_secret_v1",
        key="hub",
        arguments={
            "metadata": [metadata],
            "data": data,
            "depends_on": [] if fleet.platform.capability else ["helm_release.argo-cd"],
            "lifecycle": [{"ignore_changes": ["metadata", "data"]}],
        },
    )


def _repository(fleet: Fleet, cluster: Cluster, chart: Mapping[str, Json]) -> str:
    """A chart's repository as Terraform's helm provider has it: an OCI registry with its scheme."""
    found = mirrors.chart_repository(fleet, cluster.environment, chart)
    return found if found.startswith("https://") else f"oci://{found}"


def _roots(fleet: Fleet, cluster: Cluster) -> Block:
    """The root Application of each environment and the project it needs; afterwards each root syncs both itself."""
    namespace = fleet.platform.argocd_namespace
    destination = {"name": fleet.platform.hub_identity, "namespace": namespace}
    applications = {
        f"root-{one.name}": {
            "namespace": namespace,
            "project": f"root-{one.name}",
            "source": {
                "repoURL": fleet.platform.repository_url,
                "targetRevision": f"refs/heads/{one.branch}",
                "path": "argocd",
                "directory": {"recurse": True},
            },
            "destination": destination,
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        }
        for one in fleet.environments.values()
    }
    projects = {f"root-{one.name}": _project(fleet, one, destination) for one in fleet.environments.values()}
    values = json.dumps({"applications": applications, "projects": projects}, sort_keys=True)
    return Block(
        type="helm_release",
        key="roots",
        arguments={
            "name": "roots",
            **APPS_CHART,
            "repository": _repository(fleet, cluster, APPS_CHART),
            "namespace": namespace,
            "values": [values],
            "depends_on": ["kubernetes_secret_v1.hub"],
            "lifecycle": [{"ignore_changes": ["values"]}],
        },
    )


def _project(fleet: Fleet, environment: Environment, destination: Mapping[str, str]) -> dict[str, Json]:
    """As projects.py has it: Argo CD's own kinds in its own namespace, and nothing else."""
    namespace = fleet.platform.argocd_namespace
    return {
        "namespace": namespace,
        "description": f"Argo CD's own objects of {environment.name}",
        "sourceRepos": [fleet.platform.repository_url],
        "sourceNamespaces": [namespace] if fleet.platform.capability else [],
        "destinations": [dict(destination)],
        "clusterResourceWhitelist": [],
        "namespaceResourceWhitelist": [
            {"group": "", "kind": "Secret"},
            {"group": "argoproj.io", "kind": "AppProject"},
            {"group": "argoproj.io", "kind": "Application"},
        ],
    }
