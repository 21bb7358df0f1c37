"""Findings about what clusters reach and by which names they are reached."""

from __future__ import annotations

from paddock.explanations.explanation import explain

EXPLANATIONS = {
    "duplicate-host": explain(
        "A host name that two Ingresses have.",
        "DNS leads to one load balancer only: which of the two answers is left to chance.",
        "Leave the host out, so that its default names the cluster, or choose another.",
    ),
    "host-outside-domain": explain(
        "A host for which external-dns of the cluster makes no record.",
        "The Ingress is there, but nobody finds it: external-dns passes over what its domain filter leaves out.",
        "Choose a host in one of its domains, or add the domain.",
    ),
    "source-outside-mirror": explain(
        "An image that an environment with mirrors would still pull from outside, or a chart whose images are unknown.",
        "Inside a closed network the pull fails only when a pod starts, often long after the merge.",
        "Copy the image, add its registry to imageMirror, or list the chart's images in component.yaml.",
    ),
}
