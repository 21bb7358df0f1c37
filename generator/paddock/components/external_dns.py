"""Domains in which external-dns makes records."""

from __future__ import annotations

from collections.abc import Mapping

from paddock import hosts
from paddock.model import Cluster, Fleet, Json


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`domains`: the settings', else the platform's."""
    return {"domains": hosts.domains(fleet, settings)}
