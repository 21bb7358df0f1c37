"""Clusters of the reference platform and of the small repository, as whoever makes them would get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from paddock import load
from paddock.infrastructure import plan
from paddock.infrastructure.plan import Inventory
from paddock.load import Loaded
from paddock.model import Cluster, Fleet
from repositories import gathered, reference

Json = Any


@cache
def loaded() -> Loaded:
    found = load.load(gathered(reference()))
    assert not found.problems
    return found


def fleet(provider: str = "5.100.0") -> Fleet:
    """The reference platform with a version of the AWS provider."""
    found = loaded().fleet
    assert found is not None
    platform = found.platform
    settings = {**platform.data["terraform"], "awsProvider": provider}
    return replace(found, platform=replace(platform, data={**platform.data, "terraform": settings}))


def cluster(identity: str, provisioner: str) -> Cluster:
    """A cluster of the reference platform as if another had made it."""
    one = next(each for each in fleet().clusters() if each.identity == identity)
    return replace(one, data={**one.data, "eks": {**one.data["eks"], "provisioner": provisioner}})


def inventory(identity: str, provisioner: str, provider: str = "5.100.0") -> Inventory:
    """What a cluster needs of AWS, for a provisioner."""
    one = cluster(identity, provisioner)
    found = fleet(provider)
    environment = found.environments[one.environment]
    if "ackRoleARN" not in environment.data["aws"]:
        aws = {**environment.data["aws"], "ackRoleARN": "arn:aws:iam::444455556666:role/av-ack"}
        environment = replace(environment, data={**environment.data, "aws": aws})
    return plan.inventory(found, environment, one, loaded().catalogue)


def made() -> list[tuple[str, str]]:
    """Identity and provisioner of the clusters that somebody makes."""
    return [(one.identity, one.provisioner) for one in fleet().clusters() if one.provisioner != "existing"]


def stacks(provider: str = "5.100.0") -> Mapping[str, str]:
    """Every stack of the reference platform by name."""
    return {
        f"{identity}/{name}": text
        for identity, provisioner in made()
        for name, text in inventory(identity, provisioner, provider).stacks.items()
    }
