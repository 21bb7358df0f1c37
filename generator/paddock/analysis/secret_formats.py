"""Secrets in a text: formats that makers of services publish, and values that look random under a name that says what
they are. It says where they stand and hides them; it does not know what file it reads."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

SHOWN = 4
"""How many characters of a secret may be shown."""
HEX_ENTROPY = 3.0
"""Bits a character above which a string of hexadecimal digits counts as random (detect-secrets' default)."""
ENTROPY = 3.5
"""The same for any other string (the threshold of gitleaks' rule for keys of no known service)."""
HEX_LENGTH, LENGTH = 32, 20
"""Shorter strings are too often names; a password is one however short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a service's secrets look like: `pattern` matches from one of the `needles` on, which are cheap to find."""

    what: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]


def _format(what: str, needles: str, pattern: str) -> Format:
    return Format(what=what, needles=tuple(needles.split("|")), pattern=re.compile(pattern))


# The prefixes are those that the services document; the lengths are lower bounds of what they issue.
_FORMATS = (
    _format("AWS access key", "AKIA|ASIA", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    _format("GitHub token", "ghp_|gho_|ghr_|ghs_|ghu_", r"\bgh[oprsu]_[A-Za-z0-9]{36,}"),
    _format("GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _format("GitLab token", "glpat-", r"\bglpat-[\w-]{20,}"),
    _format("Slack token", "xox", r"\bxox[abeoprs]-(?=[A-Za-z-]*\d)[A-Za-z0-9-]{10,}"),
    _format("Slack webhook", "hooks.slack.com/", r"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}"),
    _format("private key", "-----BEGIN ", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    # The same in base64, as a Secret holds it: RSA, none, EC, ENCRYPTED and OPENSSH before PRIVATE KEY.
    _format(
        "private key in base64",
        "LS0tLS1CRUdJTiB",
        r"LS0tLS1CRUdJTiB(?:SU0EgUFJJVkFURSBLRVkt|QUklWQVRFIEtFWS0t|FQyBQUklWQVRFIEtFWS|FTkNSWVBURUQgUFJJ"
        r"|PUEVOU1NIIFBSSVZB)[A-Za-z0-9+/=]*",
    ),
    _format("JSON web token", "eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    _format("Google API key", "AIza", r"\bAIza[\w-]{35}"),
    _format("npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}"),
    _format("PyPI token", "pypi-AgE", r"\bpypi-AgE[\w-]{50,}"),
    _format("Hugging Face token", "hf_", r"\bhf_[A-Za-z]{34}\b"),
    _format("NVIDIA API key", "nvapi-", r"\bnvapi-[\w-]{60,}"),
    _format("OpenAI key", "sk-", r"\bsk-(?:(?:proj|svcacct)-[\w-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})"),
    _format("Docker Hub token", "dckr_pat_", r"\bdckr_pat_[\w-]{27}"),
    _format("Grafana token", "glsa_", r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    _format("Databricks token", "dapi", r"\bdapi[0-9a-f]{32}\b"),
    _format("password in a URL", "://", r"://[^\s:/@\"'<>{}$]*:(?P<secret>[^\s/@\"'<>{}$*]{3,})@[\w\[]"),
)

# A name that ends in one of these words says what its value is; a key only if it says of what.
_WORDS = ("credential", "key", "passphrase", "passwd", "password", "secret", "token")
_KEYS = ("access", "account", "api", "auth", "private", "secret")
_PLAIN = r"""(?P<plain>[^\s,{}\[\]#"'|>&*!%@`][^,{}\[\]"'\n]*?)[ \t]*(?:[,{}\[\]"'\n]|$| #)"""
_VALUE = rf"""(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|{_PLAIN})"""
# What may stand between the name and its value: in YAML, JSON, a shell, and as Kubernetes lists variables.
_BETWEEN = re.compile(r"s?[\"']?[ \t]*(?::[ \t]+|=|:(?=[\"'])|,?\s*value:[ \t]*)")
_ASSIGNED = re.compile(_VALUE)
_NAME_BEFORE = re.compile(r"[\w.-]+")
_PASSWORDS = ("password", "passwd", "passphrase")
_PLACEHOLDER = re.compile(
    r"(?i)x+|\.+|-+|\*+|<.*>|\$.*|\(.*|\{.*|%.*%|change[-_]?(?:me|it).*|.*example.*|.*placeholder.*|dummy.*|fake.*"
    r"|redacted|none|null|true|false|todo.*|your[-_].*|required|optional|default|string|(?:my-?)?(?:password|secret|token)"
)
# Digests, ARNs, addresses, paths, UUIDs, dates, numbers and quantities.
_HARMLESS = re.compile(
    r"(?i)(?:sha(?:1|256|512)[:-]|arn:|[a-z][a-z0-9+.-]*://|[./~]|s3:|projects/|urn:|system:).*"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\d.:,-]+[a-z]{0,3}"
)
_REFERENCE = re.compile(r"[a-zA-Z][a-zA-Z0-9]*(?:[-._/:][a-zA-Z0-9]+)+")
_HEX = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret in a text: what it is, and its range in characters."""

    what: str
    start: int
    end: int


def secrets_in(text: str) -> list[Secret]:
    """The secrets of a text, in order; of two that overlap the first."""
    found = [*_known(text), *_named(text)]
    kept: list[Secret] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def masked(text: str) -> str:
    """The text with stars for all but the first characters of its secrets; its length stays the same."""
    for one in secrets_in(text):
        hidden = one.end - one.start - min(SHOWN, (one.end - one.start) // 2)
        text = text[: one.end - hidden] + "*" * hidden + text[one.end :]
    return text


def entropy(value: str) -> float:
    """Shannon's entropy of the characters, in bits a character; 0 for an empty string."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)


def _known(text: str) -> Iterator[Secret]:
    for one in _FORMATS:
        for needle in one.needles:
            at = text.find(needle)
            while at >= 0:
                match = one.pattern.match(text, at)
                if match is not None:
                    group = "secret" if "secret" in one.pattern.groupindex else 0
                    if not _PLACEHOLDER.fullmatch(match[group]) and not match[group].endswith("EXAMPLE"):
                        yield Secret(what=one.what, start=match.start(group), end=match.end(group))
                at = text.find(needle, at + len(needle))


def _named(text: str) -> Iterator[Secret]:
    lower = text.lower()
    for word in _WORDS:
        at = lower.find(word)
        while at >= 0:
            end = at + len(word)
            between = _BETWEEN.match(lower, end)
            if between is not None and (word != "key" or lower[max(at - 9, 0) : at].rstrip("_-").endswith(_KEYS)):
                yield from _assigned(text, word, end, between.end())
            at = lower.find(word, end)


def _assigned(text: str, word: str, end: int, start: int) -> Iterator[Secret]:
    """The value that begins at `start`, of the name that ends at `end`, if it is a secret."""
    match = _ASSIGNED.match(text, start)
    if match is None:
        return
    group = next(group for group in ("double", "single", "plain") if match[group] is not None)
    value = match[group]
    if _is_literal(value) and (_is_password(word, value) or is_random(value)):
        label = _NAME_BEFORE.findall(text[max(end - 60, 0) : end])[-1]
        yield Secret(what=f'value of "{label}"', start=match.start(group), end=match.end(group))


def _is_literal(value: str) -> bool:
    """Whether a value is one itself: no placeholder, no template, no name of something that holds it."""
    return not (_PLACEHOLDER.fullmatch(value) or _HARMLESS.fullmatch(value) or "{{" in value or "${" in value)


def _is_password(word: str, value: str) -> bool:
    """A password may be weak: any text of some length under that name, but the name of a Secret or of its key."""
    if word not in _PASSWORDS or len(value) < 6 or " " in value:
        return False
    return not (_REFERENCE.fullmatch(value) and not re.search(r"\d", value))


def is_random(value: str) -> bool:
    """Whether a value looks like a key: long, and as mixed as chance would have it."""
    if " " in value:
        return False
    if _HEX.fullmatch(value) and len(value) >= HEX_LENGTH:
        return entropy(value) > HEX_ENTROPY
    if len(value) < LENGTH or not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    # Words that hyphens, dots or slashes join are a name, with whatever digits at their ends.
    parts = re.split(r"[-._/:]", value)
    if len(parts) > 1 and all(re.fullmatch(r"[A-Za-z]*\d{0,6}|\d+[a-z]?", part) for part in parts):
        return False
    return entropy(value) > ENTROPY
