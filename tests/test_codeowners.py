"""CODEOWNERS: who owns what by GitHub's own rule (the last matching line), and the file that the command keeps."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from paddock import cli, codeowners
from paddock.errors import Fatal
from paddock.load import load
from paddock.model import Environment, Fleet, Origin, Platform, Team
from repositories import ROOT, SMALL, gathered, reference


def fleet(owners: Mapping[str, Mapping[str, list[str]]], platform: list[str]) -> Fleet:
    """A fleet with just owners: of teams by environment, and the platform's."""
    origin = Origin(base="environments/x.yaml")

    def environment(name: str, teams: Mapping[str, list[str]]) -> Environment:
        specs = {
            team: Team(name=team, data={"owners": who}, origin=origin, environment=name) for team, who in teams.items()
        }
        return Environment(name=name, data={}, origin=origin, clusters={}, teams=specs, workloads={})

    return Fleet(
        platform=Platform(name="p", data={"owners": platform}, origin=origin),
        environments={name: environment(name, teams) for name, teams in owners.items()},
    )


def owners_of(text: str, path: str) -> list[str]:
    """Owners of a path: the last line wins whose pattern is `*` or a folder above it (all the patterns we write)."""
    found: list[str] = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pattern, *who = line.split()
            assert pattern == "*" or (pattern[0] == pattern[-1] == "/" and not set(pattern) & set("*?![]\\"))
            if pattern == "*" or f"/{path}".startswith(pattern):
                found = who
    return found


FLEET = fleet(
    {
        "dev": {"mapping": ["@example/mapping"], "perception": ["@example/perception", "@ada"]},
        "prod": {"mapping": ["@example/mapping-leads"], "perception": ["@example/perception", "@ada"]},
    },
    ["@example/platform"],
)


def test_the_whole_file() -> None:
    assert codeowners.text(FLEET) == (
        "# Written by `paddock codeowners` from the specs; edits are lost. The last line that matches a path decides.\n"
        "# Quota, budgets, exceptions, clusters, templates, schemas and workflows are the platform team's.\n"
        "\n"
        "*                                        @example/platform\n"
        "/environments/base/workloads/mapping/    @example/mapping @example/mapping-leads\n"
        "/environments/dev/workloads/mapping/     @example/mapping\n"
        "/environments/prod/workloads/mapping/    @example/mapping-leads\n"
        "/environments/base/workloads/perception/ @example/perception @ada\n"
        "/environments/dev/workloads/perception/  @example/perception @ada\n"
        "/environments/prod/workloads/perception/ @example/perception @ada\n"
    )


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("environments/base/workloads/perception/bev.yaml", ["@example/perception", "@ada"]),
        ("environments/prod/workloads/mapping/tiles.yaml", ["@example/mapping-leads"]),
        ("environments/base/workloads/perception-two/x.yaml", ["@example/platform"]),
        ("environments/staging/workloads/perception/bev.yaml", ["@example/platform"]),
        ("nested/environments/base/workloads/perception/bev.yaml", ["@example/platform"]),
        ("environments/base/teams/perception.yaml", ["@example/platform"]),
        ("environments/dev/teams/perception.yaml", ["@example/platform"]),
        ("environments/dev/clusters/train-iad.yaml", ["@example/platform"]),
        ("environments/dev/environment.yaml", ["@example/platform"]),
        ("environments/exceptions.yaml", ["@example/platform"]),
        ("environments/platform.yaml", ["@example/platform"]),
        ("templates/team/quota.yaml.j2", ["@example/platform"]),
        ("schemas/specs/team.schema.json", ["@example/platform"]),
        (".github/CODEOWNERS", ["@example/platform"]),
        ("generator/paddock/cli.py", ["@example/platform"]),
    ],
)
def test_who_owns_a_path(path: str, owners: list[str]) -> None:
    assert owners_of(codeowners.text(FLEET), path) == owners


def test_every_workload_of_the_reference_platform_has_its_teams_owners() -> None:
    loaded = load(gathered(reference())).fleet
    assert loaded is not None
    text = codeowners.text(loaded)
    workloads = [one for environment in loaded.environments.values() for one in environment.workloads.values()]
    assert workloads
    for one in workloads:
        owners = loaded.environments[one.environment].teams[one.team].data["owners"]
        assert set(owners) <= set(owners_of(text, one.origin.base))
        if one.origin.overlay:
            assert owners_of(text, one.origin.overlay) == owners


def test_no_team() -> None:
    assert codeowners.text(fleet({}, ["@a", "@b"])).endswith("\n\n* @a @b\n")


def test_a_file_that_github_would_ignore_is_refused() -> None:
    many = {f"team-{number}": ["@" + "x" * 90] for number in range(9000)}
    big = fleet({"dev": many, "prod": many}, ["@example/platform"])
    with pytest.raises(Fatal, match="GitHub reads less than 3,000,000"):
        codeowners.text(big)


class TestCommand:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        shutil.copytree(SMALL, tmp_path / "small")
        return tmp_path / "small"

    def run(self, root: Path, *options: str) -> int:
        return cli.main(["codeowners", "--root", str(root), *options])

    def test_write_then_check(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run(root, "--check") == 1
        out = capsys.readouterr().out
        assert "error[stale-codeowners]: there is no .github/CODEOWNERS" in out
        assert "--> environments/platform.yaml:11:3" in out
        assert not (root / ".github").exists()
        assert self.run(root) == 0
        assert capsys.readouterr().out == "wrote .github/CODEOWNERS\n"
        text = (root / ".github/CODEOWNERS").read_text()
        assert owners_of(text, "environments/base/workloads/vision/train.yaml") == ["@example/vision"]
        assert owners_of(text, "environments/dev/teams/vision.yaml") == ["@example/platform"]
        assert self.run(root, "--check") == 0
        assert self.run(root) == 0

    @pytest.mark.parametrize(
        ("old", "new", "line"),
        [("@example/vision", "@mallory", 5), ("\n\n", "\n", 3), ("*", "*\n# x\n*", 4), ("", "", 7)],
    )
    def test_an_edit_is_found_at_its_line(
        self, root: Path, old: str, new: str, line: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.run(root)
        file = root / ".github/CODEOWNERS"
        wanted = file.read_text()
        file.write_text(wanted.replace(old, new, 1) if old else wanted + "* @mallory\n")
        capsys.readouterr()
        assert self.run(root, "--check") == 1
        assert f"error[stale-codeowners]: line {line} of .github/CODEOWNERS" in capsys.readouterr().out
        assert self.run(root) == 0
        assert file.read_text() == wanted

    def test_a_broken_spec_writes_nothing(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        spec = root / "environments/base/teams/vision.yaml"
        spec.write_text(spec.read_text().replace("@example/vision", "example/vision"))
        assert self.run(root) == 1
        assert "--> environments/base/teams/vision.yaml:6:12" in capsys.readouterr().out
        assert not (root / ".github").exists()

    def test_a_file_in_the_way(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (root / ".github/CODEOWNERS").mkdir(parents=True)
        assert self.run(root) == 3
        assert "cannot read" in capsys.readouterr().err


def test_this_repository_keeps_its_own() -> None:
    loaded = load(gathered(reference())).fleet
    assert loaded is not None
    assert (ROOT / codeowners.PATH).read_text() == codeowners.text(loaded)
