"""Service accounts that people act as who sign in to Argo Workflows: whose rule holds for their groups."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from paddock.model import Json

EDIT, VIEW = "pipelines-edit", "pipelines-view"
"""The accounts of a team, in its namespace: those who start pipelines, and those who look at them."""


def claims(groups: Mapping[str, Mapping[str, str]], names: Iterable[str]) -> list[str]:
    """The claims of identity groups, sorted, each once; one that the platform does not map has a finding."""
    return sorted({groups[name]["claim"] for name in names if name in groups})


def account(name: str, members: Iterable[str], *, precedence: int) -> dict[str, Json]:
    """`name`, `annotations` and `secret` of the account that members of groups act as (argo-workflows, SSO RBAC).

    The rule is an expression of expr-lang, whose strings in double quotes are JSON's. Without a group it never holds.
    """
    rule = " || ".join(f"{json.dumps(one)} in groups" for one in members) or "false"
    return {
        "name": name,
        "annotations": {
            "workflows.argoproj.io/rbac-rule": rule,
            "workflows.argoproj.io/rbac-rule-precedence": str(precedence),
        },
        "secret": token(name),
    }


def token(name: str) -> str:
    """The Secret in which Argo looks for the token of a service account."""
    return f"{name}.service-account-token"
