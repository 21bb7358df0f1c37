"""What JupyterHub needs: sign-in, each team's profiles as the hub's own configuration, secrets, openings and alerts."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import hosts, notebooks
from paddock.analysis.pod_templates import QUEUE
from paddock.components import alerting, interfaces
from paddock.components.remote_secrets import external_secret
from paddock.devices import GPU
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Team
from paddock.quantity import decimal, seconds
from paddock.taints import pool_taints, tolerations
from paddock.workloads import network
from paddock.workloads.runs import tracking_client

PLACEHOLDERS = ("placeholder-of-secret-hub", "0" * 64)
"""What the values hold instead of secrets: see component.yaml. The hub does not start with any of them."""
_HUB_URL = "http://hub.jupyterhub.svc.cluster.local:8081"
_ALB = {"load-balancer-attributes": "idle_timeout.timeout_seconds=3600"}
_FAILING = 'sum(increase(jupyterhub_server_spawn_duration_seconds_count{status="failure"}[1h])) > 3'


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`host`, `authenticator`, `platform` (data) of `program` (Python), `startTimeout` and `cull` (seconds),
    `ingressAnnotations`, `secrets`, `ruleGroups`, and peers of policies: `notebooks`, `dns`, `loadBalancers`."""
    environment = fleet.environments[cluster.environment]
    host = hosts.interface(fleet, cluster, "jupyterhub", settings)
    teams = [one for one in environment.teams_on(cluster.name) if notebooks.offered(cluster, one)]
    return {
        "host": host,
        "authenticator": _authenticator(fleet, settings["oidc"], teams, host),
        "platform": {
            "hubURL": _HUB_URL,
            "placeholders": list(PLACEHOLDERS),
            "profiles": profiles(fleet, environment, cluster, teams, settings),
        },
        "program": files["hub.py"],
        "startTimeout": seconds(settings["startTimeout"]),
        "cull": {
            "timeout": seconds(settings["cull"]["idle"]),
            "every": min(600, max(60, seconds(settings["cull"]["idle"]) // 6)),
            "maxAge": seconds(settings["cull"]["maxAge"]),
        },
        # A kernel answers over a websocket on which nothing may pass for long.
        "ingressAnnotations": interfaces.entry(fleet, cluster, settings["ingress"], health="/hub/health", own=_ALB),
        "secrets": _secrets(settings["secrets"]["hub"]["remoteKey"]),
        "ruleGroups": [alerting.group("jupyterhub", _alerts(), fleet)],
        "notebooks": {"namespaceSelector": _TEAMS, "podSelector": {"matchLabels": notebooks.POD_LABELS}},
        "dns": network.DNS,
        "loadBalancers": network.LOAD_BALANCERS,
    }


_TEAMS = {
    "matchExpressions": [
        {"key": "team", "operator": "Exists"},
        {"key": "team", "operator": "NotIn", "values": ["platform"]},
    ]
}


def _authenticator(fleet: Fleet, oidc: Mapping[str, Json], teams: list[Team], host: str) -> dict[str, Json]:
    """Traits of GenericOAuthenticator (oauthenticator 17.4). The client's secret is a variable of the hub."""
    groups = fleet.platform.data["identityGroups"]
    edit = sorted(
        {groups[one.data["groups"]["edit"]]["claim"] for one in teams if one.data["groups"]["edit"] in groups}
    )
    return {
        "client_id": oidc["clientID"],
        "oauth_callback_url": f"https://{host}/hub/oauth_callback",
        "authorize_url": oidc["authURL"],
        "token_url": oidc["tokenURL"],
        "userdata_url": oidc["userInfoURL"],
        "scope": oidc["scopes"],
        "login_service": oidc["name"],
        "username_claim": oidc["usernameClaim"],
        "manage_groups": True,
        "auth_state_groups_key": f"oauth_user.{oidc['groupsClaim']}",
        "allowed_groups": edit,
        "admin_groups": sorted(groups[name]["claim"] for name in oidc["adminGroups"] if name in groups),
    }


def profiles(
    fleet: Fleet, environment: Environment, cluster: Cluster, teams: list[Team], settings: Mapping[str, Json]
) -> list[Json]:
    """KubeSpawner's profile_list with the `groups` of each profile, by team. The underscore of a slug is in no name."""
    groups = fleet.platform.data["identityGroups"]
    return [
        {
            "groups": [groups[team.data["groups"]["edit"]]["claim"]],
            "slug": f"{team.name}_{one.name}",
            "display_name": f"{team.name}: {one.title}",
            "description": _description(one),
            "kubespawner_override": _override(fleet, environment, cluster, team, one, settings),
        }
        for team in teams
        if team.data["groups"]["edit"] in groups
        for one in notebooks.profiles(cluster, team)
    ]


def _description(profile: notebooks.Profile) -> str:
    gpus = f", {profile.gpus} × {profile.model}" if profile.model else ""
    return f"{decimal(profile.cpu)} CPUs, {float(profile.memory / (1 << 30)):g} GiB of memory{gpus}"


def _override(
    fleet: Fleet,
    environment: Environment,
    cluster: Cluster,
    team: Team,
    profile: notebooks.Profile,
    settings: Mapping[str, Json],
) -> dict[str, Json]:
    """Traits of KubeSpawner, the same in every profile, so that none is left from the one chosen before.

    Memory is a number of bytes: JupyterHub's own suffixes are others than Kubernetes'.
    """
    label = f"{fleet.platform.data['labelDomain']}/pool"
    names = sorted(pool.name for pool in profile.pools)
    pools = {"matchExpressions": [{"key": label, "operator": "In", "values": names}]}
    return {
        "namespace": team.name,
        "service_account": notebooks.SERVICE_ACCOUNT,
        "image": reference(settings["image"]),
        "cpu_guarantee": float(profile.cpu),
        "mem_guarantee": int(profile.memory),
        "mem_limit": int(profile.memory),
        "extra_resource_limits": {GPU: str(profile.gpus)} if profile.gpus else {},
        "node_affinity_required": [pools] if names else [],
        "tolerations": tolerations([taint for pool in profile.pools for taint in pool_taints(pool)]),
        "storage_capacity": team.data["notebooks"]["storage"],
        "extra_labels": _labels(fleet, environment, cluster, team, profile),
        "environment": {
            name: value if isinstance(value, str) else {"valueFrom": {"secretKeyRef": value}}
            for name, value in sorted(tracking_client(fleet, environment, cluster, team.name).items())
        },
    }


def _labels(
    fleet: Fleet, environment: Environment, cluster: Cluster, team: Team, profile: notebooks.Profile
) -> dict[str, str]:
    """Labels of cost and, where Kueue queues pods, of the team's queue for notebooks with GPUs."""
    domain = fleet.platform.data["labelDomain"]
    labels = {
        f"{domain}/cost-center": team.data["costCenter"],
        f"{domain}/environment": environment.name,
        f"{domain}/team": team.name,
        "cost-center": team.data["costCenter"],
        "environment": environment.name,
        "team": team.name,
        "workload-kind": "notebook",
    }
    if profile.gpus and notebooks.queued(cluster, team):
        labels[QUEUE] = team.name
    return dict(sorted(labels.items()))


def _secrets(remote_key: str) -> list[Json]:
    """The hub's own Secret, and what is put into the chart's."""
    keys = {
        "hub.config.JupyterHub.cookie_secret": "cookieSecret",
        "hub.config.CryptKeeper.keys": "cryptKeys",
        "hub.services.prometheus.apiToken": "metricsToken",
        "oauth-client-secret": "oauthClientSecret",
    }
    own = external_secret("hub-secrets", {key: _property(remote_key, name) for key, name in keys.items()})
    token = {"hub.config.ConfigurableHTTPProxy.auth_token": _property(remote_key, "proxyToken")}
    merged = external_secret("hub", token)
    target = {**merged["spec"]["target"], "creationPolicy": "Merge"}
    # Until the chart's Secret is there, External Secrets only looks again after the interval.
    return [own, {**merged, "spec": {**merged["spec"], "refreshInterval": "1m", "target": target}}]


def _property(remote_key: str, name: str) -> dict[str, str]:
    return {"remoteKey": remote_key, "property": name}


def _alerts() -> list[alerting.Alert]:
    return [
        alerting.controller_down("JupyterHubDown", namespace="jupyterhub", job="hub", what="JupyterHub"),
        alerting.Alert(
            name="JupyterHubSpawnsFailing",
            expr=_FAILING,
            wait="5m",
            severity="warning",
            summary="{{ $value | humanize }} notebooks did not start within the last hour.",
        ),
    ]
