"""ARNs of AWS: which partition a region lies in, and how the names of resources are written."""

from __future__ import annotations


def partition(region: str) -> str:
    """Partition of ARNs: a region says it by its beginning (AWS General Reference, "ARN format")."""
    return "aws-us-gov" if region.startswith("us-gov-") else "aws-cn" if region.startswith("cn-") else "aws"


def arn(service: str, region: str, account: str, resource: str, *, regional: bool = True) -> str:
    """ARN of a resource of an account; those of IAM name no region, though its partition follows from one."""
    return f"arn:{partition(region)}:{service}:{region if regional else ''}:{account}:{resource}"
