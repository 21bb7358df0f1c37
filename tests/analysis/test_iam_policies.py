"""What policy documents of IAM give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paddock.analysis import iam_policies

Json = Any


def document(**statement: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


CONDITION = {"StringEquals": {"aws:ResourceAccount": "111122223333"}}


@pytest.mark.parametrize(
    "text",
    [
        document(Action="*", Resource="*"),
        document(Action=["*"], Resource=["*"], Condition=CONDITION),
        document(Action="*:*", Resource="*"),
        document(Action=["s3:GetObject", "s3:*"], Resource=["*"]),
        document(Action="iam:PassRole", Resource="*"),
        document(Action="sts:AssumeRole", Resource="*"),
        document(NotAction="iam:*", Resource="arn:aws:s3:::x"),
        document(Action="s3:*", NotResource="arn:aws:s3:::x"),
    ],
)
def test_too_much(text: str) -> None:
    assert len(list(iam_policies.rights(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        document(Action="s3:*", Resource="arn:aws:s3:::x/*"),
        document(Action=["s3:*", "iam:PassRole"], Resource="*", Condition=CONDITION),
        document(Action=["ec2:Describe*", "s3:List*"], Resource="*"),
        document(Action="iam:PassRole", Resource="arn:aws:iam::111122223333:role/x"),
        document(Effect="Deny", NotAction="s3:*", Resource="*"),
        document(Effect="Deny", Action="*", Resource="*"),
        "",
        "no document",
        "[]",
        '{"Statement": "x"}',
        '{"Statement": [1, {"Effect": "Allow"}]}',
    ],
)
def test_enough(text: str) -> None:
    assert list(iam_policies.rights(text)) == []


def test_one_statement_need_not_be_a_list() -> None:
    text = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    assert [one.statement for one in iam_policies.rights(text)] == [0]


WEB = "sts:AssumeRoleWithWebIdentity"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Principal": "*"}, 1),
        ({"Principal": {"AWS": ["*"]}}, 1),
        ({"Principal": {"AWS": "*"}, "Condition": CONDITION}, 0),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, 0),
        ({"Principal": {"Service": "pods.eks.amazonaws.com"}}, 0),
        ({"Principal": {"Federated": "x"}, "Action": WEB}, 1),
        ({"Principal": {"Federated": "x"}, "Action": WEB, "Condition": {"StringEquals": {"x:aud": "y"}}}, 1),
        ({"Principal": {"Federated": "x"}, "Action": WEB, "Condition": {"StringLike": {"x:sub": "*"}}}, 1),
        ({"Principal": {"Federated": "x"}, "Action": WEB, "Condition": {"StringLike": {"x:sub": "repo:a/*"}}}, 0),
        ({"Principal": {"Federated": "x"}, "Action": WEB, "Condition": {"StringEquals": {"x:sub": ["y"]}}}, 0),
    ],
)
def test_who_may_assume(statement: Json, found: int) -> None:
    text = document(**{"Action": "sts:AssumeRole", **statement})
    assert len(list(iam_policies.assumed_by(text))) == found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Principal": "*"}, 1),
        ({"Principal": {"AWS": "*"}}, 1),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}}, 1),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, 0),
        ({"Principal": "*", "Effect": "Deny"}, 0),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*"}, 0),
        ({"Principal": {"Service": "events.amazonaws.com"}}, 0),
    ],
)
def test_shared_with(statement: Json, found: int) -> None:
    text = document(**{"Action": "s3:GetObject", "Resource": "*", **statement})
    assert len(list(iam_policies.shared_with(text))) == found
