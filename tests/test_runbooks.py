"""docs/runbooks.md: every alert of the reference platform links to a heading of it, and every heading is an alert's."""

from __future__ import annotations

import re

import pytest
import yaml

from paddock.model import Origin, Platform
from prometheus_tools import alerts
from repositories import ROOT

TEXT = (ROOT / "docs" / "runbooks.md").read_text()
PAGE = yaml.safe_load((ROOT / "environments" / "platform.yaml").read_text())["spec"]["runbooks"]
HEADINGS = re.findall(r"^### (\w+)$", TEXT, re.MULTILINE)


def linked() -> dict[str, str]:
    """Alerts by the heading that they link to; those with a page of their team's own are left out."""
    found = {}
    for _, _, rule in alerts():
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        if page == PAGE:
            found[rule["alert"]] = anchor
    return found


def test_every_alert_has_its_heading() -> None:
    missing = sorted(linked().keys() - set(HEADINGS))
    assert not missing, f"docs/runbooks.md needs a heading for {', '.join(missing)}"


def test_no_heading_is_left_over() -> None:
    assert set(HEADINGS) <= linked().keys()
    assert len(set(HEADINGS)) == len(HEADINGS)


def test_links_are_anchors_of_the_headings() -> None:
    """A web page of a git host makes the anchor of a one-word heading in lower case."""
    for alert, anchor in linked().items():
        assert anchor == alert.lower()


def test_the_page_is_this_file() -> None:
    assert PAGE.endswith("/docs/runbooks.md")


def test_alerts_of_components_all_link_to_the_page() -> None:
    for path, _, rule in alerts():
        assert "/workloads/" in path or rule["annotations"]["runbook_url"].startswith(f"{PAGE}#"), rule["alert"]


def test_each_runbook_says_what_to_do() -> None:
    for part in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        meaning = body.strip().splitlines()[0]
        assert len(meaning) > 20, name
        assert "\n- First: " in body, name
        assert "\n- Then: " in body, name


@pytest.mark.parametrize(
    ("stated", "repository", "expected"),
    [
        (
            None,
            "https://github.com/example/platform.git",
            "https://github.com/example/platform/blob/main/docs/runbooks.md#a",
        ),
        (
            None,
            "git@github.com:example/platform.git",
            "https://github.com/example/platform/blob/main/docs/runbooks.md#a",
        ),
        (None, "ssh://git@git.example.com:2222/x/y", "https://git.example.com/x/y/blob/main/docs/runbooks.md#a"),
        ("https://wiki.example.com/alerts", "git@github.com:x/y.git", "https://wiki.example.com/alerts#a"),
    ],
)
def test_page_of_a_platform(stated: str | None, repository: str, expected: str) -> None:
    data = {"repository": {"url": repository}, **({"runbooks": stated} if stated else {})}
    platform = Platform(name="x", data=data, origin=Origin(base="environments/platform.yaml"))
    assert platform.runbook("A") == expected
