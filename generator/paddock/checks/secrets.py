"""No Secret with data in the tree, except cluster Secrets that hold no credential (argocd.md 4.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from paddock.model import Json
from paddock.render import ObjectRef
from paddock.schema import Fault
from paddock.wording import quoted

IDS = ("secret-in-tree",)

# What a cluster Secret may say: its name, where the cluster is, and how a role of AWS is assumed there. The capability
# of EKS knows the cluster by its ARN and has no config at all (argocd.md 4.1, 4.3).
_KEYS = {"name", "server", "config", "project", "shard", "namespaces", "clusterResources"}
_CONFIG = {
    "awsAuthConfig": {"clusterName", "profile", "roleARN"},
    "tlsClientConfig": {"caData", "insecure", "serverName"},
}
_SWITCHES = {"disableCompression", "proxyUrl"}


def check(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    """A Secret that holds data, and is no cluster Secret without a credential."""
    if ref.kind == "Secret" and ref.group == "":
        what = _secret(data)
        if what:
            yield Fault(
                id="secret-in-tree",
                message=f'the template renders the Secret "{ref.name}" {what}: secrets do not belong in git',
                pointer=(),
                help="render an ExternalSecret instead",
            )


def _secret(data: Mapping[str, Json]) -> str:
    """What of a Secret may not lie in git; empty if nothing."""
    encoded = data.get("data") or {}
    values = data.get("stringData") or {}
    if not encoded and not values:
        return ""
    labels = data["metadata"].get("labels") or {}
    if labels.get("argocd.argoproj.io/secret-type") != "cluster":
        return f"with {quoted(sorted({*encoded, *values}))}"
    if encoded:
        return "with data in base64, which nobody can review"
    return _cluster(values)


def _cluster(values: Mapping[str, str]) -> str:
    further = set(values) - _KEYS
    if further:
        return f"with {quoted(sorted(further))}"
    try:
        config = json.loads(values.get("config") or "{}")
    except ValueError:
        return "with a config that is not JSON"
    if not isinstance(config, dict):
        return "with a config that is not a JSON object"
    found = set(config) - _CONFIG.keys() - _SWITCHES
    for name, legal in _CONFIG.items():
        inner = config.get(name) or {}
        found |= {f"{name}.{key}" for key in inner if key not in legal} if isinstance(inner, dict) else {name}
    return f"with {quoted(sorted(found))} in its config" if found else ""
