"""Findings about how container images get onto nodes."""

from __future__ import annotations

from paddock.explanations.explanation import Explanation, explain

SOURCE = "https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-amis.html"

EXPLANATIONS: dict[str, Explanation] = {
    "image-pull-fixed-setting": explain(
        "A number of imagePull on AL2023, whose images set it themselves.",
        "It would be written down and do nothing.",
        "Take it away, or use Bottlerocket.",
    ),
    "image-pull-ignored": explain(
        "Parallel pulls on an instance type that AL2023 holds too small for them.",
        "The feature gate is ignored there: images come layer after layer, and nothing says so.",
        "Use larger types.",
    ),
    "image-pull-slow-volume": explain(
        "Parallel pulls onto an EBS volume with less than 600 MiB a second.",
        "Downloads are buffered on the disk that layers are unpacked on; AWS says that such a pull may take longer "
        "than a plain one.",
        "Raise volumePerformance.throughput, or keep images on the instance store.",
    ),
    "image-pull-unsupported-ami": explain(
        "Parallel pulls with a node image from before they existed.",
        "AL2023 would not know the feature gate, Bottlerocket would refuse its settings: the node never joins.",
        "Use a newer image.",
    ),
}
