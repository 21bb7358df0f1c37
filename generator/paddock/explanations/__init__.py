"""What each finding means, a module for each part of the product; `paddock explain` and the reference show it."""

from __future__ import annotations

from dataclasses import replace

from paddock.explanations import (
    acceptance,
    argo_cd,
    catalogue,
    cost,
    faults,
    gpu_allocation,
    logs,
    multikueue,
    network,
    node_images,
    observability,
    pipelines,
    policies,
    policy,
    pools,
    provisioning,
    publishing,
    quota,
    reading,
    references,
    relations,
    scheduling,
    specs,
    storage,
    time_and_versions,
    tracking,
    trees,
)
from paddock.explanations.explanation import Explanation

PARTS = (
    acceptance,
    argo_cd,
    catalogue,
    cost,
    faults,
    gpu_allocation,
    logs,
    multikueue,
    network,
    node_images,
    observability,
    pipelines,
    policies,
    policy,
    pools,
    provisioning,
    publishing,
    quota,
    reading,
    references,
    relations,
    scheduling,
    specs,
    storage,
    time_and_versions,
    tracking,
    trees,
)
EXPLANATIONS: dict[str, Explanation] = {
    id: replace(one, source=one.source or part.SOURCE) for part in PARTS for id, one in part.EXPLANATIONS.items()
}
