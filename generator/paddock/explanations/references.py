"""Findings about names in specs that nothing bears."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/reference/specs.md"

EXPLANATIONS = {
    "team-not-on-cluster": explain(
        "A workload on a cluster on which its team has no namespace.",
        "There is no quota and no access there.",
        "Add the cluster with a quota to the team.",
    ),
    "unknown-bucket": explain(
        "A bucket that the team does not have in this environment.",
        "Checkpoints would have no place.",
        "Add it to spec.buckets of the team.",
    ),
    "unknown-cluster": explain(
        "A cluster that does not exist in this environment.",
        "The workload would run nowhere.",
        "Name an existing one, or set spec.clusters in the environment's overlay.",
    ),
    "unknown-component": explain(
        "A component that does not exist.",
        "The cluster would lack what was asked for.",
        "Correct the name; components are folders of templates/components/.",
    ),
    "unknown-environment": explain(
        "An environment that does not exist.", "The workload would run nowhere.", "Correct the name."
    ),
    "unknown-hub": explain(
        "The hub is not a cluster of the environment named.",
        "Nothing would be synced.",
        "Correct spec.argoCD.hub of the platform.",
    ),
    "unknown-identity-group": explain(
        "An identity group that the platform does not map.",
        "Nobody would have access, or the wrong people.",
        "Add it to spec.identityGroups of the platform.",
    ),
    "unknown-node-pool": explain(
        "A node pool that the cluster does not have.",
        "The pods would wait for ever.",
        "Name a node pool of the cluster.",
    ),
    "unknown-port": explain(
        "An ingress to a port that the workload does not have.", "Every request would fail.", "Name one of spec.ports."
    ),
    "unknown-secret": explain(
        "A variable from a secret, or a key of it, that the workload does not declare.",
        "The container would never start.",
        "Declare it in spec.secrets.",
    ),
    "unknown-team": explain(
        "A workload of a team that does not exist.",
        "It has no namespace, quota or owner.",
        "Write environments/base/teams/<team>.yaml.",
    ),
    "unknown-topology-level": explain(
        "A topology level that the cluster does not have.",
        "Kueue would never admit the run.",
        "Name one of the cluster's topologyLevels.",
    ),
}
