"""What a platform pays: its own stated prices before the package's tables. What neither has is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from paddock.analysis.money import Span
from paddock.instances import instances
from paddock.service_prices import EVERYWHERE, service_prices

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of a platform in US dollars; `stated` is `prices` of platform.yaml, {} without it."""

    stated: Mapping[str, Json]

    def instance(self, region: str, name: str, field: str) -> Fraction | None:
        """What an instance costs an hour: `field` is onDemand, spot, reserved or capacityBlock. None: nobody knows.

        Spot is the stated percentage of the on-demand price where it has no price of its own. A reservation costs what
        was agreed, else the on-demand price, used or not (Amazon EC2 user guide, "Capacity Reservation pricing and
        billing"). A capacity block has its price from its purchase alone.
        """
        own = self._region(region).get("instances", {}).get(name, {})
        if field in own:
            return exact(own[field])
        on_demand = exact(own["onDemand"]) if "onDemand" in own else _listed(region, name)
        if field == "capacityBlock" or on_demand is None:
            return None
        if field == "spot":
            percent = self.stated.get("spotPercent")
            return None if percent is None else on_demand * percent / 100
        return on_demand

    def service(self, region: str, sku: str) -> Fraction | None:
        """What a unit of a service or a database class costs (service_prices.SKUS has the units). None: unknown."""
        own = self._region(region)
        for field in ("services", "databases"):
            if sku in own.get(field, {}):
                return exact(own[field][sku])
        table = service_prices()
        found = table.get((sku, region)) or table.get((sku, EVERYWHERE))
        return found.usd if found else None

    def launched(self, region: str, name: str, capacity: frozenset[str]) -> Span | None:
        """What a node that Karpenter launches costs an hour, by its pool's capacity types; None: nobody knows.

        Minimum: the cheapest of them. Expected: spot where the pool allows it, which Karpenter prefers (gpu-platform.md
        3.2). Maximum: on demand, which spot never exceeds (Amazon EC2 user guide, "Spot Instances", maximum price).
        Spot without a price counts as on demand.
        """
        on_demand, spot = self.instance(region, name, "onDemand"), self.instance(region, name, "spot")
        if "spot" not in capacity or spot is None:
            return None if on_demand is None else Span.of(on_demand)
        most = spot if on_demand is None else max(spot, on_demand)
        return Span(minimum=min(spot, most), expected=spot, maximum=most)

    def _region(self, region: str) -> Mapping[str, Json]:
        found: Mapping[str, Json] = self.stated.get("regions", {}).get(region, {})
        return found


@lru_cache(maxsize=4096, typed=True)
def exact(number: Json) -> Fraction:
    """A number of a spec as it is written: 0.1 is a tenth."""
    return Fraction(str(number))


def _listed(region: str, name: str) -> Fraction | None:
    found = instances().get(name)
    price = found.usd_per_hour(region) if found else None
    return None if price is None else Fraction(price)
