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
        "deprecated-api",
        "dra-beside-gpu-operator",
        "dra-driver-without-pool",
        "empty-panel",
        "file-system-in-other-zone",
        "foreign-alert-channel",
        "grace-period-below-deadline",
        "image-pull-ignored",
        "image-pull-slow-volume",
        "job-label-without-series",
        "kubectl-version-skew",
        "log-minimum-avoidable",
        "run-before-block-begins",
        "run-outlives-block",
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
        "budget-exceeded",
        "budget-nearly-spent",
        "buffer-above-pool-limit",
        "dangling-key",
        "dangling-reference",
        "deletion-date-passed",
        "escalating-role",
        "gpu-does-not-fit",
        "host-path-not-allowed",
        "kubernetes-out-of-support",
        "kubernetes-support-ends-soon",
        "kubernetes-upgraded-by-eks",
        "legal-hold-over",
        "limit-below-reservation",
        "log-retention-below-minimum",
        "logs-not-collected",
        "namespace-without-default-deny",
        "notebook-above-quota",
        "open-trust-policy",
        "plaintext-secret",
        "pod-does-not-fit",
        "policy-blocks-pod",
        "pool-limit-below-instance",
        "public-resource-policy",
        "quota-above-pool-limit",
        "readers-may-write",
        "replicas-above-reservation",
        "resource-limits-missing",
        "retention-after-deletion-date",
        "retention-too-long",
        "selector-without-match",
        "shared-tracking-database",
        "source-outside-mirror",
        "team-pod-reaches-host",
        "unknown-price",
        "unpinned-image",
        "unsafe-binding",
        "unsupported-kubernetes",
        "wildcard-permission",
        "wildcard-policy",
        "wildcard-role",
    }
)
"""Ids of security, quota, budget, capacity and retention, and of names that people bring to a cluster by hand: only
environments/exceptions.yaml accepts them, which the platform team owns, so that a team cannot approve itself."""
