"""Which findings a person may accept, and who: on one page, because it decides what can slip into production.

A finding that is in neither set cannot be accepted: what would be rendered, or synced, would be wrong."""

from __future__ import annotations

COMMENT = frozenset(
    {
        "alert-without-owner",
        "alert-without-route",
        "alert-without-runbook",
        "alert-without-severity",
        "capacity-block-ended",
        "checkpoint-on-several-workers",
        "checkpoints-on-mountpoint",
        "dra-beside-gpu-operator",
        "dra-driver-without-pool",
        "empty-panel",
        "foreign-alert-channel",
        "grace-period-below-deadline",
        "image-pull-ignored",
        "image-pull-slow-volume",
        "job-label-without-series",
        "log-minimum-avoidable",
        "same-notebook-title",
        "two-priority-classes",
    }
)
"""Ids that `# allow: <id> -- <reason>` beside the line accepts: legal, and meant by whoever wrote the line."""

EXCEPTION = frozenset(
    {
        "backup-below-retention",
        "backup-copy-in-same-region",
        "backup-outlives-data",
        "bucket-outside-residency",
        "buffer-above-pool-limit",
        "gpu-does-not-fit",
        "kubernetes-out-of-support",
        "kubernetes-upgraded-by-eks",
        "limit-below-reservation",
        "log-retention-below-minimum",
        "logs-not-collected",
        "notebook-above-quota",
        "policy-blocks-pod",
        "pool-limit-below-instance",
        "quota-above-pool-limit",
        "readers-may-write",
        "replicas-above-reservation",
        "retention-after-deletion-date",
        "retention-too-long",
        "shared-tracking-database",
        "source-outside-mirror",
        "wildcard-permission",
    }
)
"""Ids of security, quota, budget, capacity and retention: only environments/exceptions.yaml accepts them, which the
platform team owns, so that a team cannot approve itself."""
