"""`paddock publish`: the trees of a commit, each on the branch that Argo CD syncs. It acts only with --push."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from paddock import __version__, git, layout, pipeline, publish, tree
from paddock import inputs as reading
from paddock.commands.session import Progress, Session, progress
from paddock.diagnostics import Problem
from paddock.errors import OK, PROBLEMS, Fatal
from paddock.inputs import Inputs
from paddock.locating import locate
from paddock.pipeline import Result
from paddock.publish import Branch, Outcome, Target
from paddock.tombstones import with_tombstones

SHOWN = 5
"""Changed files that a refusal names."""


def run(session: Session, *, source: str, remote: str, push: bool, tombstone: str | None = None) -> int:
    """Render the commit `source` and show what publishing does to `remote` (a name, path or URL); `push` does it.

    With `tombstone` (a reason) the removals that would be refused are announced in environment.yaml instead.
    """
    if push and tombstone is not None:
        raise Fatal("--tombstone edits specs, --push wants a commit", help="write the tombstones, commit, push", code=2)
    commit = git.resolve(session.root, source)
    _refuse_changes(session.root, commit.sha)
    bar = progress()
    result, inputs = _render(session, commit.sha, bar)
    bar.end()
    if result.failed or result.fleet is None:
        return session.report(result.diagnostics, result.skipped, result.accepted)
    target = Target(
        root=session.root,
        remote=_absolute(remote),
        source=commit,
        version=__version__,
        repository_url=result.fleet.platform.repository_url,
    )
    outcomes = publish.publish if push else publish.plan
    if tombstone is not None:
        return _announce(session.root, list(outcomes(target, _branches(result))), tombstone)
    problems: list[Problem] = []
    for outcome in outcomes(target, _branches(result)):
        problems += outcome.problems
        if session.format != "json":
            sys.stdout.write(summary(outcome) + "\n")
            sys.stdout.flush()
    if session.format != "json" and not push:
        sys.stdout.write("nothing was pushed; --push does it\n")
    found = [*result.diagnostics, *locate(problems, inputs)]
    return session.report(found, result.skipped, result.accepted) if found or session.format != "text" else OK


def _announce(root: Path, outcomes: Sequence[Outcome], reason: str) -> int:
    """Write the tombstones that are missing; the person who commits them has announced the removal."""
    for outcome in outcomes:
        path = root / layout.ENVIRONMENTS / outcome.environment / "environment.yaml"
        if outcome.unannounced:
            path.write_bytes(with_tombstones(path.read_bytes(), outcome.unannounced, reason))
            names = ", ".join(f"{kind} {name}" for kind, name in outcome.unannounced)
            sys.stdout.write(f"{path.relative_to(root)}: tombstones for {names}\n")
    if not any(outcome.unannounced for outcome in outcomes):
        sys.stdout.write("nothing vanishes unannounced\n")
    return OK


def summary(outcome: Outcome) -> str:
    """What happens to a branch, on one line."""
    parts = [outcome.branch, str(outcome.action)]
    if outcome.commits:
        parts.append(f"{(outcome.old or 'nothing')[:12]} -> {(outcome.new or 'a new commit')[:12]}:")
        parts.append(f"{outcome.added} added, {outcome.changed} changed, {outcome.deleted} deleted")
    elif outcome.old:
        parts.append(outcome.old[:12])
    return " ".join([*parts, f"({outcome.note})"] if outcome.note else parts)


def _refuse_changes(root: Path, sha: str) -> None:
    """What is published must be what a reader of the commit sees; the work tree is what the author believes in."""
    changed = git.changed_against(root, sha, layout.INPUTS)
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise Fatal(
            f"the work tree differs from commit {sha[:12]} in {', '.join(changed[:SHOWN])}{more}",
            help="commit, stash or check out that commit: only a commit is published",
            code=PROBLEMS,
        )


def _absolute(remote: str) -> str:
    """A relative path counts from the current folder, not from the repository in which git runs."""
    return str(Path(remote).resolve()) if remote.startswith(("./", "../")) else remote


def _branches(result: Result) -> list[Branch]:
    assert result.fleet is not None
    return [
        Branch(
            name=result.fleet.environments[name].branch,
            environment=name,
            files=files,
            digest=tree.content_digest(files),
            removed=frozenset((one["kind"], one["name"]) for one in result.fleet.environments[name].data["removed"]),
        )
        for name, files in result.trees.items()
    ]


def _render(session: Session, sha: str, bar: Progress) -> tuple[Result, Inputs]:
    """The pipeline over the files of a commit."""
    specs = git.read_commit(session.root, sha, [layout.ENVIRONMENTS])
    own = git.read_commit(session.root, sha, [layout.TEMPLATES, layout.SCHEMAS])
    session.known_environments(specs)
    inputs, problems = reading.combine(specs=specs, own=own)
    jobs = session.jobs or pipeline.default_jobs(sum("/workloads/" in path for path in specs))
    result = pipeline.run(
        inputs,
        known=problems,
        environments=session.environments,
        jobs=jobs,
        notify=bar.begin,
        as_of=session.as_of or git.commit_date(session.root, sha),
    )
    return result, inputs
