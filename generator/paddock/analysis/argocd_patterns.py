"""The patterns that Argo CD matches with, read exactly as it reads them. Pure text: what a project allows is not here.

Argo CD uses two languages: that of gobwas/glob for repositories, destinations and source namespaces, and Go's
path/filepath.Match for kinds, names and manifest-generate-paths (argo-cd, util/glob and app_project_types.go).
"""

from __future__ import annotations

import re
from functools import lru_cache

_SSH = re.compile(r"(ssh://)?([^/:]*?)@[^@]+")
_NOTHING = re.compile(r"(?!)")


@lru_cache(maxsize=8192)
def glob(pattern: str, text: str, separator: str = "") -> bool:
    """Whether text matches a pattern of gobwas/glob: `*` stops at a separator, `**` does not, `{a,b}` and `[!a-c]`.

    A pattern that does not compile matches nothing (argo-cd, util/glob/glob.go).
    """
    return _glob(pattern, separator).fullmatch(text) is not None


@lru_cache(maxsize=8192)
def file_match(pattern: str, text: str) -> bool:
    """Whether text matches a pattern of Go's filepath.Match: `*` and `?` stop at `/`, `[^a-c]`, `\\` escapes.

    A malformed pattern matches nothing: Argo CD takes the error for a no.
    """
    return _file(pattern).fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """Whether a text would match more than itself."""
    return any(char in text for char in "*?[{")


@lru_cache(maxsize=1024)
def repository(url: str) -> str:
    """A repository's URL as Argo CD compares it: lower case, without `.git` and `ssh://` (util/git/git.go)."""
    text = url.strip().lower()
    if _SSH.fullmatch(text) and not text.startswith("ssh://"):
        text = f"ssh://{text.replace(':', '/', 1)}"
    return text.removesuffix(".git").removeprefix("ssh://")


@lru_cache(maxsize=1024)
def place(url: str) -> str:
    """What two spellings of one repository have in common: host and path, by whatever protocol, user and port."""
    text = repository(url).rstrip("/").removesuffix(".git")
    authority, slash, path = text.rpartition("://")[2].partition("/")
    host = authority.rpartition("@")[2].partition(":")[0]
    return f"{host}{slash}{path.partition('?')[0].partition('#')[0]}"


@lru_cache(maxsize=1024)
def _glob(pattern: str, separator: str) -> re.Pattern[str]:
    one = f"[^{re.escape(separator)}]" if separator else "."
    found, depth, index = "", 0, 0
    while index < len(pattern):
        char = pattern[index]
        if char == "*":
            many = pattern.startswith("**", index)
            found += ".*" if many else f"{one}*"
            index += many
        elif char == "\\":
            index += 1
            found += re.escape(pattern[index : index + 1])
        elif char == "[":
            end = pattern.find("]", index + 2)
            if end < 0:
                return _NOTHING
            found += _class(pattern[index + 1 : end], "!")
            index = end
        elif char == "{" or (char == "}" and depth):
            found += "(?:" if char == "{" else ")"
            depth += 1 if char == "{" else -1
        else:
            found += one if char == "?" else "|" if char == "," and depth else re.escape(char)
        index += 1
    return _NOTHING if depth else re.compile(found, re.DOTALL)


@lru_cache(maxsize=1024)
def _file(pattern: str) -> re.Pattern[str]:
    found, index = "", 0
    while index < len(pattern):
        char = pattern[index]
        if char == "[":
            end = pattern.find("]", index + 2)
            if end < 0:
                return _NOTHING
            found += _class(pattern[index + 1 : end], "^")
            index = end
        elif char == "\\":
            index += 1
            if index == len(pattern):
                return _NOTHING
            found += re.escape(pattern[index])
        else:
            found += {"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
        index += 1
    return re.compile(found, re.DOTALL)


def _class(text: str, negation: str) -> str:
    """A class of characters between brackets; only `-` between two of them has a meaning."""
    negated = text.startswith(negation)
    inner = text[1:] if negated else text
    escaped = "".join(
        char if char == "-" and 0 < at < len(inner) - 1 else re.escape(char) for at, char in enumerate(inner)
    )
    return f"[{'^' if negated else ''}{escaped}]"
