"""What Argo CD's templates need: access, sign-in, ingress and health checks, as the texts that argocd-cm holds."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import emit, hosts
from paddock.components import interfaces
from paddock.model import Cluster, Fleet, Json

# The load balancer ends TLS and reaches pods directly.
_ALB = {"alb.ingress.kubernetes.io/backend-protocol": "HTTP"}


# Kueue holds a cluster or job back, and Ray's autoscaler owns the number of workers where it is on (charts.md 3.5;
# ray-project/ray#59085). Nowhere else: what is ignored within a list is taken from the cluster with the whole list
# (argo-cd#17694), so worker groups of an autoscaled cluster change with its name only.
_AUTOSCALED = "select(.enableInTreeAutoscaling == true) | .workerGroupSpecs[]?.replicas"
_RAY_DIFFERENCES = {
    "ray.io/RayCluster": [".spec.suspend", f".spec | {_AUTOSCALED}"],
    "ray.io/RayJob": [".spec.suspend", f".spec.rayClusterSpec | {_AUTOSCALED}"],
}


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`host`, `policy` (policy.csv), `oidc` (oidc.config or None), `ingress` (or None), `insecure`, and the health
    checks `applicationHealth` (Lua) and `customizations` (YAML)."""
    ingress = settings.get("ingress")
    return {
        "host": hosts.interface(fleet, cluster, "argo-cd", settings),
        "policy": _policy(fleet, settings),
        "oidc": _oidc(settings["oidc"]) if "oidc" in settings else None,
        "ingress": _ingress(fleet, cluster, ingress) if ingress else None,
        # Behind an ingress TLS ends there; else the server keeps its own certificate.
        "insecure": "true" if ingress else "false",
        "applicationHealth": files["health-application.lua"],
        # Wildcards are legal in this key only, not in resource.customizations.health.<group>_<kind> (health.md).
        "customizations": emit.document(_customizations(files)),
    }


def _policy(fleet: Fleet, settings: Mapping[str, Json]) -> str:
    """Casbin lines that give groups of the identity provider Argo CD's own roles; teams get theirs by project."""
    groups = fleet.platform.data["identityGroups"]
    granted = [("admin", settings["adminGroups"]), ("readonly", settings["readOnlyGroups"])]
    lines = [
        f"g, {_field(groups[name]['claim'])}, role:{role}"
        for role, names in granted
        for name in sorted(names)
        if name in groups
    ]
    return "".join(f"{line}\n" for line in lines)


def _field(text: str) -> str:
    """A field of policy.csv: quoted where a comma, quote or space at its edge would change its meaning."""
    if any(char in text for char in ',"') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def _oidc(stated: Mapping[str, Json]) -> str:
    config = {
        "name": stated["name"],
        "issuer": stated["issuer"],
        "clientID": stated["clientID"],
        "requestedScopes": stated["scopes"],
    }
    if "clientSecret" in stated:
        # Argo CD's own reference: key of the Secret argocd-oidc, which External Secrets writes.
        config["clientSecret"] = "$argocd-oidc:clientSecret"
    else:
        config["enablePKCEAuthentication"] = True
    return emit.document(config)


def _ingress(fleet: Fleet, cluster: Cluster, stated: Mapping[str, Json]) -> dict[str, Json]:
    """With the class alb the chart adds a second service for gRPC, which the command line speaks; it cannot sign in at
    a load balancer, and Argo CD has a sign-in of its own."""
    alb = stated["className"] == "alb"
    found = interfaces.entry(fleet, cluster, stated, health="/healthz", sign_in=False)
    return {
        "className": stated["className"],
        "controller": "aws" if alb else "generic",
        "annotations": {**(_ALB if alb else {}), **found},
        "tls": stated["tls"],
    }


def _customizations(files: Mapping[str, str]) -> dict[str, Json]:
    """Health and ignored differences by group and kind; ignoreDifferences is YAML text of its own."""
    ignored = {
        kind: {"ignoreDifferences": emit.document({"jqPathExpressions": paths})}
        for kind, paths in _RAY_DIFFERENCES.items()
    }
    return {"*.services.k8s.aws/*": {"health.lua": files["health-ack.lua"]}, **ignored}
