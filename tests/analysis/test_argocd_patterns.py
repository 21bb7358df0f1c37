"""Argo CD's two languages of patterns, by what its documentation and its code say of them."""

from __future__ import annotations

import pytest

from paddock.analysis.argocd_patterns import file_match, glob, is_pattern, place, repository


@pytest.mark.parametrize(
    ("pattern", "text", "separator", "matches"),
    [
        ("team-*", "team-vision", "", True),
        ("team-*", "team", "", False),
        ("*", "", "", True),
        ("https://git.example.com/*", "https://git.example.com/tools", "/", True),
        ("https://git.example.com/*", "https://git.example.com/tools/cli", "/", False),
        ("https://git.example.com/**", "https://git.example.com/tools/cli", "/", True),
        ("https://git.example.com/*/*", "https://git.example.com/tools/cli", "/", True),
        ("*.yaml", "folder/values.yaml", "", True),
        ("{argocd,kube-*}", "kube-system", "", True),
        ("{argocd,kube-*}", "monitoring", "", False),
        ("a,b", "a,b", "", True),
        ("v?", "v1", "", True),
        ("v?", "v/", "/", False),
        ("[a-c]1", "b1", "", True),
        ("[!a-c]1", "b1", "", False),
        ("[!a-c]1", "d1", "", True),
        (r"\*", "*", "", True),
        (r"\*", "a", "", False),
        ("a.c", "abc", "", False),
        ("{a,b", "a", "", False),  # does not compile: matches nothing
        ("[a", "a", "", False),
    ],
)
def test_glob(pattern: str, text: str, separator: str, matches: bool) -> None:
    assert glob(pattern, text, separator) is matches


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*", "Namespace", True),
        ("Role*", "RoleBinding", True),
        ("*", "a/b", False),
        ("/clusters/*/values.yaml", "/clusters/one/values.yaml", True),
        ("/clusters/*/values.yaml", "/clusters/one/demo/values.yaml", False),
        ("[^a]b", "cb", True),
        ("[^a]b", "ab", False),
        ("{a,b}", "a", False),  # no alternatives in this language
        ("a\\", "a", False),
        ("[", "[", False),
        ("", "", True),
    ],
)
def test_file_match(pattern: str, text: str, matches: bool) -> None:
    assert file_match(pattern, text) is matches


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://github.com/Example/Small.git", "https://github.com/example/small"),
        ("ssh://git@GITHUB.com/example/small", "git@github.com:example/small.git"),
        (" https://github.com/example/small ", "https://github.com/example/small.git"),
    ],
)
def test_what_argo_cd_takes_for_one_repository(one: str, other: str) -> None:
    assert repository(one) == repository(other)


def test_what_it_takes_for_two() -> None:
    urls = ("https://github.com/example/small", "http://github.com/example/small", "git@github.com:example/small")
    assert len({repository(url) for url in urls}) == 3
    assert len({place(url) for url in (*urls, "https://github.com/example/small.git/")}) == 1
    assert place("https://github.com/example/small") != place("https://github.com/example/smaller")
    assert place("ghcr.io/example/charts") == "ghcr.io/example/charts"
    assert place("https://[::1") == place("ssh://git@[::1")  # no URL, and no crash


def test_a_pattern_is_known_by_its_characters() -> None:
    assert [is_pattern(text) for text in ("a*", "a?", "[a]", "{a}", "a-b.c/d")] == [True, True, True, True, False]
