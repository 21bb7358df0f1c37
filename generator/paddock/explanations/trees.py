"""Findings about rendered trees."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://argo-cd.readthedocs.io/en/stable/user-guide/"

EXPLANATIONS = {
    "duplicate-file": explain("Two objects with one path.", "One would be lost.", "Rename one."),
    "duplicate-object": explain(
        "An object that is rendered twice.",
        "Two Applications would overwrite each other for ever.",
        "Rename one of the two specs.",
    ),
    "edited-file": explain(
        "A file in the rendered folder that somebody changed, or that is not paddock's.",
        "It would be lost with the next render.",
        "Move the change into a spec or template; then render with --overwrite.",
        example="error[edited-file]: rendered/dev/argocd/root.yaml was edited by hand, or is not paddock's; nothing of "
        "dev was written",
    ),
    "engine-count": explain(
        "kubeconform saw another number of objects than were rendered.",
        "Something was not validated.",
        "Report it.",
        example="error[engine-count]: kubeconform saw 3062 objects, 3063 were rendered",
    ),
    "folder-too-large": explain(
        "A folder larger than Argo CD reads.", "The Application would fail (argo-cd#17799).", "Split the workload."
    ),
    "kubeconform": explain(
        "kubeconform refuses an object that the embedded engine accepts.",
        "One of the two is wrong.",
        "Report it.",
        example="error[kubeconform]: Deployment api: problem validating schema ... replicas: got string, want integer",
    ),
    "object-too-large": explain(
        "An object near etcd's limit.", "The API server would refuse it.", "Move large content out of the spec."
    ),
    "policy-blocks-pod": explain(
        "A policy of Kyverno that refuses what the tree renders.",
        "The objects would be applied and their pods never made; a rollout would hang half-way.",
        "Change the workload or image so that it fits, or the policy: its values are spec.admission of the platform, "
        "its action is a setting of the component kyverno.",
    ),
    "secret-in-tree": explain(
        "A Secret with data.", "Whoever reads the repository reads it.", "Use an ExternalSecret."
    ),
}
