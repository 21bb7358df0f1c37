"""Schemas of Kubernetes objects by version and kind: the core kinds' from the package kubernetes-validate, the custom
kinds' from schemas/kubernetes, with their rules in CEL. It validates one object; relations are checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from paddock import object_rules
from paddock.kept import Kept
from paddock.schema import DRAFT, URI, Fault, SchemaSet

Json = Any

DEFINITIONS = URI + "api/_definitions.json"
_CUSTOM = "schemas/kubernetes/"


class ObjectSchemas:
    """Schemas of every kind for one Kubernetes minor version."""

    def __init__(self, version: str, schemas: Mapping[str, Json]) -> None:
        self.version = version
        self._custom = schemas
        self._folder = _core_folder(version)
        self._set = SchemaSet({DEFINITIONS: _definitions(version)})
        self._known: dict[tuple[str, str], str | None] = {}
        self._rules: dict[str, object_rules.Node | None] = {}

    def uri(self, api_version: str, kind: str) -> str | None:
        """URI of the schema of a kind, loaded on first use; None if there is none."""
        found = self._known.get((api_version, kind), "")
        if found == "":
            found = self._load(api_version, kind)
            self._known[api_version, kind] = found
        return found

    def is_valid(self, uri: str, value: Json) -> bool:
        """Whether an object is valid under a schema that `uri` gave."""
        return self._set.is_valid(uri, value)

    def faults(self, uri: str, value: Json) -> list[Fault]:
        """What is wrong with an object: under its schema, else by the rules that its API states in CEL."""
        found = self._set.faults(uri, value)
        rules = self._rules.get(uri)
        return object_rules.faults(rules, value) if rules is not None and not found else found

    def standalone(self, api_version: str, kind: str) -> Json:
        """The schema of a kind with all definitions it reaches inside it, as kubeconform needs it."""
        uri = self.uri(api_version, kind)
        assert uri is not None
        return _bundled(self._set.documents[uri], _definitions(self.version)["$defs"])

    def _load(self, api_version: str, kind: str) -> str | None:
        group, _, version = api_version.rpartition("/")
        custom = f"{_CUSTOM}{group}/{kind.lower()}_{version}.json"
        if custom in self._custom:
            document = self._custom[custom]
        else:
            suffix = f"{group.split('.')[0]}-{version}" if group else version
            path = self._folder / f"{kind.lower()}-{suffix}.json"
            if not path.is_file():
                return None
            document = _core(path)
            names = document.get("properties", {})
            if api_version not in names.get("apiVersion", {}).get("enum", [api_version]):
                return None
        uri = f"{URI}kubernetes/{group}/{version}/{kind}"
        self._set.add(uri, document)
        plan = partial(object_rules.plan, document)
        self._rules[uri] = _PLANS.of(plan, document) if custom in self._custom else None
        return uri


def supported_versions() -> list[str]:
    """Kubernetes minor versions that core schemas are at hand for, ascending."""
    folders = [path.name for path in _data().iterdir() if path.name.endswith("-local-strict")]
    return sorted((name[1:].rsplit(".", 1)[0] for name in folders), key=lambda one: int(one.split(".")[1]))


def _data() -> Path:
    import kubernetes_validate

    return Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"


def _core_folder(version: str) -> Path:
    return _data() / f"v{version}.0-local-strict"


@cache
def _definitions(version: str) -> Json:
    return json.loads((_core_folder(version) / "_definitions.json").read_bytes())


@lru_cache(maxsize=512)
def _core(path: Path) -> Json:
    return json.loads(path.read_bytes())


_PLANS: Kept[object_rules.Node | None] = Kept(512)
"""Rules of the package's own schemas serve the next runs of a process."""


def _bundled(document: Json, definitions: Mapping[str, Json]) -> Json:
    """A schema with the definitions it reaches, transitively (JSONSchemaProps is recursive), without descriptions."""
    reached: dict[str, Json] = {}

    def rewritten(node: Json, *, core: bool) -> Json:
        if isinstance(node, list):
            return [rewritten(item, core=core) for item in node]
        if not isinstance(node, dict):
            return node
        result = {}
        for name, item in node.items():
            if name in ("description", "$id") and isinstance(item, str):
                continue
            if name == "$ref" and isinstance(item, str) and (core or item.startswith("/api/")):
                target = item.rsplit("/", 1)[1]
                if target not in reached:
                    reached[target] = True  # stands for itself until it is done: definitions refer to each other
                    reached[target] = rewritten(definitions[target], core=True)
                result[name] = f"#/$defs/{target}"
            else:
                result[name] = rewritten(item, core=core)
        return result

    schema = rewritten(document, core=False)
    schema["$schema"] = DRAFT
    schema["$defs"] = schema.get("$defs", {}) | {name: reached[name] for name in sorted(reached)}
    return schema
