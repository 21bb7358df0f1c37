"""Findings about what pods, people and roles may do, about secrets, and about versions of APIs."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://kubernetes.io/docs/concepts/security/"

EXPLANATIONS = {
    "deprecated-api": explain(
        "Objects in a version of an API that one of the next two minor versions of Kubernetes removes, or that its "
        "operator calls deprecated.",
        "The cluster cannot be upgraded before they are rewritten, and EKS upgrades it by itself one day.",
        "Write the version that is named; it is served already. Compare the fields, some have other names.",
    ),
    "escalating-role": explain(
        "A role with a right that leads to others: bind and escalate, impersonate, tokens of service accounts, the "
        "proxy of nodes, Secrets of all namespaces, webhooks, certificates; for a team also a shell in pods.",
        "Whoever has it is soon somebody else, and in a shared cluster that is the end of tenants.",
        "Take the right out, or name the few objects that it is about in resourceNames.",
    ),
    "host-path-not-allowed": explain(
        "A pod of the platform that mounts a path of its host which spec.admission.hostPaths does not list.",
        "Its container has the node: keys of the kubelet, other pods' volumes, the socket of the runtime.",
        "Use another volume, or list the path: reviewers see the list grow.",
    ),
    "namespace-without-default-deny": explain(
        "A namespace of components in which no NetworkPolicy denies what no other allows.",
        "A pod that is taken over there reaches every service of the cluster and the internet.",
        "State network in component.yaml; with pods: {} where the component has no pods.",
    ),
    "open-trust-policy": explain(
        "A role of AWS that anybody may assume, or every workload of an identity provider.",
        "Its rights are everybody's: no network and no namespace is between them.",
        "Name the principal, or state a condition on the subject.",
    ),
    "plaintext-secret": explain(
        "A password, token or key as plain text in a spec or template, also in a comment.",
        "Git keeps it for ever, and everybody who reads the repository has it. Reports show only its beginning.",
        "Revoke it first. Keep the new one in AWS Secrets Manager, and name it in secrets or an ExternalSecret.",
    ),
    "pod-violates-security-level": explain(
        "Pods that the Pod Security level of their namespace refuses, with the control of the Pod Security Standards.",
        "The Deployment or Job is accepted, its pods are not: it stays without any, and only an event says why.",
        "Change the field, or state the weaker level with its reason in podSecurity of component.yaml.",
    ),
    "public-resource-policy": explain(
        "The policy of a bucket, key, queue or repository that allows something to everybody.",
        "Anybody in any account of AWS may do it.",
        "Name accounts or roles, or state a condition such as the organization.",
    ),
    "removed-api": explain(
        "Objects in a version of an API that the Kubernetes of their cluster, or its operator, no longer serves.",
        "Argo CD cannot apply them: the Application fails with the first sync.",
        "Write the version that is named, or keep the cluster on the older Kubernetes until that is done.",
    ),
    "resource-limits-missing": explain(
        "A container of a component's own template without a limit of memory or a request of CPU.",
        "A leak takes the node and whoever runs there, and the scheduler believes that the pod needs nothing.",
        "State both. Teams' containers have defaults from the LimitRange of their namespace.",
    ),
    "team-pod-reaches-host": explain(
        "A pod in a team's namespace that reaches its host: its network, its processes, its files or all of it.",
        "Namespaces of teams with EFA are privileged, because locking memory needs that: nothing else refuses the pod, "
        "unless Kyverno enforces its policy on hosts.",
        "Take it out.",
    ),
    "unpinned-image": explain(
        "An image by the tag latest, or by none.",
        "The same tree runs another program tomorrow, and a rollback brings nothing back.",
        "Name a release, better its digest.",
    ),
    "unsafe-binding": explain(
        "A binding to cluster-admin, or to a group that is everybody or nobody in particular.",
        "What system:unauthenticated may do, the whole network may; system:masters cannot be taken anything from.",
        "Bind a role with what is needed to the group or service account that needs it.",
    ),
    "wildcard-policy": explain(
        "A policy of AWS that allows everything on everything, all actions but some, or to pass any role.",
        "Whoever has it has the account.",
        "Name actions and ARNs.",
    ),
    "wildcard-role": explain(
        "A role with * for API groups, resources or verbs.",
        "It also gives what later versions and other operators bring: nobody has looked at that.",
        "Name what is needed.",
    ),
}
