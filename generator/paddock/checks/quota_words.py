"""Words and places that findings about a team's quota have in common."""

from __future__ import annotations

from paddock.demands import Demand
from paddock.diagnostics import Place


def place(demand: Demand, key: str) -> Place:
    """Where the hard limit of a resource of the ResourceQuota stands."""
    return demand.team.place("clusters", demand.cluster.name, "quota", key)


def on(demand: Demand) -> str:
    """Whose quota it is."""
    return f'team "{demand.team.name}" on cluster "{demand.cluster.identity}"'
