"""Findings about training clusters that share their runs."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://kueue.sigs.k8s.io/docs/concepts/multikueue/"

EXPLANATIONS = {
    "checkpoint-on-several-workers": explain(
        "A run with checkpoints on a volume, and a queue of several workers.",
        "Each worker has a volume of its own. A run that loses its worker and is admitted by another begins anew, "
        "unless the program reads the bucket.",
        "Read CHECKPOINT_BUCKET at the start, or use a queue of one worker.",
    ),
    "dispatched-workload-on-worker": explain(
        "A workload that names a worker of its own queue beside the manager.",
        "It would have a run of its own there, beside those that the manager sends.",
        "Name the manager alone.",
    ),
    "multikueue-needs-component": explain(
        "A manager or a worker that lacks a component which MultiKueue relies on.",
        "The manager needs the kubeconfigs of its workers, a worker Kueue and every kind that the manager's frameworks "
        "name: Kueue does not connect to a worker on which it cannot watch one of them.",
        "Enable the component, or take the kind out of the manager's frameworks.",
    ),
    "nested-workers": explain(
        "A worker that has workers itself.",
        "A run that was sent once stays on the cluster that admitted it; nobody could tell where it is to be found.",
        "Name all workers on one manager.",
    ),
    "queue-name-taken": explain(
        "A queue of MultiKueue with the name of a team.",
        "Each team has a queue of its own name, and one of the two would overwrite the other.",
        "Give it another name.",
    ),
    "queue-without-worker": explain(
        "A queue of MultiKueue without a worker.",
        "Its admission check would never be active.",
        "Add a worker, or remove the queue.",
    ),
    "unknown-worker": explain(
        "A worker that is not a cluster of the environment, or that the manager does not list.",
        "The queue would stay inactive, and its runs pending.",
        "Correct the name, or add the worker.",
    ),
    "worker-in-other-environment": explain(
        "A worker of another environment.",
        "Its account, secrets and data are not those of the manager, and a token of one environment would work in "
        "the other.",
        "Name a cluster of the same environment.",
    ),
    "worker-is-manager": explain(
        "A manager that is its own worker.",
        "MultiKueue does not support it: the run would be there twice.",
        "Remove it, and use the team's own queue for what runs on the manager.",
    ),
    "worker-without-framework": explain(
        "A worker whose Kueue does not queue a kind that the manager may send.",
        "The job arrives suspended, and nobody there starts it.",
        "Let frameworks be the same on both.",
    ),
    "worker-without-quota": explain(
        "A worker on which the team has no quota for the run.",
        "The worker would never admit it.",
        "Give the team flavors on the worker.",
    ),
    "worker-without-team": explain(
        "A worker on which the team has no namespace.",
        "Kueue makes the run in the namespace of the same name and never creates one.",
        "Add the cluster to the team's overlay.",
    ),
    "workers-differ": explain(
        "A run that would not be the same on all workers of its queue.",
        "It is written once. Kueue compares containers and tolerations on the worker and ends a run that differs; node "
        "pools of other names never admit it.",
        "Let the pools be alike, or use queues of one worker.",
    ),
}
