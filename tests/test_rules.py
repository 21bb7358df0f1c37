"""docs/rules.md is read: each row says what holds it, and what it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from paddock.explanations import EXPLANATIONS
from repositories import ROOT

PAGE = (ROOT / "docs" / "rules.md").read_text()
SECTIONS = ("GPUs, Karpenter, Kueue, Trainer", "Charts", "Argo CD")
ROWS_OF_GPUS = 32

# Rows that nothing holds, or not wholly. One that is held now, or one more that is not, is to be changed here too.
CHARTS = {
    "2a": 1,
    "2b": 8,
    "2c": 1,
    "2d": 7,
    "2e": 1,
    "2f": 9,
    "2g": 1,
    "2h": 1,
    "2i": 3,
    "5": 6,
}
"""Sections of charts.md with the rows of ours at least."""


def rows(section: str) -> list[list[str]]:
    """Cells of each row of a section's table."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


ROWS = [(section, row) for section in SECTIONS for row in rows(section)]


def references(held: str) -> list[str]:
    """What a cell names between backticks, as far as it is a reference."""
    return [one for one in re.findall(r"`([^`]+)`", held) if one.startswith("finding:") or "/" in one]


@cache
def functions(path: str) -> frozenset[str]:
    return frozenset(
        node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)
    )


def test_every_row_has_every_cell() -> None:
    assert {(section, len(row)) for section, row in ROWS} == {(SECTIONS[0], 5), (SECTIONS[1], 4), (SECTIONS[2], 4)}
    assert all(cell for _, row in ROWS for cell in row)


def test_numbers_are_complete() -> None:
    assert [row[0] for row in rows(SECTIONS[0])] == [str(number) for number in range(1, ROWS_OF_GPUS + 1)]
    assert {row[3] for row in rows(SECTIONS[0])} == {"R", "L"}
    numbers = [row[0].split()[0] for row in rows(SECTIONS[1])]
    assert all(numbers.count(number) >= least for number, least in CHARTS.items())
    assert len({row[0] for row in rows(SECTIONS[1])}) == len(numbers)


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[f"{section}-{row[0]}" for section, row in ROWS])
def test_what_a_row_names_exists(row: list[str]) -> None:
    found = references(row[-1])
    assert found, "the row says nothing"
    for one in found:
        if one.startswith("finding:"):
            assert one.removeprefix("finding:") in EXPLANATIONS
        else:
            path, _, name = one.partition("::")
            assert (ROOT / path).is_file(), path
            assert not path.startswith("tests/") or name in functions(path), one


def test_every_reference_is_in_backticks() -> None:
    """A name that lost its backticks would not be looked up."""
    for _, row in ROWS:
        assert not re.search(r"finding:|tests/|templates/", re.sub(r"`[^`]*`", "", row[-1])), row[0]
