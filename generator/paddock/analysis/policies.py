"""The platform's own policies in CEL: read once, asked of a value, and tried on their tests. Words are the checks'."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock import cel
from paddock.diagnostics import Pointer
from paddock.model import Cluster, Environment, Policy, Team

Json = Any

MAX_MESSAGE = 500
"""Longest message that an expression makes, in characters: a finding is a sentence."""
NAMES = ("object", "environment", "cluster", "team")
_STEP = re.compile(r"\['([^']+)'\]|\[([0-9]+)\]|\.?([A-Za-z_][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An expression of a policy that cannot be used, at its place in the policy's spec."""

    pointer: Pointer
    why: cel.Misspelt


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """One demand: what must be true, and what is said where it is not."""

    program: cel.Program
    message: str
    message_program: cel.Program | None
    path: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A policy that can be asked; `unreadable` keeps it from that."""

    policy: Policy
    conditions: tuple[cel.Program, ...]
    validations: tuple[Validation, ...]
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A demand that is not met, or cannot be decided (`error`); `pointer` is in the object, `at` in the policy."""

    at: Pointer
    message: str = ""
    error: str = ""
    pointer: Pointer = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A test of a policy: `problem` is empty if it went as expected."""

    name: str
    index: int
    problem: str = ""


def compiled(policy: Policy) -> Compiled:
    """The policy with its expressions compiled; expressions are compiled once in a process."""
    unreadable: list[Unreadable] = []

    def read(pointer: Pointer, expression: str, types: tuple[str, ...], wanted: str) -> cel.Program | None:
        found = cel.compiled(expression, NAMES)
        if isinstance(found, cel.Program) and found.type not in types:
            found = cel.Misspelt(message=f"it gives {found.type.lower()}, not {wanted}")
        if isinstance(found, cel.Program):
            return found
        unreadable.append(Unreadable(pointer=pointer, why=found))
        return None

    conditions = [
        read(("matchConditions", index, "expression"), one["expression"], ("BOOL", "DYN"), "true or false")
        for index, one in enumerate(policy.data["matchConditions"])
    ]
    validations = []
    for index, one in enumerate(policy.data["validations"]):
        at = ("validations", index)
        program = read((*at, "expression"), one["expression"], ("BOOL", "DYN"), "true or false")
        said = one.get("messageExpression")
        words = read((*at, "messageExpression"), said, ("STRING", "DYN"), "text") if said else None
        if program is not None:
            path = _pointer(one.get("fieldPath", ""))
            validations.append(Validation(program=program, message=one["message"], message_program=words, path=path))
    return Compiled(
        policy=policy,
        conditions=tuple(one for one in conditions if one is not None),
        validations=tuple(validations),
        unreadable=tuple(unreadable),
    )


def _pointer(path: str) -> Pointer:
    return tuple(
        int(index) if index else key or name for key, index, name in (found.groups() for found in _STEP.finditer(path))
    )


def variables(
    object: Json, environment: Environment | None, cluster: Cluster | None, team: Team | None
) -> dict[str, Json]:
    """What expressions see around an object: null where there is no cluster, or no team."""
    return {
        "object": object,
        "environment": None
        if environment is None
        else {"name": environment.name, "production": environment.production},
        "cluster": None
        if cluster is None
        else {
            "name": cluster.name,
            "role": cluster.role,
            "region": cluster.region,
            "kubernetesVersion": cluster.kubernetes_version,
        },
        "team": None if team is None else {"name": team.name, "costCenter": team.data["costCenter"]},
    }


def verdicts(one: Compiled, around: Mapping[str, Json]) -> list[Verdict] | None:
    """The demands that a value does not meet, empty if it meets all; None where the policy asks nothing of it."""
    values = cel.values(around)
    for index, condition in enumerate(one.conditions):
        answer = condition.answer(values)
        if answer.value is False:
            return None
        if answer.value is not True:
            return [Verdict(at=("matchConditions", index, "expression"), error=_error(answer))]
    return list(_unmet(one, values, around["object"]))


def _unmet(one: Compiled, values: cel.Values, object: Json) -> Iterator[Verdict]:
    for index, validation in enumerate(one.validations):
        at = ("validations", index, "expression")
        answer = validation.program.answer(values)
        pointer = _existing(validation.path, object)
        if answer.value is False:
            said = validation.message_program.answer(values).value if validation.message_program else None
            message = said if isinstance(said, str) and said.strip() else validation.message
            yield Verdict(at=at, message=" ".join(message[:MAX_MESSAGE].split()), pointer=pointer)
        elif answer.value is not True:
            yield Verdict(at=at, error=_error(answer), pointer=pointer)


def _error(answer: cel.Answer) -> str:
    return answer.error or f"it gives {answer.value!r}, not true or false"


def _existing(path: Pointer, value: Json) -> Pointer:
    """The part of a path that is there."""
    for depth, step in enumerate(path):
        there = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not there and not (isinstance(value, Mapping) and step in value):
            return path[:depth]
        value = value[step]
    return path


def outcomes(one: Compiled) -> list[Outcome]:
    """How the tests of a policy went."""
    return [
        Outcome(name=test["name"], index=index, problem=_problem(one, test))
        for index, test in enumerate(one.policy.data["tests"])
    ]


def _problem(one: Compiled, test: Mapping[str, Json]) -> str:
    around = {
        "object": test["object"],
        "environment": {"name": "test", "production": False} | test.get("environment", {}),
        "cluster": test.get("cluster"),
        "team": test.get("team"),
    }
    found = verdicts(one, around)
    failed = next((verdict.error for verdict in found or () if verdict.error), "")
    if failed:
        return f"the expression fails: {failed}"
    got = "skip" if found is None else "fail" if found else "pass"
    said = [verdict.message for verdict in found or ()]
    if got != test["expect"]:
        return f"{test['expect']} is expected, and it gives {got}" + (f": {said[0]}" if said else "")
    words = test.get("message", "")
    if words and not any(words in message for message in said):
        return f'no violation says "{words}"; said: {"; ".join(said)}'
    return ""
