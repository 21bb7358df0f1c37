"""manifest-generate-paths, by the examples of argo-cd (docs/operator-manual/high_availability.md) in our folders."""

from __future__ import annotations

import pytest

from paddock.analysis.argocd_paths import is_below, is_covered, outermost, refresh_paths


@pytest.mark.parametrize(
    ("annotation", "paths"),
    [
        (".", ["/apps/demo", "/charts"]),
        ("/shared", ["/shared"]),
        (". ; /shared/ ;", ["/apps/demo", "/charts", "/shared"]),
        ("../common", ["/apps/common", "/common"]),
        ("", []),
        ("/clusters/*/values.yaml", ["/clusters/*/values.yaml"]),
    ],
)
def test_paths_of_an_annotation(annotation: str, paths: list[str]) -> None:
    assert refresh_paths(annotation, ["apps/demo", "charts"]) == paths


@pytest.mark.parametrize(
    ("file", "covered"),
    [
        ("apps/demo/deployment.yaml", True),
        ("apps/demo/deep/deployment.yaml", True),
        ("apps/demo2/deployment.yaml", False),
        ("clusters/one/values.yaml", True),
        ("clusters/one/deep/values.yaml", False),
        ("notes.txt", True),
    ],
)
def test_what_is_covered(file: str, covered: bool) -> None:
    assert is_covered(file, ["/apps/demo", "/clusters/*/values.yaml", "/notes.txt"]) is covered


def test_the_root_covers_everything() -> None:
    assert is_covered("a/b.yaml", ["/"])
    assert not is_covered("a/b.yaml", [])


def test_folders() -> None:
    assert is_below("apps/demo", ["/apps/demo"])
    assert not is_below("apps", ["/apps/demo"])
    assert outermost(["a/b", "a", "ab", "a/b/c"]) == ["a", "ab"]
