"""Findings about names in rendered objects that nothing bears."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://kubernetes.io/docs/concepts/"

EXPLANATIONS = {
    "dangling-key": explain(
        "A rendered object, or the Helm values of a component, names a key of a ConfigMap or Secret, or a port of a "
        "Service, that this does not hold.",
        "The object is there, and still the pod does not start, or the request finds no backend: "
        "CreateContainerConfigError says so only after the merge.",
        "Correct the key, or add it where the ConfigMap, the ExternalSecret or the Service is written.",
    ),
    "dangling-reference": explain(
        "A rendered object, or the Helm values of a component, names an object that is neither in the tree of its "
        "cluster, nor made by one that is (the Secret of an ExternalSecret or a Certificate), nor Kubernetes' own, nor "
        "listed under provides of a component. A cohort without a Cohort is a warning: Kueue makes it, with no quota "
        "of its own.",
        "Argo CD applies it all the same, and what needs it waits for ever: a pod without its ServiceAccount, claim, "
        "ConfigMap, Secret or PriorityClass, a queue without its ClusterQueue, a certificate without its issuer.",
        "Correct the name; render what is missing; or list under provides of component.yaml what a chart makes.",
    ),
    "secret-written-twice": explain(
        "Two objects of a namespace write the same Secret: two ExternalSecrets, or one and a Certificate.",
        "Each takes back what the other wrote, so keys come and go.",
        "Give one of them another target, or let one write all keys; creationPolicy: Merge adds keys to a Secret.",
    ),
    "selector-without-match": explain(
        "A Service, PodDisruptionBudget, PodMonitor or ServiceMonitor selects labels that nothing of its namespace "
        "has. Namespaces of charts are left out: their pods are in no file of the tree.",
        "The Service has no endpoints, the budget protects nothing, Prometheus reads nothing, and nothing says so.",
        "Select labels that the pods (for a ServiceMonitor: the Services) have.",
    ),
    "unknown-inner-name": explain(
        "A container mounts a volume, uses a resource claim or probes a named port that its pod does not have, or a "
        "workflow names a template that it does not have.",
        "The API server refuses the object, or the probe fails for ever.",
        "Correct the name, or add what it names to the same object.",
    ),
    "unknown-target-port": explain(
        "A Service or a monitor names a port that what it selects does not have. Numbers are not looked at: a "
        "container may listen on a port that it does not declare.",
        "The Service has no endpoints at that port; Prometheus reads nothing.",
        "Name a port of the containers, or add the name there.",
    ),
}
