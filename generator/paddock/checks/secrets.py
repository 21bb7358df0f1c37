"""No Secret with data in the tree, except cluster Secrets that hold no credential (argocd.md 4.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from paddock import source
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Json
from paddock.render import ObjectRef

IDS = ("secret-in-tree",)

# What a cluster Secret may say: its name, where the cluster is, and how a role of AWS is assumed there. The capability
# of EKS knows the cluster by its ARN and has no config at all (argocd.md 4.1, 4.3).
_KEYS = {"name", "server", "config", "project", "shard", "namespaces", "clusterResources"}
_CONFIG = {
    "awsAuthConfig": {"clusterName", "profile", "roleARN"},
    "tlsClientConfig": {"caData", "insecure", "serverName"},
}
_SWITCHES = {"disableCompression", "proxyUrl"}


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Every Secret that holds data, and is no cluster Secret without a credential."""
    for one in objects:
        if one.kind == "Secret" and one.group == "":
            text = trees[one.environment][one.path]
            data, _ = source.parse(text.encode("utf-8", "surrogatepass"), one.path)
            what = _secret(data)
            if what:
                yield Problem(
                    id="secret-in-tree",
                    message=f'the template renders the Secret "{one.name}" {what}: secrets do not belong into git',
                    place=Place(path=one.template, line=1),
                    related=(Note(message=f"rendered to {one.path}", place=one.place),),
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
        return f"with {_quoted({*encoded, *values})}"
    if encoded:
        return "with data in base64, which nobody can review"
    return _cluster(values)


def _cluster(values: Mapping[str, str]) -> str:
    further = set(values) - _KEYS
    if further:
        return f"with {_quoted(further)}"
    try:
        config = json.loads(values.get("config") or "{}")
    except ValueError:
        return "with a config that is no JSON"
    if not isinstance(config, dict):
        return "with a config that is no JSON object"
    found = set(config) - _CONFIG.keys() - _SWITCHES
    for name, legal in _CONFIG.items():
        inner = config.get(name) or {}
        found |= {f"{name}.{key}" for key in inner if key not in legal} if isinstance(inner, dict) else {name}
    return f"with {_quoted(found)} in its config" if found else ""


def _quoted(names: set[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))
