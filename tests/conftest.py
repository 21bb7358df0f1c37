"""What every test runs in: no network, a fresh home, no git settings of the machine."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=60,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files of golden tests")


WHOLE = frozenset(
    f"test_{name}"
    for name in [
        "alertmanager",
        "alerts",
        "applications",
        "architecture",
        "argo_workflows",
        "backup_guide",
        "chart_hazards",
        "claimed_gpus",
        "cli",
        "codeowners",
        "dashboards",
        "docs",
        "findings",
        "fluent_bit",
        "generated_fleets",
        "git",
        "golden",
        "gpu_pools",
        "grafana_dashboards",
        "hostile_specs",
        "image_pulls",
        "inference",
        "interfaces",
        "jupyterhub",
        "kubeconform",
        "kubectl_validate",
        "kubernetes_schemas",
        "kyverno",
        "load",
        "mirrors",
        "mlflow_teams",
        "monitoring",
        "multikueue",
        "network",
        "new_team",
        "odd_objects",
        "opencost",
        "openings",
        "opensearch",
        "opensearch_setup",
        "pipeline",
        "pipelines",
        "process",
        "projects",
        "prometheus",
        "properties",
        "publish",
        "reference_platform",
        "render_command",
        "runbooks",
        "runners",
        "service",
        "settings",
        "storage_classes",
        "teams",
        "training",
        "tree",
        "values_keys",
        "volumes",
        "whatif",
        "wheel",
        "workflows",
    ]
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The quick part does not even read the others: some render the platform to know their cases."""
    quick = config.getoption("markexpr") == "not whole"
    return True if quick and collection_path.stem in WHOLE else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is no unit test, so that `make unit` is the quick part."""
    for item in items:
        if item.path.stem in WHOLE:
            item.add_marker(pytest.mark.whole)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))


def _refuse(*_: object) -> NoReturn:
    raise AssertionError("a test must not open a connection")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with nothing but a git identity."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Paddock Tests\n\temail = tests@example.com\n[init]\n\tdefaultBranch = main\n"
    )
    return home


@pytest.fixture(scope="session", autouse=True)
def closed_world(home: Path) -> Iterator[None]:
    """Sockets refuse to connect, HOME holds no settings of the machine, and no GIT_* variable is set."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto", "bind"):
            patch.setattr(socket.socket, name, _refuse)
        for name in [name for name in os.environ if name.startswith(("GIT_", "GITHUB_", "XDG_"))]:
            patch.delenv(name)
        for name in ("NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(autouse=True)
def clean_home(home: Path) -> Iterator[None]:
    """What a test or a program that it started left in the home is not there for the next."""
    yield
    for path in home.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != ".gitconfig":
            path.unlink()
