"""What rules and bindings of RBAC give that is more than it looks: wildcards, and rights that lead to all others.

Source: https://kubernetes.io/docs/concepts/security/rbac-good-practices/ ("Privilege escalation risks").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.diagnostics import Pointer
from paddock.wording import quoted

Json = Any

WRITING = ("create", "patch", "update")
READING = ("get", "list", "watch")
EVERY = "*"
_FIELDS = ("apiGroups", "resources", "verbs", "nonResourceURLs")
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What a role gives. `total` says that nothing is left to gain: it is the cluster, or RBAC itself.

    `pointer` is where it stands in the Role."""

    what: str
    pointer: Pointer
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Verbs on resources of a group that lead to more. `cluster` ones only count where a role is for all namespaces,
    `tenants` ones only in a role of a team."""

    what: str
    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    total: bool = False
    cluster: bool = False
    tenants: bool = False


RIGHTS = (
    Right(
        what="may grant rights that it has not itself",
        group=_RBAC,
        resources=("clusterroles", "roles"),
        verbs=("bind", "escalate"),
        total=True,
    ),
    Right(
        what="may act as anybody",
        group="",
        resources=("groups", "serviceaccounts", "users"),
        verbs=("impersonate",),
        total=True,
    ),
    Right(
        what="may make tokens of service accounts",
        group="",
        resources=("serviceaccounts/token",),
        verbs=("create",),
    ),
    Right(
        what="may run commands in any pod of a node, past admission and audit",
        group="",
        resources=("nodes/proxy",),
        verbs=(*READING, *WRITING, "delete"),
    ),
    Right(what="may read Secrets", group="", resources=("secrets",), verbs=READING, cluster=True),
    Right(
        what="may make volumes that are paths of a host",
        group="",
        resources=("persistentvolumes",),
        verbs=("create",),
    ),
    Right(
        what="may change what admission lets pass",
        group="admissionregistration.k8s.io",
        resources=(
            "mutatingadmissionpolicies",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingwebhookconfigurations",
        ),
        verbs=(*WRITING, "delete"),
    ),
    Right(
        what="may issue certificates of any user",
        group="certificates.k8s.io",
        resources=("certificatesigningrequests/approval",),
        verbs=("patch", "update"),
    ),
    Right(
        what="may change the labels of namespaces, and with them their level of Pod Security",
        group="",
        resources=("namespaces",),
        verbs=("patch", "update"),
    ),
    Right(
        what="may run commands in pods, with the rights of their service accounts",
        group="",
        resources=("pods/attach", "pods/ephemeralcontainers", "pods/exec", "pods/portforward"),
        verbs=("create", "get", "patch", "update"),
        tenants=True,
    ),
)

_RISKY = frozenset(one for right in RIGHTS for one in right.resources)

SUBJECTS = {
    "system:anonymous": "everybody who reaches the API server",
    "system:authenticated": "everybody with any identity, pods included",
    "system:masters": "a group that no binding can take anything from",
    "system:serviceaccounts": "every pod of the cluster",
    "system:unauthenticated": "everybody who reaches the API server",
}
"""Users and groups that are more people than one thinks of, with who they are."""
OPEN = ("system:anonymous", "system:masters", "system:unauthenticated")
"""Those that nothing should be bound to."""


def wildcards(rules: list[Mapping[str, Json]]) -> Iterator[Risk]:
    """The rules with a wildcard, each once, at its first."""
    for number, rule in enumerate(rules):
        if not any(EVERY in "".join(rule.get(field) or ()) for field in _FIELDS):
            continue
        stars = [
            (field, index)
            for field in _FIELDS
            for index, one in enumerate(rule.get(field) or ())
            if one == EVERY or one.startswith("*/")
        ]
        if stars:
            total = {"resources", "verbs"} <= {field for field, _ in stars}
            yield Risk(what=_wide(rule), pointer=("rules", number, *stars[0]), total=total)


def escalations(rules: list[Mapping[str, Json]], *, cluster: bool, tenant: bool) -> Iterator[Risk]:
    """The rules that lead to more rights; wildcards are another matter. `cluster` says that a ClusterRole has them,
    `tenant` that a team does."""
    for number, rule in enumerate(rules):
        if _RISKY.isdisjoint(rule.get("resources") or ()):
            continue
        for right in RIGHTS:
            if (right.cluster and not cluster) or (right.tenants and not tenant):
                continue
            found = _given(rule, right)
            if found is not None:
                resource, verb = found
                what = f'{right.what}: "{rule["verbs"][verb]}" on {rule["resources"][resource]}'
                yield Risk(what=what, pointer=("rules", number, "resources", resource), total=right.total)


def subjects(binding: Mapping[str, Json]) -> Iterator[tuple[str, Pointer]]:
    """The subjects of a binding that stand for more than some people, with their places."""
    for index, one in enumerate(binding.get("subjects") or ()):
        name = one.get("name", "")
        if one.get("kind") in ("Group", "User") and name in SUBJECTS:
            yield name, ("subjects", index)


def _given(rule: Mapping[str, Json], right: Right) -> tuple[int, int] | None:
    """Indices of a resource and a verb of a rule that give a right; None if it does not, or only on named objects."""
    groups, resources, verbs = (rule.get(name) or [] for name in ("apiGroups", "resources", "verbs"))
    if right.group not in groups or rule.get("resourceNames"):
        return None
    resource = next((index for index, one in enumerate(resources) if one in right.resources), None)
    verb = next((index for index, one in enumerate(verbs) if one in right.verbs), None)
    return (resource, verb) if resource is not None and verb is not None else None


def _wide(rule: Mapping[str, Json]) -> str:
    if rule.get("nonResourceURLs"):
        return f"allows {_of(rule, 'verbs', 'verb')} on {_of(rule, 'nonResourceURLs', 'URL')}"
    groups = _of(rule, "apiGroups", "API group")
    groups = groups.replace('""', "the core group")
    return f"allows {_of(rule, 'verbs', 'verb')} on {_of(rule, 'resources', 'resource')} of {groups}"


def _of(rule: Mapping[str, Json], field: str, noun: str) -> str:
    stated = rule.get(field) or []
    if EVERY in stated:
        return f"every {noun}"
    return quoted(stated)
