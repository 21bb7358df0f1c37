"""What the workloads of a team ask for on a cluster, from specs alone: pods as admission will count them.

People's notebooks and the short pods of the platform in a team's namespace are left out: what is said here is a lower
bound, so that nothing is refused that could be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from paddock import volumes
from paddock.analysis.quota_ledger import Container, counted, defaulted, pod
from paddock.devices import GPU
from paddock.model import Cluster, Environment, Json, Step, Team, Workload
from paddock.quantity import parse
from paddock.workloads import pods

CLAIMED = "claims of nvidia.com/gpu"
"""GPUs that a pod claims, under a name that no ResourceQuota has: Kueue counts them as nvidia.com/gpu."""
STORAGE = "requests.storage"
VOLUMES = (STORAGE, "persistentvolumeclaims", "count/persistentvolumeclaims")
"""What a ResourceQuota says of volumes."""
_STANDING = ("inference", "service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A workload that is always there, with its pod: between `low` and `high` of them."""

    workload: Workload
    low: int
    high: int
    shape: Container


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is admitted as a whole: the pods of a training run, or the one of a pipeline's step."""

    part: Workload
    pods: int
    shape: Container

    @property
    def queued(self) -> bool:
        """Whether Kueue admits it."""
        return "queue" in self.part.data

    def needs(self, resource: str) -> Fraction:
        """What all its pods ask for."""
        return self.pods * self.shape.requests.get(resource, Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """All that a team asks for on a cluster."""

    environment: Environment
    cluster: Cluster
    team: Team
    standing: tuple[Standing, ...]
    runs: tuple[Run, ...]

    @property
    def quota(self) -> Mapping[str, str]:
        """The hard limits of the namespace."""
        found: Mapping[str, str] = self.team.clusters[self.cluster.name]["quota"]
        return found

    def steady(self, key: str) -> Fraction:
        """What is always there of a resource of the ResourceQuota."""
        return sum((one.low * counted(one.shape, key) for one in self.standing), self.claimed(key))

    def claimed(self, key: str) -> Fraction:
        """Volumes of the team's workloads, of which each is one claim; 0 for other resources."""
        if key not in VOLUMES:
            return Fraction(0)
        sizes = list(_claims(self.environment, self.cluster, self.team))
        return sum(sizes, Fraction(0)) if key == STORAGE else Fraction(len(sizes))


def of(environment: Environment, cluster: Cluster, team: Team) -> Demand:
    """What a team asks for on a cluster on which it has a namespace. What names an unknown pool is left out."""
    mine = [one for one in environment.workloads_on(cluster.name) if one.team == team.name]
    return demand(environment, cluster, team, mine)


def everyone(environment: Environment, cluster: Cluster) -> Sequence[Demand]:
    """The demand of each team on a cluster, by name."""
    kept = next((found for one, other, found in _kept if one is environment and other is cluster), None)
    if kept is None:
        by_team: dict[str, list[Workload]] = {}
        for one in environment.workloads_on(cluster.name):
            by_team.setdefault(one.team, []).append(one)
        teams = environment.teams_on(cluster.name)
        kept = [demand(environment, cluster, team, by_team.get(team.name, [])) for team in teams]
        _kept[:] = [(environment, cluster, kept), *_kept][:_CLUSTERS]
    return kept


_CLUSTERS = 32
_kept: list[tuple[Environment, Cluster, list[Demand]]] = []
"""Several checks ask for the same demand; that of the clusters asked for last is kept."""


def demand(environment: Environment, cluster: Cluster, team: Team, workloads: list[Workload]) -> Demand:
    """The demand of some workloads of a team."""
    placed = [(one, part) for one in workloads for part in one.parts() if _pool_is_known(cluster, part)]
    defaults = _defaults(team)
    return Demand(
        environment=environment,
        cluster=cluster,
        team=team,
        standing=tuple(_standing(cluster, defaults, one) for one, _ in placed if one.type in _STANDING),
        runs=tuple(_run(cluster, defaults, part) for one, part in placed if one.type not in _STANDING),
    )


def always_on_gpus(environment: Environment, cluster: Cluster) -> Iterator[tuple[Workload, int, int]]:
    """Each workload that always runs with GPUs on a cluster: its least number of pods, and the GPUs of each. Claimed
    GPUs are left out, which no limit of a pool counts."""
    for one in environment.workloads_on(cluster.name):
        owned = one.team in environment.teams and cluster.name in environment.teams[one.team].clusters
        if one.type in _STANDING and "gpu" in one.data["resources"] and owned and _pool_is_known(cluster, one):
            gpus = int(pods.resources(cluster, one)["limits"].get(GPU, 0))
            low, _ = pods.replicas(one)
            if gpus:
                yield one, max(1, low) if one.type == "inference" else low, gpus


def _pool_is_known(cluster: Cluster, part: Workload) -> bool:
    return part.data.get("pool") in (None, *cluster.node_pools)


def _defaults(team: Team) -> Container:
    """The LimitRange of the team's namespaces: teams._limits."""
    stated = team.data["containerDefaults"]
    memory = parse(stated["memory"])
    return Container(requests={"cpu": parse(stated["cpu"]), "memory": memory}, limits={"memory": memory})


def _container(resources: Mapping[str, Json]) -> Container:
    return Container(
        requests={name: parse(amount) for name, amount in resources["requests"].items()},
        limits={name: parse(amount) for name, amount in resources["limits"].items()},
    )


def _standing(cluster: Cluster, defaults: Container, workload: Workload) -> Standing:
    """KServe keeps one replica at least, and fetches the model in an init container (workloads.inference)."""
    low, high = pods.replicas(workload)
    main = _container(pods.resources(cluster, workload))
    if workload.type == "service":
        return Standing(workload=workload, low=low, high=high, shape=pod([defaulted(main, defaults)]))
    main = Container(requests=main.requests, limits={"cpu": main.requests["cpu"], **main.limits})
    inits = [defaulted(one, defaults) for one in _initializer(cluster, workload)]
    shape = pod([defaulted(main, defaults)], inits=inits)
    return Standing(workload=workload, low=max(1, low), high=max(1, high), shape=shape)


def _initializer(cluster: Cluster, workload: Workload) -> Iterator[Container]:
    use = cluster.components.get("kserve")
    if use is not None and use.valid and workload.data["model"]["storageUri"].startswith(("s3://", "hf://")):
        stated = use.settings["storageInitializer"]
        cpu, memory = parse(stated["cpu"]), parse(stated["memory"])
        yield Container(
            requests={"cpu": cpu, "memory": memory}, limits={"cpu": parse(stated["cpuLimit"]), "memory": memory}
        )


def _run(cluster: Cluster, defaults: Container, part: Workload) -> Run:
    main = defaulted(_claimed_gpus(part, _container(pods.resources(cluster, part))), defaults)
    if not isinstance(part, Step):
        return Run(part=part, pods=part.data["nodes"], shape=pod([main]))
    beside = [defaulted(one, defaults) for one in _executor(cluster)]
    return Run(part=part, pods=1, shape=pod([main], sidecars=beside, inits=[]))


def _claimed_gpus(part: Workload, main: Container) -> Container:
    """What Kueue counts a claim as (components.kueue.DEVICE_CLASSES), under a name that no ResourceQuota has."""
    gpu = part.data["resources"].get("gpu")
    if gpu is None or GPU in main.limits:
        return main
    return Container(requests={**main.requests, CLAIMED: Fraction(gpu["count"])}, limits=main.limits)


def _executor(cluster: Cluster) -> Iterator[Container]:
    """The container that Argo Workflows runs beside a step; the one before it asks for the same, so never for more."""
    use = cluster.components.get("argo-workflows")
    if use is not None and use.valid:
        stated = use.settings["executor"]["resources"]
        memory = parse(stated["memory"])
        yield Container(requests={"cpu": parse(stated["cpu"]), "memory": memory}, limits={"memory": memory})


def _claims(environment: Environment, cluster: Cluster, team: Team) -> Iterator[Fraction]:
    """Sizes of the claims in a team's namespace: those of its workloads, and of file systems that are there already."""
    for stated in volumes.file_systems(cluster).values():
        if stated["team"] == team.name:
            yield parse(volumes.CAPACITY)
    for workload in environment.workloads_on(cluster.name):
        if workload.team == team.name:
            if "checkpoint" in workload.data:
                yield parse(workload.data["checkpoint"]["size"])
            for mount in volumes.mounts(environment, cluster, workload):
                if mount.volume is not None:
                    yield parse(mount.volume["capacity"]["storage"])
