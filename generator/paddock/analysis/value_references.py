"""What Helm values name of the release's namespace: the shapes of Kubernetes' own types, and the words that charts use
for a Secret or claim that somebody else makes. Names in other words are not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paddock.analysis.references import Reference, items, keyed, named, target
from paddock.diagnostics import Pointer

Json = Any

_NAMES = {
    "existingClaim": "PersistentVolumeClaim",
    "existingSecret": "Secret",
    "githubConfigSecret": "Secret",
    "ingressClassName": "IngressClass",
    "priorityClassName": "PriorityClass",
    "runtimeClassName": "RuntimeClass",
    "storageClassName": "StorageClass",
}
"""Values that are a name, by their key."""
_SELECTORS = {
    "clientId": "Secret",
    "clientSecret": "Secret",
    "configMapKeyRef": "ConfigMap",
    "configMapRef": "ConfigMap",
    "existingAdminSecret": "Secret",
    "existingDatabaseSecret": "Secret",
    "existingSecret": "Secret",
    "passwordSecret": "Secret",
    "secretKeyRef": "Secret",
    "secretRef": "Secret",
    "userNameSecret": "Secret",
}
"""Values that are a map with `name`, and a key under `key` or `<what>Key`."""
_LISTS = {"envFromSecrets": "Secret", "extraSecretNamesForEnvFrom": "Secret", "imagePullSecrets": "Secret"}
"""Lists of names, or of maps with `name`."""
_ELSEWHERE = frozenset({"kubespawner_override"})
"""Values about pods that the chart's program starts in other namespaces: notebooks, in those of teams."""


def references(values: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    """Every such name in the values of a release, in its namespace."""
    yield from _below(values, namespace, ())


def _below(value: Json, namespace: str, at: Pointer) -> Iterator[Reference]:
    if isinstance(value, dict):
        for key, item in value.items():
            here = (*at, key)
            if isinstance(item, str) and key in _NAMES:
                yield from named(_NAMES[key], namespace, value, at, key)
            elif isinstance(item, dict) and key in _SELECTORS:
                yield from _selector(_SELECTORS[key], namespace, item, here)
            elif isinstance(item, list) and key in _LISTS:
                yield from _list(_LISTS[key], namespace, item, here)
            elif isinstance(item, (dict, list)) and key not in _ELSEWHERE:
                yield from _volume(key, item, namespace, here)
                yield from _below(item, namespace, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _below(item, namespace, (*at, index))


def _selector(kind: str, namespace: str, value: Mapping[str, Json], at: Pointer) -> Iterator[Reference]:
    yield from keyed(kind, namespace, value, at)
    name = value.get("name")
    if isinstance(name, str) and name:
        for key, item in value.items():
            if key.endswith("Key") and isinstance(item, str) and item:
                yield target(kind, namespace, name, item), (*at, key)


def _list(kind: str, namespace: str, value: list[Json], at: Pointer) -> Iterator[Reference]:
    for index, item in enumerate(value):
        if isinstance(item, str):
            yield target(kind, namespace, item), (*at, index)
        elif isinstance(item, dict) and not item.get("optional"):
            yield from named(kind, namespace, item, (*at, index), "name")


def _volume(key: str, value: Json, namespace: str, at: Pointer) -> Iterator[Reference]:
    """Volumes of Kubernetes, and the mounts of Secrets that the charts of OpenSearch have."""
    if key == "secretMounts":
        for index, one in items({key: value}, key):
            yield from named("Secret", namespace, one, (*at, index), "secretName")
    elif not isinstance(value, dict) or value.get("optional"):
        return
    elif key == "configMap":
        yield from named("ConfigMap", namespace, value, at, "name")
    elif key == "secret":
        yield from named("Secret", namespace, value, at, "secretName")
