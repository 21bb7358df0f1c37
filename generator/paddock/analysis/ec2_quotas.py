"""Which service quota of EC2 an instance counts against: vCPUs by class of instance family and way of buying.

Names and codes as `aws service-quotas list-service-quotas --service-code ec2` lists them; the classes are those of the
EC2 user guide, "On-Demand Instances" (quotas) and "Spot Instance quotas"."""

from __future__ import annotations

import re

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
