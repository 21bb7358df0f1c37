"""Findings about logs: where they go and how long they are kept."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/guides/logs.md"

EXPLANATIONS = {
    "dashboards-without-provider": explain(
        "OpenSearch Dashboards that signs people in by OpenID Connect, beside an OpenSearch that states no provider.",
        "OpenSearch would believe no token: everybody signs in, and nobody gets any further.",
        "State oidc.connectURL in the settings of opensearch, or remove oidc from those of opensearch-dashboards.",
    ),
    "log-index-taken": explain(
        "Two environments that send logs to one domain of Amazon OpenSearch Service.",
        "Indexes are named after teams: lines of development and production would lie in one, with one retention.",
        "Give each environment a domain of its own.",
    ),
    "log-minimum-avoidable": explain(
        "A cluster where pods may exclude their logs, in an environment with logs.minimum.",
        "One annotation, and what an audit will ask for was never written.",
        "Set allowExclude: false in the settings of fluent-bit.",
    ),
    "log-retention-below-minimum": explain(
        "Logs that are deleted earlier than the environment's logs.minimum allows.",
        "An audit asks for them when they are gone, and nothing brings them back.",
        "Write the minimum or more, as the environment's retention or the team's.",
    ),
    "log-retention-not-offered": explain(
        "A number of days that CloudWatch Logs does not have, for logs that go there.",
        "AWS refuses the log group, and Fluent Bit has nowhere to write.",
        "Write one of the numbers that the finding names.",
    ),
    "log-retention-under-legal-hold": explain(
        "A team whose logs are on legal hold and which states when they are deleted.",
        "One of the two is not meant; what must be kept could be lost when the other is believed.",
        "Remove the retention; state it again when the hold is lifted.",
    ),
    "log-sink-not-reachable": explain(
        "Logs for the OpenSearch of another cluster that has no Ingress.",
        "A Service is known on its own cluster only: lines would wait on the nodes until their room is full.",
        "Enable the Ingress of that OpenSearch, or send the logs to CloudWatch.",
    ),
    "log-sink-not-there": explain(
        "Logs for an OpenSearch on a cluster that does not run the component.",
        "Lines would wait on the nodes until their room is full, and then be lost.",
        "Enable the component opensearch there, or name a cluster that has it.",
    ),
    "logs-collected-twice": explain(
        "Fluent Bit beside the CloudWatch add-on of EKS, which reads containers' logs too.",
        "Every line is sent, stored and paid for twice.",
        "Set containerLogs.enabled: false in the add-on's configuration, or disable fluent-bit.",
    ),
    "logs-not-collected": explain(
        "A cluster without Fluent Bit, in an environment with logs.minimum.",
        "Its logs are gone with the node, long before the minimum.",
        "Enable fluent-bit on the cluster, with a sink.",
    ),
    "no-log-sink": explain(
        "Fluent Bit without any sink.",
        "Every node would read all logs for nothing, and whoever looks for them finds none.",
        "Name a sink, or disable the component.",
    ),
}
