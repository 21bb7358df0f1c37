"""The dashboard of what each team uses and pays. Data only; it reads the recording rules of `platform_rules`."""

from __future__ import annotations

from paddock.components.panels import Dashboard, Panel, Query, Row, Variable, lines, stat

_LOW_IS_BAD = ((None, "red"), (0.3, "yellow"), (0.6, "green"))
_TEAM = 'team=~"$team"'
_OF_TEAM = f" * on (namespace) group_left (team) namespace:team:info{{{_TEAM}}}"

TEAM_USAGE = Dashboard(
    uid="paddock-team-gpu-usage",
    title="Team GPU usage and cost",
    description="GPUs that each team holds, how well it uses them, and what they cost by Karpenter's prices.",
    tags=("paddock", "gpu", "cost"),
    variables=(Variable(name="team", label="Team", query="label_values(namespace:team:info, team)"),),
    since="now-7d",
    rows=(
        Row(
            title="In the chosen time",
            panels=(
                stat(
                    "GPU hours",
                    description="Hours of GPUs held.",
                    unit="short",
                    expr=f"sum(sum_over_time(team:gpu_allocated:sum{{{_TEAM}}}[$__range])) / 60 or vector(0)",
                ),
                stat(
                    "Cost",
                    description="Estimated cost of these GPU hours.",
                    unit="currencyUSD",
                    expr=f"sum(sum_over_time(team:gpu_cost_usd:hourly{{{_TEAM}}}[$__range])) / 60 or vector(0)",
                ),
                stat(
                    "GPUs now",
                    description="GPUs held now.",
                    unit="short",
                    expr=f"sum(team:gpu_allocated:sum{{{_TEAM}}}) or vector(0)",
                ),
                stat(
                    "Cost an hour",
                    description="Estimated price of the GPUs held now.",
                    unit="currencyUSD",
                    expr=f"sum(team:gpu_cost_usd:hourly{{{_TEAM}}}) or vector(0)",
                ),
                stat(
                    "Busy share",
                    description="Mean activity of the GPUs held, over the chosen time.",
                    unit="percentunit",
                    expr=f"avg(avg_over_time(team:gpu_utilisation:avg{{{_TEAM}}}[$__range]))",
                    steps=_LOW_IS_BAD,
                ),
                stat(
                    "Idle cost an hour",
                    description="Price of the idle share of the GPUs held now.",
                    unit="currencyUSD",
                    expr=f"sum(team:gpu_cost_usd:hourly{{{_TEAM}}} * on (team) (1 - team:gpu_utilisation:avg)) "
                    "or vector(0)",
                ),
            ),
        ),
        Row(
            title="Use",
            panels=(
                lines(
                    "GPUs held by team",
                    description="GPUs of running pods.",
                    unit="short",
                    queries=(Query(expr=f"team:gpu_allocated:sum{{{_TEAM}}}", legend="{{team}}"),),
                    stacked=True,
                ),
                lines(
                    "Busy share by team",
                    description="Mean activity of the GPUs that a team holds.",
                    unit="percentunit",
                    queries=(Query(expr=f"team:gpu_utilisation:avg{{{_TEAM}}}", legend="{{team}}"),),
                    maximum=1,
                ),
                Panel(
                    title="Least busy pods",
                    description="Pods that hold GPUs, by mean activity over two hours.",
                    kind="table",
                    unit="percentunit",
                    queries=(
                        Query(expr=f"bottomk(20, avg_over_time(namespace_pod:gpu_utilisation:avg[2h]){_OF_TEAM})"),
                    ),
                    width=24,
                    steps=_LOW_IS_BAD,
                ),
            ),
        ),
        Row(
            title="Money",
            panels=(
                lines(
                    "Cost an hour by team",
                    description="Estimated price of the GPUs held.",
                    unit="currencyUSD",
                    queries=(Query(expr=f"team:gpu_cost_usd:hourly{{{_TEAM}}}", legend="{{team}}"),),
                    stacked=True,
                ),
                Panel(
                    title="Share of the monthly budget at the present rate",
                    description="The last 24 hours here, carried on for a month; budgets are for the environment.",
                    kind="bargauge",
                    unit="percentunit",
                    queries=(
                        Query(
                            expr=f"avg_over_time(team:gpu_cost_usd:hourly{{{_TEAM}}}[24h]) * 730 "
                            "/ on (team) (team:budget_usd:monthly > 0)",
                            legend="{{team}}",
                        ),
                    ),
                    steps=((None, "green"), (0.8, "yellow"), (1.0, "red")),
                    maximum=1,
                ),
            ),
        ),
    ),
)
