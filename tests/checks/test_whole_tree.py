"""Argo CD's view of a tree: what a source reads, and what the reference platform's Applications apply."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.checks.whole_tree import Source, WholeTree, wave
from paddock.pipeline import Result
from repositories import gathered, reference, reference_result


@pytest.fixture(scope="module")
def tree() -> WholeTree:
    result: Result = reference_result()
    assert result.fleet is not None
    return WholeTree(
        objects=[one for refs in result.objects.values() for one in refs],
        trees=result.trees,
        fleet=result.fleet,
        catalogue=result.catalogue,
        schemas=gathered(reference()).schemas,
    )


@pytest.mark.parametrize(
    ("directory", "read"),
    [
        (None, {"a/one.yaml"}),
        ({"recurse": False}, {"a/one.yaml"}),
        ({"recurse": True}, {"a/one.yaml", "a/b/two.yaml", "a/b/three.json"}),
        ({"recurse": True, "include": "*.yaml"}, {"a/one.yaml", "a/b/two.yaml"}),
        ({"recurse": True, "include": "b/*"}, {"a/b/two.yaml", "a/b/three.json"}),
        ({"recurse": True, "include": "*.yaml", "exclude": "{one,three}.*"}, {"a/b/two.yaml"}),
        ({"recurse": True, "exclude": "*"}, set()),
    ],
)
def test_which_files_of_a_folder_are_applied(directory: Any, read: set[str]) -> None:
    """argocd.md 2.4: not those of folders below it unless it says so; exclude wins; a star crosses slashes."""
    data = {"path": "a", **({"directory": directory} if directory is not None else {})}
    source = Source(number=0, data=data, environment="dev", folder="a")
    paths = {"a/one.yaml", "a/b/two.yaml", "a/b/three.json", "ab/one.yaml", "one.yaml"}
    assert {path for path in paths if source.reads(path)} == read


def test_the_root_of_a_tree() -> None:
    source = Source(number=0, data={"path": ".", "directory": {"recurse": True}}, environment="dev", folder=".")
    assert source.reads("a/b.yaml")
    assert source.reads("b.yaml")


def test_waves() -> None:
    assert [wave(text) for text in ("-3", "+4", "5", "", "first", "1.5")] == [-3, 4, 5, 0, 0, 0]


def test_every_object_of_the_reference_platform_is_applied_once_where_it_belongs(tree: WholeTree) -> None:
    """argocd.md 6 #1: a finding of objects without an Application would have nothing to find; this guarantees it."""
    assert len(tree.applied) > 2000
    for ref, appliers in tree.applied:
        [(application, source)] = appliers
        assert source.environment == ref.environment
        target = tree.target(application)
        assert target is not None
        assert tree.identity(target) == ref.cluster


def test_the_clusters_that_argo_cd_knows(tree: WholeTree) -> None:
    registered = {one.identity for one in tree.fleet.clusters() if one.registered}
    assert registered <= tree.clusters.keys() <= registered | {"in-cluster", tree.fleet.platform.hub_identity}
    assert len({target.server for target in tree.clusters.values()}) == len(tree.clusters)


def test_below(tree: WholeTree) -> None:
    paths = tree.below("prod", "argocd/projects")
    assert paths
    assert all(path.startswith("argocd/projects/") for path in paths)
    assert tree.below("prod", "argocd/project") == []
    assert len(tree.below("prod", ".")) == len(tree.trees["prod"])
