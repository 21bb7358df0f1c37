"""Terraform stacks as main.tf.json: the text of an inventory, with every string that is no expression escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from paddock.infrastructure.resource import PROVIDER, Block, Expression, Json, Reference, Resource, Site

REQUIRED_VERSION = ">= 1.10.0"
"""S3 states lock themselves from Terraform 1.10 on (Terraform, "S3 backend", use_lockfile)."""
TIER_SINCE = 6
"""Major version of the AWS provider that first has tiers of control planes and deletion protection of clusters:
5.100.0 refuses both (validation.md, "Installing the real tools")."""
CAPABILITY_SINCE = 6
"""Major version that first has aws_eks_capability (6.28: terraform-aws-eks 21, modules/capability)."""


def stack(
    name: str,
    blocks: Iterable[Block],
    *,
    settings: Mapping[str, Json],
    providers: Mapping[str, Mapping[str, Json]],
    provider_blocks: Mapping[str, Json],
    outputs: Mapping[str, Json],
) -> str:
    """The text of a stack. `settings` is the platform's `terraform`, `providers` what required_providers says;
    `outputs` are by name what people read after it is applied."""
    state = settings["state"]
    backend = {
        "bucket": state["bucket"],
        "key": f"paddock/{name}.tfstate",
        "region": state["region"],
        "encrypt": True,
        "use_lockfile": True,
    }
    resources: dict[str, dict[str, Json]] = {}
    for one in blocks:
        of_type = resources.setdefault(one.type, {})
        if one.key in of_type:
            raise ValueError(f"two resources are called {one.type}.{one.key}")
        of_type[one.key] = written(one.arguments)
    document = {
        "//": f"Stack {name}, written by paddock. Change the specs instead.",
        "terraform": {
            "required_version": REQUIRED_VERSION,
            "required_providers": dict(providers),
            "backend": {"s3": backend},
        },
        "provider": written(provider_blocks),
        "resource": {type: dict(sorted(of_type.items())) for type, of_type in sorted(resources.items())},
    }
    if outputs:
        document["output"] = {key: {"value": written(value)} for key, value in sorted(outputs.items())}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def aws_provider(
    site: Site, settings: Mapping[str, Json], regions: Iterable[str] = ()
) -> tuple[dict[str, Json], dict[str, Json]]:
    """What required_providers and provider say of AWS: the right account only, and tags on all that can have them.
    Each further region has a provider of its own, whose alias is the region."""
    required = {"source": "hashicorp/aws", "version": settings["awsProvider"]}
    provider = {
        "region": site.region,
        "allowed_account_ids": [site.account_id],
        "default_tags": [{"tags": dict(sorted(site.tags.items()))}],
    }
    elsewhere = [{**provider, "alias": region, "region": region} for region in sorted(regions)]
    return {"aws": required}, {"aws": [provider, *elsewhere] if elsewhere else provider}


def regions(found: Iterable[Block]) -> set[str]:
    """The further regions in which blocks lie."""
    return {one.arguments[PROVIDER].removeprefix("aws.") for one in found if PROVIDER in one.arguments}


def major(settings: Mapping[str, Json]) -> int:
    """Major version of the AWS provider."""
    return int(str(settings["awsProvider"]).removeprefix("~> ").split(".")[0])


def blocks(resources: Iterable[Resource], site: Site, provider: int) -> list[Block]:
    """The blocks of an inventory."""
    return [block for one in resources for block in one.terraform(site, provider)]


def written(value: Json) -> Json:
    """JSON for Terraform: expressions in ${}, and no template in a literal (Terraform, "JSON configuration syntax")."""
    if isinstance(value, Reference):
        return f"${{{value.expression}}}"
    if isinstance(value, Expression):
        return f"${{{value.text}}}"
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, Mapping):
        return {key: written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [written(item) for item in value]
    return value
