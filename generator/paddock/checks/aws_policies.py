"""Policy documents in objects of ACK that give everything, or give something to everybody.

Statements of iam.yaml and of teams are checked where they are written (permissions.py), not again where they end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock.analysis import iam_policies
from paddock.analysis.iam_policies import Excess
from paddock.diagnostics import Pointer
from paddock.model import Json
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("open-trust-policy", "public-resource-policy", "wildcard-policy")

_IAM = "iam.services.k8s.aws"
_SHARED = {
    ("ecr.services.k8s.aws", "Repository"),
    ("kms.services.k8s.aws", "Key"),
    ("s3.services.k8s.aws", "Bucket"),
    ("sqs.services.k8s.aws", "Queue"),
}
KINDS = frozenset({"Policy", "Role", *(kind for _, kind in _SHARED)})
_OURS = "templates/infrastructure/"


def check(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    """The documents of an object of ACK, each statement by itself."""
    if not ref.group.endswith(".services.k8s.aws"):
        return
    spec = data.get("spec") or {}
    if ref.group == _IAM:
        yield from _identity(ref, spec)
    elif (ref.group, ref.kind) in _SHARED:
        for one in iam_policies.shared_with(spec.get("policy") or ""):
            message = f'the policy of {ref.kind} "{ref.name}" gives {one.what} ({_number(one)})'
            help = "name the accounts or roles, or add a condition such as aws:PrincipalOrgID"
            yield Fault(id="public-resource-policy", message=message, pointer=("spec", "policy"), help=help)


def _identity(ref: ObjectRef, spec: Mapping[str, Json]) -> Iterator[Fault]:
    if ref.kind == "Role":
        for one in iam_policies.assumed_by(spec.get("assumeRolePolicyDocument") or ""):
            yield Fault(
                id="open-trust-policy",
                message=f'role "{ref.name}" may be assumed by {one.what} ({_number(one)})',
                pointer=("spec", "assumeRolePolicyDocument"),
                help="name the principal, or add a condition that only it meets",
            )
    if ref.template.startswith(_OURS):
        return
    for pointer, text in _documents(ref, spec):
        for one in iam_policies.rights(text):
            yield Fault(
                id="wildcard-policy",
                message=f'{ref.kind} "{ref.name}" allows {one.what} ({_number(one)})',
                pointer=pointer,
                help="name the actions that are needed, and the ARNs they are needed on",
            )


def _documents(ref: ObjectRef, spec: Mapping[str, Json]) -> Iterator[tuple[Pointer, str]]:
    if ref.kind == "Policy":
        yield ("spec", "policyDocument"), spec.get("policyDocument") or ""
    elif ref.kind == "Role":
        for text in (spec.get("inlinePolicies") or {}).values():
            yield ("spec", "inlinePolicies"), text


def _number(one: Excess) -> str:
    return f"statement {one.statement + 1}"
