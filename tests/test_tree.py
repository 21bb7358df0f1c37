"""A tree on disk: rewritten only where it changed, never half a file, finished by the next write however it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paddock import tree
from paddock.errors import Fatal
from paddock.tree import MANIFEST, Written, with_manifest

FIRST = {"a.yaml": "a: 1\n", "b/c.yaml": "c: 1\n", "b/d.yaml": "d: é😀\n", "gone/x/y.yaml": "y: 1\n"}
SECOND = {"a.yaml": "a: 2\n", "b/c.yaml": "c: 1\n", "e/f/g.yaml": "g: 1\n", "b/d.yaml": "d: 2\n"}
THIRD = {"a.yaml": "a: 3\n", "gone": "now a file\n", "e": "a file too\n", "b/c.yaml/deep.yaml": "d: 1\n"}


def full(files: Mapping[str, str]) -> dict[str, str]:
    return with_manifest(files, dict.fromkeys(files, ("environments/x.yaml",)))


def on_disk(folder: Path) -> dict[str, str]:
    """Every file but the lock, by path."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes().decode() for name, path in found.items() if name != ".paddock/lock"}


def folders(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_dir()}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in folder.rglob("*")}


def test_the_first_write_makes_exactly_the_files(tmp_path: Path) -> None:
    assert tree.write(tmp_path / "out", full(FIRST)) == Written(added=4)
    assert on_disk(tmp_path / "out") == full(FIRST)
    assert not tree.is_unfinished(tmp_path / "out")


def test_a_second_write_of_the_same_touches_nothing(tmp_path: Path) -> None:
    tree.write(tmp_path, full(FIRST))
    before = stamps(tmp_path)
    assert tree.write(tmp_path, full(FIRST)) == Written(unchanged=5)
    assert stamps(tmp_path) == before


def test_only_what_changed_is_rewritten(tmp_path: Path) -> None:
    tree.write(tmp_path, full(FIRST))
    before = stamps(tmp_path)
    assert tree.write(tmp_path, full(SECOND)) == Written(added=1, changed=2, deleted=1, unchanged=1)
    after = stamps(tmp_path)
    assert on_disk(tmp_path) == full(SECOND)
    assert after[str(tmp_path / "b/c.yaml")] == before[str(tmp_path / "b/c.yaml")]
    assert "gone" not in folders(tmp_path)


def test_only_the_manifest_is_rewritten_when_only_the_sources_changed(tmp_path: Path) -> None:
    tree.write(tmp_path, full(FIRST))
    changed = with_manifest(FIRST, {"a.yaml": ("environments/other.yaml",)})
    assert tree.write(tmp_path, changed) == Written(unchanged=4)
    assert on_disk(tmp_path) == changed


def test_files_that_are_not_ours_stay(tmp_path: Path) -> None:
    tree.write(tmp_path, full(FIRST))
    (tmp_path / "gone/x/mine.txt").write_text("mine")
    (tmp_path / "README").write_text("mine")
    tree.write(tmp_path, full(SECOND))
    assert on_disk(tmp_path) == {**full(SECOND), "gone/x/mine.txt": "mine", "README": "mine"}


@pytest.mark.parametrize("path", ["a.yaml", "gone/x/y.yaml"], ids=["changes", "goes"])
def test_a_file_edited_by_hand_stops_the_write(tmp_path: Path, path: str) -> None:
    tree.write(tmp_path, full(FIRST))
    (tmp_path / path).write_text("edited\n")
    before = stamps(tmp_path)
    assert tree.write(tmp_path, full(SECOND)) == Written(edited=[path])
    assert stamps(tmp_path) == before
    assert tree.write(tmp_path, full(SECOND), overwrite_edited=True).edited == []
    assert on_disk(tmp_path) == full(SECOND)


def test_an_edit_that_is_what_shall_be_written_is_no_edit(tmp_path: Path) -> None:
    tree.write(tmp_path, full(FIRST))
    (tmp_path / "a.yaml").write_text("a: 2\n")
    assert tree.write(tmp_path, full(SECOND)).edited == []


def test_a_foreign_file_in_the_place_of_ours_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine\n")
    assert tree.write(tmp_path, full(FIRST)).edited == ["a.yaml"]
    assert on_disk(tmp_path) == {"a.yaml": "mine\n"}


def test_a_deleted_file_comes_back(tmp_path: Path) -> None:
    tree.write(tmp_path, full(FIRST))
    (tmp_path / "b/c.yaml").unlink()
    assert tree.write(tmp_path, full(FIRST)) == Written(added=1, unchanged=4)
    assert on_disk(tmp_path) == full(FIRST)


def test_files_become_folders_and_folders_files(tmp_path: Path) -> None:
    for files in (FIRST, SECOND, THIRD, FIRST, THIRD, SECOND):
        tree.write(tmp_path, full(files))
        assert on_disk(tmp_path) == full(files)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda top: (top / "a.yaml").mkdir(), "is a folder where a file shall be"),
        (
            lambda top: ((top / "a.yaml/x").mkdir(parents=True), (top / "a.yaml/x/f").write_text("mine")),
            "is a folder where",
        ),
        (lambda top: (top / "b").write_text("mine"), "is a file where a folder shall be"),
        (lambda top: (top / "b").symlink_to(top.parent), "is a symbolic link"),
        (lambda top: (top / ".paddock").symlink_to(top.parent), "is a symbolic link"),
        (
            lambda top: ((top / ".paddock").mkdir(), (top / ".paddock/stage").symlink_to(top.parent)),
            "is a symbolic link",
        ),
        (
            lambda top: ((top / ".paddock").mkdir(), (top / ".paddock/lock").symlink_to(top.parent / "victim")),
            "cannot write",
        ),
        (lambda top: os.mkfifo(top / "b"), "is a file where a folder shall be"),
    ],
    ids=["folder", "full folder", "file", "linked folder", "linked state", "linked stage", "linked lock", "pipe above"],
)
def test_what_stands_in_the_way_stops_the_write(tmp_path: Path, prepare: Callable[[Path], Any], message: str) -> None:
    top = tmp_path / "out"
    top.mkdir()
    (tmp_path / "victim").write_text("precious")
    prepare(top)
    with pytest.raises(Fatal, match=message):
        tree.write(top, full(FIRST))
    assert not tree.is_unfinished(top)
    assert (tmp_path / "victim").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "victim"]
    assert not (top / "gone").exists()


@pytest.mark.parametrize("target", ["victim", "absent"])
def test_a_link_in_the_place_of_a_file_is_an_edit_and_never_followed(tmp_path: Path, target: str) -> None:
    top = tmp_path / "out"
    top.mkdir()
    (tmp_path / "victim").write_text("a: 1\n")
    (top / "a.yaml").symlink_to(tmp_path / target)
    assert tree.write(top, full(FIRST)).edited == ["a.yaml"]
    tree.write(top, full(FIRST), overwrite_edited=True)
    assert on_disk(top) == full(FIRST)
    assert not (top / "a.yaml").is_symlink()
    assert on_disk(tmp_path)["victim"] == "a: 1\n"
    assert not (tmp_path / "absent").exists()


def test_a_link_that_waits_in_the_stage_is_not_followed(tmp_path: Path) -> None:
    top = tmp_path / "out"
    (top / ".paddock/stage").mkdir(parents=True)
    (tmp_path / "victim").write_text("precious")
    (top / ".paddock/stage/file").symlink_to(tmp_path / "victim")
    with pytest.raises(Fatal, match="cannot write"):
        tree.write(top, full(FIRST))
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_pipe_in_the_place_of_a_file_is_reported_without_being_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    assert tree.write(tmp_path, full(FIRST)).edited == ["a.yaml"]


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "a//b", ".", "", "a/./b", "a\0b", "a\nb", "\ud800"])
def test_a_path_that_leaves_the_folder_is_a_bug(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="paths below its folder"):
        tree.write(tmp_path, {path: "x", MANIFEST: "{}"})
    assert on_disk(tmp_path) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"files": []}',
        '{"files": {"a": 1}}',
        '{"files": {"../x": {"sha256": ""}}}',
        "[" * 100_000,
        '{"files": {"/etc/passwd": {"sha256": ""}}}',
        '{"files": {".paddock/lock": {"sha256": ""}}}',
        "\udcff",
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_a_damaged_manifest_is_fatal_and_nothing_is_touched(tmp_path: Path, text: str) -> None:
    tree.write(tmp_path, full(FIRST))
    (tmp_path / MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
    before = stamps(tmp_path)
    with pytest.raises(Fatal, match="is damaged"):
        tree.write(tmp_path, full(SECOND))
    assert stamps(tmp_path) == before


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"../x": []}', "\0"])
def test_a_damaged_journal_is_fatal_and_the_tree_stays_unfinished(tmp_path: Path, text: str) -> None:
    tree.write(tmp_path, full(FIRST))
    (tmp_path / ".paddock/journal.json").write_text(text)
    with pytest.raises(Fatal, match="is damaged"):
        tree.write(tmp_path, full(SECOND))
    assert tree.is_unfinished(tmp_path)


def test_two_writers_exclude_each_other(tmp_path: Path) -> None:
    with tree._locked(tmp_path), pytest.raises(Fatal, match="another render is writing"):
        tree.write(tmp_path, full(FIRST))
    assert tree.write(tmp_path, full(FIRST)).added == 4


def test_a_folder_that_cannot_be_made_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fatal, match="cannot write"):
        tree.write(tmp_path / "file" / "out", full(FIRST))


def test_a_disk_that_may_not_be_written_is_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(30, "Read-only file system")

    tree.write(tmp_path, full(FIRST))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(Fatal, match="Read-only file system"):
            tree.write(tmp_path, full(SECOND))
    assert on_disk(tmp_path) == full(FIRST)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from paddock import tree
from paddock.errors import Fatal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    tree.write(Path(sys.argv[1]), tree.with_manifest({"a.yaml": "x" * 100, "b.yaml": "y" * 5000, "c.yaml": "z"}, {}))
except Fatal as error:
    print(error.message)
"""


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(Path(tree.__file__).parents[1])}
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment)


def test_a_full_disk_leaves_whole_files_and_a_marked_tree(tmp_path: Path) -> None:
    said = run_python(FULL_DISK, str(tmp_path))
    assert "cannot write" in said.stdout, said.stderr
    assert tree.is_unfinished(tmp_path)
    files = {"a.yaml": "x" * 100, "b.yaml": "y" * 5000, "c.yaml": "z"}
    whole = on_disk(tmp_path)
    assert all(whole[path] == files[path] for path in files if path in whole)
    tree.write(tmp_path, full(files))
    assert on_disk(tmp_path) == full(files)


class Stop(BaseException):
    """Stands for Ctrl-C and for a kill: nothing catches it."""


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Call it with n: the n-th step from now on that changes the disk does not happen."""
    left = [-1]

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if left[0] == 0:
                raise Stop
            left[0] -= 1
            return real(*arguments, **options)

        return step

    for owner, name in (
        (Path, "unlink"),
        (Path, "rmdir"),
        (Path, "replace"),
        (Path, "mkdir"),
        (os, "fdopen"),
        (os, "unlink"),
    ):
        monkeypatch.setattr(owner, name, counting(getattr(owner, name)))

    monkeypatch.setattr(os, "fsync", lambda _: None)  # it only matters when the power fails

    def arm(count: int) -> None:
        left[0] = count

    yield arm
    left[0] = -1


def interrupted(folder: Path, files: Mapping[str, str], arm: Callable[[int], None], step: int) -> bool:
    """Write until a step; whether the write was interrupted there."""
    arm(step)
    try:
        tree.write(folder, full(files))
    except Stop:
        return True
    finally:
        arm(-1)
    return False


def assert_whole(folder: Path, *states: Mapping[str, str]) -> None:
    legal: dict[str, set[str]] = {}
    for state in states:
        for path, text in full(state).items():
            legal.setdefault(path, set()).add(text)
    for path, text in on_disk(folder).items():
        if not path.startswith(".paddock/stage") and path != ".paddock/journal.json":
            assert text in legal[path], f"{path} is not whole"


def test_an_interruption_at_any_step_is_finished_by_the_next_write(
    tmp_path: Path, interrupt: Callable[[int], None]
) -> None:
    for step in range(200):
        folder = tmp_path / str(step)
        tree.write(folder, full(FIRST))
        if not interrupted(folder, SECOND, interrupt, step):
            break
        assert_whole(folder, FIRST, SECOND)
        assert tree.is_unfinished(folder) or on_disk(folder).keys() - full(FIRST).keys() <= {".paddock/stage/file"}
        assert tree.write(folder, full(SECOND)).edited == []
        assert on_disk(folder) == full(SECOND)
        assert folders(folder) == {".paddock", "b", "e", "e/f"}
        assert not tree.is_unfinished(folder)
    else:
        pytest.fail("the write never ended")
    assert step > 15


def test_two_interruptions_with_other_specs_each_time_are_finished_too(
    tmp_path: Path, interrupt: Callable[[int], None]
) -> None:
    number = 0
    for first_step in range(0, 40, 3):
        for second_step in range(1, 40, 5):
            number += 1
            folder = tmp_path / str(number)
            tree.write(folder, full(FIRST))
            interrupted(folder, SECOND, interrupt, first_step)
            interrupted(folder, THIRD, interrupt, second_step)
            assert_whole(folder, FIRST, SECOND, THIRD)
            assert tree.write(folder, full(FIRST)).edited == [], (first_step, second_step)
            assert on_disk(folder) == full(FIRST)
            assert folders(folder) == {".paddock", "b", "gone", "gone/x"}


def test_a_hand_edit_after_an_interruption_is_still_seen(tmp_path: Path, interrupt: Callable[[int], None]) -> None:
    tree.write(tmp_path, full(FIRST))
    assert interrupted(tmp_path, SECOND, interrupt, 20)
    (tmp_path / "a.yaml").write_text("edited\n")
    assert tree.write(tmp_path, full(SECOND)).edited == ["a.yaml"]
    assert tree.is_unfinished(tmp_path)


def test_what_was_only_planned_is_never_deleted(tmp_path: Path, interrupt: Callable[[int], None]) -> None:
    assert interrupted(tmp_path, SECOND, interrupt, 8)
    assert tree.is_unfinished(tmp_path)
    assert not (tmp_path / "e").exists()
    (tmp_path / "e/f").mkdir(parents=True)
    (tmp_path / "e/f/g.yaml").write_text("mine\n")
    tree.write(tmp_path, full(FIRST), overwrite_edited=True)
    assert (tmp_path / "e/f/g.yaml").read_text() == "mine\n"


KILLED = """
import os, signal, sys, json
from pathlib import Path
from paddock import tree
left, real = int(sys.argv[2]), Path.replace
def replace(self, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
Path.replace = replace
tree.write(Path(sys.argv[1]), tree.with_manifest(json.loads(sys.argv[3]), {}))
"""


@pytest.mark.parametrize("step", [0, 1, 3])
def test_a_killed_write_is_finished_by_the_next(tmp_path: Path, step: int) -> None:
    tree.write(tmp_path, full(FIRST))
    said = run_python(KILLED, str(tmp_path), str(step), json.dumps(SECOND))
    assert said.returncode == -signal.SIGKILL, said.stderr
    assert tree.is_unfinished(tmp_path) == (step > 0)
    assert_whole(tmp_path, FIRST, SECOND)
    assert tree.write(tmp_path, full(SECOND)).edited == []
    assert on_disk(tmp_path) == full(SECOND)


def test_the_manifest_does_not_depend_on_order() -> None:
    backwards = dict(reversed(FIRST.items()))
    assert full(FIRST) == full(backwards)
    assert list(full(FIRST)) == list(full(backwards)) == sorted(full(FIRST))
    manifest = json.loads(full(FIRST)[MANIFEST])
    assert manifest["version"] == 1
    assert manifest["files"]["a.yaml"] == {"sha256": tree.digest("a: 1\n"), "sources": ["environments/x.yaml"]}


def test_the_content_digest_is_equal_exactly_for_equal_trees() -> None:
    assert tree.content_digest(FIRST) == tree.content_digest(dict(reversed(FIRST.items())))
    trees = [FIRST, SECOND, {}, {"a": ""}, {"a": "\n"}, {"b": ""}, {"a": "", "b": ""}]
    assert len({tree.content_digest(one) for one in trees}) == len(trees)
