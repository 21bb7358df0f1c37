"""Findings about queues, quota and priorities."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://kueue.sigs.k8s.io/docs/concepts/cluster_queue/"

EXPLANATIONS = {
    "borrow-preemption-with-fair-sharing": explain(
        "borrowWithinCohort beside fair sharing.",
        "Kueue reads it only without fair sharing: whoever wrote it believes in a preemption that never happens.",
        "Remove it and set weights, or switch fairSharing off.",
    ),
    "borrow-preemption-without-reclaim": explain(
        "borrowWithinCohort with reclaimWithinCohort: Never.",
        "Kueue's webhook refuses the ClusterQueues.",
        "Let reclaimWithinCohort be LowerPriority or Any.",
    ),
    "buffer-above-pool-limit": explain(
        "A buffer of pause pods that is larger than its node pool may grow.",
        "Some of its pods would wait for ever, and real pods would find the pool full.",
        "Lower replicas or resources, or raise the pool's limit.",
    ),
    "buffer-not-preemptible": explain(
        "A buffer whose priority class has no negative value.",
        "Pods without a class have 0: they would wait beside the room that is kept for them.",
        "Use a class with a negative value.",
    ),
    "cohort-cycle": explain(
        "Cohorts that are above each other in a circle.",
        "Kueue disables every ClusterQueue below them.",
        "Remove one parent.",
    ),
    "lending-above-nominal": explain(
        "A lendingLimit above the nominalQuota.", "Kueue's webhook refuses the ClusterQueue.", "Lower it."
    ),
    "limit-without-cohort": explain(
        "A borrowing or lending limit on the root of the cohorts.",
        "There is nothing above it to borrow from or to lend to, and Kueue's webhook refuses it.",
        "Remove the limit.",
    ),
    "preference-without-next-flavor": explain(
        "flavorFungibility.preference where the search may stop at the first flavor.",
        "Kueue compares flavors only if it looks at all of them, and its webhook refuses the ClusterQueues.",
        "Let whenCanBorrow and whenCanPreempt be TryNextFlavor, or remove preference.",
    ),
    "queue-too-large": explain(
        "More flavors or resources than one resource group of Kueue holds.",
        "Kueue's webhook refuses the ClusterQueue.",
        "Leave out flavors or resources that the team does not use.",
    ),
    "quota-above-pool-limit": explain(
        "Nominal quota in a node pool that adds up to more than the pool's limit.",
        "Kueue admits runs up to the quota, Karpenter starts no node beyond the limit: admitted runs wait, lose their "
        "quota and are queued again. Borrowing may promise a GPU twice, nominal quota may not. Services and model "
        "servers that can run on no other pool are counted too: Kueue does not know of them.",
        "Lower a nominalQuota and allow borrowing, or raise the limit.",
    ),
    "resource-without-quota": explain(
        "A workload that asks for a resource of which its queue has no quota.",
        "Kueue holds back a run that asks for anything its queue does not cover.",
        "Add the resource to the team's flavor.",
    ),
    "topology-without-pool": explain(
        "A workload that wants topology-aware placement on pools without it.",
        "Kueue admits it to no flavor without a topology: the run would wait for ever.",
        "Remove topology, or set it on a pool whose nodes are always there.",
    ),
    "two-priority-classes": explain(
        "Two priority classes for the same pods.",
        "A pod has one, and Kubernetes allows one default.",
        "Remove it from one of them.",
    ),
    "unknown-cohort": explain(
        "A cohort that the cluster's Kueue settings do not have.",
        "Kueue would make an empty one: the team could borrow from nobody.",
        "Correct the name, or add the cohort.",
    ),
    "unknown-flavor": explain(
        "A quota for a node pool that the cluster does not have.",
        "Kueue would leave the ClusterQueue inactive for ever.",
        "Name a node pool of the cluster.",
    ),
    "unknown-priority": explain(
        "A priority that the platform does not define.",
        "Kueue would refuse the run.",
        "Name one of the platform's priorities.",
    ),
    "unknown-priority-class": explain(
        "A priority class that platform.yaml does not have.",
        "Kubernetes refuses pods whose class does not exist.",
        "Correct the name, or add it to priorityClasses.",
    ),
    "unknown-queue": explain(
        "A queue that does not exist in the team's namespace on the cluster.",
        "The run would stay suspended for ever.",
        "Use the team's queue, and give the team a quota (flavors) on the cluster.",
    ),
}
