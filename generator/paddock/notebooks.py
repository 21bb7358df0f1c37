"""What notebooks a team may start on a cluster: the profiles its spec states, or those that follow from its quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from paddock.devices import GPU
from paddock.instances import instances
from paddock.model import Cluster, Json, NodePool, Team
from paddock.quantity import parse

COMPONENT = "jupyterhub"
NAMESPACE = "jupyterhub"
SERVICE_ACCOUNT = "notebook"
"""Service account of notebooks in the namespace of each team; it has the team's role on AWS."""
POD_LABELS = {"app.kubernetes.io/component": "singleuser-server"}
"""How KubeSpawner labels notebooks (kubespawner 7.0.0, `component_label`)."""
_GI = 1 << 30
# Without profiles of its own a team gets these as far as its quota holds them: ours, for looking at data and for
# loading it.
_WITHOUT_GPU = {"small": ("Small", 2, 8), "large": ("Large", 8, 32)}
# Of what a GPU's share of its node has, the rest is the system's and that of the node's DaemonSets.
_MEMORY_SHARE = Fraction(85, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A size of notebook; `cpu` in CPUs, `memory` in bytes. `pools` are those with its GPU, none without GPU."""

    name: str
    title: str
    cpu: Fraction
    memory: Fraction
    model: str | None = None
    gpus: int = 0
    pools: tuple[NodePool, ...] = ()


def offered(cluster: Cluster, team: Team) -> bool:
    """Whether a team may start notebooks on a cluster."""
    return COMPONENT in cluster.components and cluster.name in team.clusters and bool(team.data["notebooks"]["enabled"])


def queued(cluster: Cluster, team: Team) -> bool:
    """Whether Kueue queues the team's pods that name its queue: of itself it lets pods pass (gpu-platform.md 5.2)."""
    kueue = cluster.components.get("kueue")
    frameworks = kueue.settings.get("frameworks", []) if kueue else []
    return "pod" in frameworks and bool(team.clusters[cluster.name]["flavors"])


def profiles(cluster: Cluster, team: Team) -> list[Profile]:
    """A team's profiles on a cluster, stated or derived: those without GPUs first, then by size. The first is the one
    that who chooses nothing gets."""
    if not offered(cluster, team):
        return []
    stated = team.data["notebooks"]["profiles"]
    if stated:
        found = [_stated(cluster, name, one) for name, one in stated.items()]
    else:
        found = [one for one in _derived(cluster, team) if not list(excesses(cluster, team, one))]
    return sorted(found, key=lambda one: (one.gpus, one.cpu, one.memory, one.name))


def excesses(cluster: Cluster, team: Team, profile: Profile) -> Iterator[tuple[str, str, str]]:
    """What of one notebook of a profile is above the team's quota on the cluster or the limit of its containers: the
    field of the profile, the limit's name, and the limit."""
    quota = team.clusters[cluster.name]["quota"]
    storage = parse(team.data["notebooks"]["storage"])
    wanted: list[tuple[str, Fraction, tuple[str, ...]]] = [
        ("cpu", profile.cpu, ("requests.cpu", "cpu")),
        ("memory", profile.memory, ("requests.memory", "memory", "limits.memory")),
        ("gpu", Fraction(profile.gpus), (f"requests.{GPU}",)),
        ("storage", storage, ("requests.storage",)),
    ]
    for field, amount, names in wanted:
        for name in names:
            if name in quota and amount > parse(quota[name]):
                yield field, f'quota["{name}"]', quota[name]
    maximum = team.data["containerDefaults"]["maxMemory"]
    if profile.memory > parse(maximum):
        yield "memory", "containerDefaults.maxMemory", maximum


def _stated(cluster: Cluster, name: str, stated: Mapping[str, Json]) -> Profile:
    gpu = stated.get("gpu", {})
    model = gpu.get("model")
    return Profile(
        name=name,
        title=stated.get("title", name),
        cpu=parse(stated["cpu"]),
        memory=parse(stated["memory"]),
        model=model,
        gpus=gpu.get("count", 0),
        pools=tuple(one for one in cluster.node_pools.values() if model and _has(one, model)),
    )


def _has(pool: NodePool, model: str) -> bool:
    """Whole GPUs of the model; shared ones are for workloads that name the pool."""
    return pool.gpu_model == model and not pool.shared_gpus


def _derived(cluster: Cluster, team: Team) -> Iterator[Profile]:
    for name, (title, cpu, memory) in _WITHOUT_GPU.items():
        yield Profile(name=name, title=title, cpu=Fraction(cpu), memory=Fraction(memory * _GI))
    mine = [one for one in cluster.node_pools.values() if _everyday(one) and _quota(cluster, team, one)]
    for model in sorted({one.gpu_model for one in mine if one.gpu_model}):
        found = _one_gpu(model, tuple(one for one in mine if one.gpu_model == model))
        if found is not None:
            yield found


def _everyday(pool: NodePool) -> bool:
    """Whether a notebook belongs there unasked: nodes with EFA and those that always run are for training."""
    return bool(pool.gpu_model) and not (pool.shared_gpus or pool.efa or "replicas" in pool.data)


def _quota(cluster: Cluster, team: Team, pool: NodePool) -> bool:
    flavor = team.clusters[cluster.name]["flavors"].get(pool.name, {})
    return GPU in flavor and parse(flavor[GPU]["nominalQuota"]) >= 1


def _one_gpu(model: str, pools: tuple[NodePool, ...]) -> Profile | None:
    """One GPU with its share of the smallest node: all CPUs of the share but one, and most of its memory."""
    known = [instances()[name] for pool in pools for name in pool.data["instanceTypes"] if name in instances()]
    shares = [
        (Fraction(one.memory_gib, one.gpu_count), Fraction(one.vcpus, one.gpu_count)) for one in known if one.gpu_count
    ]
    if not shares:
        return None
    memory, cpu = min(shares)
    return Profile(
        name=model,
        title=f"1 × {model}",
        cpu=Fraction(max(1, int(cpu) - 1)),
        memory=Fraction(max(1, int(memory * _MEMORY_SHARE)) * _GI),
        model=model,
        gpus=1,
        pools=pools,
    )
