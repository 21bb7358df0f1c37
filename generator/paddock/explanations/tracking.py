"""Findings about notebooks and about MLflow."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/guides/notebooks-and-tracking.md"

EXPLANATIONS = {
    "notebook-above-quota": explain(
        "A notebook larger than the team's quota on a cluster, or than the limit of its containers.",
        "Whoever chooses it waits until JupyterHub gives up: the API server refuses its pod or its home.",
        "Ask for less, or ask the platform team for more quota.",
    ),
    "notebook-gpu-unavailable": explain(
        "A notebook with a GPU that no node pool of a cluster with JupyterHub has, not so many of it on one node, or "
        "not beside that many CPUs and that much memory; or, where Kueue queues pods, without quota in the flavor.",
        "Whoever chooses it waits until JupyterHub gives up.",
        "Ask for what a pool has; the finding says for each pool of the model what is missing. What differs between "
        "environments belongs in the team's overlays.",
    ),
    "readers-may-write": explain(
        "Other teams may read a workspace of MLflow, and the default permission lets whoever may enter it write.",
        "MLflow gives the higher of the two, so that every team could change the models of every other.",
        "Set defaultPermission to READ or NO_PERMISSIONS.",
    ),
    "same-notebook-title": explain(
        "Two notebooks of a team with one title.",
        "People choose by the title, and would start the wrong one, with or without a GPU.",
        "Give each a title of its own.",
    ),
    "shared-tracking-database": explain(
        "Two MLflows that use one database, of runs or of users.",
        "Each would show the runs of the other, whose artifacts it cannot read, and both would set up users and "
        "permissions, each in its own way.",
        "Give each databases of its own. A cluster without MLflow uses that of its environment by itself.",
    ),
    "unusable-workspace-name": explain(
        "A team whose name MLflow does not accept for a workspace: it is reserved, has one character, or two hyphens "
        "in a row.",
        "The team would have no place in MLflow, and its runs would fail when they sign in.",
        "Rename the team, or switch off workspaces of MLflow.",
    ),
}
