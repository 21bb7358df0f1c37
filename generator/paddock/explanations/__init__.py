"""What each finding means, a module for each part of the product; `paddock explain` and the reference show it."""

from __future__ import annotations

from paddock.explanations import (
    catalogue,
    faults,
    network,
    pools,
    provisioning,
    publishing,
    reading,
    references,
    scheduling,
    specs,
    storage,
    trees,
)
from paddock.explanations.explanation import Explanation

EXPLANATIONS: dict[str, Explanation] = {
    **catalogue.EXPLANATIONS,
    **faults.EXPLANATIONS,
    **network.EXPLANATIONS,
    **pools.EXPLANATIONS,
    **provisioning.EXPLANATIONS,
    **publishing.EXPLANATIONS,
    **reading.EXPLANATIONS,
    **references.EXPLANATIONS,
    **scheduling.EXPLANATIONS,
    **specs.EXPLANATIONS,
    **storage.EXPLANATIONS,
    **trees.EXPLANATIONS,
}
