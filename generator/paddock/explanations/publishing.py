"""Findings about publishing."""

from __future__ import annotations

from paddock.explanations.explanation import explain

EXPLANATIONS = {
    "diverged-source": explain(
        "The deployed commit and the one to publish have different histories.",
        "Neither is newer: publishing would revert the other.",
        "Merge the two, and publish the merge.",
    ),
    "foreign-branch": explain(
        "A deploy branch whose tip paddock did not commit.",
        "Somebody's work would be overwritten.",
        "Look at the branch; move it away, or delete it, then publish again.",
    ),
    "stale-codeowners": explain(
        ".github/CODEOWNERS is not what the team specs say.",
        "The wrong people would be asked to approve.",
        "Run paddock codeowners.",
    ),
    "unannounced-removal": explain(
        "A team, cluster, component or workload would vanish from an environment without a tombstone.",
        "A bug or a bad merge must never delete production.",
        "Add it to spec.removed of environment.yaml, with a reason.",
    ),
}
