"""Kinds of objects that pods come of."""

from __future__ import annotations

KUBERNETES = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"})
"""Those of Kubernetes itself: each holds its pods whole."""
