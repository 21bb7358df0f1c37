"""Terraform stacks: what every machine can see of them, and `terraform validate` where it is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infrastructure.fleet import inventory, stacks
from paddock.infrastructure.resource import Block, Expression, Reference
from paddock.infrastructure.terraform import stack, written

Json = Any

PROVIDER = "registry.terraform.io/hashicorp/aws/5.100.0"
# Where Terraform and packagers keep provider plugins ("Implied local mirror directories").
MIRRORS = ("~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*")
REFERENCE = re.compile(r"\b(aws_[a-z0-9_]+|helm_release|kubernetes_secret_v1)\.([A-Za-z0-9_-]+)")


def mirror() -> Path | None:
    """A folder of provider plugins that has the version we validate with."""
    stated = os.environ.get("PADDOCK_TERRAFORM_PLUGINS")
    candidates = [Path(stated)] if stated else []
    for pattern in MIRRORS:
        path = Path(pattern).expanduser()
        candidates += sorted(path.parent.glob(path.name))
    return next((one for one in candidates if (one / PROVIDER).is_dir()), None)


def strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (*strings(key), *strings(item))]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("provider", ["5.100.0", "~> 6.28"])
def test_every_reference_is_to_a_resource_of_the_stack(provider: str) -> None:
    found = stacks(provider)
    assert len(found) >= 5
    for name, text in found.items():
        document = json.loads(text)
        for expression in strings(document["resource"]) + strings(document.get("output", {})):
            for type, key in REFERENCE.findall(" ".join(re.findall(r"(?<!\$)\$\{(.*)\}", expression))):
                assert key in document["resource"][type], (name, expression)
        for blocks in document["resource"].values():
            for one in blocks.values():
                for target in one.get("depends_on", []):
                    type, _, key = target.partition(".")
                    assert key in document["resource"][type], (name, target)


def test_a_stack_is_bound_to_its_account_region_and_state() -> None:
    document = json.loads(inventory("staging-train-iad", "terraform").stacks["train-iad"])
    assert document["provider"]["aws"]["allowed_account_ids"] == ["444455556666"]
    assert document["provider"]["aws"]["region"] == "us-east-1"
    assert document["provider"]["aws"]["default_tags"] == [
        {"tags": {"cluster": "staging-train-iad", "environment": "staging", "managed-by": "paddock"}}
    ]
    assert document["terraform"]["backend"]["s3"]["key"] == "paddock/staging-train-iad.tfstate"
    assert document["terraform"]["required_providers"] == {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}


def test_states_are_apart() -> None:
    keys = [json.loads(text)["terraform"]["backend"]["s3"]["key"] for text in stacks().values()]
    assert len(keys) == len(set(keys))


def test_version_6_has_the_arguments_that_5_refuses() -> None:
    """validation.md: 5.100.0 rejects both, 6.x has them."""
    for provider, expected in (("5.100.0", False), ("~> 6.28", True)):
        text = inventory("prod-train-iad", "terraform", provider).stacks["train-iad"]
        one = json.loads(text)["resource"]["aws_eks_cluster"]["cluster"]
        assert ("deletion_protection" in one) is expected
        assert one.get("control_plane_scaling_config", [{}])[0].get("tier", "") == ("tier-xl" if expected else "")


def test_what_holds_data_cannot_be_destroyed_by_a_plan() -> None:
    resources = json.loads(inventory("prod-train-iad", "terraform").stacks["train-iad"])["resource"]
    assert resources["aws_s3_bucket"]
    assert all(one["lifecycle"] == [{"prevent_destroy": True}] for one in resources["aws_s3_bucket"].values())
    assert all(one["deletion_protection"] for one in resources["aws_db_instance"].values())


def test_security_baseline_of_the_control_plane() -> None:
    """gpu-platform.md 1.6: private, encrypted, every log, entries instead of aws-auth, IMDSv2 with one hop."""
    resources = json.loads(inventory("prod-train-iad", "terraform").stacks["train-iad"])["resource"]
    cluster = resources["aws_eks_cluster"]["cluster"]
    assert cluster["vpc_config"][0]["endpoint_private_access"] is True
    assert cluster["vpc_config"][0]["endpoint_public_access"] is False
    assert cluster["encryption_config"][0]["resources"] == ["secrets"]
    assert len(cluster["enabled_cluster_log_types"]) == 5
    assert cluster["access_config"][0] == {
        "authentication_mode": "API",
        "bootstrap_cluster_creator_admin_permissions": False,
    }
    for template in resources["aws_launch_template"].values():
        assert template["metadata_options"][0]["http_tokens"] == "required"
        assert template["metadata_options"][0]["http_put_response_hop_limit"] == 1
        assert "network_interfaces" not in template  # SubnetId in it would stop the group (gpu-platform.md 8 #26)
    assert all(one["node_repair_config"] == [{"enabled": True}] for one in resources["aws_eks_node_group"].values())


def test_literals_are_no_templates() -> None:
    """Text that Terraform would read as a template stays text, a reference becomes an expression."""
    assert written({"a": "${x}", "b": ["%{if}"], "c": "$5"}) == {"a": "$${x}", "b": ["%%{if}"], "c": "$5"}
    assert written(Reference(type="aws_vpc", key="vpc", attribute="id")) == "${aws_vpc.vpc.id}"
    assert written((Expression(text="a[0].b"),)) == ["${a[0].b}"]


def test_two_resources_of_one_name_are_no_stack() -> None:
    twice = [Block(type="aws_vpc", key="vpc", arguments={})] * 2
    settings = {"state": {"bucket": "states", "region": "us-east-1"}}
    with pytest.raises(ValueError, match=r"aws_vpc\.vpc"):
        stack("x", twice, settings=settings, providers={}, provider_blocks={}, outputs={})


def assert_valid(text: str, folder: Path) -> None:
    """`terraform validate` of a stack has neither errors nor warnings."""
    program, plugins = shutil.which("terraform"), mirror()
    if program is None or plugins is None:
        missing = "terraform" if program is None else f"the provider {PROVIDER} in one of {', '.join(MIRRORS)}"
        pytest.skip(f"not installed: {missing}")
    (folder / "main.tf.json").write_text(text)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    init = [program, "init", "-backend=false", "-input=false", "-no-color", f"-plugin-dir={plugins}"]
    done = subprocess.run(init, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    validate = [program, "validate", "-json"]
    done = subprocess.run(validate, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    verdict = json.loads(done.stdout)
    assert verdict["valid"], verdict["diagnostics"]
    assert verdict["error_count"] == verdict["warning_count"] == 0, verdict["diagnostics"]


@pytest.mark.whole
@pytest.mark.parametrize("name", sorted(name for name in stacks() if not name.endswith("argo-cd")))
def test_terraform_validates(name: str, tmp_path: Path) -> None:
    """The stacks with AWS resources; the one that installs Argo CD needs the helm provider, which has to be fetched."""
    assert_valid(stacks()[name], tmp_path)
