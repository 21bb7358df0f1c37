"""What Argo Workflows' templates need: namespaces, artifacts, archive, sign-in, accounts of people and alerts."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import hosts
from paddock.components import alerting, interfaces, workflow_access
from paddock.components.remote_secrets import credentials, external_secret
from paddock.model import Cluster, Fleet, Json

DATABASE_SECRET = "argo-workflows-database"
SSO_SECRET = "argo-workflows-sso"
LOGIN, ADMINS = "argo-workflows-login", "argo-workflows-admins"
# The first part is what the role of a team may touch (infrastructure.identities). Literal: the chart hands it on as it
# is, and Argo fills it in (charts.md 2i).
KEY_FORMAT = "{{workflow.namespace}}/{{workflow.name}}/{{pod.name}}"
_CONTROLLER = "argo-workflows-workflow-controller"
_TEAM = " * on (namespace) group_left (team) namespace:team:info"
# Controller and server need no root and no capability.
_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
_SPREAD = [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}]
_WEEK = 7 * 24 * 3600


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`namespaces`, `keyFormat`, `executor`, `workflowDefaults`, `persistence` and `sso` (or None), `accounts` and
    `adminRoles` of people, `secrets`, `host`, `ingressAnnotations` and `ruleGroups`."""
    host = hosts.interface(fleet, cluster, "argo-workflows", settings)
    teams = fleet.environments[cluster.environment].teams_on(cluster.name)
    oidc = settings.get("oidc")
    return {
        "namespaces": [team.name for team in teams],
        "keyFormat": KEY_FORMAT,
        "executor": _executor(settings["executor"]["image"]),
        "workflowDefaults": _defaults(),
        "podSecurityContext": _POD,
        "spread": _SPREAD,
        "persistence": _persistence(cluster, settings["database"]) if "database" in settings else None,
        "sso": _sso(oidc, host) if oidc else None,
        "accounts": _accounts(fleet, cluster, oidc) if oidc else [],
        "adminRoles": _admin_roles() if oidc and oidc["adminGroups"] else [],
        "secrets": _secrets(settings),
        "host": host,
        "ingressAnnotations": interfaces.entry(fleet, cluster, settings["ingress"], health="/"),
        "ruleGroups": [alerting.group("argo-workflows", _alerts(), fleet)],
    }


def _executor(image: Mapping[str, str]) -> dict[str, str]:
    """The image in the chart's three parts; a digest goes with the tag, the chart puts both after a colon. All
    above the last name is the registry, so that it is one that policies and mirror know."""
    registry, _, repository = image["repository"].rpartition("/")
    digest = f"@{image['digest']}" if "digest" in image else ""
    return {"registry": registry, "repository": repository, "tag": image.get("tag", "") + digest}


def _defaults() -> dict[str, Json]:
    """For workflows without a template of ours; one field at a time gives way to theirs."""
    return {
        "spec": {
            "podGC": {"strategy": "OnPodSuccess"},
            "securityContext": {**_POD, "runAsUser": 8737, "fsGroup": 8737},
            "ttlStrategy": {"secondsAfterCompletion": _WEEK},
        }
    }


def _persistence(cluster: Cluster, database: Mapping[str, Json]) -> dict[str, Json]:
    secret = {"name": DATABASE_SECRET}
    return {
        "archive": True,
        # Clusters may share a database.
        "clusterName": cluster.identity,
        "archiveTTL": f"{database['archiveDays']}d",
        # Kubernetes bounds an object to 1.5 MB, and the state of a wide workflow is larger.
        "nodeStatusOffLoad": True,
        "connectionPool": {"maxIdleConns": 20, "maxOpenConns": 40, "connMaxLifetime": "300s"},
        "postgresql": {
            "host": database["host"],
            "port": database["port"],
            "database": database["name"],
            "tableName": "argo_workflows",
            "userNameSecret": {**secret, "key": "username"},
            "passwordSecret": {**secret, "key": "password"},
            "ssl": True,
            "sslMode": "require",
        },
    }


def _sso(oidc: Mapping[str, Json], host: str) -> dict[str, Json]:
    return {
        "enabled": True,
        "issuer": oidc["issuer"],
        "clientId": {"name": SSO_SECRET, "key": "client-id"},
        "clientSecret": {"name": SSO_SECRET, "key": "client-secret"},
        "redirectUrl": f"https://{host}/oauth2/callback",
        "scopes": oidc["scopes"],
        "sessionExpiry": oidc["sessionExpiry"],
        "customGroupClaimName": oidc["groupsClaim"],
        # By name: the chart's default is every Secret of the cluster.
        "rbac": {"enabled": True, "secretWhitelist": _readable(oidc)},
    }


def _readable(oidc: Mapping[str, Json]) -> list[str]:
    """Names of the Secrets that the server reads: its own, and the tokens of the accounts that people act as."""
    accounts = [LOGIN, *([ADMINS] if oidc["adminGroups"] else []), workflow_access.EDIT, workflow_access.VIEW]
    return sorted([DATABASE_SECRET, SSO_SECRET, *map(workflow_access.token, accounts)])


def _accounts(fleet: Fleet, cluster: Cluster, oidc: Mapping[str, Json]) -> list[Json]:
    """Whoever is in a team of the cluster may sign in, with no rights but those of the team's namespace."""
    groups = fleet.platform.data["identityGroups"]
    teams = fleet.environments[cluster.environment].teams_on(cluster.name)
    members = [team.data["groups"][role] for team in teams for role in sorted(team.data["groups"])]
    found = [workflow_access.account(LOGIN, workflow_access.claims(groups, members), precedence=0)]
    if oidc["adminGroups"]:
        admins = workflow_access.claims(groups, oidc["adminGroups"])
        found.append(workflow_access.account(ADMINS, admins, precedence=10))
    return found


def _admin_roles() -> list[Json]:
    """Everything with workflows, by the chart's own role; and to see what they run in, without Secrets."""
    return [
        {"name": ADMINS, "account": ADMINS, "clusterRole": "argo-workflows-admin"},
        {"name": f"{ADMINS}-view", "account": ADMINS, "clusterRole": "view"},
    ]


def _secrets(settings: Mapping[str, Json]) -> list[Json]:
    found = []
    if "database" in settings:
        login = credentials(settings["database"]["secret"], username="username", password="password")
        found.append(external_secret(DATABASE_SECRET, login))
    if "oidc" in settings:
        key = settings["oidc"]["secret"]["remoteKey"]
        client = {
            "client-id": {"remoteKey": key, "property": "clientID"},
            "client-secret": {"remoteKey": key, "property": "clientSecret"},
        }
        found.append(external_secret(SSO_SECRET, client))
    return found


def _alerts() -> list[alerting.Alert]:
    return [
        _failing(),
        alerting.controller_down("ArgoWorkflowsDown", namespace="argo", job=_CONTROLLER, what="Argo Workflows"),
        alerting.Alert(
            name="ArgoWorkflowsWithoutLeader",
            expr="sum(argo_workflows_is_leader) == 0",
            wait="5m",
            severity="critical",
            summary="No controller of Argo Workflows is the leader: pipelines stand still.",
        ),
        alerting.Alert(
            name="ArgoWorkflowsBehind",
            expr='max(argo_workflows_queue_depth_gauge{queue_name="workflow_queue"}) > 100',
            wait="30m",
            severity="warning",
            summary="{{ $value }} changes of workflows wait for the controller of Argo Workflows.",
        ),
        alerting.Alert(
            name="CronWorkflowNotStarted",
            expr='sum(increase(argo_workflows_error_count{cause=~"CronWorkflow.*"}[30m])) > 0',
            severity="warning",
            summary="Argo Workflows could not start a workflow on its schedule; the log of the controller says which.",
        ),
    ]


def _failing() -> alerting.Alert:
    """To the team. A series begins with the first failure, and `increase` sees none in it: what was not there a
    quarter of an hour ago counts too. Summed over controllers, since the next leader begins anew."""
    failed = 'argo_workflows_workflowtemplate_triggered_total{phase=~"Failed|Error"}'
    by, one = "sum by (namespace, name)", "sum by (namespace, name, phase)"
    first = f"{by} ({one} ({failed}) unless {one} ({failed} offset 15m)) > 0"
    return alerting.Alert(
        name="PipelineFailed",
        expr=f"({by} (increase({failed}[15m])) > 0 or {first}){_TEAM}",
        severity="warning",
        team="{{ $labels.team }}",
        summary="A run of pipeline {{ $labels.name }} in {{ $labels.namespace }} failed.",
    )
