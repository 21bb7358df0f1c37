"""What workloads ask for, steadily and at most, against what they were given: entries, accounts and their ratios.

A pod's demand is counted as the API server counts it: LimitRange defaults first, then what admission of ResourceQuota
sums up. Names, numbers and quantities in, numbers out; who asks and where it is written is the caller's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from paddock.analysis.flow import heaviest_antichain
from paddock.analysis.schedules import most_at_once

Amounts = Mapping[str, Fraction]
"""Quantities by resource."""

ROLLING = 25
"""Percent of maxSurge and of maxUnavailable that a Deployment has which states none (Kubernetes, "Deployments", Max
Surge and Max Unavailable); KServe writes the same into its Deployments of Standard mode."""
# What a ResourceQuota counts under more than one name (Kubernetes, "Resource Quotas", compute resources).
_NATIVE = {"cpu", "memory", "ephemeral-storage"}
_PODS = ("pods", "count/pods")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Requests and limits of a container, or of a whole pod."""

    requests: Amounts = field(default_factory=dict)
    limits: Amounts = field(default_factory=dict)


def defaulted(container: Container, defaults: Container) -> Container:
    """A container after admission: a request that is not stated is its limit; what is still missing is the LimitRange's
    default (Kubernetes, "Limit Ranges"; plugin/pkg/admission/limitranger, mergeContainerResources). Extended resources
    and huge pages stand in limits only, and their requests are equal."""
    requests = {**container.limits, **container.requests}
    return Container(
        requests={**defaults.requests, **requests},
        limits={**defaults.limits, **container.limits},
    )


def pod(
    containers: Iterable[Container], *, sidecars: Iterable[Container] = (), inits: Iterable[Container] = ()
) -> Container:
    """A pod's effective requests and limits: of each resource the greater of what all containers and sidecars ask for
    together, and what one init container asks for beside the sidecars (Kubernetes, "Sidecar Containers", resource
    sharing within containers). Sidecars are taken to start before the init containers."""
    beside = list(sidecars)
    running = [*containers, *beside]
    alone = [[*beside, one] for one in inits]
    if len(running) == 1 and not alone:
        return running[0]
    return Container(
        requests=_most([_sum(one.requests for one in group) for group in (running, *alone)]),
        limits=_most([_sum(one.limits for one in group) for group in (running, *alone)]),
    )


def _sum(amounts: Iterable[Amounts]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for one in amounts:
        for resource, amount in one.items():
            found[resource] = found[resource] + amount if resource in found else amount
    return found


def _most(groups: Sequence[Amounts]) -> dict[str, Fraction]:
    if len(groups) == 1:
        return dict(groups[0])
    names = {name for one in groups for name in one}
    return {name: max(one.get(name, Fraction(0)) for one in groups) for name in names}


def counted(one: Container, name: str) -> Fraction:
    """How much of a ResourceQuota's resource a pod uses as long as it has not ended; 0 for what counts no pods.

    Extended resources are counted by `requests.<name>` alone, huge pages also by their bare name (Kubernetes, "Resource
    Quotas", quota for extended resources; facts: gpu-platform.md 5.3).
    """
    if name in _PODS:
        return Fraction(1)
    if not counts_pods(name):
        return Fraction(0)
    if name.startswith("limits."):
        return one.limits.get(name.removeprefix("limits."), Fraction(0))
    return one.requests.get(name.removeprefix("requests."), Fraction(0))


def counts_pods(name: str) -> bool:
    """Whether pods count against a resource of a ResourceQuota."""
    if name in _PODS or name in _NATIVE or name.startswith("hugepages-"):
        return True
    if name.startswith("limits."):
        return name.removeprefix("limits.") in _NATIVE
    return name.startswith("requests.") and name != "requests.storage"


def limits_nothing(name: str) -> bool:
    """Whether a resource name in a ResourceQuota is one that no object ever counts against: an extended resource
    without `requests.` before it. Names of Kubernetes' own domains are storage classes and device classes."""
    domain, slash, _ = name.partition("/")
    own = domain == "count" or domain.endswith(("kubernetes.io", "k8s.io"))
    return bool(slash) and not own and not name.startswith("requests.")


def surge(replicas: int, percent: int = ROLLING) -> int:
    """Pods above the replicas while a new version rolls out: a percentage is rounded up (Kubernetes, "Deployments")."""
    return -(-replicas * percent // 100)


def unavailable(replicas: int, percent: int = ROLLING) -> int:
    """Pods that may be missing meanwhile: rounded down. With 0 nothing old ends before something new has begun."""
    return replicas * percent // 100


def runs_at_once(schedule: str, policy: str, deadline: int | None) -> int | None:
    """Runs of a schedule that may go at the same time: one unless the policy is Allow, then as many as begin before the
    first must have ended. None: without a deadline, in seconds, there is no bound."""
    if policy != "Allow":
        return 1
    return None if deadline is None else most_at_once(schedule, deadline)


def steps_at_once(
    weights: Mapping[str, Fraction], before: Mapping[str, Collection[str]], parallelism: int | None = None
) -> Fraction:
    """The most that steps of a pipeline use at the same time, each its weight.

    Without `parallelism` it is exact: the heaviest antichain of the DAG. With it, an upper bound: the lesser of that
    and the sum of so many of the heaviest steps.
    """
    most = heaviest_antichain(weights, before)
    if parallelism is None:
        return most
    heaviest = sorted(weights.values(), reverse=True)[:parallelism]
    return min(most, sum(heaviest, Fraction(0)))


Cells = Mapping[tuple[str, str], Fraction]
"""Quantities by flavor and resource."""


def admitted_together(wants: Sequence[tuple[Fraction, Cells]], room: Cells) -> Fraction:
    """The most that runs weigh which are admitted at the same time: each as a whole, and all of them within the room.

    `wants` are a weight and what the run takes of each cell. Every answer is that of a set of runs which fit, so it is
    never too much; it is the greatest unless there are so many runs that the search stops (the heaviest come first).
    """
    return _Packing(wants=sorted(wants, key=lambda one: -one[0]), room=dict(room)).best()


@dataclass(slots=True, kw_only=True)
class _Packing:
    """A search by branch and bound; `steps` is what is left of its patience."""

    wants: Sequence[tuple[Fraction, Cells]]
    room: dict[tuple[str, str], Fraction]
    steps: int = 2000
    found: Fraction = Fraction(0)

    def best(self) -> Fraction:
        rest = [Fraction(0)]
        for weight, _ in reversed(self.wants):
            rest.append(rest[-1] + weight)
        self._search(0, Fraction(0), rest[::-1])
        return self.found

    def _search(self, index: int, weight: Fraction, rest: Sequence[Fraction]) -> None:
        self.found = max(self.found, weight)
        self.steps -= 1
        if index == len(self.wants) or self.steps < 0 or weight + rest[index] <= self.found:
            return
        own, cells = self.wants[index]
        if all(amount <= self.room.get(cell, Fraction(0)) for cell, amount in cells.items()):
            self._take(cells, -1)
            self._search(index + 1, weight + own, rest)
            self._take(cells, 1)
        self._search(index + 1, weight, rest)

    def _take(self, cells: Cells, sign: int) -> None:
        for cell, amount in cells.items():
            self.room[cell] += sign * amount


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Account:
    """What is drawn from: a namespace's ResourceQuota (no flavor), or a team's quota in a flavor of Kueue."""

    cluster: str
    team: str
    flavor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one owner draws from an account: what is always there, and the most there may be, with the reason."""

    account: Account
    owner: str
    resource: str
    steady: Fraction
    peak: Fraction
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A resource of an account: what it was given, what of that is always drawn, and what may be at most."""

    account: Account
    resource: str
    limit: Fraction
    steady: Fraction
    peak: Fraction
    entries: tuple[Entry, ...]

    @property
    def ratio(self) -> Fraction | None:
        """Over-commitment: the peak in units of the limit; None where a limit of 0 is asked for more."""
        if self.limit:
            return self.peak / self.limit
        return None if self.peak else Fraction(0)


def ledger(entries: Iterable[Entry], limits: Mapping[tuple[Account, str], Fraction]) -> list[Line]:
    """A line for each limit, by account and resource. Entries of what nobody limits are left out."""
    by_line: dict[tuple[Account, str], list[Entry]] = {}
    for entry in entries:
        by_line.setdefault((entry.account, entry.resource), []).append(entry)
    return [
        Line(
            account=account,
            resource=resource,
            limit=limit,
            steady=sum((one.steady for one in found), Fraction(0)),
            peak=sum((one.peak for one in found), Fraction(0)),
            entries=tuple(sorted(found, key=lambda one: one.owner)),
        )
        for (account, resource), limit in sorted(limits.items())
        for found in [by_line.get((account, resource), [])]
    ]
