"""Which service quota of EC2 an instance counts against: vCPUs by class of instance family and way of buying.

Names and codes as `aws service-quotas list-service-quotas --service-code ec2` lists them; the classes are those of the
EC2 user guide, "On-Demand Instances" (quotas) and "Spot Instance quotas"."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fractions import Fraction

from paddock.devices import GPU
from paddock.instances import InstanceType
from paddock.quantity import parse

_GIB = 1 << 30
NAMES = {
    "L-1216C47A": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    "L-1945791B": "Running On-Demand Inf instances",
    "L-2C3B7624": "Running On-Demand Trn instances",
    "L-34B43A08": "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    "L-3819A6DF": "All G and VT Spot Instance Requests",
    "L-417A185B": "Running On-Demand P instances",
    "L-6B0D517C": "All Trn Spot Instance Requests",
    "L-7212CCBC": "All P4, P3 and P2 Spot Instance Requests",
    "L-B5D1601B": "All Inf Spot Instance Requests",
    "L-C4BD4855": "All P5 Spot Instance Requests",
    "L-DB2E81BA": "Running On-Demand G and VT instances",
}
"""What a spec may state, in vCPUs of an account in a region."""

_ON_DEMAND = {
    **dict.fromkeys(("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"), "L-1216C47A"),
    **dict.fromkeys(("g", "gr", "vt"), "L-DB2E81BA"),
    "inf": "L-1945791B",
    "p": "L-417A185B",
    "trn": "L-2C3B7624",
}
_SPOT = {
    "L-1216C47A": "L-34B43A08",
    "L-1945791B": "L-B5D1601B",
    "L-2C3B7624": "L-6B0D517C",
    "L-DB2E81BA": "L-3819A6DF",
}
# Of P6 no source says which of the two it counts against.
_SPOT_OF_P = {"2": "L-7212CCBC", "3": "L-7212CCBC", "4": "L-7212CCBC", "5": "L-C4BD4855"}
_FAMILY = re.compile(r"(?P<letters>[a-z]+)(?P<generation>[0-9])")


def code(instance_type: str, *, spot: bool) -> str | None:
    """The quota that an instance counts against; None where it is none of those that a spec may state."""
    family = _FAMILY.match(instance_type)
    found = _ON_DEMAND.get(family["letters"]) if family else None
    if not spot or found is None or family is None:
        return found
    return _SPOT_OF_P.get(family["generation"]) if family["letters"] == "p" else _SPOT[found]


def codes(types: Collection[InstanceType], *, spot: Collection[bool]) -> frozenset[str]:
    """The quotas that nodes of these types, bought in these ways, may be drawn from; none where one of them is not of
    those that a spec may state, because then nobody knows how much is left for the others."""
    found = {code(one.name, spot=way) for one in types for way in spot}
    return frozenset() if None in found else frozenset(name for name in found if name is not None)


def most_vcpus(types: Collection[InstanceType], limits: Mapping[str, str], *, shared: bool) -> Fraction | None:
    """vCPUs that a node pool may grow to: the least of what each of its limits allows; None where none of them tells.

    Karpenter counts a node's whole capacity against a limit before it launches one, so nodes are whole (facts:
    gpu-platform.md 3.1). A limit of shared GPUs counts slices and says nothing of nodes.
    """
    found = []
    if "cpu" in limits:
        found.append(Fraction(int(parse(limits["cpu"]))))
    if "nodes" in limits:
        found.append(int(parse(limits["nodes"])) * Fraction(max(one.vcpus for one in types)))
    if "memory" in limits:
        found.append(_by(parse(limits["memory"]), [(one, one.memory_gib * _GIB) for one in types]))
    if GPU in limits and not shared and all(one.gpu_count for one in types):
        found.append(_by(parse(limits[GPU]), [(one, one.gpu_count) for one in types]))
    return min(found, default=None)


def _by(limit: Fraction, sizes: list[tuple[InstanceType, int]]) -> Fraction:
    """vCPUs of as many instances of one type as a limit holds, of the type with the most; a mixture may have more, so
    this is never too much."""
    return max(Fraction(int(limit / size) * one.vcpus) for one, size in sizes)
