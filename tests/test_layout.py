"""What a path says, and reading folders that somebody filled with surprises."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddock import layout
from paddock.errors import Fatal
from paddock.layout import SpecPath


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("platform.yaml", {"kind": "Platform"}),
        ("policies/cost-centers.yaml", {"kind": "Policy", "name": "cost-centers"}),
        ("policies/environments.yaml", {"kind": "Policy", "name": "environments"}),
        ("prod/environment.yaml", {"kind": "Environment", "environment": "prod", "name": "prod"}),
        ("prod/clusters/train-iad.yaml", {"kind": "Cluster", "environment": "prod", "name": "train-iad"}),
        ("base/teams/mapping.yaml", {"kind": "Team", "environment": "base", "name": "mapping"}),
        (
            "dev/workloads/mapping/lanes.yaml",
            {"kind": "Workload", "environment": "dev", "team": "mapping", "name": "lanes"},
        ),
    ],
)
def test_a_path_says_what_a_spec_is(path: str, expected: dict[str, str]) -> None:
    assert layout.spec_path(f"environments/{path}") == SpecPath(path=f"environments/{path}", **expected)


@pytest.mark.parametrize(
    "path",
    [
        "x.yaml",
        "platform.yml",
        "base/environment.yaml",
        "policies/environment.yaml",
        "policies/teams/a.yaml",
        "policies/a/b.yaml",
        "base/clusters/x.yaml",
        "dev/clusters/X.yaml",
        "dev/teams/a/b.yaml",
        "dev/workloads/x.yaml",
        "dev/workloads/a/-b.yaml",
        "1dev/environment.yaml",
        "dev/environment.yaml\n",
        "dev/teams/a_b.yaml",
    ],
)
def test_no_spec_may_lie_elsewhere(path: str) -> None:
    assert layout.spec_path(f"environments/{path}") is None


def test_the_root_is_the_nearest_folder_upward_with_environments(tmp_path: Path) -> None:
    (tmp_path / "r/environments/dev").mkdir(parents=True)
    assert layout.find_root(tmp_path / "r/environments/dev") == tmp_path / "r"
    assert layout.find_root(tmp_path / "r") == tmp_path / "r"
    with pytest.raises(Fatal, match="no folder environments/"):
        layout.find_root(tmp_path)


@pytest.mark.parametrize("folder", ["templates", "schemas"])
def test_what_ships_with_the_package_is_found(folder: str) -> None:
    assert any(layout.packaged(folder).iterdir())


def test_a_folder_is_read_in_order_without_hidden_files(tmp_path: Path) -> None:
    for path in (
        "b/z.yaml",
        "b.yaml",
        "a/y.yaml",
        "a-x.yaml",
        "a/.hidden",
        ".git/config",
        "a/x.yaml~",
        "a/no-suffix",
        "b/__pycache__/c.pyc",
    ):
        (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / path).write_text(path)
    found = layout.read_folder(tmp_path, "in")
    assert found == {
        f"in/{path}": path.encode() for path in ("a-x.yaml", "a/no-suffix", "a/y.yaml", "b.yaml", "b/z.yaml")
    }
    assert list(found) == sorted(found)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert layout.read_folder(tmp_path, "absent") == {}


def reason(tmp_path: Path, name: str) -> str:
    content = layout.read_folder(tmp_path, "in")[f"in/{name}"]
    assert content.startswith(layout.REFUSED)
    return content.removeprefix(layout.REFUSED).decode()


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key.yaml").write_text("secret")
    (tmp_path / "in/file.yaml").symlink_to(tmp_path / "secret/key.yaml")
    (tmp_path / "in/folder").symlink_to(tmp_path / "secret")
    (tmp_path / "in/dangling.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    assert set(layout.read_folder(tmp_path, "in")) == {"in/file.yaml", "in/folder", "in/dangling.yaml", "in/loop"}
    for name in ("file.yaml", "folder", "dangling.yaml", "loop"):
        assert reason(tmp_path, name) == "it is a symbolic link, and links are not followed"


def test_a_linked_top_folder_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "in").symlink_to(tmp_path / "real")
    with pytest.raises(Fatal, match="is a symbolic link"):
        layout.read_folder(tmp_path, "in")


def test_a_file_in_the_place_of_a_folder_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("")
    with pytest.raises(Fatal, match="cannot list"):
        layout.read_folder(tmp_path, "in")


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in/pipe.yaml")
    assert reason(tmp_path, "pipe.yaml") == "it is not a regular file"


def test_a_folder_with_the_name_of_a_file_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in/x.yaml").mkdir(parents=True)
    (tmp_path / "in/x.yaml/y.yaml").write_text("y")
    assert layout.read_folder(tmp_path, "in") == {"in/x.yaml/y.yaml": b"y"}


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with (tmp_path / "in/huge.yaml").open("wb") as stream:
        stream.truncate(layout.MAX_INPUT_BYTES + 1)
    assert reason(tmp_path, "huge.yaml") == "it has 8,388,609 bytes; at most 8,388,608 are read"


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "in").mkdir()
    (tmp_path / "in/x.yaml").write_text("x")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert reason(tmp_path, "x.yaml") == "Permission denied"
