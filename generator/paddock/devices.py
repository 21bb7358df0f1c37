"""Names of the devices of nodes, as device plugins advertise them and pods ask for them."""

from __future__ import annotations

GPU = "nvidia.com/gpu"
SHARED = "nvidia.com/gpu.shared"
"""A part of a GPU in time, where the plugin renames it."""
MIG = "nvidia.com/mig-"
"""What a slice of a GPU by MIG begins with; its profile follows."""
EFA = "vpc.amazonaws.com/efa"
