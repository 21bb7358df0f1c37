"""OpenSearch for logs: its configuration, its certificates, and the job that gives each team its part of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from paddock import emit, hosts
from paddock.components import alerting, logging_rules, opensearch_setup
from paddock.components.opensearch_access import DASHBOARDS, HTTP_ISSUER, image, service_names
from paddock.components.remote_secrets import credentials, external_secret
from paddock.model import Cluster, Fleet, Json
from paddock.quantity import parse
from paddock.workloads import network

NODE, ADMIN = "opensearch-node", "opensearch-admin"
"""Common names of the certificates of nodes and of the setup job."""
PASSWORDS = "opensearch-passwords"
METRICS_SECRET = "opensearch-metrics"
HEAP_LIMIT = 31 << 30
"""Largest heap with compressed pointers (OpenSearch documentation, "Important settings")."""
_MIB = 1 << 20
_CERTIFICATES = "certificates"


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """What values and resources take: `yml`, `securityConfig`, `javaOpts`, `image`, `host`, `ingressAnnotations`,
    `loadBalancers`, `dnsNames`, `names`, `privateKey`, `secrets`, `setup`, `passwords` and `ruleGroups`."""
    return {
        "yml": emit.document(_configuration(settings)),
        "securityConfig": {name: emit.document(one) for name, one in _security(settings).items()},
        "javaOpts": java_options(settings["resources"]["memory"]),
        "image": image(settings),
        "host": hosts.interface(fleet, cluster, "opensearch", settings),
        # A load balancer of its own, internal whatever that of the user interfaces is: programs come here. It speaks
        # HTTPS to pods and believes any certificate; /_cluster/health would want a password.
        "ingressAnnotations": {
            "alb.ingress.kubernetes.io/backend-protocol": "HTTPS",
            "alb.ingress.kubernetes.io/healthcheck-path": "/",
            "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS":443}]',
            "alb.ingress.kubernetes.io/scheme": "internal",
            "alb.ingress.kubernetes.io/success-codes": "401",
            **settings["ingress"]["annotations"],
        },
        "loadBalancers": network.LOAD_BALANCERS,
        "dnsNames": service_names(),
        "names": {"node": NODE, "admin": ADMIN, "httpIssuer": HTTP_ISSUER},
        "privateKey": {"algorithm": "ECDSA", "encoding": "PKCS8", "size": 256, "rotationPolicy": "Always"},
        "secrets": _secrets(settings),
        "passwords": PASSWORDS,
        "setup": opensearch_setup.job(
            opensearch_setup.config(fleet, cluster, settings), settings["setupImage"], secrets=settings["secrets"]
        ),
        "ruleGroups": [alerting.group("opensearch", logging_rules.opensearch(metrics="metrics" in settings), fleet)],
    }


def java_options(memory: str) -> str:
    """Half of a container's memory is the heap, at most 31 GiB: files that are searched need the other half."""
    heap = min(parse(memory) / 2, Fraction(HEAP_LIMIT)) // _MIB
    return f"-Xms{heap}m -Xmx{heap}m"


def _configuration(settings: Mapping[str, Json]) -> dict[str, Json]:
    """opensearch.yml. The chart gives the names of nodes and of the cluster, and how nodes find each other."""
    security = "plugins.security"
    return {
        "network.host": "0.0.0.0",
        # Without maps of files the kernel's vm.max_map_count is no matter, and no pod may change the node's.
        "node.store.allow_mmap": settings["mmap"],
        "action.auto_create_index": "logs-*,.*",
        f"{security}.ssl.transport.pemcert_filepath": f"{_CERTIFICATES}/transport/tls.crt",
        f"{security}.ssl.transport.pemkey_filepath": f"{_CERTIFICATES}/transport/tls.key",
        f"{security}.ssl.transport.pemtrustedcas_filepath": f"{_CERTIFICATES}/transport/ca.crt",
        # Pods find each other by addresses, which no certificate can name; nodes_dn says who is a node.
        f"{security}.ssl.transport.enforce_hostname_verification": False,
        f"{security}.ssl.http.enabled": True,
        f"{security}.ssl.http.pemcert_filepath": f"{_CERTIFICATES}/http/tls.crt",
        f"{security}.ssl.http.pemkey_filepath": f"{_CERTIFICATES}/http/tls.key",
        # Certificates of clients are of the CA of nodes, which only this namespace can ask.
        f"{security}.ssl.http.pemtrustedcas_filepath": f"{_CERTIFICATES}/transport/ca.crt",
        f"{security}.ssl.http.clientauth_mode": "OPTIONAL",
        f"{security}.ssl.certificates_hot_reload.enabled": True,
        f"{security}.nodes_dn": [f"CN={NODE}"],
        f"{security}.authcz.admin_dn": [f"CN={ADMIN}"],
        f"{security}.restapi.admin.enabled": True,
        f"{security}.allow_default_init_securityindex": True,
        f"{security}.audit.type": "log4j",
    }


def _security(settings: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """The security plugin's files, with which an empty cluster begins, by name: nobody is in it, the demo's users
    neither. The setup job does the rest."""
    empty = {name: {"_meta": _meta(kind)} for name, kind in _FILES.items()}
    return {
        **empty,
        "config.yml": {"_meta": _meta("config"), "config": opensearch_setup.security_config(settings)},
        "roles_mapping.yml": {
            "_meta": _meta("rolesmapping"),
            "kibana_server": {"reserved": True, "users": [DASHBOARDS]},
        },
    }


_FILES = {
    "action_groups.yml": "actiongroups",
    "internal_users.yml": "internalusers",
    "roles.yml": "roles",
    "tenants.yml": "tenants",
}


def _meta(kind: str) -> dict[str, Json]:
    return {"type": kind, "config_version": 2}


def _secrets(settings: Mapping[str, Json]) -> list[Json]:
    users = opensearch_setup.users(settings)
    passwords = external_secret(PASSWORDS, {variable: source for _, variable, source in users})
    if "metrics" not in settings:
        return [passwords]
    login = credentials(settings["metrics"]["secret"], username="username", password="password")
    return [passwords, external_secret(METRICS_SECRET, login)]
