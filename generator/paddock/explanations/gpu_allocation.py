"""Findings about GPUs that pods claim (dynamic resource allocation)."""

from __future__ import annotations

from paddock.explanations.explanation import Explanation, explain

SOURCE = "https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/"

EXPLANATIONS: dict[str, Explanation] = {
    "dra-beside-device-plugin": explain(
        "Claimed GPUs on Bottlerocket, whose image has a device plugin.",
        "The plugin and the DRA driver know nothing of each other and give the same GPU to two pods.",
        "Use AL2023.",
    ),
    "dra-beside-gpu-operator": explain(
        "Claimed GPUs on a cluster with the GPU operator.",
        "Its device plugin keeps off these nodes, but its validator does not and never gets ready there "
        "(NVIDIA/gpu-operator#2550): GPUs work, and an alert of restarting pods stays.",
        "Use nvidia-device-plugin and dcgm-exporter, or accept it until the operator skips such nodes.",
    ),
    "dra-driver-without-pool": explain(
        "The DRA driver on a cluster where no pool's GPUs are claimed.",
        "It runs on no node.",
        "Set gpu.allocation: DRA on a pool, or remove it.",
    ),
    "dra-on-dynamic-pool": explain(
        "Claimed GPUs on a pool without replicas.",
        "Karpenter ignores pods with claims: no node ever comes.",
        "Use a static pool.",
    ),
    "dra-on-old-kubernetes": explain(
        "Claimed GPUs on a cluster before Kubernetes 1.34.",
        "The API of claims, resource.k8s.io/v1, is not there.",
        "Upgrade the cluster.",
    ),
    "dra-with-shared-gpus": explain(
        "A pool whose GPUs are claimed and shared.",
        "MIG and time-slicing are alpha in the DRA driver, and claims here are of whole GPUs.",
        "Choose one.",
    ),
    "dra-with-topology": explain(
        "A pool whose GPUs are claimed with topology-aware placement.",
        "Kueue leaves claims out of what a node can hold, so it places runs on nodes that are full.",
        "Choose one.",
    ),
    "dra-without-driver": explain(
        "Claimed GPUs on a cluster without the DRA driver.",
        "No ResourceSlice lists them: pods wait for ever.",
        "Enable dra-driver-nvidia-gpu.",
    ),
}
