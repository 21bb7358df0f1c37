"""What a node has for pods: the sums of Karpenter and nodeadm, worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from paddock.analysis.allocatable import allocatable
from paddock.instances import instances
from paddock.model import NodePool

MIB, GIB = 1 << 20, 1 << 30


def pool(**data: Any) -> NodePool:
    return NodePool(name="x", data={"volume": "200Gi", "limits": {}, **data})


def test_an_m7i_large_as_karpenter_computes_it() -> None:
    """8 GiB are 8192 MiB; 7.5 % of it, rounded up, are 615 MiB. 29 pods keep 255 + 11 × 29 = 574 MiB, eviction 100."""
    found = allocatable(instances()["m7i.large"], pool(), {})
    assert found.pods == 29
    assert found.memory == (8192 - 615 - 574 - 100) * MIB
    # Of 2000 millicores 6 % of the first thousand and 1 % of the second.
    assert found.cpu == Fraction(2000 - 60 - 10, 1000)
    assert found.ephemeral == 200 * GIB - 1 * GIB - 20 * GIB


def test_cpus_beyond_four_keep_a_quarter_of_a_percent() -> None:
    found = allocatable(instances()["p5.48xlarge"], pool(), {})
    assert found.cpu == Fraction(192_000 - (60 + 10 + 10 + 470), 1000)


def test_graviton_keeps_64_mib_more() -> None:
    arm = allocatable(instances()["m7g.large"], pool(), {}).memory
    assert arm == (8128 - 610 - 574 - 100) * MIB


def test_nodes_that_are_there_show_their_memory() -> None:
    """No overhead is guessed for a static pool: the scheduler sees the real nodes."""
    found = allocatable(instances()["p5.48xlarge"], pool(replicas=4), {})
    assert found.memory == 2048 * GIB - (255 + 11 * 29 + 100) * MIB


def test_instance_store_is_storage_where_the_pool_says_so() -> None:
    found = allocatable(instances()["p5.48xlarge"], pool(instanceStore="RAID0"), {})
    assert found.ephemeral == 30400 * 10**9 * Fraction(9, 10) - GIB


@pytest.mark.parametrize(
    ("kubelet", "kept"),
    [
        ({"systemReserved": {"memory": "300Mi"}}, 574 + 300 + 100),
        ({"kubeReserved": {"memory": "1Gi"}}, 1024 + 100),
        ({"maxPods": 110}, 255 + 1210 + 100),
        ({"evictionHard": {"memory.available": "500Mi"}}, 574 + 500),
        ({"evictionHard": {"memory.available": "500Mi"}, "evictionSoft": {"memory.available": "1Gi"}}, 574 + 1024),
        ({"evictionHard": {"memory.available": "100%"}}, 574),
        ({"evictionHard": {"nodefs.available": "15%"}}, 574 + 100),
    ],
)
def test_settings_of_the_kubelet(kubelet: dict[str, Any], kept: int) -> None:
    assert allocatable(instances()["m7i.large"], pool(), kubelet).memory == (8192 - 615 - kept) * MIB


def test_an_eviction_threshold_may_be_a_share() -> None:
    found = allocatable(instances()["m7i.large"], pool(), {"evictionHard": {"memory.available": "5%"}})
    assert found.memory == (8192 - 615) * MIB * Fraction(95, 100) - 574 * MIB
