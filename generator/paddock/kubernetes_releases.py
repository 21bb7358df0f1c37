"""Until when EKS supports each Kubernetes version (gpu-platform.md 1.6; EKS user guide, "Kubernetes versions").

A version that is missing has no date that is known; nothing is said of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The last days of standard and of extended support."""

    standard: str
    extended: str


SUPPORT = {
    "1.32": Support(standard="2026-03-23", extended="2027-03-23"),
    "1.33": Support(standard="2026-07-29", extended="2027-07-29"),
    "1.34": Support(standard="2026-12-02", extended="2027-12-02"),
    "1.35": Support(standard="2027-03-27", extended="2028-03-27"),
}
