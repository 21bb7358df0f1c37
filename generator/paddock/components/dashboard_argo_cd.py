"""The dashboard of Argo CD: what is out of step, what failed, how busy it is. Data only; metric names are in charts.md
4.1."""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_ANY_IS_BAD = ((None, "green"), (1.0, "red"))
_SOME_IS_BAD = ((None, "green"), (1.0, "yellow"), (20.0, "red"))
_OF = 'project=~"$project"'
_APPS = f"max by (name, project, dest_server, sync_status, health_status) (argocd_app_info{{{_OF}}})"

ARGO_CD = Dashboard(
    uid="paddock-argo-cd",
    title="Argo CD sync",
    description="Applications of every cluster: what is not synced, what is unhealthy, what failed.",
    tags=("paddock", "argo-cd"),
    variables=(Variable(name="project", label="Project", query="label_values(argocd_app_info, project)"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Applications",
                    description="Applications of the chosen projects.",
                    unit="short",
                    expr=f"count({_APPS}) or vector(0)",
                ),
                stat(
                    "Not synced",
                    description="Applications that differ from their branch.",
                    unit="short",
                    expr=f"count({_APPS.replace(_OF, f'{_OF}, sync_status!=`Synced`')}) or vector(0)",
                    steps=_SOME_IS_BAD,
                ),
                stat(
                    "Unhealthy",
                    description="Applications whose objects are degraded or missing.",
                    unit="short",
                    expr=f"count({_APPS.replace(_OF, f'{_OF}, health_status=~`Degraded|Missing`')}) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Failed syncs",
                    description="Syncs that failed within 24 hours.",
                    unit="short",
                    expr=f'sum(increase(argocd_app_sync_total{{{_OF}, phase=~"Error|Failed"}}[24h])) or vector(0)',
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Clusters out of reach",
                    description="Clusters whose API the hub cannot reach.",
                    unit="short",
                    expr="count(min by (server) (argocd_cluster_connection_status) == 0) or vector(0)",
                    steps=_ANY_IS_BAD,
                ),
                stat(
                    "Waiting renders",
                    description="Requests that wait for a repository server.",
                    unit="short",
                    expr="sum(argocd_repo_pending_request_total) or vector(0)",
                    steps=_SOME_IS_BAD,
                ),
            ),
        ),
        Row(
            title="Applications",
            panels=(
                lines(
                    "Applications by sync status",
                    description="What is synced, and what is not.",
                    unit="short",
                    queries=(Query(expr=f"count by (sync_status) ({_APPS})", legend="{{sync_status}}"),),
                    stacked=True,
                ),
                lines(
                    "Applications by health",
                    description="Health as Argo CD sees it.",
                    unit="short",
                    queries=(Query(expr=f"count by (health_status) ({_APPS})", legend="{{health_status}}"),),
                    stacked=True,
                ),
                lines(
                    "Syncs by result",
                    description="Syncs an hour.",
                    unit="short",
                    queries=(
                        Query(
                            expr=f"sum by (phase) (increase(argocd_app_sync_total{{{_OF}}}[1h]))", legend="{{phase}}"
                        ),
                    ),
                ),
                Panel(
                    title="Not synced or unhealthy",
                    description="Each Application that needs a look.",
                    kind="table",
                    unit="none",
                    queries=(
                        Query(
                            expr=f"{_APPS.replace(_OF, f'{_OF}, sync_status!=`Synced`')} "
                            f"or {_APPS.replace(_OF, f'{_OF}, health_status=~`Degraded|Missing`')}"
                        ),
                    ),
                ),
            ),
        ),
        Row(
            title="Argo CD itself",
            panels=(
                lines(
                    "Time of a reconciliation",
                    description="Median and slowest 5 %.",
                    unit="s",
                    queries=tuple(
                        Query(
                            expr=f"histogram_quantile({quantile}, "
                            "sum by (le) (rate(argocd_app_reconcile_bucket[10m])))",
                            legend=f"p{round(quantile * 100)}",
                        )
                        for quantile in (0.5, 0.95)
                    ),
                ),
                lines(
                    "Git requests and failures",
                    description="Requests by kind, and fetches that failed, a second.",
                    unit="reqps",
                    queries=(
                        Query(
                            expr="sum by (request_type) (rate(argocd_git_request_total[5m]))", legend="{{request_type}}"
                        ),
                        Query(expr="sum(rate(argocd_git_fetch_fail_total[5m]))", legend="failed fetches"),
                    ),
                ),
            ),
        ),
    ),
)
