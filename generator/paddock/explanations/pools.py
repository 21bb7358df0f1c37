"""Findings about node pools, GPUs and reservations."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://karpenter.sh/docs/concepts/nodepools/"

EXPLANATIONS = {
    "capacity-block-without-end": explain(
        "A capacity block that does not say when it ends.",
        "Its nodes go at that time, whatever runs on them.",
        "Add ends, as AWS states it with the block.",
    ),
    "driver-too-old": explain(
        "An instance type that wants a newer NVIDIA driver than EKS' images have.",
        "Its GPUs would not work.",
        "Use another family.",
    ),
    "dynamic-field-on-static-pool": explain(
        "A limit of anything but nodes, or a weight, on a pool with replicas.",
        "The API server refuses the NodePool.",
        "Take the field away.",
    ),
    "efa-in-several-zones": explain(
        "An EFA pool over several zones.", "EFA does not cross a zone; the job would hang.", "One pool for each zone."
    ),
    "efa-without-device-plugin": explain(
        "An EFA pool on a cluster without the EFA device plugin.",
        "Nodes never offer vpc.amazonaws.com/efa, and pods wait for ever.",
        "Enable aws-efa-k8s-device-plugin.",
    ),
    "efa-without-gpu": explain(
        "EFA without a GPU.", "EFA interfaces are on GPU pools.", "Add resources.gpu, or remove efa."
    ),
    "gpu-does-not-fit": explain(
        "No node pool of the cluster can hold the workload, or not all its nodes at once.",
        "The run would wait for ever, and only after the merge. What hypervisor, kubelet and daemons keep is taken "
        "off, and limits, replicas and reservations of the pool count.",
        "Ask for what a pool has, or add a pool; the finding says for each pool what is missing.",
    ),
    "gpu-model-mismatch": explain(
        "An instance type with another GPU than the pool states.",
        "Workloads would land on the wrong GPU.",
        "One pool for each GPU model.",
    ),
    "grace-period-below-deadline": explain(
        "A run that may take longer than a drain of its node.",
        "Drift and expiry end a drain by force after terminationGracePeriod; the run loses what it did since its last "
        "checkpoint.",
        "Raise the pool's terminationGracePeriod, or lower the deadline.",
    ),
    "instance-without-efa": explain(
        "EFA on an instance type that has none.",
        "Pods that ask for EFA would wait for ever.",
        "Set efa: false, or change the type.",
    ),
    "limit-below-reservation": explain(
        "A pool's limit below what is reserved for it.",
        "What is above the limit is paid for and never used.",
        "Raise the limit.",
    ),
    "mig-without-manager": explain(
        "A MIG profile on a cluster without the MIG manager.",
        "Nobody cuts the GPUs; pods get whole ones.",
        "Enable gpu-operator.",
    ),
    "mig-without-strategy": explain(
        "A MIG profile on a cluster whose device plugin does not look at slices, or not at slices of several sizes.",
        "GPUs are cut, and nothing is offered to pods.",
        "Set mig.strategy of gpu-operator to single, or to mixed for several sizes.",
    ),
    "min-values-above-instance-types": explain(
        "minValues above the number of instance types.", "No launch could ever satisfy it.", "Lower it."
    ),
    "pod-does-not-fit": explain(
        "No node of the cluster can hold one pod of a workload without GPUs.",
        "The pod would wait for ever, and only after the merge: what the kubelet, the hypervisor and the cluster's "
        "daemons keep is not on a data sheet.",
        "Ask for what a node has left, name the pool that is meant, or add a pool; the finding says for each pool and "
        "node group what is missing.",
    ),
    "pool-limit-below-instance": explain(
        "A GPU limit below what one instance has.", "Karpenter never starts a node.", "Raise it."
    ),
    "pool-limit-below-replicas": explain(
        "A static pool with a limit below its replicas.", "Karpenter never starts the rest.", "Raise limits.nodes."
    ),
    "pool-without-device-plugin": explain(
        "A GPU pool on a cluster without a device plugin.",
        "Nodes never offer nvidia.com/gpu, and Karpenter waits for ever (karpenter-provider-aws#1914).",
        "Enable gpu-operator or nvidia-device-plugin.",
    ),
    "replicas-above-reservation": explain(
        "A static pool of reserved capacity alone with more replicas than reserved instances.",
        "The rest would never start.",
        "Lower replicas, reserve more, or add on-demand.",
    ),
    "replicas-reversed": explain("A maximum below the minimum.", "The autoscaler would be refused.", "Swap them."),
    "reservation-instance-type": explain(
        "A capacity reservation of an instance type that its pool does not make.",
        "It is paid for, and no node ever comes from it.",
        "Give the pool the instance type, or the reservation a pool of its own.",
    ),
    "reservation-outside-zone": explain(
        "A capacity reservation in a zone that its pool does not use.",
        "It is paid for, and no node ever comes from it.",
        "Give the pool the zone, or the reservation a pool of its own.",
    ),
    "reservation-without-reserved": explain(
        "Capacity reservations on a pool without the capacity type reserved.",
        "They are paid for and not used.",
        "Add reserved to capacityTypes.",
    ),
    "reserved-without-reservation": explain(
        "Reserved capacity without a capacity reservation.",
        "Karpenter uses only reservations that the EC2NodeClass selects.",
        "Add capacityReservations.",
    ),
    "several-capacity-blocks": explain(
        "More than one capacity block in a pool.",
        "Karpenter does not tell blocks of one type and zone apart (karpenter-provider-aws#8514).",
        "One pool for each block.",
    ),
    "topology-without-levels": explain(
        "Topology-aware placement on a cluster without topologyLevels.",
        "Kueue would have no Topology.",
        "Add spec.topologyLevels to the cluster.",
    ),
    "unknown-instance-type": explain(
        "An instance type that is not in the instance table.", "Karpenter would find no offering.", "Correct it."
    ),
    "unknown-mig-profile": explain(
        "A MIG profile that the GPUs of an instance type do not have.",
        "The MIG manager fails on the node, and nobody knows how many slices it has.",
        "Use a profile of the GPU: its names say how much memory a slice has.",
    ),
    "unknown-time-slicing": explain(
        "A pool whose timeSlicing names no setting of the cluster's device plugin.",
        "The device plugin does not start on its nodes.",
        "Correct the name, or add the setting.",
    ),
    "unsupported-mig": explain(
        "A MIG profile on a GPU model without MIG.", "The MIG manager fails on every node.", "Use timeSlicing."
    ),
    "volume-throughput-above-iops": explain(
        "A gp3 volume with more throughput than its operations allow.",
        "EC2 refuses the launch: a gp3 volume gives a quarter MiB for each operation.",
        "Raise iops or lower throughput.",
    ),
    "zone-outside-region": explain(
        "A zone of another region.", "No subnet would match.", "Use zones of the cluster's region."
    ),
}
