"""Findings about alerts, their routes and dashboards."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"

EXPLANATIONS = {
    "alert-without-owner": explain(
        "An alert whose labels name neither a team nor a namespace.",
        "Routes of Alertmanager go by them: nobody would be told.",
        "Add labels.team, or keep namespace in the expression's `by (...)`.",
    ),
    "alert-without-route": explain(
        "An alert for a team that has no label namespace, neither its own nor in its result.",
        "Alertmanager's operator shows a team's routes the alerts of its namespace only: nobody would be told.",
        "Add labels.namespace, or keep namespace in the expression. A configuration of your own in Alertmanager's "
        "namespace may take such alerts: the finding is silent where there is one.",
    ),
    "alert-without-runbook": explain(
        "An alert without a link to what it means and what helps.",
        "Whoever is woken by it begins from nothing.",
        "Add annotations.runbook_url.",
    ),
    "alert-without-severity": explain(
        "An alert without the label severity.",
        "Pagers and channels go by it.",
        "Add labels.severity: critical, warning or info.",
    ),
    "duplicate-dashboard-title": explain(
        "Two dashboards of a folder with one title.",
        "Grafana stops provisioning both.",
        "Rename one of them.",
    ),
    "duplicate-dashboard-uid": explain(
        "Two dashboards of a Grafana with one uid.",
        "One of them overwrites the other, now this, now that.",
        "Give one of them another uid.",
    ),
    "empty-panel": explain("A panel without a query.", "It shows nothing.", "Give it a query, or take it out."),
    "foreign-alert-channel": explain(
        "A configuration in a team's namespace that sends alerts to the channel of another team.",
        "The one team hears nothing, the other hears what it cannot mend.",
        "Name the team's own channel; a channel that two teams share stands in both specs.",
    ),
    "invalid-dashboard": explain(
        "A dashboard that is not JSON.", "Grafana would not show it.", "Export it again, or correct it."
    ),
    "invalid-dashboard-uid": explain(
        "A uid that Grafana refuses: over 40 characters, or others than letters, digits, - and _.",
        "The dashboard would be missing (fluent/helm-charts#509).",
        "Shorten the uid.",
    ),
    "job-label-without-series": explain(
        "An alert of a workload that looks for a label job which its own series do not have.",
        "It would never fire. Prometheus sets job to <namespace>/<name> for a PodMonitor (training, inference), to the "
        "name of the Service for a ServiceMonitor (service).",
        "Write the job that the finding names, or compare namespace and pod instead.",
    ),
    "promql-syntax": explain(
        "An expression of a rule or dashboard that Prometheus cannot read.",
        "The rule would be left out, and the alert never raised; the panel would show an error.",
        "Correct the expression. Variables of dashboards are filled with values first.",
    ),
    "unknown-data-source": explain(
        "A data source that the cluster's Grafana does not have.",
        "The panel would show an error.",
        "Use a variable of type datasource, or the uid of a source in the settings of kube-prometheus-stack.",
    ),
    "unknown-receiver": explain(
        "A route to a receiver that the same AlertmanagerConfig does not define.",
        "The operator leaves out the whole configuration: no alert of the team is sent.",
        "Define the receiver, or name one that exists.",
    ),
}
