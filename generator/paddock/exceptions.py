"""environments/exceptions.yaml: findings that the platform team accepts for a time, with a reason and an approver."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from paddock import layout
from paddock.acceptance import COMMENT, EXCEPTION
from paddock.diagnostics import Place, Problem, Severity
from paddock.model import Fleet, Spec
from paddock.wording import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """One entry of the file: what it accepts and until when. `field` are the steps of a pointer below `spec`."""

    name: str
    finding: str
    path: str
    field: tuple[str, ...]
    reason: str
    expires: str
    approver: str
    place: Place

    def covers(self, problem: Problem) -> bool:
        """Whether the problem is what it is about."""
        if (problem.id, problem.place.path) != (self.finding, self.path):
            return False
        pointer = tuple(str(step) for step in problem.place.pointer)
        return not self.field or pointer[1 : 1 + len(self.field)] == self.field

    def expired(self, as_of: str | None) -> bool:
        """Whether its last day is over."""
        return as_of is not None and self.expires < as_of


def read(spec: Spec | None) -> list[Exemption]:
    """The exceptions of the file in the order of their names."""
    if spec is None:
        return []
    return [
        Exemption(
            name=name,
            finding=one["finding"],
            path=one["path"],
            field=tuple(one.get("field", "").split(".")) if "field" in one else (),
            reason=one["reason"],
            expires=one["expires"],
            approver=one["approver"],
            place=spec.place(name, key=True),
        )
        for name, one in sorted(spec.data.items())
    ]


def check(fleet: Fleet, known: Collection[str], as_of: str | None) -> Iterator[Problem]:
    """Exceptions that accept nothing, or must not. `known` are all ids of findings."""
    spec = fleet.exceptions
    if spec is None:
        return
    for one in read(spec):
        yield from _finding(spec, one, known)
        yield from _approver(fleet, spec, one)
        if one.expired(as_of):
            yield Problem(
                id="expired-exception",
                message=f'the exception "{one.name}" ended on {one.expires}',
                place=spec.place(one.name, "expires"),
                severity=Severity.WARNING,
                help="mend what it accepted and remove it, or have it approved anew",
            )


def _finding(spec: Spec, one: Exemption, known: Collection[str]) -> Iterator[Problem]:
    if one.finding in EXCEPTION or one.finding in COMMENT:
        return
    if one.finding in known:
        message = f'"{one.finding}" cannot be accepted: what would be rendered, or synced, would be wrong'
        help = "mend what it finds"
    else:
        message = f'there is no finding "{one.finding}"'
        help = did_you_mean(one.finding, known) + "paddock explain lists all ids"
    yield Problem(id="exception-not-allowed", message=message, place=spec.place(one.name, "finding"), help=help)


def _approver(fleet: Fleet, spec: Spec, one: Exemption) -> Iterator[Problem]:
    groups = fleet.platform.data["identityGroups"]
    place = spec.place(one.name, "approver")
    if one.approver not in groups:
        message = f'there is no identity group "{one.approver}"'
        help = f"legal: {', '.join(sorted(groups))}"
        yield Problem(id="unknown-approver", message=message, place=place, help=help)
        return
    at = layout.spec_path(one.path)
    owner = at.team or (at.name if at.kind == "Team" else "") if at is not None else ""
    own = {
        group
        for environment in fleet.environments.values()
        if owner in environment.teams
        for group in environment.teams[owner].data["groups"].values()
    }
    if one.approver in own:
        yield Problem(
            id="self-approved-exception",
            message=f'"{one.approver}" is a group of team "{owner}", whose finding it would accept',
            place=place,
            help="let a group of the platform team decide",
        )
