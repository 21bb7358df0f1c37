"""What each finding means, a module for each part of the product; `paddock explain` and the reference show it."""

from __future__ import annotations

from paddock.explanations import (
    catalogue,
    faults,
    gpu_allocation,
    logs,
    multikueue,
    network,
    node_images,
    observability,
    pipelines,
    policies,
    pools,
    provisioning,
    publishing,
    reading,
    references,
    scheduling,
    specs,
    storage,
    tracking,
    trees,
)
from paddock.explanations.explanation import Explanation

EXPLANATIONS: dict[str, Explanation] = {
    **catalogue.EXPLANATIONS,
    **faults.EXPLANATIONS,
    **observability.EXPLANATIONS,
    **multikueue.EXPLANATIONS,
    **gpu_allocation.EXPLANATIONS,
    **node_images.EXPLANATIONS,
    **logs.EXPLANATIONS,
    **pipelines.EXPLANATIONS,
    **network.EXPLANATIONS,
    **policies.EXPLANATIONS,
    **pools.EXPLANATIONS,
    **provisioning.EXPLANATIONS,
    **publishing.EXPLANATIONS,
    **reading.EXPLANATIONS,
    **references.EXPLANATIONS,
    **scheduling.EXPLANATIONS,
    **specs.EXPLANATIONS,
    **storage.EXPLANATIONS,
    **tracking.EXPLANATIONS,
    **trees.EXPLANATIONS,
}
