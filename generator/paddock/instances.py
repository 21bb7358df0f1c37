"""The EC2 instance types that node pools may name, with their accelerators, EFA interfaces and prices.

A table of facts (data/instances.csv), not a catalogue of AWS: a type that is missing here cannot be planned with.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "instances.csv"
_PRICES = {"us-east-1": "usd_per_hour_us_east_1", "eu-central-1": "usd_per_hour_eu_central_1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """One instance type. `accelerator` is spelled as Karpenter's labels instance-gpu-name and
    instance-accelerator-name spell it; `accelerator_count` is a fraction on types with a part of a GPU (g6f, gr6f)."""

    name: str
    arch: str
    vcpus: int
    memory_gib: int
    accelerator_manufacturer: str | None
    accelerator: str | None
    accelerator_count: Decimal
    accelerator_memory_gib: Decimal
    efa_interfaces: int
    local_nvme_gb: int
    max_pods: int | None
    """Pods that its network interfaces carry: interfaces × (addresses of each - 1) + 2 (Karpenter, ENILimitedPods).
    None where they are not known."""
    prices: Mapping[str, Decimal]
    source: str
    as_of: str

    @property
    def gpu_model(self) -> str | None:
        """Model of the NVIDIA GPUs; None without any, AWS' own accelerators do not count."""
        return self.accelerator if self.accelerator_manufacturer == "nvidia" else None

    @property
    def gpu_count(self) -> int:
        """Whole NVIDIA GPUs, as the resource nvidia.com/gpu counts them; 0 where there is only a part of one."""
        return int(self.accelerator_count) if self.gpu_model else 0

    def usd_per_hour(self, region: str) -> Decimal | None:
        """On-demand price in US dollars an hour; None where no public price was found for the region."""
        return self.prices.get(region)


@cache
def instances() -> Mapping[str, InstanceType]:
    """Instance types by name, in the order of the table.

    Sources: sizes, EFA and local disks from getmoto/moto `instance_types.json` (EC2 API dump of 2026-08-02); us-east-1
    prices from aws/karpenter-provider-aws `zz_generated.pricing_aws.go` (2026-07-20); eu-central-1 prices from
    tsaol/aws-gpu (2026-01-21). Left out, because no source has all their figures: p6e-gb200.36xlarge, trn2u.48xlarge.
    Each row names its own sources and dates. A price that is blank was not found.
    """
    with TABLE.open(encoding="utf-8", newline="") as table:
        return {row["instance_type"]: _instance(row) for row in csv.DictReader(table)}


def _instance(row: Mapping[str, str]) -> InstanceType:
    return InstanceType(
        name=row["instance_type"],
        arch=row["arch"],
        vcpus=int(row["vcpus"]),
        memory_gib=int(row["memory_gib"]),
        accelerator_manufacturer=row["accelerator_manufacturer"] or None,
        accelerator=row["accelerator"] or None,
        accelerator_count=Decimal(row["accelerator_count"]),
        accelerator_memory_gib=Decimal(row["accelerator_memory_gib"]),
        efa_interfaces=int(row["efa_interfaces"]),
        local_nvme_gb=int(row["local_nvme_gb"]),
        max_pods=int(row["max_pods"]) if row["max_pods"] else None,
        prices={region: Decimal(row[column]) for region, column in _PRICES.items() if row[column]},
        source=row["source"],
        as_of=row["as_of"],
    )
