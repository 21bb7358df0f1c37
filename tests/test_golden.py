"""Golden output: the whole tree of the small repository, and the digest of each file of the reference platform."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paddock.tree import MANIFEST, digest
from repositories import reference, run, small

GOLDEN = Path(__file__).parent / "golden"


def test_small_repository(update_golden: bool) -> None:
    """Every kind of file once, to read."""
    result = run(small())
    assert not result.diagnostics
    folder = GOLDEN / "small"
    files = {
        f"{name}/{path}": text for name, tree in result.trees.items() for path, text in tree.items() if path != MANIFEST
    }
    if update_golden:
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    expected = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert sorted(files) == sorted(expected)
    for path, text in files.items():
        assert text == expected[path], path


@pytest.mark.parametrize("environment", ["dev", "prod", "staging"])
def test_reference_platform(environment: str, update_golden: bool) -> None:
    """A change of any rendered byte shows here as a line."""
    result = run(reference(), environments=[environment])
    assert not result.failed
    found = "".join(f"{digest(text)[:16]} {path}\n" for path, text in result.trees[environment].items())
    path = GOLDEN / "reference" / f"{environment}.txt"
    if update_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found)
    assert found.splitlines() == path.read_text().splitlines()
