"""Findings about demand: what workloads ask for against what teams, pools and accounts were given."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/guides/quota.md"

EXPLANATIONS = {
    "admitted-runs-above-quota": explain(
        "A ResourceQuota below what Kueue may admit of a team's runs, beside what always runs in the namespace.",
        "Kueue does not look at ResourceQuotas: it admits a run, the API server refuses some of its pods, and after "
        "waitForPodsReady the run loses its quota and waits again. Borrowed quota counts, because it is admitted too.",
        "Raise the ResourceQuota to what the queue may have, or lower borrowingLimit.",
    ),
    "default-memory-above-maximum": explain(
        "A default of memory above the most that a container may have.",
        "Kubernetes refuses a LimitRange whose default is above its maximum.",
        "Lower containerDefaults.memory or raise maxMemory.",
    ),
    "demand-above-pool-limit": explain(
        "Services and model servers whose least replicas together take more GPUs than their pools may ever have.",
        "Some of their pods stay Pending: Karpenter starts no node beyond the limit. Workloads that may run on several "
        "pools are counted against all of these together.",
        "Raise the pool's limit or lower replicas.min.",
    ),
    "demand-above-quota": explain(
        "What a team always runs in a namespace takes more than its ResourceQuota.",
        "The API server refuses the last pods, and their ReplicaSet tries again for ever. Counted as admission counts: "
        "the LimitRange's defaults first, init containers and sidecars included.",
        "Raise the quota, with room for rollouts and runs, or lower replicas.min.",
    ),
    "invalid-schedule": explain(
        "A cron schedule that cannot be read, or whose day never comes.",
        "The API server refuses the CronJob, Argo CD the sync window and Karpenter the budget; 31 February is taken, "
        "and nothing ever happens. Sunday is 0: crontab's 7 is no day to Kubernetes.",
        "Write five fields: minute, hour, day of the month, month, day of the week.",
    ),
    "memory-above-limit-range": explain(
        "A container whose memory is above the team's LimitRange.",
        "The API server refuses each of its pods.",
        "Ask for at most containerDefaults.maxMemory, or raise it.",
    ),
    "overcommitted-quota": explain(
        "All that may run at once is more of a ResourceQuota than the environment's maxOvercommitment.",
        "Over-commitment is legal and saves money; beyond the ratio that the environment states nobody meant it.",
        "Raise the quota, lower replicas.max, or raise maxOvercommitment.",
    ),
    "overlapping-runs-above-quota": explain(
        "A schedule whose runs may overlap, in a queue that never holds two of them.",
        "The second run waits until the first has ended, and where runs take longer than the schedule allows, more "
        "wait each time.",
        "Write concurrencyPolicy Forbid or Replace, or raise the quota.",
    ),
    "pool-limits-above-service-quota": explain(
        "Node pools that may grow to more vCPUs than AWS lets the account run in the region.",
        "A launch beyond the service quota fails, and pods wait for a node that never comes. Quotas are those that the "
        "environment states, clusters those of all environments in the account and region.",
        "Ask AWS for more, or lower the limits.",
    ),
    "quota-below-one-run": explain(
        "A run that is more than its queue can ever have, or than the ResourceQuota of its namespace leaves.",
        "Kueue admits all pods of a run or none, so the run waits for ever: nominal quota, borrowing limits and what "
        "others of the cohort lend are counted as if nobody else used anything. A run that is admitted and above the "
        "ResourceQuota gets some of its pods, and never begins.",
        "Ask for fewer nodes, raise the quota or the borrowing limit, or let the cohort lend more.",
    ),
    "quota-of-cpu-limits": explain(
        "A ResourceQuota of limits.cpu.",
        "Kubernetes then refuses each pod with a container that states no CPU limit, and those of services, runs and "
        "notebooks state none: a limit throttles instead of protecting.",
        "Write requests.cpu.",
    ),
    "quota-without-effect": explain(
        "A ResourceQuota of an extended resource without requests. before its name.",
        "Kubernetes takes it and counts nothing against it: the team is not limited at all.",
        "Write requests.<resource>.",
    ),
    "replicas-above-quota": explain(
        "A greatest number of replicas that the ResourceQuota never lets come to be.",
        "The autoscaler asks for pods that are refused: under load the service stays smaller than its owner believes.",
        "Lower replicas.max or raise the quota.",
    ),
    "reservation-stated-differently": explain(
        "A capacity reservation of which two pools say different things.",
        "A reservation has one size, instance type, kind and zone: one of the pools reckons with capacity that it does "
        "not have.",
        "Write in both what AWS says of it.",
    ),
    "reserved-capacity-exceeded": explain(
        "Pools of fixed size that share capacity reservations and together have more nodes than are reserved.",
        "The last nodes never start, because these pools take reserved capacity alone.",
        "Lower replicas, reserve more, or let one of them fall back on demand.",
    ),
    "rollout-above-quota": explain(
        "A service of fewer than four replicas in a ResourceQuota without room for one pod more.",
        "A Deployment of that size takes no old pod away before a new one is ready (25 % of maxUnavailable is rounded "
        "down to none), and the new one is refused: the next change is never rolled out.",
        "Leave room for one pod of the largest of them.",
    ),
    "service-quota-exceeded": explain(
        "Nodes that always run take more vCPUs than AWS lets the account run in the region.",
        "The last of them never start: a launch beyond the service quota fails.",
        "Ask AWS for more, and write what was granted into serviceQuotas; or lower replicas and minSize.",
    ),
    "unused-service-quota": explain(
        "Service quotas for a region in which the account has no cluster.",
        "They limit nothing; most likely the region is misspelt.",
        "Name the region of a cluster, or remove them.",
    ),
}
