"""Findings about what clusters reach and by which names they are reached."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://kubernetes.io/docs/concepts/services-networking/ingress/"

EXPLANATIONS = {
    "duplicate-host": explain(
        "A host name that two Ingresses have.",
        "DNS leads to one load balancer only: which of the two answers is left to chance.",
        "Leave the host out, so that its default names the cluster, or choose another.",
    ),
    "duplicate-runner-label": explain(
        "A name of a runner scale set that another one for the same organization or repository has.",
        "GitHub refuses the second in a runner group, or hands jobs to either of them.",
        "Rename one, or state it in one environment only.",
    ),
    "host-outside-domain": explain(
        "A host for which external-dns of the cluster makes no record.",
        "The Ingress is there, but nobody finds it: external-dns passes over what its domain filter leaves out.",
        "Choose a host in one of its domains, or add the domain.",
    ),
    "idle-runners-above-max": explain(
        "A runner scale set with minRunners above maxRunners.",
        "The chart refuses to render, and Argo CD shows an error after the merge.",
        "Lower minRunners or raise maxRunners.",
    ),
    "reserved-ingress-group": explain(
        "A workload whose Ingress joins the load balancer of the platform's own interfaces.",
        "The rules of a group are one list: its host and paths could take requests that are meant for Argo CD.",
        "Leave alb.ingress.kubernetes.io/group.name out, or name a group of the team.",
    ),
    "runner-does-not-fit": explain(
        "Jobs of a runner scale set ask for more than a node of the cluster has.",
        "The pod of every job waits until the job times out.",
        "Ask for a GPU model and a number that a pool has.",
    ),
    "runner-without-controller": explain(
        "A runner scale set on a cluster where nothing starts runners.",
        "It is registered nowhere: jobs with its name wait for ever.",
        "Enable the components on the cluster, or choose another cluster.",
    ),
    "source-outside-mirror": explain(
        "An image that an environment with mirrors would still pull from outside, or a chart whose images are unknown.",
        "Inside a closed network the pull fails only when a pod starts, often long after the merge.",
        "Copy the image, add its registry to imageMirror, or list the chart's images in component.yaml.",
    ),
}
