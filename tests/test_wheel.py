"""The built wheel works in a repository that has only environments/, to the same bytes as the clone."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from repositories import ROOT, SMALL, reference, run

COMPONENT = {
    "templates/components/greeting/component.yaml": """description: Says hello, by files alone.
namespace: greeting
wave: 0
roles: []
""",
    "templates/components/greeting/resources/configmap.yaml.j2": """apiVersion: v1
kind: ConfigMap
metadata:
  name: greeting
  namespace: {{ component.namespace }}
  labels: {{ labels }}
data:
  text: {{ settings.text }}
""",
    "schemas/components/greeting.schema.json": """{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "greeting",
  "description": "Settings of greeting.",
  "type": "object",
  "unevaluatedProperties": false,
  "properties": {"text": {"description": "What it says.", "type": "string", "default": "hello"}}
}
""",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the wheel in an environment of its own; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "rendered", "__pycache__", "tests", ".*_cache")
    shutil.copytree(ROOT, source, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(source)],
        check=True,
    )
    wheel = next(folder.glob("paddock-*.whl"))
    venv.create(folder / "venv", with_pip=False)
    shutil.rmtree(source)
    packages = next((folder / "venv" / "lib").glob("python3*")) / "site-packages"
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", str(packages), str(wheel)], check=True)
    for place in site.getsitepackages():
        for one in Path(place).iterdir():
            if (
                not one.name.startswith(("paddock", "_paddock", "__editable__", "_editable"))
                and not (packages / one.name).exists()
            ):
                (packages / one.name).symlink_to(one)
    return folder / "venv" / "bin" / "python"


def paddock(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd)}
    return subprocess.run(
        [str(python), "-m", "paddock", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_same_bytes_elsewhere(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    assert paddock(installed, "validate", cwd=tmp_path).stdout == "no findings, 2 suppressed\n"
    done = paddock(installed, "render", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = run(reference()).trees
    for name, files in expected.items():
        folder = tmp_path / "rendered" / name
        found = {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "lock"
        }
        assert found == dict(files)


def test_a_component_by_files_alone(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(SMALL, tmp_path, dirs_exist_ok=True)
    for path, text in COMPONENT.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    cluster = tmp_path / "environments/dev/clusters/one.yaml"
    text = cluster.read_text()
    settings = "    greeting: {settings: {text: good morning}}\n"
    cluster.write_text(
        text.replace("  components:\n", "  components:\n" + settings)
        if "  components:\n" in text
        else text + "  components:\n" + settings
    )
    done = paddock(installed, "render", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    rendered = tmp_path / "rendered/dev"
    assert (
        "text: good morning"
        in (rendered / "clusters/one/components/greeting/resources/configmap-greeting.yaml").read_text()
    )
    assert (rendered / "argocd/applications/one/application-dev-one-greeting.yaml").is_file()
    wrong = cluster.read_text().replace("good morning", "[1]")
    cluster.write_text(wrong)
    done = paddock(installed, "validate", cwd=tmp_path)
    assert done.returncode == 1
    assert "environments/dev/clusters/one.yaml" in done.stdout


def test_help_starts_quickly_enough_to_import_little() -> None:
    """`--help` imports neither YAML, Jinja, JSON Schema nor git: measured by what is loaded, not by a clock."""
    script = "import sys; from paddock.cli import main; main(['--help']); print(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
    )
    loaded = set(done.stderr.split())
    assert not loaded & {
        "yaml",
        "ruamel.yaml",
        "jinja2",
        "jsonschema",
        "jsonschema_rs",
        "git",
        "concurrent.futures",
        "paddock.pipeline",
    }
