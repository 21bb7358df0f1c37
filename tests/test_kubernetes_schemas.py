"""The schemas of custom kinds: well-formed, closed, true to the samples, and never laxer than the CRDs they stand for.

The comparison with the CRDs needs PADDOCK_UPSTREAM, a folder that holds strict schemas of them in `crd-schemas/`.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import ack_rules
from samples import SAMPLES, changed_sample, sample

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "schemas" / "kubernetes"
SCHEMA_FILES = sorted(SCHEMAS.glob("*/*.json"))
SAMPLE_FILES = sorted(SAMPLES.glob("*.yaml"))
CORE_FILE = "/api/_definitions.json"
CORE_REFERENCE = CORE_FILE + "#/$defs/"
CORE_SCHEMAS = resources.files("kubernetes_validate") / "kubernetes-json-schema"
KUBERNETES = "1.34.0"
REFERENCED_IN = ("1.32.0", "1.33.0", "1.34.0", "1.35.0", "1.36.0")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Maps whose keys belong to something else, by kind: the values of a chart.
OPEN_MAPS = {("Application", "valuesObject")}
# Applicators that speak about the object they stand beside, and so need not close it again.
BESIDE = ("not", "if", "then", "else", "contains", "propertyNames")
BESIDE_LISTS = ("allOf", "anyOf", "oneOf")
NO_SUCH_VALUE = "No such value!"
# Kinds that PADDOCK_UPSTREAM holds no CRD of, and why.
NOT_UPSTREAM = {
    "iamroleselector": "part of ACK's runtime, which every controller's chart installs",
    "queue": "the controller of SQS is not among the charts whose CRDs are kept",
    "volumesnapshotclass": "the snapshot controller comes as an add-on of EKS, with its CRDs",
    "rule": "the controller of EventBridge is not among the charts whose CRDs are kept",
}
COMPARED_SCHEMAS = [path for path in SCHEMA_FILES if path.stem.split("_")[0] not in NOT_UPSTREAM]
COMPARED_SAMPLES = [path for path in SAMPLE_FILES if path.stem not in NOT_UPSTREAM]

Json = Any


def load(path: Path) -> Json:
    return json.loads(path.read_text(encoding="utf-8"))


def core_definitions(version: str) -> Json:
    return json.loads((CORE_SCHEMAS / f"v{version}-local-strict" / "_definitions.json").read_text(encoding="utf-8"))


def without_null(node: Json) -> Json:
    """The core definitions with null taken out: they allow it for every field, a CRD for none."""
    if isinstance(node, list):
        return [without_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: without_null(value) for key, value in node.items()}
    if isinstance(node.get("type"), list):
        result["type"] = [name for name in node["type"] if name != "null"]
    return result


def compiled(schema: Json, core: Json) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([("json-schema://" + CORE_FILE, core)], draft=jsonschema_rs.Draft202012)
    return jsonschema_rs.Draft202012Validator(schema, registry=registry)


def schema_path(folder: Path, document: Json) -> Path:
    group, version = document["apiVersion"].split("/", 1)
    return folder.joinpath(group, f"{document['kind'].lower()}_{version}.json")


@pytest.fixture(scope="module")
def core() -> Json:
    return core_definitions(KUBERNETES)


@pytest.fixture(scope="module")
def upstream() -> Path:
    folder = os.environ.get("PADDOCK_UPSTREAM")
    if not folder:
        pytest.skip("PADDOCK_UPSTREAM does not name the folder of the upstream schemas")
    return Path(folder) / "crd-schemas"


# The files


def subschemas(schema: Json) -> Iterator[tuple[str, Json, bool]]:
    """Every schema reached from the root, with its place and whether it only refines one that is closed elsewhere."""
    pending: list[tuple[str, Json, bool]] = [("#", schema, False)]
    seen: set[tuple[str, bool]] = set()
    while pending:
        place, node, refines = pending.pop()
        if not isinstance(node, dict) or (place, refines) in seen:
            continue
        seen.add((place, refines))
        yield place, node, refines
        below = refines or node.get("$ref", "").startswith(CORE_REFERENCE)
        for keyword in ("properties", "patternProperties"):
            pending += [(f"{place}/{keyword}/{name}", child, below) for name, child in node.get(keyword, {}).items()]
        pending += [(f"{place}/{keyword}", node.get(keyword), below) for keyword in ("items", "additionalProperties")]
        pending += [(f"{place}/{keyword}", node.get(keyword), True) for keyword in BESIDE]
        for keyword in BESIDE_LISTS:
            pending += [(f"{place}/{keyword}/{at}", child, True) for at, child in enumerate(node.get(keyword, []))]
        for name, child in node.get("dependentSchemas", {}).items():
            pending.append((f"{place}/dependentSchemas/{name}", child, True))
        local = node.get("$ref", "")
        if local.startswith("#/$defs/"):
            pending.append((local, schema["$defs"][local.removeprefix("#/$defs/")], refines))


def is_closed(node: Json, kind: str, place: str) -> bool:
    if node.get("$ref", "").startswith(CORE_REFERENCE) or node.get("unevaluatedProperties") is False:
        return True
    if node.get("additionalProperties") is True:
        return (kind, place.rsplit("/", 1)[-1]) in OPEN_MAPS
    return "additionalProperties" in node


def test_every_kind_has_a_schema_and_a_sample() -> None:
    kinds = sorted(path.name.split("_")[0] for path in SCHEMA_FILES)
    assert len(kinds) == 52
    assert kinds == [path.stem for path in SAMPLE_FILES]


@pytest.mark.parametrize("path", SCHEMA_FILES, ids=lambda path: path.stem)
def test_schema_is_a_draft_2020_12_schema_of_its_kind(path: Path) -> None:
    schema = load(path)
    assert schema["$schema"] == DIALECT
    assert jsonschema_rs.meta.is_valid(schema)
    properties = schema["properties"]
    version = path.stem.split("_")[1]
    assert properties["apiVersion"]["const"] == f"{path.parent.name}/{version}"
    assert properties["kind"]["const"] == schema["title"]
    assert schema["title"].lower() == path.stem.split("_")[0]
    assert {"apiVersion", "kind", "metadata"} <= set(schema["required"])
    assert not {"status", "operation"} & set(properties)
    assert "CRD " in schema["description"]


@pytest.mark.parametrize("path", SCHEMA_FILES, ids=lambda path: path.stem)
def test_schema_describes_its_fields(path: Path) -> None:
    schema = load(path)
    fields = dict(schema["properties"]) | schema["properties"].get("spec", {}).get("properties", {})
    missing = []
    for name, field in fields.items():
        reference = field.get("$ref", "")
        described = schema["$defs"][reference.removeprefix("#/$defs/")] if reference.startswith("#/") else field
        if not field.get("description", described.get("description")):
            missing.append(name)
    assert missing == []


@pytest.mark.parametrize("path", SCHEMA_FILES, ids=lambda path: path.stem)
def test_schema_is_closed_at_every_object(path: Path) -> None:
    schema = load(path)
    open_objects = [
        place
        for place, node, refines in subschemas(schema)
        if (node.get("type") == "object" or "properties" in node)
        if not refines and not is_closed(node, schema["title"], place)
    ]
    assert open_objects == []


@pytest.mark.parametrize("path", SCHEMA_FILES, ids=lambda path: path.stem)
def test_schema_references_resolve_and_definitions_are_used(path: Path) -> None:
    schema = load(path)
    references = {node["$ref"] for _, node, _ in subschemas(schema) if "$ref" in node}
    local = {reference for reference in references if reference.startswith("#/$defs/")}
    assert {reference.removeprefix("#/$defs/") for reference in local} == set(schema.get("$defs", {}))
    assert all(reference.startswith(CORE_REFERENCE) for reference in references - local)


@pytest.mark.parametrize("version", REFERENCED_IN)
def test_core_definitions_exist(version: str) -> None:
    known = core_definitions(version)["$defs"]
    for path in SCHEMA_FILES:
        names = [node.get("$ref", "") for _, node, _ in subschemas(load(path))]
        core_names = {name.removeprefix(CORE_REFERENCE) for name in names if name.startswith(CORE_REFERENCE)}
        assert core_names - set(known) == set(), path.name


# The samples


def faults(validator: jsonschema_rs.Draft202012Validator, document: Json) -> list[str]:
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("path", SAMPLE_FILES, ids=lambda path: path.stem)
def test_sample_is_valid(path: Path, core: Json) -> None:
    document = sample(path)
    assert document["kind"].lower() == path.stem
    assert faults(compiled(load(schema_path(SCHEMAS, document)), core), document) == []


def test_kinds_without_a_crd_upstream_are_ours() -> None:
    assert set(NOT_UPSTREAM) <= {path.stem for path in SAMPLE_FILES}
    assert all(NOT_UPSTREAM.values())


@pytest.mark.parametrize("kind", sorted(NOT_UPSTREAM))
def test_kind_without_a_crd_upstream_has_none(kind: str, upstream: Path) -> None:
    assert not schema_path(upstream, sample(SAMPLES / f"{kind}.yaml")).exists()


@pytest.mark.parametrize("path", COMPARED_SAMPLES, ids=lambda path: path.stem)
def test_sample_is_valid_upstream(path: Path, upstream: Path) -> None:
    document = sample(path)
    validator = jsonschema_rs.Draft202012Validator(load(schema_path(upstream, document)))
    assert faults(validator, document) == []


# The comparison

# Keywords that bound a value, by the types they speak about; the bound of ours is as tight or tighter.
LOWER_BOUNDS = {"minimum": "integer number", "minLength": "string", "minItems": "array", "minProperties": "object"}
UPPER_BOUNDS = {"maximum": "integer number", "maxLength": "string", "maxItems": "array", "maxProperties": "object"}


def own(node: Json, root: Json) -> Json:
    """The schema with its local reference followed; what stands beside the reference wins."""
    while node.get("$ref", "").startswith("#/$defs/"):
        target = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def type_names(node: Json) -> set[str]:
    named = node.get("type", [])
    return {named} if isinstance(named, str) else set(named)


def looser(place: str, ours: Json, theirs: Json, root: Json) -> Iterator[str]:
    """Places where a schema of ours takes a field, a type, a value or a size that upstream does not."""
    ours = own(ours, root)
    if not theirs or place.count("routes[]") > 1:
        return
    choices = ours.get("enum", [ours["const"]] if "const" in ours else None)
    if "enum" in theirs and not (choices and set(choices) <= set(theirs["enum"])):
        yield f"{place}: enum"
    types = type_names(theirs)
    if choices is None and types and not (type_names(ours) and type_names(ours) <= types):
        yield f"{place}: type"
    yield from wider(place, ours, theirs, types) if choices is None else ()
    if ours.get("$ref", "").startswith(CORE_REFERENCE):
        return
    if set(theirs.get("required", [])) - set(ours.get("required", [])):
        yield f"{place}: required"
    known = theirs.get("properties", {})
    for name, child in ours.get("properties", {}).items():
        if name in known:
            yield from looser(f"{place}.{name}", child, known[name], root)
        elif theirs.get("additionalProperties") is False:
            yield f"{place}.{name}: unknown"
    for keyword, sign in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(ours.get(keyword), dict) and isinstance(theirs.get(keyword), dict):
            yield from looser(place + sign, ours[keyword], theirs[keyword], root)


def wider(place: str, ours: Json, theirs: Json, types: set[str]) -> Iterator[str]:
    for keyword, bounded in (LOWER_BOUNDS | UPPER_BOUNDS).items():
        if keyword not in theirs or not types & set(bounded.split()):
            continue
        sign = 1 if keyword in LOWER_BOUNDS else -1
        if keyword not in ours or sign * ours[keyword] < sign * theirs[keyword]:
            yield f"{place}: {keyword}"
    if "pattern" in theirs and "pattern" not in ours and "string" in types:
        yield f"{place}: pattern"


@pytest.mark.parametrize("path", COMPARED_SCHEMAS, ids=lambda path: path.stem)
def test_no_field_is_looser_than_upstream(path: Path, upstream: Path) -> None:
    schema = load(path)
    theirs = load(upstream / path.parent.name / path.name)
    assert list(looser("", schema, theirs, schema)) == []


def scalar_mutations(value: Json) -> tuple[Json, ...]:
    """Values of other types and out of range: what a person or a template may write by mistake."""
    others: tuple[Json, ...] = (["x"], {"x": "y"}, None)
    if isinstance(value, bool):
        return (NO_SUCH_VALUE, "true", 1, *others)
    if isinstance(value, int):
        return (NO_SUCH_VALUE, str(value), True, 1.5, -1, 2**40, *others)
    if isinstance(value, float):
        return (NO_SUCH_VALUE, True, -1.5, *others)
    return (NO_SUCH_VALUE, "", 42, -1, 1.5, True, "x" * 3000, *others)


def mutations(document: Json) -> Iterator[tuple[str, Json]]:
    """The document with one change each, in place: read it before asking for the next."""
    yield from changes_below("", document, document)


def changes_below(place: str, node: Json, document: Json) -> Iterator[tuple[str, Json]]:
    keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
    for key in keys:
        child, here = node[key], f"{place}/{key}"
        if isinstance(child, dict | list):
            yield from changes_below(here, child, document)
        for replacement in replacements(child):
            node[key] = replacement
            yield f"{here} = {json.dumps(replacement)[:40]}", document
        node[key] = child
        if isinstance(node, dict):
            whole = dict(node)
            del node[key]
            yield f"{here} deleted", document
            node[f"{key}NoSuchKey"] = child
            yield f"{here} renamed", document
            node.clear()
            node.update(whole)


def replacements(child: Json) -> tuple[Json, ...]:
    if isinstance(child, dict):
        return ({}, [], NO_SUCH_VALUE, 42, None, {**child, "noSuchKey": "x"})
    if isinstance(child, list):
        longer = child * 300 if child else []
        return ([], {}, NO_SUCH_VALUE, 42, None, [*child, NO_SUCH_VALUE], [*child, 42], [*child, {}], longer)
    return scalar_mutations(child)


def test_mutations_change_and_restore_the_document() -> None:
    document: Json = {"a": [1], "b": {"c": "x"}}
    before = copy.deepcopy(document)
    seen = [(place, copy.deepcopy(changed)) for place, changed in mutations(document)]
    assert document == before
    assert all(json.dumps(changed) != json.dumps(before) for _, changed in seen)
    assert ("/b/c deleted", {"a": [1], "b": {}}) in seen
    assert ("/a = []", {"a": [], "b": {"c": "x"}}) in seen


def test_whatever_upstream_rejects_is_rejected(upstream: Path, core: Json) -> None:
    strict_core = without_null(core)
    misses: list[str] = []
    rejected = 0
    for path in COMPARED_SAMPLES:
        document = sample(path)
        theirs = jsonschema_rs.Draft202012Validator(load(schema_path(upstream, document)))
        schema = load(schema_path(SCHEMAS, document))
        ours, ours_without_null = compiled(schema, core), compiled(schema, strict_core)
        for place, changed in mutations(document):
            if theirs.is_valid(changed):
                continue
            rejected += 1
            validator = ours_without_null if place.endswith("= null") else ours
            if validator.is_valid(changed):
                misses.append(f"{path.stem}{place}")
    assert misses == []
    assert rejected > 10_000


# What ours says beyond the CRDs: rules that only a controller, a webhook or CEL states upstream

# Kind, place, and the value put there; ... deletes.
BEYOND: list[tuple[str, str, Json]] = [
    ("application", "spec/syncPolicy/syncOptions/0", "ServerSideApply=yes"),
    ("application", "spec/syncPolicy/syncOptions/0", "Force=true"),
    ("application", "spec/source", {"repoURL": "https://git.example.com/a.git", "path": "a"}),
    ("application", "spec/sources", ...),
    ("application", "spec/destination/server", "https://kubernetes.default.svc"),
    ("application", "spec/destination/name", ...),
    ("application", "spec/sources/0/targetRevision", ...),
    ("application", "spec/sources/0/repoURL", "oci://registry.k8s.io/kueue/charts"),
    ("application", "spec/sources/1/ref", ...),
    ("application", "spec/sources/0/helm/releaseName", "a" * 54),
    ("application", "spec/project", "default"),
    ("application", "metadata/name", "a" * 254),
    ("application", "metadata/annotations/note", 1),
    ("application", "metadata/labels", None),
    ("application", "metadata/annotations/note", None),
    ("application", "operation", {"sync": {}}),
    ("appproject", "spec/destinations/0/namespace", "!kube-system"),
    ("appproject", "spec/roles/0/policies/0", "p, proj:perception:member, applications, get, allow"),
    ("appproject", "spec/syncWindows/0/kind", "forbid"),
    ("nodepool", "spec/disruption/budgets/0/duration", ...),
    ("nodepool", "spec/disruption/budgets/0/schedule", ...),
    ("nodepool", "spec/replicas", 3),
    ("nodepool", "spec/limits/resources", "64"),
    ("nodepool", "spec/template/spec/requirements/0/key", "kubernetes.io/hostname"),
    ("nodepool", "spec/template/spec/requirements/0/key", "karpenter.k8s.aws/instance-gpus"),
    ("nodepool", "spec/template/spec/requirements/0/values", []),
    ("nodepool", "spec/template/spec/requirements/2/values/0", "seven"),
    ("nodepool", "spec/template/spec/requirements/4/values", ["h100"]),
    ("ec2nodeclass", "spec/role", "node"),
    ("ec2nodeclass", "spec/amiFamily", ...),
    ("ec2nodeclass", "spec/amiSelectorTerms/0/alias", "al2023@v20260714"),
    ("ec2nodeclass", "spec/amiSelectorTerms/1/name", "x"),
    ("ec2nodeclass", "spec/blockDeviceMappings/1/rootVolume", True),
    ("ec2nodeclass", "spec/networkInterfaces/0/interfaceType", "efa-only"),
    ("ec2nodeclass", "spec/kubelet/evictionSoftGracePeriod", ...),
    ("ec2nodeclass", "spec/tags", {"kubernetes.io/cluster/a": "owned"}),
    ("clusterqueue", "spec/cohortName", ...),
    ("clusterqueue", "spec/preemption/reclaimWithinCohort", "Never"),
    ("clusterqueue", "spec/flavorFungibility/whenCanBorrow", "MayStopSearch"),
    ("clusterqueue", "spec/resourceGroups/0/flavors/0/resources/0/nominalQuota", -1),
    ("admissioncheck", "spec/controllerName", "kueue.x-k8s.io/multi-kueue"),
    ("admissioncheck", "spec/parameters/kind", "ProvisioningRequestConfig"),
    ("multikueuecluster", "spec/clusterSource/clusterProfileRef", {"name": "train-fra"}),
    ("multikueueconfig", "spec/clusters", ["train-fra", "train-fra"]),
    ("resourceflavor", "spec/nodeLabels", ...),
    ("resourceflavor", "spec/nodeTaints/0/effect", "Never"),
    ("trainjob", "metadata/name", "1-bev"),
    ("trainjob", "spec/initializer/dataset/storageUri", "/data"),
    ("trainjob", "spec/managedBy", "someone"),
    ("trainingruntime", "spec/mlPolicy/jax", {}),
    ("inferenceservice", "spec/predictor/model/storageUri", "s3://models/caption"),
    ("externalsecret", "spec/secretStoreRef/name", ...),
    ("secretstore", "spec/provider/aws/auth/secretRef", {}),
    ("certificate", "spec/renewBeforePercentage", 30),
    ("clusterissuer", "spec/selfSigned", {}),
    ("prometheusrule", "spec/groups/0/rules/0/record", "a:b"),
    ("prometheusrule", "spec/groups/1/rules/0/for", "5m"),
    ("alertmanagerconfig", "spec/receivers/1/pagerdutyConfigs/0/routingKey", ...),
    ("alertmanagerconfig", "spec/route/routes/0/routes/0/reciever", "topic"),
    *ack_rules.BEYOND,
]


@pytest.mark.parametrize(("kind", "place", "value"), BEYOND, ids=lambda part: str(part)[:60])
def test_rule_beyond_upstream(kind: str, place: str, value: Json, core: Json) -> None:
    document = changed_sample(kind, place, value)
    assert not compiled(load(schema_path(SCHEMAS, document)), core).is_valid(document)


@pytest.mark.parametrize(("kind", "place", "value"), ack_rules.WITHIN, ids=lambda part: str(part)[:60])
def test_rule_stays_silent(kind: str, place: str, value: Json, core: Json) -> None:
    document = changed_sample(kind, place, value)
    assert faults(compiled(load(schema_path(SCHEMAS, document)), core), document) == []
