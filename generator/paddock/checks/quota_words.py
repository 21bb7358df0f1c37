"""Words and places that findings about a team's quota have in common."""

from __future__ import annotations

from paddock.demands import Demand, Run
from paddock.devices import EFA, GPU
from paddock.diagnostics import Place

_FIELDS = {GPU: "gpu", EFA: "efa", "hugepages-2Mi": "efa", "ephemeral-storage": "ephemeralStorage"}


def place(demand: Demand, key: str) -> Place:
    """Where the hard limit of a resource of the ResourceQuota stands."""
    return demand.team.place("clusters", demand.cluster.name, "quota", key)


def on(demand: Demand) -> str:
    """Whose quota it is."""
    return f'team "{demand.team.name}" on cluster "{demand.cluster.identity}"'


def flavors(demand: Demand) -> Place:
    """Where a team's flavors of Kueue on a cluster stand."""
    return demand.team.place("clusters", demand.cluster.name, "flavors", key=True)


def nominal(demand: Demand, flavor: str, resource: str) -> Place:
    """Where a flavor has its quota of a resource; the flavor, where it has none."""
    quotas = demand.team.clusters[demand.cluster.name]["flavors"][flavor]
    pointer = (flavor, resource, "nominalQuota") if resource in quotas else (flavor,)
    return demand.team.place("clusters", demand.cluster.name, "flavors", *pointer, key=resource not in quotas)


def field(run: Run, resource: str) -> Place:
    """The field of a run that says too much: how many nodes, where there is more than one."""
    if run.pods > 1:
        return run.part.place("nodes")
    name = _FIELDS.get(resource, resource)
    return run.part.place("resources", *([name] if name in run.part.data["resources"] else []))
