"""Secrets as plain text in what a run reads: specs, their comments, templates. What is rendered comes from these."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from paddock import layout
from paddock.analysis import secret_formats
from paddock.analysis.secret_formats import Secret
from paddock.diagnostics import Place, Problem
from paddock.inputs import Inputs

IDS = ("plaintext-secret",)


def check(inputs: Inputs) -> Iterator[Problem]:
    """Every secret of every file, at its line; what it is, and of it no more than its beginning."""
    for path, content in inputs.specs.items():
        if not content.startswith(layout.REFUSED):
            yield from _problems(path, content.decode("utf-8", "replace"))
    for path, text in inputs.templates.items():
        if _is_suspected(text):
            yield from _problems(path, text)


@lru_cache(maxsize=512)
def _is_suspected(text: str) -> bool:
    """Whether a template holds any: most are the package's, and the same for each run of a process."""
    return bool(secret_formats.secrets_in(text))


def _problems(path: str, text: str) -> Iterator[Problem]:
    for one in secret_formats.secrets_in(text):
        line = text.count("\n", 0, one.start) + 1
        column = one.start - (text.rfind("\n", 0, one.start) + 1) + 1
        yield Problem(
            id="plaintext-secret",
            message=f'this file holds a secret as plain text: {_what(one)}, "{_beginning(text, one)}"',
            place=Place(path=path, line=line, column=column),
            help="revoke it, since git keeps it; put the new one into AWS Secrets Manager, and name it: `secrets` of a "
            "workload, or an ExternalSecret of a component",
        )


def _what(one: Secret) -> str:
    if one.what.startswith("value of"):
        return f"the {one.what}"
    return f"{'an' if one.what[0] in 'AEIOn' or one.what.startswith('NV') else 'a'} {one.what}"


def _beginning(text: str, one: Secret) -> str:
    """The first characters of it, fewer of a short one."""
    shown = min(secret_formats.SHOWN, (one.end - one.start) // 2)
    return text[one.start : one.start + shown] + "…"
