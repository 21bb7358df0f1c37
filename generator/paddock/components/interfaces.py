"""User interfaces of components behind the cluster's load balancer: one for all, with its certificate and sign-in."""

from __future__ import annotations

import json
from collections.abc import Mapping

from paddock.components.remote_secrets import external_secret
from paddock.hosts import GROUP
from paddock.model import Cluster, Fleet, Json

_PREFIX = "alb.ingress.kubernetes.io/"
SECRET = "load-balancer-oidc"
"""Secret with clientID and clientSecret beside an Ingress at which people sign in."""


def entry(
    fleet: Fleet,
    cluster: Cluster,
    stated: Mapping[str, Json],
    *,
    health: str,
    sign_in: bool = False,
    own: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Annotations of the Ingress of an interface, those of its settings last; other classes than alb have only these.

    `health` is a path that answers without credentials; `own` are further ones by the end of their name, which the
    program behind the load balancer wants. Names and values:
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
    """
    if stated["className"] != "alb":
        return dict(stated["annotations"])
    platform = fleet.platform.data["ingress"]
    found = {
        GROUP: platform["group"],
        f"{_PREFIX}scheme": platform["scheme"],
        f"{_PREFIX}target-type": "ip",
        f"{_PREFIX}listen-ports": '[{"HTTPS":443}]',
        f"{_PREFIX}healthcheck-path": health,
    }
    arns = _certificates(cluster, platform["certificateARNs"])
    if arns:
        found[f"{_PREFIX}certificate-arn"] = ",".join(arns)
    if sign_in and "oidc" in platform:
        found |= _sign_in(platform["oidc"])
    found |= {f"{_PREFIX}{name}": value for name, value in (own or {}).items()}
    return dict(sorted((found | stated["annotations"]).items()))


def single_sign_on(fleet: Fleet, stated: Mapping[str, Json], *, sign_in: bool) -> list[Json]:
    """The ExternalSecret that the load balancer signs in with, beside the Ingress; none without sign-in."""
    oidc = fleet.platform.data["ingress"].get("oidc")
    if oidc is None or not sign_in or stated["className"] != "alb":
        return []
    key = oidc["secret"]["remoteKey"]
    keys = {name: {"remoteKey": key, "property": name} for name in ("clientID", "clientSecret")}
    return [external_secret(SECRET, keys)]


def _certificates(cluster: Cluster, arns: list[str]) -> list[str]:
    """Certificates of ACM that a load balancer of the cluster can have: those of its account and region."""
    return [one for one in sorted(arns) if one.split(":")[3:5] == [cluster.region, cluster.account_id]]


def _sign_in(oidc: Mapping[str, Json]) -> dict[str, str]:
    """Whoever has no session is sent to the identity provider."""
    provider = {
        "issuer": oidc["issuer"],
        "authorizationEndpoint": oidc["authorizationEndpoint"],
        "tokenEndpoint": oidc["tokenEndpoint"],
        "userInfoEndpoint": oidc["userInfoEndpoint"],
        "secretName": SECRET,
    }
    return {
        f"{_PREFIX}auth-type": "oidc",
        f"{_PREFIX}auth-idp-oidc": json.dumps(provider, sort_keys=True, separators=(",", ":")),
        f"{_PREFIX}auth-on-unauthenticated-request": "authenticate",
        f"{_PREFIX}auth-scope": oidc["scope"],
        f"{_PREFIX}auth-session-timeout": str(oidc["sessionSeconds"]),
    }
