"""Rights on AWS that would be rights to everything: all of a service on every resource, or any role to pass on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from paddock.catalogue import Component
from paddock.diagnostics import Place, Problem
from paddock.model import Fleet, Json

IDS = ("wildcard-permission",)

_ESCALATING = ("iam:", "sts:AssumeRole")
"""Actions by which who has them on every resource gets everybody's rights (IAM user guide, "PassRole")."""


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """The statements of every component and of every team."""
    for component in catalogue.values():
        for at, identity in enumerate(component.identities):
            for number, statement in enumerate(identity.get("statements", ())):
                pointer = ("podIdentities", at, "statements", number)
                for action in _too_wide(statement):
                    place = Place(path=component.identity_path, pointer=(*pointer, "actions", action))
                    yield _problem(statement["actions"][action], f'component "{component.name}"', place)
    seen: set[Place] = set()
    for environment in fleet.environments.values():
        for team in environment.teams.values():
            for number, statement in enumerate(team.data["permissions"]):
                for action in _too_wide(statement):
                    place = team.place("permissions", number, "actions", action)
                    if place not in seen:
                        yield _problem(statement["actions"][action], f'team "{team.name}"', place)
                    seen.add(place)


def _too_wide(statement: Mapping[str, Json]) -> Iterable[int]:
    """Indices of actions that are all of a service, or escalate, on every resource and under no condition."""
    if "*" not in statement["resources"]:
        return []
    actions = enumerate(statement["actions"])
    return [index for index, one in actions if one == "*" or one.endswith(":*") or _escalates(one, statement)]


def _escalates(action: str, statement: Mapping[str, Json]) -> bool:
    reading = action.startswith(("iam:Get", "iam:List"))
    return action.startswith(_ESCALATING) and not reading and "conditions" not in statement


def _problem(action: str, who: str, place: Place) -> Problem:
    return Problem(
        id="wildcard-permission",
        message=f"{who} would be allowed {action} on every resource of the account",
        place=place,
        help="name the actions that are needed, and the ARNs they are needed on",
    )
