"""What counts as a secret in a text. The samples are put together here: no scanner shall take this file for a leak."""

from __future__ import annotations

import random
import string

import pytest

from paddock.analysis import secret_formats
from paddock.analysis.secret_formats import entropy, masked, secrets_in

ALPHANUMERIC = string.ascii_letters + string.digits
URLSAFE = ALPHANUMERIC + "_-"
HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def chance(length: int, letters: str = ALPHANUMERIC, seed: int = 1) -> str:
    """Characters as a service would draw them, the same in each run."""
    source = random.Random(seed)
    return "".join(source.choice(letters) for _ in range(length))


POSITIVE = [
    "AKIA" + chance(16, BASE32),
    "key is ASIA" + chance(16, BASE32) + ".",
    "ghp_" + chance(36),
    "gho_" + chance(36),
    "ghs_" + chance(36),
    "github_pat_" + chance(22) + "_" + chance(59),
    "glpat-" + chance(20, URLSAFE),
    "xoxb-" + chance(11, string.digits) + "-" + chance(24),
    "xoxp-" + chance(40, string.digits),
    "https://hooks.slack.com/services/T" + chance(8) + "/B" + chance(8) + "/" + chance(24),
    "-----BEGIN " + "RSA PRIVATE KEY-----",
    "-----BEGIN " + "PRIVATE KEY-----",
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "-----BEGIN " + "ENCRYPTED PRIVATE KEY-----",
    "tls.key: LS0tLS1CRUdJTiB" + "SU0EgUFJJVkFURSBLRVktLS0tLQpNSUlF",
    "tls.key: LS0tLS1CRUdJTiB" + "QUklWQVRFIEtFWS0tLS0tCk1JSUV2",
    "eyJ" + chance(20) + ".eyJ" + chance(40) + "." + chance(43, URLSAFE),
    "AIza" + chance(35, URLSAFE),
    "npm_" + chance(36),
    "pypi-AgE" + chance(60, URLSAFE),
    "hf_" + chance(34, string.ascii_letters),
    "nvapi-" + chance(64, URLSAFE),
    "sk-proj-" + chance(48),
    "sk-" + chance(20) + "T3BlbkFJ" + chance(20),
    "dckr_pat_" + chance(27, URLSAFE),
    "glsa_" + chance(32) + "_" + chance(8, HEX),
    "dapi" + chance(32, HEX),
    "postgresql://mlflow:" + "S3cret!x" + "@db.example.com:5432/mlflow",
    "https://user:" + "pa55word" + "@example.com/simple",
    "redis://:" + "opensesame1" + "@cache:6379",
    "password: hunter2",
    'DB_PASSWORD: "correcthorse"',
    "{user: admin, password: Passw0rd}",
    "spring.datasource.password=geheim99",
    "passphrase: 'kX9.!aaaa'",
    "aws_secret_access_key: " + chance(40, ALPHANUMERIC + "/+"),
    "WANDB_API_KEY: " + chance(40, HEX),
    '"clientSecret": "' + chance(32) + '"',
    "export SERVICE_TOKEN=" + chance(32),
    "- name: DB_PASSWORD\n  value: hunter2",
    "- {name: SLACK_TOKEN, value: " + chance(30) + "}",
    "# old password: tr0ub4dor",
    "private_key: " + chance(44, ALPHANUMERIC),
]
NEGATIVE = [
    "digest: sha256:" + chance(64, HEX),
    "tokenDigest: sha256:" + chance(64, HEX),
    "roleArn: arn:aws:iam::111122223333:role/argocd-one",
    "secret: arn:aws:secretsmanager:us-east-1:111122223333:secret:mlflow-AbCdEf",
    "token: 123e4567-e89b-42d3-a456-426614174000",
    "TOKEN: {secret: api, key: token}",
    "secretName: load-balancer-oidc",
    "existingSecret: grafana-admin-credentials-2026",
    "passwordKey: admin-password",
    "userPasswordSecret: mlflow-postgres",
    "password: argo-workflows-postgres",
    "password: mlflow/postgres/password",
    "DB_PASSWORD_FILE: /var/run/secrets/db/password",
    "PASSWORD: ${PASSWORD}",
    "password: {{ settings.password }}",
    "password: <password>",
    "password: changeme",
    "password: ''",
    "password:",
    "password: null",
    "password: true",
    "password: |",
    "password: *anchor",
    "password: short",
    "the password: it is drawn by the cluster",
    "passwords: [a, b]",
    "token: default",
    "tokenExpirationSeconds: 3600",
    "api_key: vision-api-key-of-staging-2026",
    "apiKey: required",
    "accessKey: AKIAIOSFODNN7EXAMPLE",
    "AKIA is how they begin",
    "ghp_short",
    "xoxb-your-token",
    "-----BEGIN CERTIFICATE-----",
    "certificateAuthority: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t" + chance(40),
    "eyJhbGciOiJIUzI1NiJ9",
    "AIzaSy",
    "hf_transfer",
    "HF_HUB_ENABLE_HF_TRANSFER: '1'",
    "risk-" + "a" * 50,
    "postgresql://mlflow@db.example.com:5432/mlflow",
    "postgresql://$(DB_USER):$(DB_PASSWORD)@db.example.com/mlflow",
    "https://${USER}:${TOKEN}@example.com",
    "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/charts",
    "ssh://git@github.com:22/example/small.git",
    "checksum/secret: " + "0" * 64,
    "secret: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",
    "token: system:serviceaccount:argo:argo-workflows-server",
    "sessionToken: X-Amz-Security-Token",
    "key: " + chance(40),
    "monkey: " + chance(40),
]


@pytest.mark.parametrize("text", POSITIVE)
def test_a_secret(text: str) -> None:
    (one,) = secrets_in(f"a: b\n{text}\nc: d\n")
    hidden = masked(f"a: b\n{text}\nc: d\n")
    assert len(hidden) == len(text) + 11
    assert "**" in hidden
    assert f"a: b\n{text}\nc: d\n"[one.start : one.end] not in hidden


@pytest.mark.parametrize("text", NEGATIVE)
def test_no_secret(text: str) -> None:
    assert secrets_in(f"a: b\n{text}\nc: d\n") == []
    assert masked(text) == text


def test_there_are_forty_of_each() -> None:
    assert len(set(POSITIVE)) >= 40
    assert len(set(NEGATIVE)) >= 40


def test_every_format_has_a_sample() -> None:
    shown = {one.what for text in POSITIVE for one in secrets_in(text)}
    assert {one.what for one in secret_formats._FORMATS} <= shown


def test_every_needle_is_the_beginning_of_its_pattern() -> None:
    for one in secret_formats._FORMATS:
        for needle in one.needles:
            assert any(needle in text for text in POSITIVE) or needle in ("ghr_", "ghu_"), needle


def test_where_it_stands() -> None:
    text = "env:\n  DB_PASSWORD: 'hunter2'\n"
    (one,) = secrets_in(text)
    assert (text[one.start : one.end], one.what) == ("hunter2", 'value of "DB_PASSWORD"')


def test_of_two_that_overlap_the_first_counts() -> None:
    token = "ghp_" + chance(36)
    (one,) = secrets_in(f"GITHUB_TOKEN: {token}")
    assert one.what == "GitHub token"


def test_short_secrets_show_half_at_most() -> None:
    assert masked("password: hunter2") == "password: hun****"


@pytest.mark.parametrize(("value", "bits"), [("", 0), ("aaaa", 0), ("ab", 1), ("abcd", 2), ("aabb", 1)])
def test_entropy(value: str, bits: float) -> None:
    assert entropy(value) == pytest.approx(bits)
