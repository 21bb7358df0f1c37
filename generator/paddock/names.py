"""Names on the hub and in the tree: joined, shortened with a hash where a limit is near, percent-encoded in paths."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

APPLICATION_LIMIT = 53
"""Longest name of an Application: it is the default Helm release name (facts: argo-cd#13645, #4045)."""
LABEL_LIMIT = 63
ROLE_LIMIT = 64
"""Longest name of an IAM role (IAM quotas)."""
_FILE_LIMIT = 255
"""Longest file name of Linux file systems and of git on them, in bytes."""


def application_name(*parts: str) -> str:
    """The name of an Application, at most 53 characters; a longer one ends in 8 hex digits of its digest."""
    return shortened("-".join(parts), APPLICATION_LIMIT)


def shortened(name: str, limit: int) -> str:
    """The name itself, or its beginning and 8 hex digits of its sha256: at most `limit` characters."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-')}-{digest(name)}"


def digest(text: str) -> str:
    """Eight hex digits that tell texts apart in a name: the beginning of the sha256."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def file_name(kind: str, name: str) -> str:
    """The file of an object: `<kind>-<name>.yaml` with unsafe characters percent-encoded, shortened to 255 bytes."""
    stem = f"{quote(kind.lower(), safe='')}-{quote(name, safe='-_.')}"
    return f"{shortened(stem, _FILE_LIMIT - len('.yaml'))}.yaml"
