"""What rendered objects name is there: each object of the reference platform that others name is taken away in turn,
and exactly those that name it must be found, by another way of finding them than the checks have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from paddock import checks, pipeline, source
from paddock.checks import object_references, object_selectors
from paddock.pipeline import Result
from paddock.render import ObjectRef
from repositories import reference_result, run, small

Json = Any

# The fields by which each kind is named: (the map above, the field), by hand.
FIELDS: Mapping[str, set[tuple[str, str]]] = {
    "AdmissionCheck": {("admissionChecks", "name")},
    "ClusterIssuer": {("issuerRef", "name")},
    "ClusterQueue": {("spec", "clusterQueue")},
    "ClusterSecretStore": {("secretStoreRef", "name")},
    "ClusterServingRuntime": {("model", "runtime")},
    "Cohort": {("spec", "cohortName"), ("spec", "parentName")},
    "ConfigMap": {("configMap", "name"), ("configMapKeyRef", "name"), ("configMapRef", "name")},
    "Deployment": {("scaleTargetRef", "name")},
    "EC2NodeClass": {("nodeClassRef", "name")},
    "ExternalSecret": {
        ("apiURL", "name"),
        ("ca", "secretName"),
        ("kubeConfig", "location"),
        ("password", "name"),
        ("routingKey", "name"),
        ("secret", "name"),
        ("secret", "secretName"),
        ("secretKeyRef", "name"),
        ("secretRef", "name"),
        ("tls", "secretName"),
        ("urlSecret", "name"),
        ("username", "name"),
    },
    "Issuer": {("issuerRef", "name")},
    "LocalQueue": {("labels", "kueue.x-k8s.io/queue-name")},
    "MultiKueueCluster": {("spec", "clusters")},
    "MultiKueueConfig": {("parameters", "name")},
    "PersistentVolume": {("spec", "volumeName")},
    "PersistentVolumeClaim": {("persistentVolumeClaim", "claimName"), ("claimRef", "name")},
    "PriorityClass": {
        ("predictor", "priorityClassName"),
        ("spec", "podPriorityClassName"),
        ("spec", "priorityClassName"),
    },
    "ResourceClaimTemplate": {("resourceClaims", "resourceClaimTemplateName")},
    "ResourceFlavor": {("flavors", "name")},
    "Role": {("roleRef", "name")},
    "Service": {("service", "name")},
    "ServiceAccount": {
        ("annotations", "kubernetes.io/service-account.name"),
        ("predictor", "serviceAccountName"),
        ("spec", "serviceAccountName"),
        ("spec", "serviceAccount"),
        ("subjects", "name"),
    },
    "StorageClass": {("spec", "storageClassName")},
    "Topology": {("spec", "topologyName")},
    "TrainingRuntime": {("runtimeRef", "name")},
    "WorkflowTemplate": {("workflowTemplateRef", "name")},
    "WorkloadPriorityClass": {("labels", "kueue.x-k8s.io/priority-class")},
}
OF_EACH = 3
"""Objects of each kind that are taken away."""


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


@pytest.fixture(scope="module")
def objects(result: Result) -> list[ObjectRef]:
    return [one for refs in result.objects.values() for one in refs]


@pytest.fixture(scope="module")
def named(objects: list[ObjectRef], result: Result) -> dict[tuple[str, str, str], list[tuple[ObjectRef, str]]]:
    """(object, kind and namespace of what it names) by cluster, kind and name."""
    found: dict[tuple[str, str, str], list[tuple[ObjectRef, str]]] = {}
    for ref in objects:
        data, _ = source.parse(result.trees[ref.environment][ref.path].encode(), ref.path)
        for above, field, value, within in leaves(data):
            for kind in KINDS.get((above, field), ()):
                if not within.get("optional") and (above not in TYPED or within.get("kind") == kind):
                    where = _namespace(ref, above, within)
                    found.setdefault((_cluster(ref, field), kind, str(value)), []).append((ref, where))
    return found


KINDS: dict[tuple[str, str], list[str]] = {}
for _kind, _fields in FIELDS.items():
    for _field in _fields:
        KINDS.setdefault(_field, []).append(_kind)
TYPED = ("issuerRef", "roleRef", "runtimeRef", "subjects")


def leaves(value: Json, above: str = "") -> Iterator[tuple[str, str, Json, Mapping[str, Json]]]:
    """(the map above, field, value, the map it is in) of every leaf; those of a list are those of its field. The text
    of a run is one of its objects."""
    for key, item in value.items():
        if key == "trainjob.json":
            yield from leaves(json.loads(item))
        elif isinstance(item, dict):
            yield from leaves(item, key)
        elif isinstance(item, list):
            for one in item:
                yield from leaves(one, key) if isinstance(one, dict) else iter([(above, key, one, value)])
        else:
            yield above, key, item, value


def _namespace(ref: ObjectRef, above: str, within: Mapping[str, Json]) -> str:
    """Where the object that is named lies, if it has a namespace."""
    if above == "kubeConfig":
        return "kueue-system"
    if above == "ca":
        return ref.namespace or "cert-manager"
    return str(within["namespace"]) if above in ("claimRef", "subjects") else ref.namespace


def _cluster(ref: ObjectRef, field: str) -> str:
    """The cluster on which it lies: an identity of pods is made on the hub for the cluster of its folder."""
    return f"{ref.environment}-{ref.path.split('/')[1]}" if field == "serviceAccount" else ref.cluster


def paths(found: Iterable[ObjectRef]) -> set[str]:
    return {f"{ref.environment}/{ref.path}" for ref in found}


def dangling(objects: Sequence[ObjectRef], result: Result) -> set[str]:
    assert result.fleet is not None
    found = object_references.check(objects, result.trees, result.fleet, result.catalogue)
    return paths(ref for ref, _ in found)


def test_everything_that_is_named_is_there(objects: list[ObjectRef], result: Result) -> None:
    assert dangling(objects, result) == set()


@pytest.mark.parametrize("kind", FIELDS)
def test_exactly_those_that_name_what_is_gone_are_found(
    kind: str,
    objects: list[ObjectRef],
    named: dict[tuple[str, str, str], list[tuple[ObjectRef, str]]],
    result: Result,
) -> None:
    mutants = []
    for one in objects:
        if one.kind == kind and ".services.k8s.aws" not in one.api_version:
            users = [ref for ref, where in named.get((one.cluster, kind, one.name), ()) if one.namespace in ("", where)]
            if users:
                mutants.append((one, paths(users)))
    assert mutants
    step = -(-len(mutants) // OF_EACH)
    for one, users in mutants[::step]:
        assert dangling([ref for ref in objects if ref is not one], result) == users, one.path


def test_what_selects_the_pods_of_a_deployment_misses_them(objects: list[ObjectRef], result: Result) -> None:
    """Its Service and its budget; without the Service, its monitor."""
    assert result.fleet is not None
    for gone, kinds in (("Deployment", {"PodDisruptionBudget", "Service"}), ("Service", {"ServiceMonitor"})):
        taken = next(
            one
            for one in objects
            if one.kind == gone
            and kinds
            <= {other.kind for other in objects if other.path.rpartition("/")[0] == one.path.rpartition("/")[0]}
        )
        rest = [one for one in objects if one is not taken]
        found = object_selectors.check(rest, result.trees, result.fleet, result.catalogue)
        assert {(ref.kind, ref.name, fault.id) for ref, fault in found} == {
            (kind, taken.name, "selector-without-match") for kind in kinds
        }


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        # The team is left out, and with it the workloads' queue; nobody is told that these miss it.
        ("environments/dev/teams/vision.yaml", b"flavors:", b"flavours:", {"unknown-field"}),
        (
            "environments/base/workloads/vision/api.yaml",
            b"metrics: {port: 8080}",
            b"metrics: {port: -1}",
            {"invalid-value"},
        ),
    ],
)
def test_an_incomplete_environment_is_left_alone(path: str, old: bytes, new: bytes, expected: set[str]) -> None:
    """What a spec with a fault would have given may be what others name."""
    specs = {**small(), path: small()[path].replace(old, new)}
    assert {one.id for one in run(specs).diagnostics} == expected


def test_a_bug_of_a_check_is_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> Iterator[Any]:
        raise RuntimeError("boom")

    monkeypatch.setattr(pipeline, "RELATION_CHECKS", (replace(checks.RELATION_CHECKS[0], run=crash),))
    assert [one.id for one in run(small()).diagnostics] == ["check-crashed"]
