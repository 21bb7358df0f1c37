"""OpenSearch Dashboards: its configuration, its host, and the secrets it reads."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import emit, hosts, logs
from paddock.components import alerting, interfaces
from paddock.components.opensearch_access import DASHBOARDS, HTTP_ISSUER, HTTP_PORT, NAMESPACE, SERVICE, image
from paddock.components.remote_secrets import external_secret
from paddock.model import Cluster, Fleet, Json

SECRET = "opensearch-dashboards"
_FOLDER = "/usr/share/opensearch-dashboards/config/certificates"


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`yml`, `hosts`, `host`, `image`, `ingressAnnotations`, `certificates` (their folder),
    `httpIssuer`, `secret` and `ruleGroups`."""
    host = hosts.interface(fleet, cluster, "opensearch-dashboards", settings)
    return {
        "yml": emit.document(_configuration(cluster, settings, host)),
        "hosts": f"https://{SERVICE}.{NAMESPACE}.svc:{HTTP_PORT}",
        "host": host,
        "image": image(settings),
        # The one path that answers without signing in, once OpenSearch answers too.
        "ingressAnnotations": interfaces.entry(
            fleet, cluster, settings["ingress"], health="/api/status", own={"success-codes": "200,401"}
        ),
        "certificates": _FOLDER,
        "httpIssuer": HTTP_ISSUER,
        "secret": _secret(cluster, settings),
        "ruleGroups": [alerting.group("opensearch-dashboards", [_unavailable()], fleet)],
    }


def _configuration(cluster: Cluster, settings: Mapping[str, Json], host: str) -> dict[str, Json]:
    """opensearch_dashboards.yml. It replaces ${NAME} by variables of its environment, so no secret stands in it."""
    security = "opensearch_security"
    return {
        "server.name": "opensearch-dashboards",
        "server.host": "0.0.0.0",
        "opensearch.username": DASHBOARDS,
        "opensearch.password": "${DASHBOARDS_PASSWORD}",
        "opensearch.ssl.verificationMode": "full",
        "opensearch.ssl.certificateAuthorities": [f"{_FOLDER}/ca.crt"],
        # Without them no request of a person would carry who it is and which tenant is meant.
        "opensearch.requestHeadersAllowlist": ["authorization", "securitytenant"],
        f"{security}.cookie.secure": True,
        f"{security}.cookie.password": "${COOKIE_PASSWORD}",
        f"{security}.cookie.ttl": settings["sessionMinutes"] * 60_000,
        f"{security}.session.ttl": settings["sessionMinutes"] * 60_000,
        f"{security}.multitenancy.enabled": True,
        f"{security}.multitenancy.tenants.enable_global": False,
        f"{security}.multitenancy.tenants.enable_private": True,
        f"{security}.readonly_mode.roles": ["kibana_read_only"],
        f"{security}.auth.type": "openid" if "oidc" in settings else "basicauth",
        **(_openid(cluster, settings["oidc"], host) if "oidc" in settings else {}),
    }


def _openid(cluster: Cluster, oidc: Mapping[str, Json], host: str) -> dict[str, Json]:
    """Sign-in of people; whose tokens are believed is OpenSearch's to say, so the provider is the one stated there."""
    openid = "opensearch_security.openid"
    return {
        f"{openid}.connect_url": provider(cluster) or "",
        f"{openid}.client_id": oidc["clientID"],
        f"{openid}.client_secret": "${OIDC_CLIENT_SECRET}",
        f"{openid}.scope": " ".join(oidc["scopes"]),
        f"{openid}.base_redirect_url": f"https://{host}",
    }


def provider(cluster: Cluster) -> str | None:
    """The discovery document of the provider that OpenSearch on a cluster believes; None where it states none."""
    use = cluster.components.get(logs.OPENSEARCH)
    oidc = use.settings.get("oidc") if use else None
    return str(oidc["connectURL"]) if oidc else None


def _secret(cluster: Cluster, settings: Mapping[str, Json]) -> Json:
    """The password is the one that OpenSearch's own component gives the user."""
    use = cluster.components.get(logs.OPENSEARCH)
    secrets = use.settings.get("secrets", {}) if use else {}
    keys = {
        "DASHBOARDS_PASSWORD": secrets.get("dashboards", {"remoteKey": "opensearch/dashboards"}),
        "COOKIE_PASSWORD": settings["cookieSecret"],
    }
    if "oidc" in settings:
        keys["OIDC_CLIENT_SECRET"] = settings["oidc"]["secret"]
    return external_secret(SECRET, keys)


def _unavailable() -> alerting.Alert:
    selector = 'job="kube-state-metrics", namespace="opensearch", deployment="opensearch-dashboards"'
    return alerting.Alert(
        name="OpenSearchDashboardsDown",
        expr=f"kube_deployment_status_replicas_available{{{selector}}} == 0",
        wait="10m",
        severity="warning",
        summary="No pod of OpenSearch Dashboards is available.",
    )
