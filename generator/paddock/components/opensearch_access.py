"""How OpenSearch is reached and as whom: what its own component and all that talk to it agree on."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import hosts, logs
from paddock.model import Cluster, Fleet, Json

NAMESPACE = "opensearch"
SERVICE = "opensearch"
HTTP_PORT = 9200
WRITER = "fluent-bit"
"""User that may create documents in every index of logs, and do nothing else."""
DASHBOARDS = "kibanaserver"
"""User of OpenSearch Dashboards: the security plugin's own role kibana_server is for this name."""
METRICS = "metrics"
"""User of Prometheus."""
HTTP_ISSUER = "opensearch-http"
"""ClusterIssuer of the CA behind the HTTPS certificate: a certificate of it brings a client the CA's. Nodes and
administrators are known by another CA, which only OpenSearch's own namespace can ask."""
CA_FILE = "ca.crt"


def service_names() -> list[str]:
    """DNS names of the Service."""
    return [SERVICE, *(f"{SERVICE}.{NAMESPACE}{rest}" for rest in ("", ".svc", ".svc.cluster.local"))]


def endpoint(fleet: Fleet, cluster: Cluster, target: str) -> tuple[str, int]:
    """Host and port of the OpenSearch on cluster `target` of the same environment, seen from a cluster: its Service
    on the cluster itself, its Ingress elsewhere."""
    there = fleet.environments[cluster.environment].clusters.get(target)
    if target == cluster.name or there is None:
        return f"{SERVICE}.{NAMESPACE}.svc", HTTP_PORT
    use = there.components.get(logs.OPENSEARCH)
    return hosts.interface(fleet, there, "opensearch", use.settings if use else {}), 443


def image(settings: Mapping[str, Json]) -> dict[str, str] | None:
    """Repository and tag as the charts join them: a digest has no field of its own, but may follow the tag."""
    if "image" not in settings:
        return None
    stated = settings["image"]
    digest = f"@{stated['digest']}" if "digest" in stated else ""
    return {"repository": stated["repository"], "tag": f"{stated.get('tag', 'pinned')}{digest}"}
