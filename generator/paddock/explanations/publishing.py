"""Findings about publishing."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "README.md"

EXPLANATIONS = {
    "application-renamed": explain(
        "An Application that would have another name for the same folder.",
        "Argo CD deletes the one and creates the other; with a finalizer all is deleted between them (argo-cd#28576).",
        "Keep the name, or announce it with a tombstone after the finalizer is gone.",
        example='error[application-renamed]: Application "prod-serve-api" would be deleted and "prod-serve-v2" made '
        "for the same folder: with a finalizer, what runs is deleted between the two",
    ),
    "destination-changed": explain(
        "An Application that would be synced to another cluster.",
        "What it applied to the old one stays there, and nobody prunes it (argo-cd#9172).",
        "Remove the Application and make another, or announce with a tombstone that the old cluster is gone.",
        example='error[destination-changed]: Application "prod-serve-api" goes from cluster "prod-serve-iad" to '
        '"prod-serve-fra": what it applied to "prod-serve-iad" stays there, and nobody looks after it',
    ),
    "diverged-source": explain(
        "The deployed commit and the one to publish have different histories.",
        "Neither is newer: publishing would revert the other.",
        "Merge the two, and publish the merge.",
        example="error[diverged-source]: deploy/prod was rendered from 4f1c2d0a77be, neither an ancestor nor a "
        "descendant of this commit",
    ),
    "foreign-branch": explain(
        "A deploy branch whose tip paddock did not commit.",
        "Somebody's work would be overwritten.",
        "Look at the branch; move it away, or delete it, then publish again.",
        example='error[foreign-branch]: the last commit of deploy/prod, 4f1c2d0a77be "Scale by hand", was not written '
        "by paddock",
    ),
    "kubernetes-downgrade": explain(
        "A cluster that would go back to an earlier Kubernetes version.",
        "ACK stops for good at a downgrade, and Terraform's request is refused.",
        "Keep the version; within seven days of an upgrade let EKS roll it back, then publish.",
        source="https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html",
        example='error[kubernetes-downgrade]: cluster "av-prod-hub-iad" goes from Kubernetes 1.35 back to 1.34, which '
        "neither ACK nor Terraform does",
    ),
    "kubernetes-skips-version": explain(
        "A cluster that would go up two minor versions of Kubernetes or more with one change.",
        "EKS refuses it of Terraform; ACK makes the steps one after the other, and nobody looks at nodes and removed "
        "APIs in between.",
        "Publish one version after the other.",
        source="https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html",
        example='error[kubernetes-skips-version]: cluster "av-prod-hub-iad" goes from Kubernetes 1.33 to 1.35: a '
        "control plane goes up one minor version at a time",
    ),
    "stale-codeowners": explain(
        ".github/CODEOWNERS is not what the team specs say.",
        "The wrong people would be asked to approve.",
        "Run paddock codeowners.",
        example="error[stale-codeowners]: there is no .github/CODEOWNERS",
    ),
    "unannounced-removal": explain(
        "A team, cluster, component or workload would vanish from an environment without a tombstone.",
        "A bug or a bad merge must never delete production.",
        "Add it to spec.removed of environment.yaml, with a reason.",
        example='error[unannounced-removal]: workload "vision/train" is deployed in prod, and this change would delete '
        "it",
    ),
}
