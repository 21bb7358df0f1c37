"""Pools that cannot hold what always runs on them: workloads of all teams together, before any autoscaler or run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from paddock import demands
from paddock.analysis.flow import bottleneck
from paddock.devices import GPU
from paddock.diagnostics import Note, Problem
from paddock.instances import instances
from paddock.model import Cluster, Environment, Fleet, NodePool
from paddock.quantity import decimal, parse
from paddock.wording import ending, quoted
from paddock.workloads import pods

IDS = ("demand-above-pool-limit",)


def check(fleet: Fleet) -> Iterator[Problem]:
    """The GPUs of each cluster. CPUs and memory are left out: what of a node is left for pods depends on its type."""
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            yield from _cluster(environment, cluster)


def _cluster(environment: Environment, cluster: Cluster) -> Iterator[Problem]:
    limits = {name: limit for name, pool in cluster.node_pools.items() if (limit := _most(pool)) is not None}
    standing = {f"{one[0].team}/{one[0].name}": one for one in demands.always_on_gpus(environment, cluster)}
    places = {name: [pool.name for pool in pods.pools(cluster, one[0])] for name, one in standing.items()}
    wants = {
        name: (places[name], amount)
        for name, (_, low, gpus) in standing.items()
        if places[name] and not _alone(places[name], amount := Fraction(low * gpus), limits)
    }
    found = bottleneck(wants, limits)
    if found is not None:
        pools = quoted(found.places)
        yield Problem(
            id="demand-above-pool-limit",
            message=f"what always runs on pool{ending(len(found.places))} {pools} of cluster "
            f'"{cluster.identity}" takes {decimal(found.total)} GPUs, and there are never more than '
            f"{decimal(found.limit)}",
            place=cluster.place("nodePools", found.places[0], "limits"),
            related=tuple(
                Note(
                    message=f'workload "{workload.name}" of team "{workload.team}": {low} × {gpus} GPUs',
                    place=workload.place("replicas"),
                )
                for workload, low, gpus in (standing[name] for name in found.wants)
            ),
            help=f"let the pool grow to {decimal(found.total)} GPUs, or lower replicas.min",
        )


def _alone(places: Sequence[str], amount: Fraction, limits: Mapping[str, Fraction]) -> bool:
    """Whether a workload is too large for its one pool by itself: gpu-does-not-fit says so."""
    return len(places) == 1 and places[0] in limits and amount > limits[places[0]]


def _most(pool: NodePool) -> Fraction | None:
    """GPUs that a pool ever has; None where nothing bounds them, or it is not known what a node offers."""
    limits = pool.data["limits"]
    found = [parse(limits[GPU])] if GPU in limits else []
    nodes = parse(limits["nodes"]) if "nodes" in limits else pool.data.get("replicas")
    if nodes is not None and not pool.shared_gpus and all(name in instances() for name in pool.data["instanceTypes"]):
        found.append(nodes * max(Fraction(instances()[name].gpu_count) for name in pool.data["instanceTypes"]))
    return min(found, default=None)
