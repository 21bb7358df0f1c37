"""Tombstones are added to a file that a person wrote, and all that the person wrote stays."""

from __future__ import annotations

import pytest

from paddock import source
from paddock.tombstones import with_tombstones

FILE = """\
# The production account.
apiVersion: paddock/v1alpha1
kind: Environment
metadata: {name: prod}   # flow style stays
spec:
  aws: {accountId: "012345678901", region: us-east-1}  # quotes stay
  production: true

  # Why things are gone.
REMOVED
  promotion:
    after: staging
"""
ENTRY = '- {kind: Team, name: vision, reason: "It moved: see the note"}'


@pytest.mark.parametrize(
    ("removed", "indent"),
    [
        ("  removed: []", "  "),
        ("  removed:\n    - {kind: Workload, name: vision/old, reason: gone}  # in May", "    "),
        ("  removed:\n  - {kind: Workload, name: vision/old, reason: gone}", "  "),
    ],
)
def test_an_entry_is_added_and_nothing_else_changes(removed: str, indent: str) -> None:
    before = FILE.replace("REMOVED", removed)
    after = with_tombstones(before.encode(), [("Team", "vision")], "It moved: see the note").decode()
    kept = removed.replace(" []", "")
    assert after == FILE.replace("REMOVED", f"{kept}\n{indent}{ENTRY}")


def test_without_a_list_one_is_begun() -> None:
    before = FILE.replace("REMOVED\n", "")
    after = with_tombstones(before.encode(), [("Team", "vision")], "gone")
    data, problems = source.parse(after, "environment.yaml")
    assert not problems
    assert data["spec"]["removed"] == [{"kind": "Team", "name": "vision", "reason": "gone"}]
    assert after.decode().startswith(before.rstrip())


def test_a_tombstone_is_written_once() -> None:
    once = with_tombstones(FILE.replace("REMOVED\n", "").encode(), [("Team", "vision")], "gone")
    assert with_tombstones(once, [("Team", "vision")], "again") == once


@pytest.mark.parametrize("reason", ["yes", "a: b # c", "x" * 400, "quote ' and \""])
def test_a_reason_is_read_back_as_it_was(reason: str) -> None:
    after = with_tombstones(FILE.replace("REMOVED\n", "").encode(), [("Cluster", "one")], reason)
    data, problems = source.parse(after, "environment.yaml")
    assert not problems
    assert data["spec"]["removed"][0]["reason"] == reason
