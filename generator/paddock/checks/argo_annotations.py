"""Annotations by which an object tells Argo CD how to apply it: what it would misread, ignore or destroy.

Argo CD reads each as text and says nothing of what it does not understand (argocd.md 2.7, 2.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from paddock.analysis.argocd_projects import KEPT_DATA
from paddock.diagnostics import Severity
from paddock.model import Json
from paddock.render import ObjectRef
from paddock.schema import Fault
from paddock.wording import nearest

IDS = (
    "sync-wave-not-a-number",
    "unknown-sync-option",
    "force-without-replace",
    "replaced-with-its-data",
    "hook-in-tree",
    "reserved-annotation",
)
_PREFIX = "argocd.argoproj.io/"
_OPTIONS = f"{_PREFIX}sync-options"
_WAVE = re.compile(r"[+-]?[0-9]+")
# Options that Argo CD reads of a single object (argocd.md 2.7, those marked R).
OPTIONS = frozenset(
    {
        "Delete=confirm",
        "Delete=false",
        "Force=true",
        "Prune=confirm",
        "Prune=false",
        "PruneLast=true",
        "Replace=true",
        "ServerSideApply=false",
        "ServerSideApply=true",
        "SkipDryRunOnMissingResource=true",
        "Validate=false",
    }
)
_OWN = frozenset({f"{_PREFIX}{name}" for name in ("tracking-id", "refresh", "installation-id", "deletion-approved")})
_HOOKS = frozenset({f"{_PREFIX}hook", "helm.sh/hook"})


def check(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    """The annotations of one object that are Argo CD's, or Helm's as Argo CD reads them."""
    annotations = data["metadata"].get("annotations")
    if not annotations:
        return
    for key, value in annotations.items():
        if key.startswith(_PREFIX) or key == "helm.sh/hook":
            yield from _annotation(ref, key, value)


def _annotation(ref: ObjectRef, key: str, value: str) -> Iterator[Fault]:
    pointer = ("metadata", "annotations", key)
    if key == f"{_PREFIX}sync-wave" and not _WAVE.fullmatch(value):
        yield Fault(
            id="sync-wave-not-a-number",
            message=f'the sync wave "{value}" of a {ref.kind} is not an integer, and Argo CD takes it for 0',
            pointer=pointer,
            help='write an integer in quotes, e.g. "-5"',
        )
    elif key == _OPTIONS:
        yield from _options(ref, value, pointer)
    elif key in _HOOKS and value != "Skip":
        yield Fault(
            id="hook-in-tree",
            message=f"a {ref.kind} is a hook ({key}: {value}): Argo CD runs it at a sync only, never heals it, and a "
            "change of it alone starts no sync",
            pointer=pointer,
            severity=Severity.WARNING,
            help="render a plain object; one that must come first has an earlier wave (argo-cd#25475, #9830)",
        )
    elif key in _OWN:
        yield Fault(
            id="reserved-annotation",
            message=f"a {ref.kind} has the annotation {key}, which Argo CD writes and reads itself",
            pointer=pointer,
            help="leave it out: with it, Argo CD takes the object for another Application's or acts at every sync",
        )


def _options(ref: ObjectRef, value: str, pointer: tuple[str, ...]) -> Iterator[Fault]:
    stated = [one.strip() for one in value.split(",") if one.strip()]
    for option in stated:
        if option not in OPTIONS:
            near = nearest(option, OPTIONS, cutoff=0.5)
            yield Fault(
                id="unknown-sync-option",
                message=f'the sync option "{option}" of a {ref.kind} is none that Argo CD reads of an object: '
                "it does nothing",
                pointer=pointer,
                help=f'did you mean "{near}"?' if near else f"legal: {', '.join(sorted(OPTIONS))}",
            )
    forced, replaced = "Force=true" in stated, "Replace=true" in stated
    if (forced or replaced) and (ref.group, ref.kind) in KEPT_DATA:
        yield Fault(
            id="replaced-with-its-data",
            message=f"a {ref.kind} is replaced at a sync ({value}): it is deleted first, with everything in it",
            pointer=pointer,
            help="leave Replace=true and Force=true out (argo-cd#18245)",
        )
    elif forced and not replaced:
        yield Fault(
            id="force-without-replace",
            message=f"a {ref.kind} has Force=true without Replace=true, which fails where the server applies",
            pointer=pointer,
            help="write Replace=true,Force=true, which deletes and makes it anew, or neither (argo-cd#23226, #29624)",
        )
