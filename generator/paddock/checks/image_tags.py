"""Images of workloads by a tag that moves: a run of tomorrow, or a pod on another node, is another program."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checks.workload_references import merged
from paddock.diagnostics import Problem, Severity
from paddock.images import reference
from paddock.model import Fleet

IDS = ("unpinned-image",)


def check(fleet: Fleet) -> Iterator[Problem]:
    """The image of each workload, and of each step of a pipeline. A digest outweighs whatever the tag says."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            for part in workload.parts():
                image = part.data.get("image") or {}
                if image.get("tag") == "latest" and "digest" not in image:
                    yield Problem(
                        id="unpinned-image",
                        message=f'{part.title} runs "{reference(image)}", whatever that is when a pod starts',
                        place=part.place("image", "tag"),
                        severity=Severity.WARNING,
                        help="add the digest, or the tag of a release",
                    )
