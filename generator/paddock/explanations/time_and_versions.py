"""Findings about dates that come or are past, and versions that do not go together."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"

EXPLANATIONS = {
    "ami-older-than-kubernetes": explain(
        "A pool pinned to a release of EKS' images from before the cluster's Kubernetes version.",
        "There is no such image, so Karpenter makes no node.",
        "Pin a later release.",
    ),
    "capacity-block-reversed": explain(
        "A capacity block that ends before it begins.",
        "No run would be judged by the hours in which there are nodes.",
        "Write both moments as AWS states them with the block.",
    ),
    "deletion-date-passed": explain(
        "A bucket whose retention.deleteBy is past.",
        "The rule stays in force: S3 deletes within a day whatever is written after the date.",
        "Remove the bucket once it is empty, or deleteBy if new data may stay.",
    ),
    "kubectl-version-skew": explain(
        "The platform's kubectl is more than one minor version from the Kubernetes of a cluster.",
        "Kubernetes does not test them together; scheduled runs might not start.",
        "Mirror a kubectl that is at most one minor version from every cluster.",
    ),
    "kubernetes-support-ends-soon": explain(
        "A cluster whose Kubernetes version EKS supports for 30 days at most.",
        "After the last day EKS upgrades the cluster by itself, at a time nobody chose.",
        "Upgrade it, one environment after the other; or take extended support while there is some.",
    ),
    "legal-hold-over": explain(
        "A legal hold on a bucket whose last day is past.",
        "The hold goes on until its field is removed: nothing expires, and what privacy wants gone stays.",
        "Remove legalHold, or write the date to which it was extended.",
    ),
    "run-before-block-begins": explain(
        "A run that begins with the merge or by its schedule, before the only capacity block that it may run on does.",
        "No node comes until then; Kueue gives the quota back and tries again, and ends with deactivating the run.",
        "Merge it when the block has begun, start it by hand, or let it run on another pool.",
    ),
    "run-outlives-block": explain(
        "A run that cannot end before the capacity block that it runs on does, if it takes as long as it may.",
        "Karpenter drains the nodes 40 minutes before the end of the block, whatever runs on them.",
        "Lower activeDeadline, or let it run on another pool.",
    ),
    "unsupported-kubernetes": explain(
        "A component's chart that does not work with the Kubernetes version of a cluster.",
        "Helm refuses to render it, or its controller misses what the API server no longer has.",
        "Pin another version of the component before the cluster is upgraded.",
    ),
}
