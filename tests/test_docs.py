"""Docs cannot drift: generated pages are compared, and every console block of the README is run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import finding_examples
from paddock import load
from paddock.examples import examples, sources
from paddock.explanations import EXPLANATIONS
from paddock.reference import documents
from repositories import ROOT, gathered, reference, reference_result

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
TIME = re.compile(r"\b[0-9]+\.[0-9] s\b")


def generated() -> dict[str, str]:
    loaded = load.load(gathered(reference()))
    return documents(loaded.schemas, loaded.catalogue)


def test_examples_of_findings_are_what_their_cases_print(update_golden: bool) -> None:
    """`paddock explain` and docs/reference/checks.md show them; run it twice to update both."""
    if update_golden:
        finding_examples.DATA.write_text(finding_examples.text())
    assert finding_examples.DATA.read_text() == finding_examples.text(), "run make docs"


def test_every_finding_has_an_example_and_a_source() -> None:
    for id, example in examples().items():
        assert f"[{id}]: " in example.text, id
        assert all(sources(id)), id


def test_sources_within_the_repository_exist() -> None:
    pages = {source for id in EXPLANATIONS for source in sources(id) if source.endswith(".md")}
    assert pages
    assert [page for page in sorted(pages) if not (ROOT / page).is_file()] == []


@pytest.mark.parametrize("path", sorted(generated()))
def test_generated_document(path: str, update_golden: bool) -> None:
    text = generated()[path]
    target = ROOT / path
    if update_golden:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    assert target.read_text() == text, f"{path} is not up to date: run make docs"


def test_readme_has_console_blocks() -> None:
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0].removeprefix("$ "))
def test_console_block(block: str, tmp_path: Path, update_golden: bool) -> None:
    """The commands of a block, one after the other in a copy of the specs; times are not compared."""
    written = ""
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    shutil.copyfile(ROOT / "README.md", tmp_path / "README.md")
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        done = subprocess.run(
            ["bash", "-c", command.replace("paddock ", f"{sys.executable} -m paddock ")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "PYTHONPATH": str(ROOT / "generator"),
                "NO_COLOR": "1",
            },
        )
        found = TIME.sub("0.0 s", done.stdout + done.stderr)
        written += f"$ {command}\n{done.stdout}{done.stderr}"
        if not update_golden:
            assert found == TIME.sub("0.0 s", expected)
    if update_golden:
        (ROOT / "README.md").write_text((ROOT / "README.md").read_text().replace(block, written))


def test_the_rendered_application_is_real() -> None:
    """The YAML block of the README is a file of the reference platform's tree, byte for byte."""
    path, block = re.findall(r"^`rendered/prod/(.*?)`:\n\n```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[0]
    assert reference_result().trees["prod"][path] == block


def test_links_of_the_docs_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)#:]+)\)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
