"""Until when APIs are served, compared with the API specifications that ship with kubernetes-validate and with the
CRDs of operators."""

from __future__ import annotations

import json
from functools import cache

import pytest

import upstream_crds
from paddock import kubernetes
from paddock.analysis import api_lifetimes
from paddock.analysis.api_lifetimes import REMOVALS, SUPERSEDED, is_ending, is_removed, minor


@cache
def served() -> dict[tuple[str, str], list[str]]:
    """The versions of Kubernetes that serve each (apiVersion, kind), ascending."""
    found: dict[tuple[str, str], list[str]] = {}
    for version in kubernetes.supported_versions():
        for path in kubernetes._core_folder(version).glob("*-*.json"):
            names = json.loads(path.read_bytes()).get("properties", {})
            kinds, versions = (names.get(field, {}).get("enum", []) for field in ("kind", "apiVersion"))
            if kinds and not kinds[0].endswith("List") and kinds[0] not in ("DeleteOptions", "Status"):
                for one in versions:
                    found.setdefault((one, kinds[0]), []).append(version)
    return found


def test_every_version_that_left_kubernetes_is_known_with_its_release() -> None:
    versions = kubernetes.supported_versions()
    gone = {
        key: versions[versions.index(found[-1]) + 1] for key, found in served().items() if found[-1] != versions[-1]
    }
    known = {(one.api_version, kind): one.removed for one in REMOVALS for kind in one.kinds}
    assert {key: known.get(key) for key in gone} == {key: minor(version) for key, version in gone.items()}


def test_nothing_that_is_served_counts_as_removed() -> None:
    for (api_version, kind), versions in served().items():
        for version in versions:
            assert not is_removed(api_version, kind, version), (api_version, kind, version)


def test_what_is_said_to_replace_a_version_is_served_when_that_is_gone() -> None:
    known = served()
    for one in REMOVALS:
        for kind in one.kinds if " " not in one.instead else ():
            versions = known.get((one.instead, kind))
            # Kinds that left with their version have no other; those of the guide's earliest years moved before 1.25.
            if versions is not None:
                later = [version for version in versions if minor(version) >= one.removed]
                assert later, (one.api_version, kind, one.instead)


def test_each_version_of_a_kind_is_listed_once() -> None:
    keys = [(one.api_version, kind) for one in REMOVALS for kind in one.kinds]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("version", "removed", "ending"),
    [
        ("1.33", False, False),
        ("1.34", False, False),
        ("1.35", False, True),
        ("1.36", False, True),
        ("1.37", True, False),
    ],
)
def test_two_minor_versions_ahead(version: str, removed: bool, ending: bool) -> None:
    api = ("storage.k8s.io/v1beta1", "VolumeAttributesClass")
    assert (is_removed(*api, version), is_ending(*api, version)) == (removed, ending)


def test_other_kinds_of_a_group_stay() -> None:
    assert is_removed("policy/v1beta1", "PodDisruptionBudget", "1.34")
    assert not is_removed("policy/v1", "PodDisruptionBudget", "1.34")
    assert not is_removed("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy", "1.34")
    assert not is_removed("external-secrets.io/v1beta1", "Webhook", "1.34")


@pytest.mark.skipif(upstream_crds.folder() is None, reason="PADDOCK_UPSTREAM names the folder with upstream's CRDs")
def test_operators_serve_and_deprecate_what_we_say() -> None:
    stated = upstream_crds.versions()
    assert len(stated) > 100
    for (group, version, kind), (is_served, deprecated) in stated.items():
        known = api_lifetimes.superseded(f"{group}/{version}", kind)
        if known is not None:
            assert (not known.since) == is_served, (group, version, kind)
            # The CRD of this one kind does not say what the release notes say of the version.
            assert deprecated or kind == "MultiKueueConfig", (group, version, kind)
    # Where a whole group was deprecated, none of its kinds is left out.
    groups = {(one.group, one.version) for one in SUPERSEDED if not one.kinds}
    left = [key for key, (_, deprecated) in stated.items() if deprecated and key[:2] not in groups]
    unknown = [key for key in left if api_lifetimes.superseded("/".join(key[:2]), key[2]) is None]
    assert unknown == [("kyverno.io", "v1beta1", "UpdateRequest")]  # Kyverno's own queue: nobody writes it
