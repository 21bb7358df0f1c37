"""Names stay within their limits, differ where their origins differ, and are safe in paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import names


def test_a_short_name_is_its_parts() -> None:
    assert names.application_name("dev", "train-iad", "kueue") == "dev-train-iad-kueue"


def test_a_long_name_ends_in_a_digest_and_keeps_the_limit() -> None:
    name = names.application_name("staging", "perception-train-iad-2", "a-workload-with-a-very-long-name")
    assert name[:45] == "staging-perception-train-iad-2-a-workload-wi-"
    assert len(name) == names.APPLICATION_LIMIT == 53


def test_long_names_that_begin_alike_differ() -> None:
    one, other = ("a" * 60 + end for end in "xy")
    assert names.shortened(one, 53) != names.shortened(other, 53)
    assert names.shortened(one, 53)[:44] == names.shortened(other, 53)[:44]


def test_a_cut_at_a_dash_leaves_one_dash() -> None:
    assert names.shortened("a" * 43 + "-----" + "b" * 20, 53).startswith("a" * 43 + "-")
    assert "--" not in names.shortened("a" * 43 + "-----" + "b" * 20, 53)


@given(st.from_regex(r"[a-z]([-a-z0-9]{0,120}[a-z0-9])?", fullmatch=True), st.integers(20, 63))
def test_a_dns_label_stays_one(name: str, limit: int) -> None:
    short = names.shortened(name, limit)
    assert len(short) <= limit
    assert short[0].isalpha()
    assert short[-1].isalnum()
    assert (short == name) == (len(name) <= limit)


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [
        ("Deployment", "api", "deployment-api.yaml"),
        ("ClusterRole", "system:node/reader", "clusterrole-system%3Anode%2Freader.yaml"),
        ("CustomResourceDefinition", "queues.kueue.x-k8s.io", "customresourcedefinition-queues.kueue.x-k8s.io.yaml"),
        ("ConfigMap", "..", "configmap-...yaml"),
        ("ConfigMap", "../../x", "configmap-..%2F..%2Fx.yaml"),
        ("../Kind", "x", "..%2Fkind-x.yaml"),
        ("ConfigMap", "a b\n%é", "configmap-a%20b%0A%25%C3%A9.yaml"),
    ],
)
def test_a_file_name_is_safe(kind: str, name: str, file: str) -> None:
    assert names.file_name(kind, name) == file


@given(st.text(st.characters(exclude_categories=("Cs",))), st.text(st.characters(exclude_categories=("Cs",))))
def test_files_of_different_objects_differ_and_fit_a_file_system(one: str, other: str) -> None:
    first, second = names.file_name("Role", one), names.file_name("Role", other)
    assert (first == second) == (one == other)
    assert len(first) <= 255
    assert first.isascii()
    assert "/" not in first


def test_the_longest_kubernetes_name_fits_a_file_system() -> None:
    one, other = (names.file_name("ClusterRoleBinding", ":" * 252 + end) for end in "ab")
    assert one != other
    assert len(one) == 255
