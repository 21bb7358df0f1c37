"""What every verb needs around the pipeline: inputs from disk, progress on stderr, reports on stdout."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paddock import git, layout, tree, verdict
from paddock import inputs as reading
from paddock import load as loading
from paddock.baseline import Key
from paddock.diagnostics import Diagnostic, Problem, Suppressed
from paddock.errors import OK, PROBLEMS, Fatal
from paddock.inputs import Inputs
from paddock.load import Loaded
from paddock.model import Fleet
from paddock.pipeline import Result, default_jobs, run
from paddock.report import REPORTERS, github
from paddock.report.outcome import Outcome

PHASES = ("load", "check", "render", "verify")


@dataclass(slots=True, kw_only=True)
class Progress:
    """A bar on stderr once the work takes longer than a second and a person watches; and the time of each phase."""

    watched: bool
    started: float = field(default_factory=time.perf_counter)
    phases: dict[str, float] = field(default_factory=dict)
    _shown: bool = False
    _current: str = ""
    _since: float = 0.0

    def begin(self, phase: str) -> None:
        """A phase begins."""
        now = time.perf_counter()
        if self._current:
            self.phases[self._current] = self.phases.get(self._current, 0.0) + now - self._since
        self._current, self._since = phase, now
        if self.watched and now - self.started > 1.0 and phase in PHASES:
            done = PHASES.index(phase)
            bar = "#" * (5 * done) + "-" * (5 * (len(PHASES) - done))
            print(f"\r[{bar}] {phase:<8}", end="", file=sys.stderr, flush=True)
            self._shown = True

    def end(self) -> float:
        """Everything is done: the line is cleared. Seconds since the beginning."""
        self.begin("")
        if self._shown:
            print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)
        return time.perf_counter() - self.started


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One call of a verb."""

    root: Path
    environments: tuple[str, ...] = ()
    format: str = "text"
    color: bool = False
    jobs: int | None = None
    as_of: str | None = None
    """The day, as an ISO date, on which specs are judged; by default that of the commit."""

    def pipeline(self, progress: Progress, accepted: frozenset[Key] | None = None) -> tuple[Result, Inputs]:
        """Read the work tree and run the pipeline, with other accepted findings than the baseline's where they are
        given. An environment that does not exist is a usage error."""
        gathered, problems = reading.gather(self.root)
        self.known_environments(gathered.specs)
        jobs = self.jobs or default_jobs(sum("/workloads/" in path for path in gathered.specs))
        result = run(
            gathered,
            known=problems,
            environments=self.environments,
            jobs=jobs,
            notify=progress.begin,
            as_of=self.as_of or git.commit_date(self.root),
            accepted=accepted,
        )
        return result, gathered

    def load(self) -> tuple[Loaded, Inputs, list[Problem]]:
        """The specs of the work tree without rendering: what was loaded, from what, and all that is wrong with it. An
        environment that does not exist is a usage error."""
        gathered, problems = reading.gather(self.root)
        self.known_environments(gathered.specs)
        loaded = loading.load(gathered, unread=frozenset(one.place.path for one in problems))
        return loaded, gathered, [*problems, *loaded.problems]

    def standing(self, problems: Iterable[Problem], fleet: Fleet, inputs: Inputs) -> list[Problem]:
        """The problems of specs that nobody accepted."""
        as_of = self.as_of or git.commit_date(self.root)
        return verdict.judge(fleet, inputs, as_of, accepted=None).split(problems)[0]

    def known_environments(self, specs: Mapping[str, bytes]) -> None:
        """Fatal if an --environment names none."""
        known = sorted({path.split("/")[1] for path in specs if path.endswith("/environment.yaml")})
        for name in self.environments:
            if name not in known:
                raise Fatal(f'there is no environment "{name}"', help=f"legal: {', '.join(known)}", code=2)

    def report(self, diagnostics: Sequence[Diagnostic], skipped: int, suppressed: Sequence[Suppressed] = ()) -> int:
        """Print the report; the exit code that it means."""
        outcome = Outcome(diagnostics=diagnostics, suppressed=suppressed, skipped=skipped, color=self.color)
        sys.stdout.write(REPORTERS[self.format](outcome))
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if self.format == "github" and summary:
            with Path(summary).open("a", encoding="utf-8") as stream:
                stream.write(github.summary(outcome))
        return PROBLEMS if outcome.errors else OK


def refuse_unfinished(root: Path) -> None:
    """Fatal if the writing of a rendered tree was interrupted: its files are whole, but of two states."""
    rendered = root / layout.RENDERED
    for folder in sorted(rendered.iterdir()) if rendered.is_dir() else ():
        if tree.is_unfinished(folder):
            raise Fatal(f"the tree {folder} is unfinished: writing it was interrupted", help="run paddock render")


def progress() -> Progress:
    """Progress on this terminal."""
    return Progress(watched=sys.stderr.isatty() and "CI" not in os.environ)


def kinds(names: Iterable[str]) -> dict[str, int]:
    """Number of objects by kind, sorted by kind."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))
