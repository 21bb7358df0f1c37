"""What OpenSearch is to hold for each team: index template, retention, roles, mappings and tenant, and the users of
programs. The setup job's script brings it there; nothing here knows HTTP.

Endpoints and bodies: OpenSearch documentation, "Index templates", "Index State Management" and "Security APIs".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from paddock import logs
from paddock.components.opensearch_access import DASHBOARDS, HTTP_PORT, METRICS, SERVICE, WRITER
from paddock.images import reference
from paddock.model import Cluster, Environment, Fleet, Json, Team
from paddock.names import digest
from paddock.workloads.companions import script

CERTIFICATES = "/certificates"
KIBANA_USER = "kibana_user"
_TEMPLATE_PRIORITY = 100
_READ = ["read", "indices:admin/get", "indices:admin/mappings/get", "indices:admin/resolve/index"]


def config(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json]) -> dict[str, Json]:
    """The document of the setup job of the OpenSearch on a cluster, for every team that sends logs to it."""
    environment = fleet.environments[cluster.environment]
    teams = logs.teams(environment, cluster)
    programs = {name: {"users": [name]} for name, _, _ in users(settings)}
    roles = {"logs-writer": programs[WRITER], "kibana_server": programs[DASHBOARDS]}
    if METRICS in programs:
        roles["logs-metrics"] = programs[METRICS]
    admins = settings.get("oidc", {}).get("adminGroups", ())
    return {
        "url": f"https://{SERVICE}:{HTTP_PORT}",
        "authority": f"{CERTIFICATES}/http/ca.crt",
        "certificate": f"{CERTIFICATES}/admin/tls.crt",
        "key": f"{CERTIFICATES}/admin/tls.key",
        "attempts": settings["setupAttempts"],
        "securityConfig": security_config(settings),
        "users": {name: {"passwordVariable": variable} for name, variable, _ in users(settings)},
        "roles": _roles(teams, metrics="metrics" in settings),
        "roleMappings": roles | _mappings(fleet, teams, admins),
        **_parts(environment, teams, shards=settings["shards"], replicas=min(1, settings["replicas"] - 1)),
    }


def domain_config(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json]) -> dict[str, Json]:
    """The document of the job that sets up a domain of Amazon OpenSearch Service. Sign-in and administrators are the
    domain's own; programs are IAM roles, whose ARNs are mapped like groups (Amazon OpenSearch Service developer guide,
    "Fine-grained access control")."""
    environment = fleet.environments[cluster.environment]
    senders = logs.domain_senders(environment, settings["host"])
    names = {team.name for one in senders for team in environment.teams_on(one.name)}
    teams = [team for team in environment.teams.values() if team.name in names]
    mappings = _mappings(fleet, teams, ())
    # Who else may open the domain's Dashboards is not ours to say.
    everybody = mappings.pop(KIBANA_USER)
    return {
        "url": f"https://{settings['host']}",
        "region": settings.get("region", cluster.region),
        "attempts": settings["setupAttempts"],
        "roles": _roles(teams, metrics=False),
        "roleMappings": {"logs-writer": {"backend_roles": sorted(settings["writers"])}, **mappings},
        "sharedRoleMappings": {KIBANA_USER: everybody},
        **_parts(environment, teams, shards=settings["shards"], replicas=settings["copies"]),
    }


def job(config: Mapping[str, Json], image: Mapping[str, Json], *, secrets: Json = None) -> dict[str, Json]:
    """`name`, `image`, `script` and `config` of the Job that brings a document into effect.

    It has the digest of what it does in its name: a change makes a new one, and none is ever altered. `secrets` say
    where its passwords lie.
    """
    written = json.dumps(config, indent=2, sort_keys=True) + "\n"
    text = script("opensearch_setup.py")
    does = "\0".join((text, written, reference(image), json.dumps(secrets, sort_keys=True)))
    return {
        "name": f"opensearch-setup-{digest(does)}",
        "image": reference(image),
        "script": text,
        "config": written,
    }


def _parts(environment: Environment, teams: list[Team], *, shards: int, replicas: int) -> dict[str, Json]:
    """Tenants of teams; templates and policies of theirs and of the platform's indexes."""
    owners = {logs.PLATFORM: None, **{team.name: team for team in teams}}
    return {
        "tenants": {team.name: {"description": f"Dashboards of team {team.name}"} for team in teams},
        "indexTemplates": {logs.index(owner): _template(owner, shards, replicas) for owner in owners},
        "policies": {logs.index(owner): _policy(owner, environment, team) for owner, team in owners.items()},
    }


def users(settings: Mapping[str, Json]) -> list[tuple[str, str, Mapping[str, Json]]]:
    """Users of programs: name, variable of the password, and where it lies in AWS Secrets Manager."""
    secrets = settings["secrets"]
    found = [(WRITER, "WRITER_PASSWORD", secrets["writer"]), (DASHBOARDS, "DASHBOARDS_PASSWORD", secrets["dashboards"])]
    if "metrics" in settings:
        login = {**settings["metrics"]["secret"], "property": "password"}
        found.append((METRICS, "METRICS_PASSWORD", login))
    return found


def security_config(settings: Mapping[str, Json]) -> dict[str, Json]:
    """How people and programs sign in: programs by password, people by OpenID Connect with the groups of their token.
    Neither challenges: a browser that is asked for a password never gets to Dashboards' own sign-in."""
    domains: dict[str, Json] = {
        "basic_internal_auth_domain": {
            "description": "Users of programs",
            "http_enabled": True,
            "transport_enabled": True,
            "order": 0,
            "http_authenticator": {"type": "basic", "challenge": False},
            "authentication_backend": {"type": "internal"},
        }
    }
    if "oidc" in settings:
        oidc = settings["oidc"]
        domains["openid_auth_domain"] = {
            "description": "People, by their groups",
            "http_enabled": True,
            "transport_enabled": False,
            "order": 1,
            "http_authenticator": {
                "type": "openid",
                "challenge": False,
                "config": {
                    "openid_connect_url": oidc["connectURL"],
                    "subject_key": oidc["subjectClaim"],
                    "roles_key": oidc["groupsClaim"],
                },
            },
            "authentication_backend": {"type": "noop"},
        }
    http = {"anonymous_auth_enabled": False}
    multitenancy = {"multitenancy_enabled": True, "server_username": DASHBOARDS, "index": ".kibana"}
    return {"dynamic": {"http": http, "kibana": multitenancy, "authc": domains}}


def _roles(teams: list[Team], *, metrics: bool) -> dict[str, Json]:
    found = {"logs-writer": _role(cluster=["cluster_composite_ops", "cluster_monitor"], index=_writing())}
    if metrics:
        index = [{"index_patterns": ["*"], "allowed_actions": ["indices_monitor"]}]
        found["logs-metrics"] = _role(cluster=["cluster_monitor"], index=index)
    for team in teams:
        index = [{"index_patterns": [logs.pattern(team.name)], "allowed_actions": _READ}]
        for right, action in (("edit", "kibana_all_write"), ("view", "kibana_all_read")):
            tenant = [{"tenant_patterns": [team.name], "allowed_actions": [action]}]
            found[f"logs-{team.name}-{right}"] = _role(cluster=["cluster_composite_ops_ro"], index=index, tenant=tenant)
    return found


def _writing() -> list[Json]:
    """Fluent Bit makes the index of a new day with its first document."""
    actions = ["create_index", "indices:admin/mapping/put", "indices:data/write/bulk*", "indices:data/write/index"]
    return [{"index_patterns": [f"{logs.INDEX_PREFIX}-*"], "allowed_actions": actions}]


def _role(*, cluster: list[str], index: list[Json], tenant: list[Json] | None = None) -> dict[str, Json]:
    return {"cluster_permissions": cluster, "index_permissions": index, "tenant_permissions": tenant or []}


def _mappings(fleet: Fleet, teams: list[Team], admins: list[str] | tuple[str, ...]) -> dict[str, Json]:
    """Groups of tokens by role. KIBANA_USER is what everybody needs who opens Dashboards at all."""
    groups = fleet.platform.data["identityGroups"]
    found: dict[str, Json] = {}
    everybody = set(_claims(groups, admins))
    if everybody:
        found["all_access"] = {"backend_roles": sorted(everybody)}
    for team in teams:
        for right, group in sorted(team.data["groups"].items()):
            claims = _claims(groups, [group])
            found[f"logs-{team.name}-{right}"] = {"backend_roles": claims}
            everybody.update(claims)
    found[KIBANA_USER] = {"backend_roles": sorted(everybody)}
    return found


def _claims(groups: Mapping[str, Json], names: list[str] | tuple[str, ...]) -> list[str]:
    """What tokens call identity groups of the platform; one that is not there is a finding of its own."""
    return sorted({groups[name]["claim"] for name in names if name in groups})


def _template(owner: str, shards: int, replicas: int) -> dict[str, Json]:
    """What programs call their own fields is kept as it is and found by path, but makes no field of the index: two
    programs that mean different things by one name would refuse each other's lines, and a thousand names are too many
    (OpenSearch documentation, "Flat object")."""
    keyword = {"type": "keyword", "ignore_above": 1024}
    kubernetes = dict.fromkeys(("namespace_name", "pod_name", "container_name", "host"), keyword)
    properties = {
        "@timestamp": {"type": "date"},
        "log": {"type": "text"},
        "app": {"type": "flat_object"},
        "cluster": keyword,
        "environment": keyword,
        "stream": keyword,
        "kubernetes": {"properties": {**kubernetes, "labels": {"type": "flat_object"}}},
    }
    return {
        "index_patterns": [logs.pattern(owner)],
        "priority": _TEMPLATE_PRIORITY,
        "template": {
            "settings": {
                "index.number_of_shards": shards,
                "index.number_of_replicas": replicas,
                "index.codec": "best_compression",
                "index.refresh_interval": "10s",
            },
            "mappings": {"properties": properties},
        },
    }


def _policy(owner: str, environment: Environment, team: Team | None) -> dict[str, Json]:
    """Indexes are a day's each and go whole, with the day after the last line's last: an index is as old as its first
    line (OpenSearch documentation, "Policies", min_index_age). On hold nothing ever leaves its state."""
    kept = logs.retention(environment, team)
    states: list[Json] = [{"name": "kept", "actions": [], "transitions": []}]
    if kept is not None:
        gone = {"state_name": "deleted", "conditions": {"min_index_age": f"{kept + 1}d"}}
        states = [
            {"name": "kept", "actions": [], "transitions": [gone]},
            {"name": "deleted", "actions": [{"delete": {}}], "transitions": []},
        ]
    return {
        "policy": {
            "description": f"Logs of {owner}: " + (f"{kept} days" if kept is not None else "on legal hold"),
            "default_state": "kept",
            "states": states,
            "ism_template": [{"index_patterns": [logs.pattern(owner)], "priority": _TEMPLATE_PRIORITY}],
        }
    }
