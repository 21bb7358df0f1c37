"""docs/rules.md is read: each row says what holds it, and what it names exists."""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path

import pytest

from paddock.explanations import EXPLANATIONS
from repositories import ROOT

PAGE = (ROOT / "docs" / "rules.md").read_text()
SECTIONS = {
    "GPUs, Karpenter, Kueue, Trainer": 5,
    "Charts": 4,
    "Argo CD": 5,
    "Ways out of a project": 5,
    "Renames, moves and deletions of Applications": 5,
}
"""Sections of the page with the number of their columns."""
FACTS = {
    "GPUs, Karpenter, Kueue, Trainer": ("gpu-platform.md", "## 8. ", 32),
    "Argo CD": ("argocd.md", "## 6. ", 27),
    "Ways out of a project": ("argocd.md", "### 3.1 ", 16),
}
"""Sections that are a table of a fact sheet: the file, the beginning of its heading, and the number of its rows."""

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
    assert {(section, len(row)) for section, row in ROWS} == set(SECTIONS.items())
    assert all(cell for _, row in ROWS for cell in row)
    assert {row[3] for section, row in ROWS if SECTIONS[section] == 5} == {"R", "L"}


def test_numbers_are_complete() -> None:
    for section, (_, _, count) in FACTS.items():
        found = [row[0] for row in rows(section) if "." not in row[0]]
        assert found == [str(number) for number in range(1, count + 1)], section
    numbers = [row[0].split()[0] for row in rows("Charts")]
    assert all(numbers.count(number) >= least for number, least in CHARTS.items())
    assert len({row[0] for row in rows("Charts")}) == len(numbers)


@pytest.mark.parametrize("section", FACTS)
def test_every_row_of_the_fact_sheet_is_here(section: str) -> None:
    """Number, issues and kind of each row are those of the fact sheet that lies beside upstream's files."""
    name, heading, count = FACTS[section]
    sheet = Path(os.environ.get("PADDOCK_UPSTREAM", "")).parent / "facts" / name
    if "PADDOCK_UPSTREAM" not in os.environ or not sheet.is_file():
        pytest.skip("PADDOCK_UPSTREAM is not set, or has no fact sheets beside it")
    text = re.split(r"^#+ ", sheet.read_text().split(f"\n{heading}")[1], maxsplit=1, flags=re.MULTILINE)[0]
    stated = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| \d+ ", line)]
    assert [row[0] for row in stated] == [str(number) for number in range(1, count + 1)]
    for theirs, ours in zip(stated, (row for row in rows(section) if "." not in row[0]), strict=True):
        issues = set(re.findall(r"#\d+", theirs[1])) if heading != "### 3.1 " else set()
        assert issues <= set(re.findall(r"#\d+", ours[1])), ours[0]
        if kind := re.match(r"(R|L|GEN|LINT):", theirs[2]):
            assert ours[3] == {"GEN": "R", "LINT": "L"}.get(kind.group(1), kind.group(1)), ours[0]


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
