"""Prices of what is no instance: control planes, volumes, buckets, file systems, databases, gateways.

A table of facts (data/service_prices.csv), each with its source and date; what no source gave is missing, not zero.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "service_prices.csv"
EVERYWHERE = "*"
"""Region of a price that AWS asks in every region."""
SKUS = {
    "eks-cluster": "hour",
    "eks-extended-support": "hour",
    "eks-tier-xl": "hour",
    "eks-tier-2xl": "hour",
    "eks-tier-4xl": "hour",
    "eks-tier-8xl": "hour",
    "fsx-persistent-2-125": "GiB-month",
    "fsx-persistent-2-250": "GiB-month",
    "fsx-persistent-2-500": "GiB-month",
    "fsx-persistent-2-1000": "GiB-month",
    "fsx-scratch-2": "GiB-month",
    "gp3": "GiB-month",
    "gp3-iops": "IOPS-month",
    "gp3-throughput": "MiB/s-month",
    "io2": "GiB-month",
    "io2-iops": "IOPS-month",
    "load-balancer": "hour",
    "nat-gateway": "hour",
    "rds-storage": "GiB-month",
    "s3-deep-archive": "GiB-month",
    "s3-glacier": "GiB-month",
    "s3-glacier-ir": "GiB-month",
    "s3-intelligent-tiering": "GiB-month",
    "s3-onezone-ia": "GiB-month",
    "s3-standard": "GiB-month",
    "s3-standard-ia": "GiB-month",
}
"""What can be priced beside instances and database classes, and the unit of its price. AWS' gigabyte of storage is a
GiB (Amazon S3 and EBS pricing pages, "GB-month"). Extended support and the tiers come on top of eks-cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrice:
    """One price in US dollars a unit, with the page that states it."""

    usd: Fraction
    unit: str
    source: str
    as_of: str


@cache
def service_prices() -> Mapping[tuple[str, str], ServicePrice]:
    """Prices by (sku or database class, region), in the order of the table."""
    with TABLE.open(encoding="utf-8", newline="") as table:
        return {
            (row["sku"], row["region"]): ServicePrice(
                usd=Fraction(row["usd"]), unit=row["unit"], source=row["source"], as_of=row["as_of"]
            )
            for row in csv.DictReader(table)
        }
