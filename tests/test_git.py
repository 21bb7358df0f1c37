"""git: what is read is what git says, what is written is byte for byte what was given, and nothing else moves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import clones
from clones import ENVIRONMENT, bare, commit, files_of, hook, refs, repository
from paddock import git, layout, process
from paddock.errors import Fatal
from paddock.git import Entry, Identity

FILES = {"environments/platform.yaml": "a: 1\n", "environments/dev/environment.yaml": "b: ü\n", "templates/x.j2": "x"}
HOSTILE = {
    'quo"te': "1",
    '"quoted"': "2",
    "new\nline": "3",
    "back\\slash\\n": "4",
    "-dash": "5",
    " space ": "6",
    "ünï/çödé": "7",
    "*?[glob]": "8",
    ":(top)magic": "9",
    "tab\there": "10",
    "M 100644 inline x": "data 5\nhello\n",
    "deep/er/file": "",
    "ends in no newline": "x",
    "crlf": "a\r\nb\r\n",
    "export-ignored/.gitattributes": "* export-ignore ident eol=crlf\n",
    "nul": "a\0b",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    process.clean_environment()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    repository(tmp_path / "clone", FILES, "Say what\nchanged\n\nAnd why.\n\nSigned-off-by: A <a@b>")
    return tmp_path / "clone"


def fails(message: str, function: object, *arguments: object, **keywords: object) -> Fatal:
    with pytest.raises(Fatal) as caught:
        function(*arguments, **keywords)  # type: ignore[operator]
    assert caught.value.message == message
    return caught.value


class TestResolve:
    def test_metadata(self, root: Path) -> None:
        found = git.resolve(root, "main")
        assert found.sha == clones.git(root, "rev-parse", "main") == git.head(root)
        assert found.subject == "Say what changed"
        assert found.body == "And why.\n\nSigned-off-by: A <a@b>"
        assert found.author == Identity(
            name="Ada Example", email="ada@example.com", date="2026-03-01T10:00:00+01:00", stamp="1772355600 +0100"
        )
        assert found.committer.raw == "Ada Example <ada@example.com> 1772463600 -0330"
        assert found.committer.date == "2026-03-02T11:30:00-03:30"

    @pytest.mark.parametrize("rev", ["nope", "HEAD~9", "main:environments", "0" * 40])
    def test_no_such_commit(self, root: Path, rev: str) -> None:
        fails(f"there is no commit {rev} in {root}", git.resolve, root, rev)

    @pytest.mark.parametrize("rev", ["--output=x", "", "a\nb"])
    def test_what_is_no_revision_is_a_usage_error(self, root: Path, rev: str) -> None:
        assert fails(f"{rev!r} is not a revision", git.resolve, root, rev).code == 2

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        clones.git(tmp_path, "init", "--quiet")
        assert fails(f"there is no commit HEAD in {tmp_path}", git.head, tmp_path).help == "commit first"

    def test_outside_any_repository(self, tmp_path: Path) -> None:
        fails(f"{tmp_path} is not in a git repository", git.head, tmp_path)
        fails(f"{tmp_path / 'gone'} is not in a git repository", git.head, tmp_path / "gone")

    def test_strange_identities_and_encodings(self, root: Path) -> None:
        raw = b"author  <a b@c> 1 +9959\ncommitter J\xf6rg <> 1 -0000\nencoding ISO-8859-1\n\nGr\xfc\xdfe\n"
        tree = clones.git(root, "rev-parse", "HEAD^{tree}").encode()
        content = b"tree " + tree + b"\n" + raw
        sha = clones.git(root, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=content)
        found = git.resolve(root, sha)
        assert found.subject == "Grüße"
        assert found.committer.raw == "Jörg <> 1 +0000"
        assert found.author.raw == "unknown <ab@c> 1 +9959"
        made = git.write_commit(root, "deploy/x", files={"a": "b"}, parent=None, source=found, message="m\n")
        assert f"author {found.author.raw}" in clones.git(root, "cat-file", "commit", made)


class TestCommitDate:
    def test_in_utc_whatever_the_committers_zone(self, root: Path) -> None:
        """Committed at 11:30 of March 2 in Newfoundland; authored a day before."""
        assert git.commit_date(root) == "2026-03-02"
        sha = clones.git(root, "commit-tree", "HEAD^{tree}", "-m", "x", date="2026-03-02T23:00:00-03:30")
        assert git.commit_date(root, sha) == "2026-03-03"

    def test_nothing_is_known_without_a_commit(self, root: Path, tmp_path: Path) -> None:
        assert git.commit_date(root, "nope") is None
        assert git.commit_date(tmp_path) is None


class TestReadCommit:
    def test_like_the_work_tree(self, root: Path) -> None:
        commit(
            root,
            {
                "environments/.hidden": "",
                "environments/x.yaml~": "",
                "environments/.d/y": "",
                "environments/__pycache__/z.pyc": "",
                "other": "",
            },
        )
        found = git.read_commit(root, "HEAD", ["environments", "templates", "schemas"])
        assert found == {path: text.encode() for path, text in FILES.items()}
        assert found == {**layout.read_folder(root, "environments"), **layout.read_folder(root, "templates")}

    def test_the_commit_not_the_work_tree(self, root: Path) -> None:
        first = git.head(root)
        commit(root, {"environments/platform.yaml": "a: 2\n"})
        (root / "environments/platform.yaml").write_text("a: 3\n")
        assert git.read_commit(root, first, ["environments"])["environments/platform.yaml"] == b"a: 1\n"
        assert git.read_commit(root, "main", ["environments"])["environments/platform.yaml"] == b"a: 2\n"

    def test_hostile_names(self, root: Path) -> None:
        files = {f"environments/{path}": text for path, text in HOSTILE.items() if "/." not in path}
        commit(root, files)
        found = git.read_commit(root, "HEAD", ["environments"])
        assert {path: found[path] for path in files} == {path: text.encode() for path, text in files.items()}

    def test_links_and_submodules_stand_as_refused(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (root / "environments/link.yaml").symlink_to("platform.yaml")
        sha = commit(root, {})
        clones.git(root, "update-index", "--add", "--cacheinfo", f"160000,{sha},environments/module")
        clones.git(root, "commit", "--quiet", "--message", "x")
        monkeypatch.setattr(layout, "MAX_INPUT_BYTES", 5)
        found = git.read_commit(root, "HEAD", ["environments"])
        assert found == {
            "environments/dev/environment.yaml": layout.refused("it has 6 bytes; at most 5 are read"),
            "environments/link.yaml": layout.refused("it is a symbolic link, and links are not followed"),
            "environments/module": layout.refused("it is a submodule, and submodules are not read"),
            "environments/platform.yaml": b"a: 1\n",
        }

    def test_a_folder_that_is_a_link(self, root: Path) -> None:
        (root / "schemas").symlink_to("environments")
        sha = commit(root, {})
        fails(f"schemas is not a folder in commit {sha[:12]}", git.read_commit, root, sha, ["schemas"])

    def test_below_the_top_of_the_repository(self, tmp_path: Path) -> None:
        repository(tmp_path, {"ml/platform/environments/a.yaml": "1", "environments/b.yaml": "2"})
        inside = tmp_path / "ml/platform"
        assert git.read_commit(inside, "HEAD", ["environments"]) == {"environments/a.yaml": b"1"}
        clones.write(tmp_path, {"ml/platform/environments/c.yaml": "", "environments/b.yaml": "3"})
        assert git.changed_against(inside, "HEAD", ["environments"]) == ["environments/c.yaml"]

    def test_a_linked_work_tree(self, root: Path, tmp_path: Path) -> None:
        clones.git(root, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
        second = tmp_path / "second"
        commit(second, {"environments/new.yaml": "1"})
        assert git.read_commit(second, "HEAD", ["environments"])["environments/new.yaml"] == b"1"
        assert git.head(second) != git.head(root)

    def test_a_damaged_repository(self, root: Path) -> None:
        blob = clones.git(root, "rev-parse", "HEAD:environments/platform.yaml")
        (root / ".git/objects" / blob[:2] / blob[2:]).unlink()
        with pytest.raises(Fatal) as caught:
            git.read_commit(root, "HEAD", ["environments"])
        assert caught.value.message.startswith(f"git cannot read {root}: ")
        assert caught.value.help == "git fsck finds damage"


class TestChangedAgainst:
    def test_nothing(self, root: Path) -> None:
        assert git.changed_against(root, "HEAD", layout.INPUTS) == []

    def test_every_kind_of_change(self, root: Path) -> None:
        clones.write(root, {".gitignore": "*.swp\n"})
        commit(root, {"environments/b": "", "environments/c": "", "outside": ""})
        (root / "environments/b").unlink()
        (root / "environments/c").rename(root / "environments/d")
        clones.write(root, {"environments/platform.yaml": "staged"})
        clones.git(root, "add", "environments/platform.yaml")
        clones.write(root, {"templates/n\new": "", "outside": "x", "environments/.swp": "", "templates/a.swp": ""})
        found = git.changed_against(root, "HEAD", layout.INPUTS)
        assert found == [
            *(f"environments/{name}" for name in "bcd"),
            "environments/platform.yaml",
            "templates/n\new",
        ]

    def test_against_another_commit(self, root: Path) -> None:
        first = git.head(root)
        commit(root, {"environments/platform.yaml": "a: 2\n"})
        assert git.changed_against(root, first, ["environments"]) == ["environments/platform.yaml"]

    def test_what_is_staged_stays_and_no_program_runs(self, root: Path, tmp_path: Path) -> None:
        trap = f"touch {tmp_path / 'ran'}"
        hook(root, "post-index-change", trap)
        clones.git(root, "config", "core.fsmonitor", str(root / ".git/hooks/post-index-change"))
        clones.git(root, "config", "diff.external", str(root / ".git/hooks/post-index-change"))
        os.utime(root / "environments/platform.yaml", (1, 1))
        clones.write(root, {"templates/x.j2": "staged"})
        clones.git(root, "-c", "core.fsmonitor=false", "add", "templates/x.j2")
        clones.write(root, {"templates/x.j2": "x"})
        (tmp_path / "ran").unlink(missing_ok=True)
        staged = "-c", "core.fsmonitor=false", "ls-files", "--stage"
        before = clones.git(root, *staged)
        assert git.changed_against(root, "HEAD", layout.INPUTS) == []
        assert clones.git(root, *staged) == before
        assert not (tmp_path / "ran").exists()


class TestAncestry:
    def test_both_ways(self, root: Path) -> None:
        first = git.head(root)
        second = commit(root, {})
        assert git.is_ancestor(root, ancestor=first, descendant=second)
        assert not git.is_ancestor(root, ancestor=second, descendant=first)
        assert git.is_ancestor(root, ancestor=first, descendant=first)

    def test_a_shallow_clone_says_so(self, root: Path, tmp_path: Path) -> None:
        commit(root, {})
        clones.git(tmp_path, "clone", "--quiet", "--depth=1", root.as_uri(), "shallow")
        assert git.is_shallow(tmp_path / "shallow")
        assert not git.is_shallow(root)

    def test_a_missing_commit(self, root: Path) -> None:
        assert not git.has_commit(root, "1" * 40)
        with pytest.raises(Fatal, match=f"git cannot read {root}: "):
            git.is_ancestor(root, ancestor="1" * 40, descendant=git.head(root))


class TestWriteCommit:
    def write(self, root: Path, files: dict[str, str], parent: str | None = None) -> str:
        source = git.resolve(root, "main")
        return git.write_commit(
            root, "deploy/dev", files=files, parent=parent, source=source, message="Deploy\n\nX: y\n"
        )

    def test_byte_for_byte_with_hostile_names(self, root: Path) -> None:
        sha = self.write(root, HOSTILE)
        assert files_of(root, sha) == {path: text.encode() for path, text in HOSTILE.items()}
        assert git.list_files(root, sha) == git.entries_of(HOSTILE)
        clones.git(root, "fsck", "--strict", "--no-dangling")

    def test_on_a_parent_the_tree_is_exactly_this(self, root: Path) -> None:
        first = self.write(root, {"a": "1", "b/c": "2", "d": "3", "gone/x": "4"})
        second = self.write(root, {"a/deeper": "1", "b": "2", "d": "3"}, first)
        assert files_of(root, second) == {"a/deeper": b"1", "b": b"2", "d": b"3"}
        assert clones.git(root, "rev-parse", f"{second}^@") == first
        again = self.write(root, {"d": "3"}, None)
        assert clones.git(root, "rev-parse", f"{again}^@") == ""

    def test_the_commit_is_determined_by_its_input(self, root: Path, tmp_path: Path) -> None:
        sha = self.write(root, {"a": "1"})
        assert self.write(root, {"a": "1"}) == sha
        clones.git(tmp_path, "clone", "--quiet", str(root), "other")
        assert self.write(tmp_path / "other", {"a": "1"}) == sha
        expected = (
            f"tree {clones.git(root, 'rev-parse', sha + '^{tree}')}\n"
            "author Ada Example <ada@example.com> 1772355600 +0100\n"
            "committer Ada Example <ada@example.com> 1772463600 -0330\n\nDeploy\n\nX: y"
        )
        assert clones.git(root, "cat-file", "commit", sha) == expected

    @pytest.mark.parametrize(
        "path", ["", "/a", "a//b", "a/", "../a", "a/../b", "./a", ".git/config", "a/.GIT/x", "a\0b"]
    )
    def test_names_that_git_cannot_hold(self, root: Path, path: str) -> None:
        fails(f"git cannot hold a file named {path!r}", self.write, root, {path: "x"})

    def test_a_file_below_a_file(self, root: Path) -> None:
        fails("git cannot hold a file named 'a/b'", self.write, root, {"a": "1", "a/b": "2"})

    def test_nothing_else_moves(self, root: Path, tmp_path: Path) -> None:
        hook(root, "reference-transaction", f"touch {tmp_path / 'ran'}; exit 1")
        before = refs(root), (root / ".git/HEAD").read_bytes(), (root / ".git/index").read_bytes()
        self.write(root, {"a": "1"})
        assert (refs(root), (root / ".git/HEAD").read_bytes(), (root / ".git/index").read_bytes()) == before
        assert not (tmp_path / "ran").exists()
        assert clones.git(root, "status", "--porcelain") == ""

    def test_a_sha256_repository_is_refused(self, tmp_path: Path) -> None:
        clones.git(tmp_path, "init", "--quiet", "--object-format=sha256")
        commit(tmp_path, FILES)
        fails(f"{tmp_path} stores objects by SHA-256, which is not supported", git.head, tmp_path)


def test_modes_are_part_of_an_entry(root: Path) -> None:
    (root / "run").write_text("")
    (root / "run").chmod(0o755)
    commit(root, {})
    empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert git.list_files(root, "HEAD")["run"] == Entry("100755", empty)
    assert git.entries_of({"run": ""}) == {"run": Entry("100644", empty)}


class TestRemote:
    @pytest.fixture
    def remote(self, root: Path, tmp_path: Path) -> Path:
        clones.git(root, "remote", "add", "origin", str(bare(tmp_path / "remote.git")))
        clones.git(root, "push", "--quiet", "origin", "main", "main:deploy/dev")
        return tmp_path / "remote.git"

    def test_by_name_path_and_url(self, root: Path, remote: Path) -> None:
        for name in ("origin", str(remote), remote.as_uri()):
            found = git.read_branches(root, remote=name, branches=["deploy/dev", "deploy/prod"])
            assert found == {"deploy/dev": git.head(root)}

    def test_reading_moves_only_private_refs(self, root: Path, remote: Path, tmp_path: Path) -> None:
        clones.git(root, "config", "fetch.prune", "true")
        before = refs(root)
        clones.git(tmp_path, "clone", "--quiet", str(remote), "other")
        newer = commit(tmp_path / "other", {"x": "y"})
        clones.git(tmp_path / "other", "tag", "v1")
        clones.git(tmp_path / "other", "push", "--quiet", "origin", "v1", "HEAD:deploy/dev")
        hook(root, "reference-transaction", f"touch {tmp_path / 'ran'}")
        assert git.read_branches(root, remote="origin", branches=["deploy/dev"]) == {"deploy/dev": newer}
        assert refs(root) == before
        assert not (root / ".git/FETCH_HEAD").exists()
        assert not (tmp_path / "ran").exists()

    def test_a_rewound_branch_is_read_as_it_is(self, root: Path, remote: Path) -> None:
        first, second = git.head(root), commit(root, {})
        for sha in (second, first):
            clones.git(root, "push", "--quiet", "--force", "origin", f"{sha}:refs/heads/deploy/dev")
            assert git.read_branches(root, remote="origin", branches=["deploy/dev"]) == {"deploy/dev": sha}

    @pytest.mark.parametrize(
        "remote_name", ["nope", "/nowhere/x.git", "file:///nowhere/x.git", "--upload-pack=touch x"]
    )
    def test_a_remote_that_does_not_exist(self, root: Path, remote_name: str) -> None:
        with pytest.raises(Fatal) as caught:
            git.read_branches(root, remote=remote_name, branches=["deploy/dev"])
        assert caught.value.message.startswith(f"the remote {remote_name} cannot be read: ")
        assert "git ls-remote" in caught.value.help

    def test_credentials_are_never_shown(self, root: Path) -> None:
        with pytest.raises(Fatal) as caught:
            git.read_branches(root, remote="https://user:s3cret@127.0.0.1:1/x.git", branches=["deploy/dev"])
        assert "s3cret" not in caught.value.message + caught.value.help
        assert caught.value.message.startswith("the remote https://127.0.0.1:1/x.git cannot be read: ")

    def test_one_commit_is_fetched_by_its_id(self, root: Path, remote: Path, tmp_path: Path) -> None:
        clones.git(tmp_path, "clone", "--quiet", str(remote), "other")
        newer = commit(tmp_path / "other", {"x": "y"})
        assert not git.fetch_commit(root, remote="origin", sha=newer)
        clones.git(tmp_path / "other", "push", "--quiet", "origin", "main")
        assert git.fetch_commit(root, remote="origin", sha=newer)
        assert git.is_ancestor(root, ancestor=git.head(root), descendant=newer)

    def test_push_creates_updates_and_keeps_its_lease(self, root: Path, remote: Path, tmp_path: Path) -> None:
        hook(root, "pre-push", f"touch {tmp_path / 'ran'}; exit 1")
        first, second = git.head(root), commit(root, {})
        before = refs(root)

        def push(new: str, old: str | None) -> str | None:
            return git.push(root, remote="origin", branch="deploy/prod", new=new, old=old)

        assert push(first, None) is None
        assert refs(remote)["refs/heads/deploy/prod"] == first
        assert "stale info" in (push(second, None) or "")
        assert "stale info" in (push(second, second) or "")
        assert push(second, first) is None
        assert refs(remote)["refs/heads/deploy/prod"] == second
        assert refs(root) == {**before, "refs/remotes/origin/deploy/prod": second}
        assert not (tmp_path / "ran").exists()

    def test_a_refusal_has_the_remotes_words(self, root: Path, remote: Path) -> None:
        hook(remote, "pre-receive", "echo 'no pushes \033[31mtoday' >&2; exit 1")
        said = git.push(root, remote="origin", branch="deploy/prod", new=git.head(root), old=None)
        assert said is not None
        assert "pre-receive hook declined" in said
        assert "no pushes" in said
        assert "\033" not in said


def test_git_dir_in_the_environment(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    repository(elsewhere, {"environments/wrong.yaml": ""})
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    process.clean_environment()
    assert "environments/platform.yaml" in git.read_commit(root, "HEAD", ["environments"])
    assert git.changed_against(root, "HEAD", layout.INPUTS) == []
    sha = git.write_commit(
        root, "deploy/dev", files={"a": "b"}, parent=None, source=git.resolve(root, "HEAD"), message="m\n"
    )
    assert files_of(root, sha) == {"a": b"b"}


def test_git_is_missing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Fatal, match="git is not installed"):
        git.read_branches(root, remote="origin", branches=["deploy/dev"])


def test_the_fixture_does_not_inherit_configuration() -> None:
    assert ENVIRONMENT["GIT_CONFIG_GLOBAL"] == "/dev/null"
