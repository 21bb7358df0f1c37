"""Whether people can sign in to an Argo CD that EKS runs: it knows IAM Identity Center and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checks.workload_references import unknown
from paddock.diagnostics import Problem
from paddock.model import Fleet

IDS = ("capability-without-sign-in", "claim-not-group-id")
_GROUP_ID = re.compile(r"^([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$")
"""Ids of groups (Identity Store API reference, data type Group)."""


def check(fleet: Fleet) -> Iterator[Problem]:
    """The sign-in of the capability that the hub's stack makes."""
    platform, hub = fleet.platform, fleet.hub
    stated = platform.data["argoCD"].get("identityCenter")
    if stated is None:
        if platform.capability and hub is not None and hub.provisioner == "terraform":
            yield Problem(
                id="capability-without-sign-in",
                message="argoCD.mode is capability, but argoCD.identityCenter is missing, "
                f'so the stack of the hub "{hub.identity}" makes no Argo CD',
                place=platform.place("argoCD", "mode"),
                help="add identityCenter: {instanceARN: arn:aws:sso:::instance/ssoins-…, adminGroups: […]}",
            )
        return
    groups = platform.data["identityGroups"]
    for field in ("adminGroups", "editorGroups", "readOnlyGroups"):
        for index, name in enumerate(stated[field]):
            place = platform.place("argoCD", "identityCenter", field, index)
            if name not in groups:
                yield unknown("unknown-identity-group", "identity group", name, groups, place)
            elif not _GROUP_ID.match(groups[name]["claim"]):
                yield Problem(
                    id="claim-not-group-id",
                    message=f'identity group "{name}" signs in to the Argo CD capability, but its claim '
                    f'"{groups[name]["claim"]}" is not the id of a group in IAM Identity Center',
                    place=place,
                    help=f"write its id, e.g. a1b2c3d4-…, as identityGroups.{name}.claim: "
                    "`aws identitystore list-groups` prints it",
                )
