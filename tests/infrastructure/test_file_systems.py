"""File systems of FSx for Lustre on the reference platform: the file system, its links, its key and its outputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.fleet import inventory
from paddock.infrastructure.fsx import Link

Json = Any
PROVISIONERS = pytest.mark.parametrize("provisioner", ["ack", "terraform"])


def stack(provisioner: str) -> Json:
    return json.loads(next(iter(inventory("prod-train-iad", provisioner).stacks.values())))


@PROVISIONERS
def test_a_file_system_lies_in_the_subnet_of_its_zone(provisioner: str) -> None:
    one = stack(provisioner)["resource"]["aws_fsx_lustre_file_system"]["fs-frames"]
    assert one["subnet_ids"] == ["subnet-0b17e94ac02d5f386"]
    assert (one["deployment_type"], one["storage_capacity"], one["per_unit_storage_throughput"]) == (
        "PERSISTENT_2",
        48_000,
        500,
    )
    assert one["data_compression_type"] == "NONE"
    assert one["automatic_backup_retention_days"] == 0  # it is linked to a bucket
    assert one["kms_key_id"] == "${aws_kms_key.file-systems.arn}"
    assert one["lifecycle"] == [{"prevent_destroy": True}]


@PROVISIONERS
def test_its_folders_are_linked_to_prefixes(provisioner: str) -> None:
    links = stack(provisioner)["resource"]["aws_fsx_data_repository_association"]
    assert {one["file_system_path"]: (one["data_repository_path"], one["s3"]) for one in links.values()} == {
        "/features": (
            "s3://example-av-prod-perception-frames/features",
            [{"auto_import_policy": [{"events": ["NEW"]}], "auto_export_policy": [{"events": ["CHANGED", "NEW"]}]}],
        ),
        "/frames": (
            "s3://example-av-prod-perception-frames/curated",
            [{"auto_import_policy": [{"events": ["CHANGED", "DELETED", "NEW"]}]}],
        ),
    }
    assert {one["file_system_id"] for one in links.values()} == {"${aws_fsx_lustre_file_system.fs-frames.id}"}


@PROVISIONERS
def test_what_the_driver_wants_to_know_is_an_output(provisioner: str) -> None:
    reference = "aws_fsx_lustre_file_system.fs-frames"
    assert stack(provisioner)["output"]["fileSystems"]["value"]["frames"] == {
        "id": f"${{{reference}.id}}",
        "dnsName": f"${{{reference}.dns_name}}",
        "mountName": f"${{{reference}.mount_name}}",
    }


def test_pods_and_servers_talk_lustre_and_nothing_else() -> None:
    resources = stack("ack")["resource"]
    for way in ("ingress", "egress"):
        rules = resources[f"aws_vpc_security_group_{way}_rule"].values()
        assert {(one["from_port"], one["to_port"]) for one in rules} == {(988, 988), (1018, 1023)}
        peers = {one.get("cidr_ipv4", one.get("referenced_security_group_id")) for one in rules}
        assert peers == {"10.64.0.0/15", "${aws_security_group.file-systems.id}"}


def test_the_buckets_key_lets_their_roles_in() -> None:
    """The frames of perception lie beside this cluster; so do its models, to which a class of the driver is linked."""
    key = json.loads(stack("terraform")["resource"]["aws_kms_key"]["cluster"]["policy"])
    (found,) = [one for one in key["Statement"] if one["Principal"] == {"AWS": "*"}]
    condition = found["Condition"]
    assert condition["ArnLike"]["aws:PrincipalArn"].startswith(
        "arn:aws:iam::777788889999:role/aws-service-role/s3.data-so"
    )
    assert condition["StringEquals"] == {
        "kms:CallerAccount": "777788889999",
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
    }
    assert condition["StringLike"]["kms:EncryptionContext:aws:s3:arn"] == [
        "arn:aws:s3:::example-av-prod-perception-frames",
        "arn:aws:s3:::example-av-prod-perception-frames/*",
        "arn:aws:s3:::example-av-prod-perception-models",
        "arn:aws:s3:::example-av-prod-perception-models/*",
    ]
    assert "kms:*" not in found["Action"]


def test_a_key_of_buckets_that_nothing_is_linked_to_lets_nobody_in() -> None:
    stacks = inventory("prod-serve-fra", "terraform").stacks
    key = json.loads(json.loads(stacks["serve-fra"])["resource"]["aws_kms_key"]["cluster"]["policy"])
    assert all(one["Principal"] != {"AWS": "*"} for one in key["Statement"])
    assert "fileSystems" not in json.loads(stacks["serve-fra"])["output"]


@pytest.mark.parametrize(("first", "second"), [("/a-b", "/a/b"), ("/a-/b", "/a--b"), ("/a_b", "/a/b"), ("/a", "/a/b")])
def test_no_two_links_have_one_name(first: str, second: str) -> None:
    def name(file_system: str, folder: str) -> str:
        return Link(folder=folder, path="s3://a", imports=(), exports=()).block(file_system).key

    assert name("fs-x", first) != name("fs-x", second)
    assert name("fs-a", "/b/c") != name("fs-a-b", "/c")
