"""Parallel image pulls: the user data that nodeadm and Bottlerocket read, and the pools of the reference platform."""

from __future__ import annotations

import base64
import tomllib
from email import message_from_string
from typing import Any

import pytest

from paddock import source
from paddock.infrastructure.ec2 import LaunchTemplate
from paddock.infrastructure.resource import Site
from paddock.pipeline import Result
from paddock.user_data import FIXED, image_pull
from repositories import reference_result

Json = Any


@pytest.fixture(scope="module")
def result() -> Result:
    return reference_result()


def node_class(result: Result, cluster: str, pool: str) -> Json:
    path = f"clusters/{cluster}/components/karpenter/resources/ec2nodeclass-{pool}.yaml"
    return source.parse(result.trees["prod"][path].encode(), path)[0]["spec"]


def test_al2023_gets_a_node_config_that_karpenter_can_merge() -> None:
    """Karpenter and EKS put their own parts beside it; nodeadm reads parts of this content type alone."""
    text = image_pull({"mode": "parallel"}, bottlerocket=False)
    assert text is not None
    archive = message_from_string(text)
    assert text.startswith("MIME-Version:")
    assert archive.get_content_type() == "multipart/mixed"
    assert archive.defects == []
    (part,) = archive.get_payload()
    assert part.get_content_type() == "application/node.eks.aws"
    config, problems = source.parse(part.get_payload().encode(), "nodeconfig.yaml")
    assert problems == []
    assert config == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"featureGates": {"FastImagePull": True}},
    }


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, (20, 12, "16mb")),
        ({"downloadsPerImage": 10, "unpacksPerImage": 3, "chunkSize": "8mib"}, (10, 3, "8mib")),
    ],
)
def test_bottlerocket_gets_settings(stated: Json, expected: tuple[int, int, str]) -> None:
    """Without any statement it pulls as AL2023 does, not with the 3 downloads and 1 unpack that are its own."""
    text = image_pull({"mode": "parallel", **stated}, bottlerocket=True)
    assert text is not None
    downloads, unpacks, chunk = expected
    assert tomllib.loads(text)["settings"] == {
        "container-runtime": {"snapshotter": "soci"},
        "container-runtime-plugins": {
            "soci-snapshotter": {
                "pull-mode": "parallel-pull-unpack",
                "parallel-pull-unpack": {
                    "max-concurrent-downloads-per-image": downloads,
                    "max-concurrent-unpacks-per-image": unpacks,
                    "concurrent-download-chunk-size": chunk,
                    "discard-unpacked-layers": True,
                },
            }
        },
    }
    assert set(FIXED) == {"downloadsPerImage", "unpacksPerImage", "chunkSize"}


def test_a_pool_that_says_nothing_has_no_user_data(result: Result) -> None:
    assert image_pull(None, bottlerocket=False) is None
    assert "userData" not in node_class(result, "train-iad", "general")


def test_user_data_survives_the_template(result: Result) -> None:
    """A block scalar: not one line or blank of it may be lost."""
    assert node_class(result, "train-iad", "h100")["userData"] == image_pull({"mode": "parallel"}, bottlerocket=False)
    stated = {"mode": "parallel", "downloadsPerImage": 16, "unpacksPerImage": 4, "chunkSize": "32mb"}
    spec = node_class(result, "serve-fra", "l40s")
    assert spec["userData"] == image_pull(stated, bottlerocket=True)
    assert spec["instanceStorePolicy"] == "RAID0"


def test_a_managed_node_group_gets_the_same(result: Result) -> None:
    """EKS adds its own part to user data of this form; the API wants base64."""
    path = "clusters/train-iad/infrastructure/launchtemplate-h200-block.yaml"
    data = source.parse(result.trees["prod"][path].encode(), path)[0]["spec"]["data"]
    assert base64.b64decode(data["userData"]).decode() == image_pull({"mode": "parallel"}, bottlerocket=False)
    volume = data["blockDeviceMappings"][0]["ebs"]
    assert (volume["iops"], volume["throughput"]) == (4000, 1000)


def test_terraform_s_launch_template_is_the_same() -> None:
    site = Site(account_id="123456789012", region="us-east-1", tags={})
    plain = LaunchTemplate(key="gpu", base_name="train-gpu", volume_gib=500)
    fast = LaunchTemplate(
        key="gpu", base_name="train-gpu", volume_gib=500, performance=(4000, 1000), user_data="[settings]\n"
    )
    (block,) = fast.terraform(site, 6)
    ebs = block.arguments["block_device_mappings"][0]["ebs"][0]
    assert (ebs["iops"], ebs["throughput"]) == (4000, 1000)
    assert block.arguments["user_data"] == base64.b64encode(b"[settings]\n").decode()
    (without,) = plain.terraform(site, 6)
    assert "user_data" not in without.arguments
    # A template of a name never changes: another content has another name.
    assert plain.name != fast.name
