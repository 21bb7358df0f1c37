"""User data of nodes: what their image reads at the first start, in the form of its family (nodeadm, Bottlerocket)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any

FIXED = {"downloadsPerImage": 20, "unpacksPerImage": 12, "chunkSize": "16mb"}
"""What AL2023's nodeadm writes for the SOCI snapshotter, whatever a NodeConfig says (awslabs/amazon-eks-ami,
nodeadm/internal/containerd/snapshotter/soci-snapshotter.config.toml). Bottlerocket has settings for them, and values of
its own that are no faster than containerd (3 downloads, 1 unpack): there these are ours by default."""

# Karpenter and EKS add a part of their own to user data in MIME form, and nodeadm merges the NodeConfigs.
_NODE_CONFIG = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="NODECONFIG"

--NODECONFIG
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  featureGates:
    FastImagePull: true

--NODECONFIG--
"""


def image_pull(stated: Mapping[str, Json] | None, *, bottlerocket: bool) -> str | None:
    """User data that makes images be pulled as a spec's `imagePull` says; None where it says nothing.

    Sources: awslabs/amazon-eks-ami nodeadm/doc/examples.md "Enabling fast image pull"; bottlerocket.dev, settings
    container-runtime and container-runtime-plugins (from 1.44 on).
    """
    if stated is None:
        return None
    return _bottlerocket({**FIXED, **stated}) if bottlerocket else _NODE_CONFIG


def _bottlerocket(wanted: Mapping[str, Json]) -> str:
    """TOML. The schema lets no character into the size of a chunk that TOML would read as something else."""
    plugin = "settings.container-runtime-plugins.soci-snapshotter"
    return "\n".join(
        (
            "[settings.container-runtime]",
            'snapshotter = "soci"',
            "",
            f"[{plugin}]",
            'pull-mode = "parallel-pull-unpack"',
            "",
            f"[{plugin}.parallel-pull-unpack]",
            f"max-concurrent-downloads-per-image = {wanted['downloadsPerImage']}",
            f'concurrent-download-chunk-size = "{wanted["chunkSize"]}"',
            f"max-concurrent-unpacks-per-image = {wanted['unpacksPerImage']}",
            "discard-unpacked-layers = true",
            "",
        )
    )
