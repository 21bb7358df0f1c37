"""Publishing: each decision, and each of them again between real repositories, races and refusals included."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

import clones
from clones import bare, commit, files_of, hook, refs, repository
from paddock import cli, git, process, publish
from paddock.diagnostics import Place
from paddock.errors import Fatal
from paddock.git import Entry
from paddock.publish import Action, Branch, Outcome, Relation, Target, Tip
from paddock.tombstones import Tombstone
from paddock.tree import content_digest
from repositories import SMALL

FILES = {
    "argocd/root.yaml": "kind: Application\n",
    "clusters/iad/components/kueue/values.yaml": "a: 1\n",
    "clusters/iad/teams/perception/namespace.yaml": "b: 2\n",
    "clusters/iad/workloads/perception/bev/job.yaml": "c: 3\n",
}
BEV = "clusters/iad/workloads/perception/bev/job.yaml"
A, B = "a" * 40, "b" * 40


@pytest.fixture(autouse=True)
def environment() -> None:
    process.clean_environment()


def branch(files: dict[str, str] = FILES, *, environment: str = "dev", removed: Iterable[Tombstone] = ()) -> Branch:
    return Branch(
        name=f"deploy/{environment}",
        environment=environment,
        files=files,
        digest=content_digest(files),
        removed=frozenset(removed),
    )


def tip(files: dict[str, str], *, source: str = A, digest: str | None = None) -> Tip:
    trailers = {"Source-Commit": source, "Content-Digest": digest or content_digest(files)}
    return Tip(sha=B, files={**git.entries_of(files), "hydrator.metadata": Entry("100644", A)}, trailers=trailers)


def decided(wanted: Branch, found: Tip | None, relation: Relation | None = None) -> Outcome:
    def asked(sha: str) -> Relation:
        assert relation is not None, "the relation does not matter here"
        assert sha == A
        return relation

    return publish.decide(
        wanted, found, entries=git.entries_of(wanted.files), relation=asked, read=lambda files: dict.fromkeys(files, "")
    )


class TestDecide:
    def test_no_branch(self) -> None:
        assert decided(branch(), None) == Outcome(
            branch="deploy/dev", environment="dev", action=Action.CREATE, old=None, added=4
        )

    def test_the_same_tree_whatever_it_was_rendered_from(self) -> None:
        outcome = decided(branch(), tip(FILES))
        assert (outcome.action, outcome.old, outcome.new) == (Action.UNCHANGED, B, B)

    @pytest.mark.parametrize("relation", [Relation.SAME, Relation.NEWER])
    def test_on_top(self, relation: Relation) -> None:
        outcome = decided(branch(), tip({"argocd/root.yaml": "x", BEV: "c: 3\n", "old": ""}), relation)
        assert (outcome.action, outcome.old, outcome.new) == (Action.UPDATE, B, None)
        assert (outcome.added, outcome.changed, outcome.deleted, outcome.note) == (2, 1, 1, "")

    def test_an_older_run_does_nothing(self) -> None:
        outcome = decided(branch(), tip({**FILES, "new": ""}), Relation.OLDER)
        assert (outcome.action, outcome.new) == (Action.OLDER, B)
        assert outcome.note == "it was rendered from aaaaaaaaaaaa, which is newer"

    def test_histories_that_diverged(self) -> None:
        outcome = decided(branch(), tip({}), Relation.DIVERGED)
        assert (outcome.action, outcome.new) == (Action.REFUSED, None)
        assert [(one.id, one.message) for one in outcome.problems] == [
            (
                "diverged-source",
                "deploy/dev was rendered from aaaaaaaaaaaa, neither an ancestor nor a descendant of this commit",
            )
        ]

    @pytest.mark.parametrize(
        "trailers",
        [{}, {"Source-Commit": A}, {"Content-Digest": "x"}, {"Source-Commit": "main", "Content-Digest": "x"}],
    )
    def test_a_branch_that_is_not_ours(self, trailers: dict[str, str]) -> None:
        found = Tip(sha=B, files=git.entries_of(FILES), subject="Fix by hand", trailers=trailers)
        outcome = decided(branch(), found)
        assert outcome.action is Action.REFUSED
        [problem] = outcome.problems
        assert problem.id == "foreign-branch"
        assert problem.message == (
            'the last commit of deploy/dev, bbbbbbbbbbbb "Fix by hand", was not written by paddock'
        )
        assert problem.place.path == "environments/dev/environment.yaml"

    def test_an_edit_that_kept_the_trailers_is_undone(self) -> None:
        outcome = decided(branch(), tip({**FILES, BEV: "hacked"}, digest=content_digest(FILES)), Relation.SAME)
        assert (outcome.action, outcome.changed, outcome.note) == (Action.UPDATE, 1, "it was edited by hand since")

    def test_a_mode_is_a_difference(self) -> None:
        found = tip(FILES)
        entries = {**found.files, BEV: Entry("100755", found.files[BEV].id)}
        assert decided(branch(), replace(found, files=entries), Relation.SAME).changed == 1


BEFORE = {
    **FILES,
    "clusters/iad/workloads/perception/lidar/job.yaml": "",
    "clusters/pdx/teams/perception/namespace.yaml": "",
    "clusters/pdx/workloads/perception/bev/job.yaml": "",
    "clusters/pdx/workloads/mapping/tiles/job.yaml": "",
    "clusters/pdx/teams/mapping/namespace.yaml": "",
    "clusters/pdx/components/kueue/resources/queue.yaml": "",
}


class TestShrinkGuard:
    def found(self, gone: str, *removed: tuple[str, str]) -> list[tuple[str, str]]:
        """Message and help of each problem when the paths below a folder go."""
        after = {path: text for path, text in BEFORE.items() if not path.startswith(gone)}
        outcome = decided(branch(after, removed=removed), tip(BEFORE), Relation.NEWER)
        assert outcome.action is (Action.REFUSED if outcome.problems else Action.UPDATE)
        for one in outcome.problems:
            assert one.id == "unannounced-removal"
            assert one.place == Place(path="environments/dev/environment.yaml", pointer=("spec", "removed"), key=True)
        return [(one.message, one.help) for one in outcome.problems]

    def names(self, gone: str, *removed: tuple[str, str]) -> list[str]:
        return [message.partition(" is deployed")[0] for message, _ in self.found(gone, *removed)]

    def test_the_line_to_write(self) -> None:
        assert self.found("clusters/iad/workloads/perception/lidar/") == [
            (
                'Workload "perception/lidar" is deployed in dev, and this change would delete it',
                "put its spec back, or add to spec.removed: - {kind: Workload, name: perception/lidar, reason: ...}; "
                "paddock publish --tombstone REASON writes it",
            )
        ]

    @pytest.mark.parametrize(
        ("gone", "name", "tombstone"),
        [
            ("clusters/iad/workloads/perception/l", 'Workload "perception/lidar"', ("Workload", "perception/lidar")),
            ("clusters/iad/components/", 'Component "iad/kueue"', ("Component", "iad/kueue")),
            ("clusters/pdx/", 'Cluster "pdx"', ("Cluster", "pdx")),
        ],
    )
    def test_each_kind_with_and_without_its_tombstone(self, gone: str, name: str, tombstone: tuple[str, str]) -> None:
        assert self.names(gone) == [name]
        assert self.names(gone, tombstone) == []
        assert self.names(gone, (tombstone[0], "other")) == [name]

    def test_a_team_covers_its_workloads_but_not_the_other_way_round(self) -> None:
        gone = {path for path in BEFORE if "/mapping/" in path}
        after = {path: text for path, text in BEFORE.items() if path not in gone}

        def ids(*removed: tuple[str, str]) -> list[str]:
            outcome = decided(branch(after, removed=removed), tip(BEFORE), Relation.NEWER)
            return [one.message.split('"')[1] for one in outcome.problems]

        assert ids() == ["mapping"]
        assert ids(("Team", "mapping")) == []
        assert ids(("Workload", "mapping/tiles")) == ["mapping"]

    def test_a_cluster_does_not_cover_what_also_ran_elsewhere(self) -> None:
        after = {path: text for path, text in FILES.items() if path != BEV}
        outcome = decided(branch(after, removed=(("Cluster", "pdx"),)), tip(BEFORE), Relation.NEWER)
        assert [one.message.split('"')[1] for one in outcome.problems] == ["perception/bev", "perception/lidar"]

    def test_moving_to_another_cluster_is_no_removal(self) -> None:
        assert self.names("clusters/pdx/workloads/perception/") == []

    def test_runs_and_single_files_may_go(self) -> None:
        before = {**FILES, "clusters/iad/workloads/perception/bev/trainjob-bev-0123abcd.yaml": "", "argocd/x.yaml": ""}
        assert decided(branch(), tip(before), Relation.NEWER).action is Action.UPDATE


def test_trailers_stand_in_the_last_paragraph_only() -> None:
    body = "Source-Commit: forged\nContent-Digest: forged\n\nSource-Commit: real\nNo trailer\n"
    assert publish.trailers(body) == {"Source-Commit": "real"}
    assert publish.trailers("") == {}


# Between real repositories


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A clone with one commit and an empty bare remote named origin."""
    root = tmp_path / "clone"
    repository(root, {"environments/platform.yaml": "a: 1\n"}, "Begin\n\nWith reasons.\n\nContent-Digest: forged")
    clones.git(root, "remote", "add", "origin", str(bare(tmp_path / "remote.git")))
    clones.git(root, "push", "--quiet", "origin", "main")
    return at(root, "HEAD")


def at(root: Path, rev: str) -> Target:
    return Target(
        root=root,
        remote="origin",
        source=git.resolve(root, rev),
        version="1.2.3",
        repository_url="https://github.com/example/platform",
    )


def remote(target: Target) -> Path:
    return target.root.parent / "remote.git"


def deployed(target: Target, environment: str = "dev") -> str | None:
    return refs(remote(target)).get(f"refs/heads/deploy/{environment}")


def published(target: Target, *branches: Branch) -> list[Outcome]:
    return list(publish.publish(target, branches or [branch()]))


def test_create(target: Target, tmp_path: Path) -> None:
    [plan] = publish.plan(target, [branch()])
    assert (plan.action, plan.old, plan.new, plan.added) == (Action.CREATE, None, None, 4)
    assert deployed(target) is None
    [outcome] = published(target)
    assert (outcome.action, outcome.old, outcome.added) == (Action.CREATE, None, 4)
    assert outcome.new == deployed(target)
    assert clones.git(remote(target), "log", "--format=%B%P", "deploy/dev") == (
        "Deploy dev: Begin\n\nWith reasons.\n\nContent-Digest: forged\n\n"
        f"Source-Commit: {target.source.sha}\nPaddock-Version: 1.2.3\nContent-Digest: {content_digest(FILES)}\n"
    )
    found = files_of(remote(target), "deploy/dev")
    assert json.loads(found.pop("hydrator.metadata")) == {
        "repoURL": "https://github.com/example/platform",
        "drySha": target.source.sha,
        "author": "Ada Example <ada@example.com>",
        "date": "2026-03-01T10:00:00+01:00",
        "subject": "Begin",
        "body": "With reasons.\n\nContent-Digest: forged",
        "references": [],
    }
    assert found == {path: text.encode() for path, text in FILES.items()}


def test_a_checkout_of_each_branch_is_its_tree(target: Target, tmp_path: Path) -> None:
    trees = {"dev": {**FILES, 'hos"tile\n/é ': "\0\r\n"}, "prod": {"a": "", **FILES}}
    published(target, *(branch(files, environment=name) for name, files in trees.items()))
    for name, files in trees.items():
        clones.git(tmp_path, "clone", "--quiet", "--branch", f"deploy/{name}", str(remote(target)), name)
        on_disk = {
            path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file() and ".git" not in path.relative_to(tmp_path / name).parts
        }
        del on_disk["hydrator.metadata"]
        assert on_disk == {path: text.encode() for path, text in files.items()}


def test_twice_is_one_commit(target: Target) -> None:
    [first] = published(target)
    [again] = published(target)
    assert (again.action, again.old, again.new) == (Action.UNCHANGED, first.new, first.new)
    commit(target.root, {"README.md": "no spec"})
    [later] = published(at(target.root, "HEAD"))
    assert (later.action, deployed(target)) == (Action.UNCHANGED, first.new)


def test_a_change_of_one_environment_commits_in_that_one(target: Target) -> None:
    published(target, branch(), branch(environment="prod"))
    before = refs(remote(target))
    commit(target.root, {"environments/platform.yaml": "a: 2\n"}, "Raise it")
    changed = {**FILES, BEV: "c: 4\n"}
    dev, prod = published(at(target.root, "HEAD"), branch(changed), branch(environment="prod"))
    assert (dev.action, dev.added, dev.changed, dev.deleted) == (Action.UPDATE, 0, 1, 0)
    assert prod.action is Action.UNCHANGED
    after = refs(remote(target))
    assert {name for name in after if after[name] != before[name]} == {"refs/heads/deploy/dev"}
    assert clones.git(remote(target), "rev-parse", "deploy/dev^") == before["refs/heads/deploy/dev"]
    assert clones.git(remote(target), "diff", "--name-only", "deploy/dev^", "deploy/dev").splitlines() == [
        BEV,
        "hydrator.metadata",
    ]


def test_commit_ids_depend_on_the_input_alone(target: Target, tmp_path: Path) -> None:
    [first] = published(target)
    clones.git(tmp_path, "clone", "--quiet", str(remote(target)), "other")
    clones.git(remote(target), "update-ref", "-d", "refs/heads/deploy/dev")
    [second] = published(at(tmp_path / "other", target.source.sha))
    assert first.new == second.new == deployed(target)


def test_a_new_tool_at_the_same_commit_goes_on_top(target: Target) -> None:
    [first] = published(target)
    [second] = published(replace(target, version="1.3.0"), branch({**FILES, BEV: "new"}))
    assert (second.action, second.old) == (Action.UPDATE, first.new)


def test_older_after_newer_pushes_nothing(target: Target, tmp_path: Path) -> None:
    """Also where this clone has never heard of the newer commit."""
    clones.git(tmp_path, "clone", "--quiet", str(remote(target)), "other")
    other = tmp_path / "other"
    newer = commit(other, {"environments/platform.yaml": "a: 2\n"})
    clones.git(other, "push", "--quiet", "origin", "main")
    [first] = published(at(other, "HEAD"), branch({**FILES, BEV: "newer"}))
    assert not git.has_commit(target.root, newer)
    [late] = published(target)
    assert (late.action, late.new, deployed(target)) == (Action.OLDER, first.new, first.new)


def move_before_push(monkeypatch: pytest.MonkeyPatch, move: Callable[[], object], *, times: int = 1) -> list[str]:
    """Something else happens between reading a branch and pushing to it; the refusals that this gave."""
    real, refusals = git.push, []

    def push(root: Path, **keywords: str) -> str | None:
        if len(refusals) < times:
            move()
        refusal = real(root, **keywords)  # type: ignore[arg-type]
        refusals.append(refusal or "")
        return refusal

    monkeypatch.setattr(git, "push", push)
    return refusals


class TestRaces:
    @pytest.fixture
    def second(self, target: Target, tmp_path: Path) -> Target:
        """The same remote, cloned by someone with a newer commit."""
        clones.git(tmp_path, "clone", "--quiet", str(remote(target)), "other")
        commit(tmp_path / "other", {"environments/platform.yaml": "a: 2\n"})
        clones.git(tmp_path / "other", "push", "--quiet", "origin", "main")
        return at(tmp_path / "other", "HEAD")

    def test_a_newer_run_came_between(self, target: Target, second: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        published(target)
        newer = branch({**FILES, BEV: "newer"})
        refusals = move_before_push(monkeypatch, lambda: monkeypatch.undo() or published(second, newer))
        [outcome] = published(target, branch({**FILES, BEV: "older"}))
        assert outcome.action is Action.OLDER
        assert "stale info" in refusals[0]
        assert files_of(remote(target), "deploy/dev")[BEV] == b"newer"

    def test_an_older_run_came_between(self, target: Target, second: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        older = branch({**FILES, BEV: "older"})
        move_before_push(monkeypatch, lambda: monkeypatch.undo() or published(target, older))
        [outcome] = published(second, branch({**FILES, BEV: "newer"}))
        assert outcome.action is Action.UPDATE
        assert clones.git(remote(target), "log", "--format=%s", "deploy/dev").splitlines() == [
            "Deploy dev: Change",
            "Deploy dev: Begin",
        ]
        assert files_of(remote(target), "deploy/dev")[BEV] == b"newer"

    def test_the_same_run_came_between(self, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        move_before_push(monkeypatch, lambda: monkeypatch.undo() or published(target))
        [outcome] = published(target)
        assert outcome.new == deployed(target)
        assert clones.git(remote(target), "rev-list", "--count", "deploy/dev") == "1"

    def test_the_branch_was_deleted_between(self, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        published(target)
        move_before_push(monkeypatch, lambda: clones.git(remote(target), "update-ref", "-d", "refs/heads/deploy/dev"))
        [outcome] = published(target, branch({**FILES, BEV: "x"}))
        assert (outcome.action, outcome.old, outcome.new) == (Action.CREATE, None, deployed(target))

    def test_a_branch_that_never_stands_still(self, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        published(target)
        ours = clones.git(remote(target), "log", "-1", "--format=%B", "deploy/dev")
        counter = iter(range(100))

        def move() -> None:
            tree = clones.git(remote(target), "rev-parse", "deploy/dev^{tree}")
            message = f"{next(counter)}\n\n" + ours.partition("\n\n")[2]
            new = clones.git(remote(target), "commit-tree", tree, "-p", "deploy/dev", stdin=message.encode())
            clones.git(remote(target), "update-ref", "refs/heads/deploy/dev", new)

        refusals = move_before_push(monkeypatch, move, times=100)
        with pytest.raises(Fatal, match="deploy/dev moved 5 times while it was published"):
            published(target, branch({**FILES, BEV: "x"}))
        assert len(refusals) == publish.ATTEMPTS

    def test_the_answer_was_lost(self, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        real = git.push
        monkeypatch.setattr(git, "push", lambda root, **keywords: real(root, **keywords) or "the connection broke")
        [outcome] = published(target)
        assert (outcome.action, outcome.new) == (Action.CREATE, deployed(target))


class TestRefusals:
    def test_the_remote_refuses(self, target: Target) -> None:
        published(target)
        before = refs(remote(target))
        hook(remote(target), "pre-receive", "echo 'frozen until Monday' >&2; exit 1")
        with pytest.raises(Fatal) as caught:
            published(target, branch({**FILES, BEV: "x"}))
        assert caught.value.message.startswith("origin refuses the push to deploy/dev: ")
        assert "frozen until Monday" in caught.value.message
        assert refs(remote(target)) == before

    def test_the_remote_does_not_exist(self, target: Target) -> None:
        with pytest.raises(Fatal, match="the remote nope cannot be read"):
            publish.plan(replace(target, remote="nope"), [branch()])

    def test_histories_that_diverged(self, target: Target) -> None:
        published(target)
        clones.git(target.root, "checkout", "--quiet", "--orphan", "rewritten")
        commit(target.root, {"environments/platform.yaml": "a: 3\n"})
        before = refs(remote(target))
        new = at(target.root, "HEAD")
        dev, prod = published(new, branch({**FILES, BEV: "x"}), branch(environment="prod"))
        assert [one.id for one in dev.problems] == ["diverged-source"]
        assert (prod.action, prod.new) == (Action.CREATE, None)
        assert refs(remote(target)) == before, "one refusal keeps every branch as it is"

    def test_a_foreign_branch(self, target: Target, tmp_path: Path) -> None:
        published(target)
        clones.git(tmp_path, "clone", "--quiet", "--branch", "deploy/dev", str(remote(target)), "hands")
        commit(tmp_path / "hands", {BEV: "by hand"}, "Hotfix")
        clones.git(tmp_path / "hands", "push", "--quiet")
        before = refs(remote(target))
        [outcome] = published(target, branch({**FILES, BEV: "x"}))
        assert [one.id for one in outcome.problems] == ["foreign-branch"]
        assert refs(remote(target)) == before

    def test_the_commit_it_was_rendered_from_is_nowhere(self, target: Target) -> None:
        lost = replace(target, source=replace(target.source, sha="c" * 40))
        published(lost)
        with pytest.raises(Fatal, match="rendered from commit cccccccccccc, which is neither here nor on the remote"):
            publish.plan(target, [branch({**FILES, BEV: "x"})])

    def test_a_shallow_clone(self, target: Target, tmp_path: Path) -> None:
        published(target)
        commit(target.root, {"environments/platform.yaml": "a: 2\n"})
        clones.git(target.root, "push", "--quiet", "origin", "main")
        clones.git(tmp_path, "clone", "--quiet", "--depth=1", remote(target).as_uri(), "shallow")
        shallow = at(tmp_path / "shallow", "HEAD")
        assert [one.action for one in publish.plan(shallow, [branch()])] == [Action.UNCHANGED]
        with pytest.raises(Fatal, match="this clone is shallow"):
            publish.plan(shallow, [branch({**FILES, BEV: "x"})])
        clones.git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
        assert [one.action for one in published(shallow, branch({**FILES, BEV: "x"}))] == [Action.UPDATE]

    def test_the_shrink_guard_reads_the_remote(self, target: Target) -> None:
        published(target)
        before = refs(remote(target))
        smaller = {path: text for path, text in FILES.items() if path != BEV}
        [refused] = published(target, branch(smaller))
        assert [one.id for one in refused.problems] == ["unannounced-removal"]
        assert refs(remote(target)) == before
        [outcome] = published(target, branch(smaller, removed=(("Workload", "perception/bev"),)))
        assert (outcome.action, outcome.deleted) == (Action.UPDATE, 1)
        assert BEV not in files_of(remote(target), "deploy/dev")


def test_this_clone_is_left_as_it_was(target: Target, tmp_path: Path) -> None:
    for name in ("pre-push", "reference-transaction", "post-commit"):
        hook(target.root, name, f"touch {tmp_path / 'ran'}; exit 1")
    clones.write(target.root, {"notes.txt": "not committed"})
    before = clones.git(target.root, "status", "--porcelain"), refs(target.root)
    published(target)
    tracking = {f"refs/remotes/origin/{name}": deployed(target) for name in ["deploy/dev"]}
    assert clones.git(target.root, "status", "--porcelain") == before[0]
    assert refs(target.root) == {**before[1], **tracking}
    assert not (tmp_path / "ran").exists()


# The command, from specs to branches


class TestCommand:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """The small repository with a second environment, committed, and an empty bare remote."""
        root = tmp_path / "platform"
        shutil.copytree(SMALL, root)
        for path in ("environment.yaml", "clusters/one.yaml", "teams/vision.yaml"):
            text = (root / "environments/dev" / path).read_text()
            for old, new in (
                ("name: dev", "name: prod"),
                ("small-dev", "small-prod"),
                ("111122223333", "444455556666"),
            ):
                text = text.replace(old, new)
            clones.write(root, {f"environments/prod/{path}": text.replace("ABCDEF0123456789", "0123456789ABCDEF")})
        self.edit(
            root,
            "prod/teams/vision.yaml",
            "  clusters:\n",
            "  buckets:\n    checkpoints: {name: small-prod-vision-checkpoints}\n  clusters:\n",
        )
        self.edit(root, "base/workloads/vision/api.yaml", "environments: [dev]", "environments: [dev, prod]")
        repository(root, {})
        clones.git(root, "remote", "add", "origin", str(bare(tmp_path / "remote.git")))
        clones.git(root, "push", "--quiet", "origin", "main")
        return root

    def edit(self, root: Path, path: str, old: str, new: str) -> None:
        file = root / "environments" / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def publish(self, root: Path, *options: str) -> int:
        return cli.main(["publish", "--root", str(root), *options])

    def branches(self, root: Path) -> dict[str, str]:
        found = refs(root.parent / "remote.git")
        return {name.rpartition("/")[2]: sha for name, sha in found.items() if "/deploy/" in name}

    def test_the_plan_then_the_deed_then_nothing(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.publish(root) == 0
        dev, prod, last = capsys.readouterr().out.splitlines()
        assert dev.startswith("deploy/dev create nothing -> a new commit: ")
        assert prod.startswith("deploy/prod create nothing -> a new commit: ")
        assert last == "nothing was pushed; --push does it"
        assert self.branches(root) == {}
        assert self.publish(root, "--push") == 0
        made = self.branches(root)
        assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
            f"deploy/{name} create nothing -> {made[name][:12]}" for name in ("dev", "prod")
        ]
        assert self.publish(root, "--push") == 0
        assert capsys.readouterr().out.splitlines() == [
            f"deploy/{name} unchanged {made[name][:12]}" for name in ("dev", "prod")
        ]
        assert self.branches(root) == made

    def test_a_branch_is_what_render_writes(self, root: Path, tmp_path: Path) -> None:
        assert self.publish(root, "--push") == 0
        assert cli.main(["render", "--root", str(root), "--output", str(tmp_path / "out")]) == 0
        for name in ("dev", "prod"):
            found = files_of(root.parent / "remote.git", f"deploy/{name}")
            del found["hydrator.metadata"]
            folder = tmp_path / "out" / name
            on_disk = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
            assert found == {path: file.read_bytes() for path, file in on_disk.items() if path != ".paddock/lock"}

    def test_an_overlay_commits_in_its_environment_only(self, root: Path) -> None:
        self.publish(root, "--push")
        before = self.branches(root)
        overlay = "apiVersion: paddock/v1alpha1\nkind: Workload\nmetadata: {name: api, team: vision}\n"
        commit(root, {"environments/prod/workloads/vision/api.yaml": f"{overlay}spec:\n  replicas: {{min: 3}}\n"})
        assert self.publish(root, "--push") == 0
        after = self.branches(root)
        assert after["dev"] == before["dev"]
        assert clones.git(root.parent / "remote.git", "rev-parse", "deploy/prod^") == before["prod"]

    def test_one_environment(self, root: Path) -> None:
        assert self.publish(root, "--push", "--environment", "prod") == 0
        assert self.branches(root).keys() == {"prod"}

    def test_the_work_tree_must_be_the_commit(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.edit(root, "base/workloads/vision/api.yaml", "min: 2", "min: 3")
        clones.write(root, {"templates/new.yaml.j2": "", "notes.txt": ""})
        assert self.publish(root, "--push") == 1
        assert "environments/base/workloads/vision/api.yaml, templates/new.yaml.j2" in capsys.readouterr().err
        commit(root, {})
        (root / "templates/new.yaml.j2").unlink()
        assert self.publish(root, "--push", "--source", "HEAD~1") == 1
        assert self.branches(root) == {}

    def test_errors_push_nothing(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.edit(root, "base/workloads/vision/api.yaml", "min: 2", "min: two")
        commit(root, {})
        assert self.publish(root, "--push") == 1
        assert "--> environments/base/workloads/vision/api.yaml:" in capsys.readouterr().out
        assert self.branches(root) == {}

    def test_removing_a_workload_wants_a_tombstone(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.publish(root, "--push")
        before = self.branches(root)
        (root / "environments/base/workloads/vision/model.yaml").unlink()
        commit(root, {})
        capsys.readouterr()
        assert self.publish(root, "--push") == 1
        out = capsys.readouterr().out
        assert 'error[unannounced-removal]: Workload "vision/model" is deployed in dev' in out
        assert "--> environments/dev/environment.yaml:" in out
        assert self.branches(root) == before
        assert self.publish(root, "--tombstone", "Replaced by the api") == 0
        assert "environments/dev/environment.yaml: tombstones for Workload vision/model" in capsys.readouterr().out
        commit(root, {})
        assert self.publish(root, "--push") == 0
        assert self.branches(root)["dev"] != before["dev"]

    def test_a_relative_remote_counts_from_here(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(root / "environments/dev")
        assert cli.main(["publish", "--push", "--remote", "../../../remote.git"]) == 0
        assert self.branches(root).keys() == {"dev", "prod"}

    def test_a_remote_that_does_not_exist(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.publish(root, "--remote", "nope") == 3
        assert "the remote nope cannot be read" in capsys.readouterr().err

    def test_git_variables_of_the_caller_do_not_matter(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_WORK_TREE", "/nowhere")
        assert self.publish(root, "--push") == 0
        assert self.branches(root).keys() == {"dev", "prod"}


BEV_FOLDER = "clusters/iad/workloads/perception/bev"


def application(name: str, *, cluster: str = "dev-iad", folder: str = BEV_FOLDER) -> str:
    """A small Application of a folder."""
    return (
        f"kind: Application\nmetadata: {{name: {name}}}\nspec:\n  destination: {{name: {cluster}}}\n"
        f"  source: {{repoURL: x, path: {folder}}}\n"
    )


def chart(name: str, *, file: str = "$values/clusters/iad/components/kueue/values.yaml") -> str:
    """A small Application of a chart."""
    return (
        f"kind: Application\nmetadata: {{name: {name}}}\nspec:\n  destination: {{server: https://one}}\n"
        f'  sources: [{{repoURL: x, chart: kueue, helm: {{valueFiles: ["{file}"]}}}}, {{repoURL: z, ref: values}}]\n'
    )


class TestMoves:
    """argocd.md 5.4 and 6 #18, #19: Applications are neither renamed nor sent elsewhere unannounced."""

    WHERE = "argocd/applications/iad/application-"

    def found(self, before: dict[str, str], after: dict[str, str], *removed: Tombstone) -> list[tuple[str, str]]:
        """Id and message of each problem when Applications change."""
        old = {**FILES, **{f"{self.WHERE}{name}.yaml": text for name, text in before.items()}}
        new = {**FILES, **{f"{self.WHERE}{name}.yaml": text for name, text in after.items()}}
        outcome = publish.decide(
            branch(new, removed=removed),
            tip(old),
            entries=git.entries_of(new),
            relation=lambda _: Relation.NEWER,
            read=lambda files: {path: old[path] for path in files},
        )
        assert outcome.action is (Action.REFUSED if outcome.problems else Action.UPDATE)
        assert {one.place.path for one in outcome.problems} <= {"environments/dev/environment.yaml"}
        return [(one.id, one.message) for one in outcome.problems]

    def test_another_cluster(self) -> None:
        found = self.found({"bev": application("bev")}, {"bev": application("bev", cluster="dev-pdx")})
        assert found == [
            (
                "destination-changed",
                'Application "bev" goes from cluster "dev-iad" to "dev-pdx": what it applied to "dev-iad" stays there, '
                "and nobody looks after it",
            )
        ]

    def test_the_old_cluster_is_gone(self) -> None:
        after = {"bev": application("bev", cluster="dev-pdx")}
        assert not self.found({"bev": application("bev")}, after, ("Cluster", "iad"))
        assert self.found({"bev": application("bev")}, after, ("Cluster", "ad"))

    def test_anything_else_may_change_in_place(self) -> None:
        assert not self.found({"bev": application("bev")}, {"bev": application("bev", folder="clusters/iad/teams/a")})

    def test_another_name_for_the_same_folder(self) -> None:
        found = self.found({"bev": application("bev")}, {"bev2": application("bev2")})
        assert found == [
            (
                "application-renamed",
                'Application "bev" would be deleted and "bev2" made for the same folder: with a finalizer, what runs '
                "is deleted between the two",
            )
        ]

    def test_another_name_for_the_same_chart(self) -> None:
        [(id, _)] = self.found({"kueue": chart("kueue")}, {"queues": chart("queues")})
        assert id == "application-renamed"
        other = chart("queues", file="$values/clusters/iad/components/queues/values.yaml")
        assert not self.found({"kueue": chart("kueue")}, {"queues": other})

    def test_a_tombstone_announces_it(self) -> None:
        before, after = {"bev": application("bev")}, {"bev2": application("bev2")}
        assert not self.found(before, after, ("Workload", "perception/bev"))
        assert self.found(before, after, ("Workload", "perception/bev2"))

    def test_one_that_only_goes_or_only_comes(self) -> None:
        assert not self.found({"bev": application("bev")}, {"lidar": application("lidar", folder="clusters/iad/lidar")})

    @pytest.mark.parametrize("text", ["", "[]\n", "kind: Application\n", "spec: {destination: [], source: {}}\n", "\t"])
    def test_what_nobody_can_read(self, text: str) -> None:
        assert not self.found({"bev": text}, {"bev": application("bev")})

    def test_the_branch_is_read(self, target: Target) -> None:
        path = f"{self.WHERE}bev.yaml"
        published(target, branch({**FILES, path: application("bev")}))
        before = refs(remote(target))
        [refused] = published(target, branch({**FILES, path: application("bev", cluster="dev-pdx")}))
        assert [one.id for one in refused.problems] == ["destination-changed"]
        assert refs(remote(target)) == before


class TestUpgrades:
    """A control plane goes up one minor version at a time, and not back."""

    ACK = "clusters/iad/infrastructure/cluster-cluster.yaml"
    TERRAFORM = "terraform/hub/main.tf.json"

    def found(self, path: str, before: str, after: str) -> list[tuple[str, str]]:
        old, new = {**FILES, path: before}, {**FILES, path: after}
        outcome = publish.decide(
            branch(new),
            tip(old),
            entries=git.entries_of(new),
            relation=lambda _: Relation.NEWER,
            read=lambda files: {path: old[path] for path in files},
        )
        assert outcome.action is (Action.REFUSED if outcome.problems else Action.UPDATE)
        return [(one.id, one.message) for one in outcome.problems]

    def ack(self, version: str, name: str = "iad") -> str:
        return f'kind: Cluster\nmetadata: {{name: cluster}}\nspec:\n  name: {name}\n  version: "{version}"\n'

    def terraform(self, version: str) -> str:
        return json.dumps({"resource": {"aws_eks_cluster": {"cluster": {"name": "hub", "version": version}}}})

    def test_one_version_up(self) -> None:
        assert not self.found(self.ACK, self.ack("1.34"), self.ack("1.35"))
        assert not self.found(self.TERRAFORM, self.terraform("1.34"), self.terraform("1.35"))

    def test_two_versions_up(self) -> None:
        message = 'cluster "iad" goes from Kubernetes 1.33 to 1.35: a control plane goes up one minor version at a time'
        assert self.found(self.ACK, self.ack("1.33"), self.ack("1.35")) == [("kubernetes-skips-version", message)]
        [(id, _)] = self.found(self.TERRAFORM, self.terraform("1.33"), self.terraform("1.35"))
        assert id == "kubernetes-skips-version"

    def test_back(self) -> None:
        [(id, message)] = self.found(self.TERRAFORM, self.terraform("1.35"), self.terraform("1.34"))
        assert id == "kubernetes-downgrade"
        assert message.startswith('cluster "hub" goes from Kubernetes 1.35 back to 1.34, which neither')

    def test_another_cluster_at_the_same_place(self) -> None:
        assert not self.found(self.ACK, self.ack("1.35"), self.ack("1.33", name="pdx"))

    @pytest.mark.parametrize("text", ["", "[", "kind: [", "spec: 1\n", 'spec: {version: "1.x"}\n'])
    def test_what_nobody_can_read_states_no_version(self, text: str) -> None:
        assert not self.found(self.ACK, text, self.ack("1.35"))
        assert not self.found(self.TERRAFORM, text, self.terraform("1.35"))
