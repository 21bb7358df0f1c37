"""Comments that accept a finding of their line: `# allow: <id> [until <date>] -- <reason>`, in specs and templates.

A comment on a line of its own speaks of the next line that is no comment. It says nothing of other lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from paddock import source
from paddock.acceptance import COMMENT, EXCEPTION
from paddock.dates import is_date
from paddock.diagnostics import Place, Problem
from paddock.layout import TEMPLATES
from paddock.wording import did_you_mean

_MARK = "allow:"
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|\{#-?)[ \t]*allow:(?P<text>.*)$")
# Of a text with single spaces: where several may match one run of spaces, a long run takes the cube of its length.
_TEXT = re.compile(r"(?P<ids>[^ ,]+(?: ?, ?[^ ,]+)*)(?: until (?P<until>\S+))? -- (?P<reason>\S.*)")
_SPACES = re.compile(r"[ \t]+")
_BLANK = re.compile(r"[ \t]*(?:#.*|\{#.*#\}[ \t]*)?$")
_HELP = "write # allow: <id> -- <reason>, or # allow: <id> until 2027-01-31 -- <reason>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One id that a comment accepts. `place` is the comment, `line` (1-based) the line whose findings it accepts, and
    `until` the last day on which it does."""

    id: str
    reason: str
    until: str | None
    place: Place
    line: int

    def expired(self, as_of: str | None) -> bool:
        """Whether its last day is over."""
        return as_of is not None and self.until is not None and self.until < as_of


def read(files: Mapping[str, bytes], known: Collection[str]) -> tuple[list[Suppression], list[Problem]]:
    """The suppressions of files by path, and what is wrong with comments that look like one. `known` are all ids."""
    found: list[Suppression] = []
    problems: list[Problem] = []
    for path, content in files.items():
        if _MARK.encode() not in content:
            continue
        lines, comments = _comments(path, content)
        for place, text in comments:
            match = _TEXT.fullmatch(text)
            wrong = _malformed(text, match)
            if match is None or wrong:
                problems.append(Problem(id="malformed-suppression", message=wrong, place=place, help=_HELP))
                continue
            line = _covered(lines, place)
            for id in re.split(r"[ ]*,[ ]*", match["ids"]):
                problem = _refused(id, place, known)
                if problem is None:
                    one = Suppression(id=id, reason=match["reason"], until=match["until"], place=place, line=line)
                    found.append(one)
                else:
                    problems.append(problem)
    return found, problems


def _comments(path: str, content: bytes) -> tuple[list[str], Iterator[tuple[Place, str]]]:
    """The lines of a file and the places and texts of its comments with the mark. What a comment is the YAML parser
    knows; a template is none, so there every line counts."""
    if path.startswith(TEMPLATES + "/"):
        lines, inside = source.lines(content), {}
    else:
        lines, inside = source.lines(content), source.scalars(content)

    def found() -> Iterator[tuple[Place, str]]:
        for number, line in enumerate(lines, 1):
            match = _COMMENT.search(line) if _MARK in line else None
            if match and not any(start <= match.start() < end for start, end in inside.get(number, ())):
                yield Place(path=path, line=number, column=match.start() + 1), _text(match["text"])

    return lines, found()


def _text(rest: str) -> str:
    """What a comment says, without the end of a template's comment and with single spaces."""
    text = rest.rstrip(" \t")
    if text.endswith("#}"):
        text = text.removesuffix("#}").removesuffix("-")
    return _SPACES.sub(" ", text).strip(" ")


def _covered(lines: list[str], place: Place) -> int:
    """The line that a comment speaks of."""
    number = place.line or 1
    if lines[number - 1][: place.column - 1].strip():
        return number
    after = (index for index in range(number + 1, len(lines) + 1) if not _BLANK.match(lines[index - 1]))
    return next(after, number)


def _malformed(text: str, match: re.Match[str] | None) -> str:
    if match is None:
        return f'"{text}" is not a suppression: it wants ids, two hyphens and a reason'
    if match["until"] is not None and not is_date(match["until"]):
        return f'"{match["until"]}" is not a date'
    return ""


def _refused(id: str, place: Place, known: Collection[str]) -> Problem | None:
    if id in COMMENT:
        return None
    if id not in known:
        help = did_you_mean(id, known) + "paddock explain lists all ids"
        return Problem(id="malformed-suppression", message=f'there is no finding "{id}"', place=place, help=help)
    if id in EXCEPTION:
        help = "ask the platform team for an exception in environments/exceptions.yaml"
        message = f'"{id}" is not accepted by a comment: a team cannot approve itself'
    else:
        help = "mend what it finds"
        message = f'"{id}" cannot be accepted: what would be rendered, or synced, would be wrong'
    return Problem(id="suppression-not-allowed", message=message, place=place, help=help)
