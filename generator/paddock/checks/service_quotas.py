"""AWS' service quotas, as the environment states them, against the nodes of all clusters of the account and region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from paddock.analysis.ec2_quotas import NAMES, codes, most_vcpus
from paddock.analysis.flow import Bottleneck, bottleneck
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.instances import InstanceType, instances
from paddock.model import Cluster, Environment, Fleet, Json, NodePool

IDS = ("pool-limits-above-service-quota", "service-quota-exceeded", "unused-service-quota")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nodes:
    """vCPUs of a node pool or node group: those that always run and the most there may be (None: not known)."""

    title: str
    place: Place
    codes: frozenset[str]
    least: Fraction
    most: Fraction | None


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each region for which an environment states quotas. Several environments may share an account."""
    for environment in fleet.environments.values():
        account = environment.data["aws"]["accountId"]
        for region, quotas in sorted(environment.data.get("serviceQuotas", {}).items()):
            clusters = [one for one in fleet.clusters() if (one.account_id, one.region) == (account, region)]
            unread = any(kind == "Cluster" for kind, *_ in fleet.unread)
            if not clusters and not unread:
                yield _unused(environment, account, region)
            yield from _region(environment, region, quotas, [one for each in clusters for one in _nodes(each)])


def _unused(environment: Environment, account: str, region: str) -> Problem:
    return Problem(
        id="unused-service-quota",
        severity=Severity.WARNING,
        message=f"service quotas are stated for {region}, where account {account} has no cluster",
        place=environment.place("serviceQuotas", region, key=True),
        help="remove them, or name the region of a cluster",
    )


def _region(environment: Environment, region: str, quotas: Mapping[str, int], nodes: list[_Nodes]) -> Iterator[Problem]:
    limits = {name: Fraction(limit) for name, limit in quotas.items()}
    by_title = {one.title: one for one in nodes if one.codes}
    least = bottleneck({name: (one.codes, one.least) for name, one in by_title.items()}, limits)
    most = bottleneck({name: (one.codes, one.most or Fraction(0)) for name, one in by_title.items()}, limits)
    if least is not None:
        amounts = {name: by_title[name].least for name in least.wants}
        yield _exceeded(environment, region, least, amounts, by_title, always=True)
    elif most is not None:
        amounts = {name: by_title[name].most or Fraction(0) for name in most.wants}
        yield _exceeded(environment, region, most, amounts, by_title, always=False)


def _exceeded(
    environment: Environment,
    region: str,
    found: Bottleneck,
    amounts: Mapping[str, Fraction],
    by_title: Mapping[str, _Nodes],
    *,
    always: bool,
) -> Problem:
    names = " and ".join(f"{one} ({NAMES[one]})" for one in found.places)
    where = f"in {region} of account {environment.data['aws']['accountId']}"
    what = f"nodes that always run {where} take" if always else f"node pools {where} may grow to"
    limit = f"the quota is {found.limit}" if len(found.places) == 1 else f"the quotas are {found.limit} together"
    return Problem(
        id="service-quota-exceeded" if always else "pool-limits-above-service-quota",
        severity=Severity.ERROR if always else Severity.WARNING,
        message=f"{what} {found.total} vCPUs of {names}, and {limit}",
        place=environment.place("serviceQuotas", region, found.places[0]),
        related=tuple(
            Note(message=f"{name}: {amounts[name]} vCPUs", place=by_title[name].place) for name in found.wants
        ),
        help="ask AWS for more and write what was granted, or "
        + ("lower replicas and minSize" if always else "lower the limits: a launch beyond the quota fails"),
    )


def _nodes(cluster: Cluster) -> Iterator[_Nodes]:
    for name, pool in cluster.node_pools.items():
        title, place = f'pool "{name}" of cluster "{cluster.identity}"', ("nodePools", name)
        types = _known(pool.data["instanceTypes"])
        if types:
            fixed = pool.data.get("replicas", 0)
            yield _Nodes(
                title=title,
                place=cluster.place(*place, "replicas" if fixed else "limits"),
                codes=codes(types, spot=_ways(pool)),
                least=Fraction(fixed * min(one.vcpus for one in types)),
                most=most_vcpus(types, pool.data["limits"], shared=pool.shared_gpus),
            )
    for name, group in sorted(cluster.data["eks"]["nodeGroups"].items()):
        types = _known(group["instanceTypes"])
        if types and group["capacityType"] != "CAPACITY_BLOCK":
            yield _Nodes(
                title=f'node group "{name}" of cluster "{cluster.identity}"',
                place=cluster.place("eks", "nodeGroups", name, "maxSize"),
                codes=codes(types, spot={group["capacityType"] == "SPOT"}),
                least=Fraction(group["minSize"] * min(one.vcpus for one in types)),
                most=Fraction(group["maxSize"] * max(one.vcpus for one in types)),
            )


def _known(names: list[str]) -> list[InstanceType]:
    """The instance types; none where one is not known, whose vCPUs nobody can count."""
    return [instances()[name] for name in names] if all(name in instances() for name in names) else []


def _ways(pool: NodePool) -> set[bool]:
    """Whether nodes are spot instances, on-demand ones, or may be either. Instances in a reservation count as
    on-demand, those in a capacity block do not count (EC2 user guide, Capacity Reservations and Capacity Blocks)."""
    bought: Mapping[str, Json] = pool.data.get("capacityReservations", {})
    counts = any(one["type"] != "capacity-block" for one in bought.values())
    ways = {kind for kind in pool.data["capacityTypes"] if kind != "reserved" or counts}
    return {kind == "spot" for kind in ways}
