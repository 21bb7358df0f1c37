# Runs within the chart's jupyterhub_config.py. What the specs say is in the values, under custom.platform. Each profile
# lies in the namespace of its team, so that the team's quota, policies, role on AWS and cost centre hold for its
# notebooks; KubeSpawner takes the namespace from the profile (kubespawner 7.0.0, spawner.py, _start).
import os
import sys

from tornado import web

PLATFORM = get_config("custom.platform")

for _name, _value in (
    ("token of the proxy's API", os.environ.get("CONFIGPROXY_AUTH_TOKEN")),
    ("secret of the cookies", c.JupyterHub.cookie_secret),
    ("keys of the users' state", ";".join(c.CryptKeeper["keys"])),
):
    if not _value or _value in PLATFORM["placeholders"]:
        sys.exit(f"the {_name} is still the placeholder of the chart's values: External Secrets has not written it yet")


def profiles_of(user) -> list:
    """The profiles of the teams whose identity groups a user is in."""
    groups = {group.name for group in user.groups}
    return [profile for profile in PLATFORM["profiles"] if groups.intersection(profile["groups"])]


def profile_list(spawner) -> list:
    """What a user may choose; without any nothing starts, for it would start in the hub's own namespace."""
    found = profiles_of(spawner.user)
    if not found:
        raise web.HTTPError(403, "You are in no team that may start notebooks on this cluster.")
    return [{key: value for key, value in profile.items() if key != "groups"} for profile in found]


def check_pod(spawner, pod):
    """The last word before a pod starts: it is in the namespace of a team of its user."""
    allowed = {profile["kubespawner_override"]["namespace"] for profile in profiles_of(spawner.user)}
    if spawner.namespace not in allowed:
        raise web.HTTPError(403, f"You may not start notebooks in namespace {spawner.namespace}.")
    return pod


# A file of Secret hub-secrets, as the cookies' secret is.
c.GenericOAuthenticator.client_secret = get_secret_value("oauth-client-secret")
# Pods of other namespaces do not resolve the short name.
c.JupyterHub.hub_connect_url = PLATFORM["hubURL"]
c.KubeSpawner.profile_list = profile_list
c.KubeSpawner.modify_pod_hook = check_pod
# A person of two teams has a home in each namespace; what is known of one says nothing of the other.
c.KubeSpawner.remember_pvc_name = False
# Who leaves keeps nobody from the data: the hub has no right to delete it either.
c.KubeSpawner.delete_pvc = False
# What the level restricted of Pod Security asks for, beside what the chart sets.
c.KubeSpawner.pod_security_context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
c.KubeSpawner.container_security_context = {"capabilities": {"drop": ["ALL"]}}
