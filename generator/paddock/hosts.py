"""Host names under which people and programs reach the platform: of its user interfaces and of workloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.diagnostics import Place
from paddock.model import Cluster, Environment, Fleet, Json, Workload

GROUP = "alb.ingress.kubernetes.io/group.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host name of an Ingress, what it leads to, and where a person changes it. `group` is that of the load balancer:
    Ingresses of one group on a cluster share it."""

    name: str
    path: str
    cluster: Cluster
    what: str
    place: Place
    group: str | None
    alb: bool = True
    """Whether its Ingress class makes an Application Load Balancer."""
    workload: Workload | None = None
    """The workload whose Ingress it is, if it is none of a component."""


# Where the settings of a component hold its Ingress and the host of it.
_INTERFACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "argo-cd": (("ingress",), ("host",)),
    "argo-workflows": (("ingress",), ("ingress", "host")),
    "jupyterhub": (("ingress",), ("ingress", "host")),
    "kube-prometheus-stack": (("grafana", "ingress"), ("grafana", "ingress", "host")),
    "mlflow": (("ingress",), ("ingress", "host")),
    "opencost": (("ingress",), ("ingress", "host")),
    "opensearch": (("ingress",), ("ingress", "host")),
    "opensearch-dashboards": (("ingress",), ("ingress", "host")),
}
_LABELS = {
    "argo-cd": "argocd",
    "argo-workflows": "workflows",
    "jupyterhub": "notebooks",
    "kube-prometheus-stack": "grafana",
    "opensearch-dashboards": "logs",
}
# Without sign-in Argo Workflows has no server, and so no Ingress.
_WITH = {"argo-workflows": ("oidc",)}


def interface(fleet: Fleet, cluster: Cluster, component: str, settings: Mapping[str, Json]) -> str:
    """The host of a component's user interface: what its settings say, else <name>.<cluster>.<environment>.<domain>;
    of Argo CD, of which there is one, argocd.<domain>."""
    stated = _at(settings, _INTERFACES[component][1])
    if stated is not None:
        return str(stated)
    name, domain = _LABELS.get(component, component), fleet.platform.data["domain"]
    return f"{name}.{domain}" if component == "argo-cd" else f"{name}.{cluster.name}.{cluster.environment}.{domain}"


def workload(fleet: Fleet, cluster: Cluster, one: Workload) -> str:
    """The host of a workload with an Ingress: <workload>.<team>.<cluster>.<environment>.<domain> unless stated."""
    default = f"{one.name}.{one.team}.{cluster.name}.{cluster.environment}.{fleet.platform.data['domain']}"
    return str(one.data["ingress"].get("host", default))


def published(fleet: Fleet) -> Iterator[Host]:
    """Every host of every Ingress of the fleet whose host the specs decide."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            yield from _of_cluster(fleet, environment, cluster)


def load_balancers(fleet: Fleet, environment: Environment, cluster: Cluster) -> Iterator[Workload | None]:
    """Application Load Balancers of a cluster, with the workload that has one to itself: each Ingress without a group,
    KServe's of each endpoint included. None for one that is shared (an IngressGroup) or a component's."""
    found = [one for one in _of_cluster(fleet, environment, cluster) if one.alb]
    yield from [None] * len({one.group for one in found if one.group is not None})
    yield from [one.workload for one in found if one.group is None]
    kserve = cluster.components.get("kserve")
    ingress = kserve.settings["ingress"] if kserve is not None and kserve.valid else {"enabled": False}
    if ingress["enabled"] and ingress["className"] == "alb":
        yield from [one for one in environment.workloads_on(cluster.name) if one.type == "inference"]


def _of_cluster(fleet: Fleet, environment: Environment, cluster: Cluster) -> Iterator[Host]:
    yield from _of_components(fleet, cluster)
    yield from _of_workloads(fleet, environment, cluster)


def _of_components(fleet: Fleet, cluster: Cluster) -> Iterator[Host]:
    for component, (entry, host) in _INTERFACES.items():
        use = cluster.components.get(component)
        ingress = _at(use.settings, entry) if use is not None and use.valid else None
        if use is None or not isinstance(ingress, Mapping) or not ingress.get("enabled", True):
            continue
        if component in _WITH and _at(use.settings, _WITH[component]) is None:
            continue
        given = _at((cluster.data["components"].get(component) or {}).get("settings") or {}, host) is not None
        pointer = ("components", component, *(("settings", *host) if given else ()))
        place = cluster.place(*pointer, key=not given) if component in cluster.data["components"] else None
        group = fleet.platform.data["ingress"]["group"] if ingress["className"] == "alb" else None
        yield Host(
            name=interface(fleet, cluster, component, use.settings),
            path="/",
            cluster=cluster,
            what=f'component "{component}"',
            place=place or cluster.place("role"),
            group=ingress["annotations"].get(GROUP, group),
            alb=ingress["className"] == "alb",
        )


def _of_workloads(fleet: Fleet, environment: Environment, cluster: Cluster) -> Iterator[Host]:
    for one in environment.workloads_on(cluster.name):
        stated = one.data.get("ingress")
        if one.type != "service" or stated is None:
            continue
        given = "host" in stated
        yield Host(
            name=workload(fleet, cluster, one),
            path=stated["path"],
            cluster=cluster,
            what=f'workload "{one.name}" of team "{one.team}"',
            place=one.place("ingress", *(("host",) if given else ()), key=not given),
            group=stated["annotations"].get(GROUP),
            alb=stated["ingressClassName"] == "alb",
            workload=one,
        )


def _at(value: Json, pointer: tuple[str, ...]) -> Json:
    for key in pointer:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def domains(fleet: Fleet, settings: Mapping[str, Json]) -> list[str]:
    """Domains in which external-dns with some settings makes records."""
    return sorted(settings.get("domains") or [fleet.platform.data["domain"]])


def below(name: str, domain: str) -> bool:
    """Whether a host lies in a domain, as external-dns' filters compare them."""
    return name == domain or name.endswith(f".{domain}")
