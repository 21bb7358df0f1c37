"""ExternalSecrets of the platform's own components: which keys of AWS Secrets Manager fill a Secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any

STORE = {"kind": "ClusterSecretStore", "name": "aws-secrets-manager"}
"""The store that the component external-secrets makes."""


def external_secret(name: str, keys: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    """`name` and `spec` of an ExternalSecret; `keys` gives the remoteKey (and property) of each key of the Secret.

    Fields that the API server would fill in are written out, or Argo CD sees a difference for ever
    (external-secrets#6398, #5895).
    """
    spec = {
        "refreshPolicy": "Periodic",
        "refreshInterval": "1h",
        "secretStoreRef": STORE,
        "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [{"secretKey": key, "remoteRef": _remote_ref(source)} for key, source in keys.items()],
    }
    return {"name": name, "spec": spec}


def credentials(source: Mapping[str, Json], *, username: str, password: str) -> dict[str, Json]:
    """Keys `username` and `password` of a Secret, from the properties of these names in one remote JSON document."""
    remote_key = source["remoteKey"]
    return {
        username: {"remoteKey": remote_key, "property": "username"},
        password: {"remoteKey": remote_key, "property": "password"},
    }


def _remote_ref(source: Mapping[str, Json]) -> dict[str, Json]:
    named = {"property": source["property"]} if "property" in source else {}
    return {
        "key": source["remoteKey"],
        **named,
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
        "nullBytePolicy": "Ignore",
    }
