"""Tree to branch: what publishing would do, decided from data alone, and doing it with a lease on what was seen.

An older run never reverts a newer one, an unchanged tree makes no commit, and nothing vanishes unannounced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from paddock import git, moves, removal, upgrades
from paddock.diagnostics import Place, Problem
from paddock.errors import Fatal
from paddock.git import Commit, Entry
from paddock.removal import unannounced
from paddock.tombstones import Tombstone

ATTEMPTS = 5
"""How often a branch that moves under us is read and decided again."""
METADATA = "hydrator.metadata"
"""Argo CD's UI and gitops-promoter read this file; it names commits, so it is outside the digest (argocd.md 5.5)."""
SOURCE_COMMIT, VERSION, DIGEST = "Source-Commit", "Paddock-Version", "Content-Digest"


class Action(StrEnum):
    """What publishing does, or would do, to a branch."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    OLDER = "older"
    REFUSED = "refused"


class Relation(StrEnum):
    """How our source commit stands to the one a branch was rendered from."""

    SAME = "same"
    NEWER = "newer"
    OLDER = "older"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """An environment's tree and where it goes. `digest` is `tree.content_digest(files)`."""

    name: str
    environment: str
    files: Mapping[str, str]
    digest: str
    removed: frozenset[Tombstone] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The last commit of a remote branch; no trailers where paddock did not write it."""

    sha: str
    files: Mapping[str, Entry]
    subject: str = ""
    trailers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happens to a branch: commits before and after (None: there is none, or none yet), and numbers of files."""

    branch: str
    environment: str
    action: Action
    old: str | None = None
    new: str | None = None
    added: int = 0
    changed: int = 0
    deleted: int = 0
    note: str = ""
    problems: tuple[Problem, ...] = ()
    unannounced: tuple[Tombstone, ...] = ()

    @property
    def commits(self) -> bool:
        """Whether it makes a commit."""
        return self.action in (Action.CREATE, Action.UPDATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Everything publishing needs beside the trees. `repository_url` is the specs' repository as Argo CD spells it."""

    root: Path
    remote: str
    source: Commit
    version: str
    repository_url: str


def plan(target: Target, branches: Sequence[Branch]) -> list[Outcome]:
    """What publishing would do to each branch. It reads the remote and changes nothing there."""
    tips = read_tips(target, branches)
    return [_decided(target, branch, tips.get(branch.name)) for branch in branches]


def publish(target: Target, branches: Sequence[Branch]) -> Iterator[Outcome]:
    """Do it, and give each outcome as it is known. If any branch is refused in the plan, no branch is pushed.

    Fatal if the remote refuses; what was given before that is done.
    """
    planned = plan(target, branches)
    if any(one.problems for one in planned):
        yield from planned
        return
    for branch, outcome in zip(branches, planned, strict=True):
        yield _pushed(target, branch, outcome)


def decide(
    branch: Branch,
    tip: Tip | None,
    *,
    entries: Mapping[str, Entry],
    relation: Callable[[str], Relation],
    read: Callable[[Mapping[str, Entry]], Mapping[str, str]],
) -> Outcome:
    """What to do with a branch, from data alone. `entries` are the tree's files as git will store them; `relation` says
    how our source stands to another commit and `read` gives texts of the branch: both are asked only where it matters.
    """
    outcome = Outcome(branch=branch.name, environment=branch.environment, action=Action.CREATE, added=len(entries))
    if tip is None:
        return outcome
    before = {path: entry for path, entry in tip.files.items() if path != METADATA}
    added, changed, deleted = _counts(before, entries)
    outcome = replace(outcome, action=Action.UPDATE, old=tip.sha, added=added, changed=changed, deleted=deleted)
    theirs = tip.trailers.get(SOURCE_COMMIT, "")
    if not git.is_sha(theirs) or DIGEST not in tip.trailers:
        return _refused(outcome, _foreign(branch, tip))
    if before == entries:
        return replace(outcome, action=Action.UNCHANGED, new=tip.sha)
    found = relation(theirs)
    if found is Relation.OLDER:
        note = f"it was rendered from {theirs[:12]}, which is newer"
        return replace(outcome, action=Action.OLDER, new=tip.sha, note=note)
    if found is Relation.DIVERGED:
        return _refused(outcome, _diverged(branch, theirs))
    if gone := unannounced(before=before, after=entries, removed=branch.removed):
        outcome = replace(outcome, unannounced=tuple(gone))
        return _refused(outcome, *(removal.problem(branch.environment, *one) for one in gone))
    if problems := _changes(branch, before, entries, read):
        return _refused(outcome, *problems)
    return outcome if tip.trailers[DIGEST] != branch.digest else replace(outcome, note="it was edited by hand since")


def _changes(
    branch: Branch,
    before: Mapping[str, Entry],
    entries: Mapping[str, Entry],
    read: Callable[[Mapping[str, Entry]], Mapping[str, str]],
) -> list[Problem]:
    """Applications that would be renamed or sent to another cluster, and versions that a cluster cannot go to; only
    files that differ are read."""

    def differing(concerns: Callable[[str], bool]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        changed = {path: one for path, one in before.items() if concerns(path) and entries.get(path) != one}
        after = {path: text for path, text in branch.files.items() if concerns(path)}
        found = {path: text for path, text in after.items() if before.get(path) != entries[path]}
        return (read(changed) if changed else {}), found

    old, new = differing(moves.is_application)
    problems = moves.unannounced(before=old, after=new, removed=branch.removed, environment=branch.environment)
    old, new = differing(upgrades.states_versions)
    return [*problems, *upgrades.refused(before=old, after=new, environment=branch.environment)]


def message(branch: Branch, source: Commit, *, version: str) -> str:
    """The commit message: what was deployed, why, and the trailers that `trailers` reads back."""
    parts = [f"Deploy {branch.environment}: {source.subject}", source.body]
    parts.append(f"{SOURCE_COMMIT}: {source.sha}\n{VERSION}: {version}\n{DIGEST}: {branch.digest}\n")
    return "\n\n".join(part for part in parts if part)


def trailers(body: str) -> dict[str, str]:
    """Trailers of a commit message: only its last paragraph counts, so that no quoted message can forge them."""
    lines = body.strip().rpartition("\n\n")[2].splitlines()
    return {key: value.strip() for key, colon, value in (line.partition(":") for line in lines) if colon}


def metadata(source: Commit, *, repository_url: str) -> str:
    """`hydrator.metadata` with the keys that Argo CD's hydrator writes (argocd.md 5.5)."""
    document = {
        "repoURL": repository_url,
        "drySha": source.sha,
        "author": f"{source.author.name} <{source.author.email}>",
        "date": source.author.date,
        "subject": source.subject,
        "body": source.body,
        "references": [],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read_tips(target: Target, branches: Iterable[Branch]) -> dict[str, Tip]:
    """The remote's branches that exist, by name."""
    shas = git.read_branches(target.root, remote=target.remote, branches=[branch.name for branch in branches])
    tips = {}
    for name, sha in shas.items():
        commit = git.resolve(target.root, sha)
        files = git.list_files(target.root, sha)
        tips[name] = Tip(sha=sha, files=files, subject=commit.subject, trailers=trailers(commit.body))
    return tips


def relate(target: Target, theirs: str) -> Relation:
    """How our source commit stands to another one, which is fetched if need be. Fatal if that cannot be known."""
    root, ours = target.root, target.source.sha
    if ours == theirs:
        return Relation.SAME
    if not git.fetch_commit(root, remote=target.remote, sha=theirs):
        raise Fatal(
            f"the branch was rendered from commit {theirs[:12]}, which is neither here nor on the remote",
            help="fetch the history that holds it; if the history was rewritten, delete the branch and publish again",
        )
    if git.is_ancestor(root, ancestor=theirs, descendant=ours):
        return Relation.NEWER
    if git.is_ancestor(root, ancestor=ours, descendant=theirs):
        return Relation.OLDER
    if git.is_shallow(root):
        raise Fatal(
            f"this clone is shallow: whether {ours[:12]} is newer than {theirs[:12]} cannot be known",
            help="git fetch --unshallow; in GitHub Actions: fetch-depth: 0",
        )
    return Relation.DIVERGED


def _decided(target: Target, branch: Branch, tip: Tip | None) -> Outcome:
    entries = git.entries_of(branch.files)
    return decide(
        branch,
        tip,
        entries=entries,
        relation=lambda theirs: relate(target, theirs),
        read=lambda files: git.read_files(target.root, files),
    )


def _commit(target: Target, branch: Branch, parent: str | None) -> str:
    files = {**branch.files, METADATA: metadata(target.source, repository_url=target.repository_url)}
    return git.write_commit(
        target.root,
        branch.name,
        files=files,
        parent=parent,
        source=target.source,
        message=message(branch, target.source, version=target.version),
    )


def _pushed(target: Target, branch: Branch, outcome: Outcome) -> Outcome:
    """Push what was decided; a branch that moved meanwhile is decided anew."""
    for _ in range(ATTEMPTS):
        if not outcome.commits:
            return outcome
        new = _commit(target, branch, outcome.old)
        refusal = git.push(target.root, remote=target.remote, branch=branch.name, new=new, old=outcome.old)
        if refusal is None:
            return replace(outcome, new=new)
        tip = read_tips(target, [branch]).get(branch.name)
        found = tip.sha if tip else None
        if found == new:  # it arrived, and only the answer was lost
            return replace(outcome, new=new)
        if found == outcome.old:
            raise Fatal(
                f"{git.without_credentials(target.remote)} refuses the push to {branch.name}: {refusal}",
                help="see the remote's hooks, the branch's protection and the permissions of this login",
            )
        outcome = _decided(target, branch, tip)
    raise Fatal(f"{branch.name} moved {ATTEMPTS} times while it was published", help="run it again when it is quiet")


def _counts(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> tuple[int, int, int]:
    """Numbers of files added, changed and deleted."""
    common = before.keys() & after.keys()
    return len(after) - len(common), sum(before[path] != after[path] for path in common), len(before) - len(common)


def _refused(outcome: Outcome, *problems: Problem) -> Outcome:
    return replace(outcome, action=Action.REFUSED, new=None, problems=problems)


def _problem(branch: Branch, id: str, text: str, help: str) -> Problem:
    place = Place(path=f"environments/{branch.environment}/environment.yaml", pointer=("metadata", "name"))
    return Problem(id=id, message=text, place=place, help=help)


def _foreign(branch: Branch, tip: Tip) -> Problem:
    text = f'the last commit of {branch.name}, {tip.sha[:12]} "{tip.subject}", was not written by paddock'
    help = f"nothing is overwritten: move the change into a spec, then put the branch back or delete it ({branch.name})"
    return _problem(branch, "foreign-branch", text, help)


def _diverged(branch: Branch, theirs: str) -> Problem:
    text = f"{branch.name} was rendered from {theirs[:12]}, neither an ancestor nor a descendant of this commit"
    return _problem(branch, "diverged-source", text, "merge or rebase on what was deployed, then publish again")
