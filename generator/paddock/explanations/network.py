"""Findings about what clusters reach and by which names they are reached."""

from __future__ import annotations

from paddock.explanations.explanation import explain

EXPLANATIONS = {
    "source-outside-mirror": explain(
        "An image that an environment with mirrors would still pull from outside, or a chart whose images are unknown.",
        "Inside a closed network the pull fails only when a pod starts, often long after the merge.",
        "Copy the image, add its registry to imageMirror, or list the chart's images in component.yaml.",
    ),
}
