"""Which MLflow tracks a cluster's runs, and what each team has in it. MLflow's own settings are a component's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paddock.model import Cluster, Environment, Json, Team

COMPONENT = "mlflow"
SECRET = "mlflow-credentials"
"""Secret in the namespace of a team with the password of its user in MLflow."""
PASSWORD = "password"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What a team has in an MLflow; names as MLflow has them."""

    team: str
    experiments: tuple[str, ...]
    models: tuple[str, ...]


def server(environment: Environment, cluster: Cluster) -> Cluster | None:
    """The cluster whose MLflow tracks a cluster's runs: itself, else the environment's first that has MLflow."""
    if COMPONENT in cluster.components:
        return cluster
    return next((one for one in environment.clusters.values() if COMPONENT in one.components), None)


def served(environment: Environment, mlflow: Cluster) -> list[Cluster]:
    """The clusters whose runs the MLflow of a cluster tracks."""
    return [one for one in environment.clusters.values() if server(environment, one) is mlflow]


def has_workspaces(mlflow: Cluster) -> bool:
    """Whether each team has a workspace of its own there, with a user and permissions."""
    return bool(mlflow.components[COMPONENT].settings.get("workspaces", True))


def team_server(environment: Environment, cluster: Cluster) -> Cluster | None:
    """`server`, where it keeps teams apart; None where a team has nothing of its own."""
    found = server(environment, cluster)
    return found if found is not None and has_workspaces(found) else None


def remote_key(environment: Environment, team: str) -> str:
    """Name in AWS Secrets Manager of the JSON document with the password of a team's user in MLflow."""
    return f"{environment.name}/{team}/mlflow"


def experiment_name(team: str, tracking: Mapping[str, Json]) -> str:
    """`<team>/<experiment>`, which says whose it is wherever experiments of several teams are listed."""
    return f"{team}/{tracking['experiment']}"


def model_name(team: str, tracking: Mapping[str, Json]) -> str | None:
    """`<team>-<model>`: MLflow refuses path separators in names of models, unlike in those of experiments."""
    return f"{team}-{tracking['registeredModel']}" if "registeredModel" in tracking else None


def tracked(environment: Environment, mlflow: Cluster) -> list[Tracked]:
    """What each team of the clusters it serves has in the MLflow of a cluster, by team."""
    names = {one.name for one in served(environment, mlflow)}
    teams = [team for team in environment.teams.values() if names & team.clusters.keys()]
    return [_tracked(environment, team, names) for team in teams]


def _tracked(environment: Environment, team: Team, clusters: set[str]) -> Tracked:
    stated = [
        one.data["tracking"]
        for one in environment.workloads.values()
        if one.team == team.name and clusters & set(one.clusters) and "tracking" in one.data
    ]
    models = {name for one in stated if (name := model_name(team.name, one)) is not None}
    return Tracked(
        team=team.name,
        experiments=tuple(sorted({experiment_name(team.name, one) for one in stated})),
        models=tuple(sorted(models)),
    )
