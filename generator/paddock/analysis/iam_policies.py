"""Policy documents of IAM, read as AWS reads them: which statements give everything, and to whom.

Sources: IAM user guide, "JSON policy element reference"; S3 user guide, "The meaning of public"; IAM user guide,
"Create a role for OpenID Connect federation" (without a condition on the subject any workload of the provider may).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.wording import quoted

Json = Any

EVERY = "*"
_ESCALATING = ("iam:passrole", "sts:assumerole")
"""By these on every resource a role gets the rights of all others (IAM user guide, "PassRole")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """What a statement gives too much. `statement` is its number from 0."""

    what: str
    statement: int


def statements(text: str) -> list[Mapping[str, Json]]:
    """The statements of a document; none of a text that is no document."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    stated = found.get("Statement") if isinstance(found, dict) else None
    stated = [stated] if isinstance(stated, dict) else stated
    return [one for one in stated if isinstance(one, dict)] if isinstance(stated, list) else []


def rights(text: str) -> Iterator[Excess]:
    """What an identity's policy gives on every resource, or gives by what it leaves out."""
    for number, one in _allowing(text):
        if "NotAction" in one:
            what = f"every action but {quoted(listed(one['NotAction']))}, also those that AWS adds later"
            yield Excess(what=what, statement=number)
        elif "NotResource" in one:
            what = f"{quoted(listed(one.get('Action')))} on every resource but some"
            yield Excess(what=what, statement=number)
        elif EVERY in listed(one.get("Resource")):
            wide = [action for action in listed(one.get("Action")) if _is_wide(action, one)]
            if wide:
                yield Excess(what=f"{quoted(wide)} on every resource of the account", statement=number)


def assumed_by(text: str) -> Iterator[Excess]:
    """Who may assume a role that should not: everybody, or every workload of an identity provider."""
    for number, one in _allowing(text):
        if _is_everybody(one.get("Principal")) and "Condition" not in one:
            yield Excess(what="anybody in any account of AWS", statement=number)
        elif _is_federated(one) and not _names_subject(one.get("Condition") or {}):
            yield Excess(what="every identity of the provider, for no condition names a subject", statement=number)


def shared_with(text: str) -> Iterator[Excess]:
    """What the policy of a bucket, key, queue or repository gives to everybody."""
    for number, one in _allowing(text):
        if _is_everybody(one.get("Principal")) and "Condition" not in one:
            yield Excess(what=f"anybody in any account of AWS {quoted(listed(one.get('Action')))}", statement=number)
        elif "NotPrincipal" in one:
            yield Excess(what=f"all but some {quoted(listed(one.get('Action')))}", statement=number)


def listed(value: Json) -> list[str]:
    """An element that may be one string or a list of them."""
    return [value] if isinstance(value, str) else [str(one) for one in value or ()]


def _allowing(text: str) -> Iterator[tuple[int, Mapping[str, Json]]]:
    return ((number, one) for number, one in enumerate(statements(text)) if one.get("Effect") == "Allow")


def _is_wide(action: str, statement: Mapping[str, Json]) -> bool:
    """Everything at all, condition or not; all of a service, or an action that escalates, without a condition."""
    lower = action.lower()
    if lower in ("*", "*:*"):
        return True
    return "Condition" not in statement and (lower.endswith(":*") or lower in _ESCALATING)


def _is_everybody(principal: Json) -> bool:
    if isinstance(principal, Mapping):
        return EVERY in listed(principal.get("AWS"))
    return bool(principal == EVERY)


def _is_federated(statement: Mapping[str, Json]) -> bool:
    actions = [one.lower() for one in listed(statement.get("Action"))]
    return "sts:assumerolewithwebidentity" in actions


def _names_subject(conditions: Mapping[str, Json]) -> bool:
    """Whether a condition on the subject holds for some only: any subject at all is no condition."""
    for operator, stated in conditions.items():
        for key, values in (stated or {}).items():
            if key.endswith(":sub") and EVERY not in listed(values) and not operator.startswith("Null"):
                return True
    return False
