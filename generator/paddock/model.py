"""The data that every later stage reads: the platform's specs as immutable, typed objects.

A value here has been validated against its schema and merged with its overlay; where a leaf came from is in `Origin`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock import arns
from paddock.diagnostics import Place, Pointer
from paddock.names import ROLE_LIMIT, shortened

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with string keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which file set each leaf of a merged spec: the overlay where it says something, else the base."""

    base: str
    overlay: str | None = None
    overlaid: frozenset[Pointer] = frozenset()

    def place(self, *pointer: str | int, key: bool = False) -> Place:
        """The place of a node of the merged spec in the file that set it."""
        return Place(path=self.file(pointer), pointer=pointer, key=key)

    def files(self) -> set[str]:
        """The files behind the spec."""
        return {self.base} | ({self.overlay} if self.overlay else set())

    def file(self, pointer: Pointer) -> str:
        """The file that set a node: the overlay if it set the node, a node above it or (for a map) one below it."""
        if self.overlay is None:
            return self.base
        if any(pointer[:end] in self.overlaid for end in range(len(pointer) + 1)):
            return self.overlay
        return self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A merged spec object: `data` is its `spec` with schema defaults filled in, never mutated."""

    name: str
    data: Mapping[str, Json]
    origin: Origin

    def place(self, *pointer: str | int, key: bool = False) -> Place:
        """The place of `spec.<pointer>` in the file that set it."""
        return self.origin.place("spec", *pointer, key=key)

    def name_place(self) -> Place:
        """The place of `metadata.name`."""
        return Place(path=self.origin.base, pointer=("metadata", "name"))


def _page(repository: str) -> str:
    """The web page of docs/runbooks.md in a repository that is cloned by HTTPS or SSH."""
    host_and_path = re.sub(r"^(?:https://|ssh://)?(?:[^@/]+@)?([^/:]+)(?::[0-9]+)?[:/]", r"\1/", repository)
    return f"https://{host_and_path.removesuffix('.git')}/blob/main/docs/runbooks.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform(Spec):
    """What all environments share."""

    @property
    def repository_url(self) -> str:
        return str(self.data["repository"]["url"])

    @property
    def capability(self) -> bool:
        """Whether Argo CD is the capability that EKS manages."""
        return bool(self.data["argoCD"]["mode"] == "capability")

    @property
    def argocd_namespace(self) -> str:
        return str(self.data["argoCD"]["namespace"])

    @property
    def hub(self) -> tuple[str, str]:
        """Environment and cluster of the hub."""
        hub = self.data["argoCD"]["hub"]
        return hub["environment"], hub["cluster"]

    @property
    def hub_identity(self) -> str:
        return "-".join(self.hub)

    @property
    def runbooks(self) -> str:
        """Page of runbooks, with the `#` before an alert's anchor; without one stated, docs/runbooks.md of the branch
        main as a web page of the repository's host."""
        return f"{self.data.get('runbooks') or _page(self.repository_url)}#"

    def runbook(self, alert: str) -> str:
        """Link to an alert's runbook; anchors of headings are in lower case."""
        return self.runbooks + alert.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Spec):
    """A rule of this platform, in CEL, about specs or about rendered objects."""

    @property
    def specs(self) -> tuple[str, ...]:
        """Kinds of specs that it is about."""
        return tuple(self.data["matchConstraints"].get("specs", ()))

    @property
    def objects(self) -> tuple[str, ...]:
        """Kinds of rendered objects that it is about."""
        return tuple(self.data["matchConstraints"].get("objects", ()))

    def matches(self, environment: str, cluster: str | None, team: str | None) -> bool:
        """Whether it is about what stands there; None is no cluster, or no team, and matches only a policy that
        names none."""
        stated = self.data["matchConstraints"]
        return all(
            name not in stated or value in stated[name]
            for name, value in (("environments", environment), ("clusters", cluster), ("teams", team))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool:
    """A node pool of a cluster; `data` is its spec with defaults."""

    name: str
    data: Mapping[str, Json]

    @property
    def gpu_model(self) -> str | None:
        gpu = self.data.get("gpu")
        return gpu["model"] if gpu else None

    @property
    def efa(self) -> bool:
        return bool(self.data["efa"])

    @property
    def shared_gpus(self) -> bool:
        """Whether a GPU of it is not a whole one (MIG, time-slicing): only workloads that name the pool run on it."""
        gpu = self.data.get("gpu", {})
        return "mig" in gpu or "timeSlicing" in gpu

    @property
    def dra(self) -> bool:
        """Whether its GPUs are claimed (dynamic resource allocation) instead of counted by a device plugin."""
        return bool(self.data.get("gpu", {}).get("allocation") == "DRA")

    @property
    def bottlerocket(self) -> bool:
        """Whether its nodes run Bottlerocket, whose NVIDIA image has a device plugin of its own."""
        return str(self.data["ami"]).startswith("bottlerocket@")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentUse:
    """A component that runs on a cluster, with its settings (schema defaults filled in if `valid`, else as stated)."""

    name: str
    settings: Mapping[str, Json]
    valid: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(Spec):
    """A cluster of an environment."""

    environment: str
    account_id: str
    region: str
    node_pools: Mapping[str, NodePool]
    components: Mapping[str, ComponentUse] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """The cluster's name wherever environments meet."""
        return f"{self.environment}-{self.name}"

    @property
    def role(self) -> str:
        return str(self.data["role"])

    @property
    def kubernetes_version(self) -> str:
        """Minor version, e.g. 1.34."""
        return str(self.data["kubernetesVersion"])

    @property
    def eks_name(self) -> str:
        return str(self.data["eks"]["name"])

    @property
    def provisioner(self) -> str:
        """ack, terraform or existing: who makes the cluster."""
        return str(self.data["eks"]["provisioner"])

    @property
    def registered(self) -> bool:
        """Whether its API server is known: until then nothing can be synced to it (design section 4)."""
        return "endpoint" in self.data["eks"]

    @property
    def argocd_role_arn(self) -> str:
        """Role that Argo CD assumes to reach the cluster."""
        default = shortened(f"{self.eks_name}-argocd", ROLE_LIMIT)
        arn = arns.arn("iam", self.region, self.account_id, f"role/{default}", regional=False)
        return str(self.data["eks"].get("argoCDRoleARN", arn))

    @property
    def arn(self) -> str:
        """The EKS cluster's ARN."""
        return arns.arn("eks", self.region, self.account_id, f"cluster/{self.eks_name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Team(Spec):
    """A team as one environment sees it. Its namespace has its name."""

    environment: str

    @property
    def clusters(self) -> Mapping[str, Mapping[str, Json]]:
        """Quota by cluster on which the team has a namespace."""
        clusters: Mapping[str, Mapping[str, Json]] = self.data["clusters"]
        return clusters


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload(Spec):
    """A workload as one environment sees it."""

    environment: str
    team: str
    dispatch: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Workers by the manager that sends this workload's runs to them (MultiKueue)."""

    @property
    def type(self) -> str:
        return str(self.data["type"])

    @property
    def clusters(self) -> tuple[str, ...]:
        """Where its pods run: the clusters that it names, or the workers to which these send its runs."""
        if not self.dispatch:
            return tuple(self.data["clusters"])
        places = [place for name in self.data["clusters"] for place in self.dispatch.get(name, (name,))]
        return tuple(dict.fromkeys(places))

    @property
    def named_clusters(self) -> tuple[str, ...]:
        """The clusters that its spec names, then the workers."""
        return tuple(dict.fromkeys([*self.data["clusters"], *self.clusters]))

    def cluster_place(self, cluster: str) -> Place:
        """Where the spec says that it runs on a cluster: the name of the cluster, or the queue that sends it there."""
        stated = self.data["clusters"]
        return self.place("clusters", stated.index(cluster)) if cluster in stated else self.place("queue", "name")

    @property
    def title(self) -> str:
        """What it is called in a finding."""
        return f'workload "{self.name}"'

    def parts(self) -> tuple[Workload, ...]:
        """What is placed on nodes by itself, each with resources, pool and queue of its own: the steps of a pipeline by
        name, else the workload."""
        if "steps" not in self.data:
            return (self,)
        return tuple(self._step(name) for name in sorted(self.data["steps"]))

    def _step(self, name: str) -> Step:
        """A step with what it has from its pipeline. Steps without GPUs are in no queue: Kueue would send them to the
        first pool with quota of CPU and memory, and that may be one of GPUs."""
        own = self.data["steps"][name]
        queued = "gpu" in own["resources"]
        common = {key: value for key, value in self.data.items() if key != "steps" and (queued or key != "queue")}
        deadline = {"activeDeadline": own["timeout"]} if "timeout" in own else {}
        return Step(
            name=self.name,
            data={**common, **own, **deadline},
            origin=self.origin,
            environment=self.environment,
            team=self.team,
            step=name,
            own={**dict.fromkeys(own), **dict.fromkeys(deadline, "timeout")},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Workload):
    """A step of a pipeline as a workload of its own. `own` are the fields that the step states itself, with the name
    they have there if it is another."""

    step: str
    own: Mapping[str, str | None]

    @property
    def title(self) -> str:
        return f'step "{self.step}" of workload "{self.name}"'

    def place(self, *pointer: str | int, key: bool = False) -> Place:
        """The place of a field: in the step where it states it, else in the pipeline."""
        if pointer and pointer[0] in self.own:
            pointer = ("steps", self.step, self.own[str(pointer[0])] or pointer[0], *pointer[1:])
        return self.origin.place("spec", *pointer, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment(Spec):
    """One environment with everything in it. Maps are sorted by key; workloads by (team, name)."""

    clusters: Mapping[str, Cluster]
    teams: Mapping[str, Team]
    workloads: Mapping[tuple[str, str], Workload]

    @property
    def production(self) -> bool:
        return bool(self.data["production"])

    @property
    def branch(self) -> str:
        """The branch that Argo CD syncs."""
        return f"deploy/{self.name}"

    def workloads_on(self, cluster: str) -> list[Workload]:
        """Workloads whose pods run on the cluster, in order."""
        return [workload for workload in self.workloads.values() if cluster in workload.clusters]

    def workloads_with_objects_on(self, cluster: str) -> list[Workload]:
        """Workloads that have objects on the cluster, in order: their pods run there or their runs are sent away."""
        return [one for one in self.workloads.values() if cluster in one.clusters or cluster in one.dispatch]

    def teams_on(self, cluster: str) -> list[Team]:
        """Teams that have a namespace on the cluster, in order."""
        return [team for team in self.teams.values() if cluster in team.clusters]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedNamespace:
    """A namespace that we own on a cluster: its labels, and the components that live in it."""

    labels: Mapping[str, str]
    components: tuple[str, ...] = ()
    pods: bool = True
    """Whether pods run there: each of its components may say that it has none (`network: {pods: {}}`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All environments of a platform, sorted by name."""

    platform: Platform
    environments: Mapping[str, Environment]
    exceptions: Spec | None = None
    baseline: Spec | None = None
    policies: Mapping[str, Policy] = field(default_factory=dict)
    unread: frozenset[tuple[str, str, str]] = frozenset()
    """(kind, environment, name) of specs that exist but could not be read; references to them are no further fault."""
    namespaces: Mapping[str, Mapping[str, OwnedNamespace]] = field(default_factory=dict)
    """By the identity of the cluster and by name; filled in before rendering, since components decide about them."""

    def clusters(self) -> list[Cluster]:
        """Every cluster of every environment, in order."""
        return [cluster for environment in self.environments.values() for cluster in environment.clusters.values()]

    @property
    def hub(self) -> Cluster | None:
        """The cluster on which Argo CD runs, if its spec survived."""
        environment, cluster = self.platform.hub
        found = self.environments.get(environment)
        return found.clusters.get(cluster) if found else None
