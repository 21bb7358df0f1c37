"""A domain of Amazon OpenSearch Service for logs: the job that gives each team its part of it."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting, logging_rules, opensearch_setup
from paddock.model import Cluster, Fleet, Json


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`setup` (name, image, script and config of the job) and `ruleGroups`."""
    config = opensearch_setup.domain_config(fleet, cluster, settings)
    return {
        "setup": opensearch_setup.job(config, settings["setupImage"]),
        "ruleGroups": [alerting.group("opensearch-domain", [logging_rules.setup_failed("opensearch-domain")], fleet)],
    }
