"""What counts of what was found: problems that a comment, an exception or the baseline accepts, and the others.

It also reports acceptances that accept nothing: a comment that outlived its fault would hide the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from paddock import baseline, exceptions, suppressions
from paddock.acceptance import COMMENT, EXCEPTION
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.exceptions import Exemption
from paddock.explanations import EXPLANATIONS
from paddock.inputs import Inputs
from paddock.layout import BASELINE
from paddock.locating import locations
from paddock.model import Fleet
from paddock.suppressions import Suppression

IDS = (
    "exception-not-allowed",
    "expired-exception",
    "malformed-suppression",
    "self-approved-exception",
    "stale-baseline",
    "suppression-not-allowed",
    "unknown-approver",
    "unused-exception",
    "unused-suppression",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A problem that does not count, and what accepts it: comment, exception or baseline."""

    problem: Problem
    by: str
    reason: str
    place: Place


@dataclass(slots=True, kw_only=True)
class Judge:
    """Decides about problems in the order in which they are brought; ask `unused` when all of them were."""

    inputs: Inputs
    as_of: str | None
    comments: Sequence[Suppression]
    exemptions: Sequence[Exemption]
    known: frozenset[baseline.Key]
    problems: list[Problem]
    """What is wrong with the acceptances themselves."""
    _used: set[Suppression | Exemption] = field(default_factory=set)
    _entries: set[baseline.Key] = field(default_factory=set)

    def split(self, problems: Iterable[Problem]) -> tuple[list[Problem], list[Accepted]]:
        """The problems that count, and those that are accepted. One is the same however often it is brought."""
        kept, accepted = [], []
        for problem in dict.fromkeys(problems):
            found = self._by(problem) if problem.id in COMMENT or problem.id in EXCEPTION else None
            if found is None:
                kept.append(self._noted(problem))
            else:
                accepted.append(found)
        return kept, accepted

    def _by(self, problem: Problem) -> Accepted | None:
        for comment in self.comments if problem.id in COMMENT else ():
            here = comment.id == problem.id and comment.place.path == problem.place.path
            valid = here and not comment.expired(self.as_of)
            if valid and comment.line == locations({problem.place}, self.inputs)[problem.place][0].line:
                self._used.add(comment)
                return Accepted(problem=problem, by="comment", reason=comment.reason, place=comment.place)
        for one in self.exemptions:
            if one.covers(problem) and not one.expired(self.as_of):
                self._used.add(one)
                reason = f"{one.reason} (approved by {one.approver} until {one.expires})"
                return Accepted(problem=problem, by="exception", reason=reason, place=one.place)
        key = baseline.key(problem)
        if key in self.known:
            self._entries.add(key)
            place = Place(path=BASELINE, pointer=("spec", problem.place.path), key=True)
            return Accepted(problem=problem, by="baseline", reason="it was there before", place=place)
        return None

    def _noted(self, problem: Problem) -> Problem:
        """The problem with the exception that accepted it until it was over."""
        over = next((one for one in self.exemptions if one.covers(problem) and one.expired(self.as_of)), None)
        if over is None:
            return problem
        note = Note(message=f'the exception "{over.name}" ended on {over.expires}', place=over.place)
        return replace(problem, related=(*problem.related, note))

    def unused(self, fleet: Fleet, undecided: frozenset[str]) -> list[Problem]:
        """Acceptances that accepted nothing, where everything was looked at; `undecided` are ids that were not."""
        found = [
            Problem(
                id="unused-suppression",
                message=f'there is no finding "{one.id}" at the line that this comment speaks of'
                if not one.expired(self.as_of)
                else f"this comment accepted its finding until {one.until}",
                place=one.place,
                severity=Severity.WARNING,
                help="remove the comment",
            )
            for one in self.comments
            if one not in self._used and one.id not in undecided
        ]
        found += [
            Problem(
                id="unused-exception",
                message=f'the exception "{one.name}" accepts nothing: there is no such finding in {one.path}',
                place=one.place,
                severity=Severity.WARNING,
                help="remove it, or correct finding, path and field",
            )
            for one in self.exemptions
            if one not in self._used and one.finding not in undecided and not one.expired(self.as_of)
        ]
        return found + list(baseline.unused(fleet.baseline, self._entries) if fleet.baseline is not None else ())


def judge(fleet: Fleet, inputs: Inputs, as_of: str | None, *, accepted: frozenset[baseline.Key] | None) -> Judge:
    """The judge of a run: what people accepted, read from specs and templates; `accepted` instead of the baseline."""
    files = {**inputs.specs, **{path: text.encode() for path, text in inputs.templates.items() if "allow:" in text}}
    comments, problems = suppressions.read(files, EXPLANATIONS)
    problems += exceptions.check(fleet, EXPLANATIONS, as_of)
    return Judge(
        inputs=inputs,
        as_of=as_of,
        comments=comments,
        exemptions=exceptions.read(fleet.exceptions),
        known=baseline.read(fleet.baseline) if accepted is None else accepted,
        problems=problems,
    )
