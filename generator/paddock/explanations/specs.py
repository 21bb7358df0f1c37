"""Findings about the shape and names of specs."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/reference/specs.md"

EXPLANATIONS = {
    "duplicate-cluster": explain(
        "Two Cluster specs of one EKS cluster, or two identities that are equal.",
        "Argo CD does not support two registrations of one API server (argo-cd#9606).",
        "Keep one.",
    ),
    "duplicate-port": explain(
        "Two ports with the same number and protocol.", "Server-side apply refuses them (argo-cd#25474).", "Change one."
    ),
    "invalid-name": explain(
        "A key that is no legal name.",
        "Kubernetes or AWS would refuse what is derived from it.",
        "Follow the pattern in the message.",
    ),
    "invalid-value": explain(
        "A value of the wrong type, or outside what is legal.",
        "What it renders would be refused, or mean something else.",
        "Write a legal value; the message names them.",
    ),
    "misplaced-file": explain(
        "A YAML file in environments/ where no spec may lie.",
        "It would be ignored silently, though somebody meant something.",
        "Move it to its place; paddock names the legal ones.",
    ),
    "missing-environment": explain(
        "A folder of an environment without environment.yaml.",
        "Its specs would be ignored silently.",
        "Write environments/<name>/environment.yaml.",
    ),
    "missing-field": explain(
        "A required field is absent, or an overlay deleted it.", "There is no safe default for it.", "Add it."
    ),
    "missing-platform": explain(
        "No environments/platform.yaml.", "Repository URL, hub, priorities and groups stand there.", "Write it."
    ),
    "name-mismatch": explain(
        "metadata.name or metadata.team differs from the file's place.",
        "Two names for one thing make every reference uncertain.",
        "Correct the name, or move the file.",
    ),
    "name-too-long": explain(
        "A workload name that is too long for the names derived from it.",
        "Pods or Services could not be created, long after the merge.",
        "Shorten it.",
    ),
    "not-an-object": explain(
        "A spec that is a list or a scalar.",
        "Specs are maps with apiVersion, kind, metadata and spec.",
        "Begin the file with apiVersion: paddock/v1alpha1.",
    ),
    "overlay-not-listed": explain(
        "An overlay for an environment in which the workload does not run.",
        "It changes nothing.",
        "Add the environment to spec.environments of the base, or delete the overlay.",
    ),
    "overlay-without-base": explain(
        "An overlay for an object that does not exist.",
        "It changes nothing.",
        "Write the base object, or delete the overlay.",
    ),
    "promotion-cycle": explain(
        "Environments that are promoted after each other in a circle.",
        "None of them would be first.",
        "Remove one promotion.after.",
    ),
    "schema-syntax": explain(
        "A schema file that is not a JSON Schema of draft 2020-12.",
        "Without it nothing can be validated.",
        "Mend the line.",
    ),
    "unknown-field": explain(
        "A field that does not exist.",
        "A misspelt field would be ignored, and its default used.",
        "Take the suggestion, or remove it.",
    ),
    "wrong-api-version": explain(
        "An apiVersion that this version does not read.",
        "Another format may mean other things by the same words.",
        "Write paddock/v1alpha1.",
    ),
    "wrong-kind": explain(
        "A kind that does not belong at this place.",
        "Place and kind must agree, so that a path says what a file is.",
        "Correct kind, or move the file.",
    ),
}
