"""What each finding means: for `paddock explain` and docs/reference/findings.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the fault is, why it matters, and how to mend it."""

    what: str
    why: str
    fix: str


def _of(what: str, why: str, fix: str) -> Explanation:
    return Explanation(what=what, why=why, fix=fix)


EXPLANATIONS: dict[str, Explanation] = {
    # Reading
    "ambiguous-scalar": _of(
        "A plain value such as yes, 012, 1e3 or 12:30 that YAML 1.1 and YAML 1.2 readers understand differently.",
        "Argo CD, Helm and kubectl read YAML 1.1, editors and this tool YAML 1.2: the same file would mean two things.",
        'Quote it for text ("yes"), or write true, false or a plain decimal number.',
    ),
    "duplicate-key": _of(
        "A key that stands twice in one map.",
        "Most readers keep the last one silently, so the first line is a lie.",
        "Remove one of them.",
    ),
    "empty-file": _of(
        "A spec file without a document.",
        "It says nothing, yet its name says that something exists.",
        "Write a spec, or delete the file.",
    ),
    "file-too-large": _of(
        "A file larger than is read.",
        "What it renders could not be stored in etcd.",
        "Split it, or move large content to a bucket or an image.",
    ),
    "key-not-string": _of(
        "A map key that is a number, a bool, null, a list or a map.",
        "Kubernetes objects have string keys only.",
        "Quote the key.",
    ),
    "multiple-documents": _of(
        "More than one YAML document in a spec file.",
        "A file is one object: its path says which.",
        "Move each document into a file of its own.",
    ),
    "nul-character": _of(
        "A string with a NUL character.", "No argument, environment variable or file name can carry it.", "Remove it."
    ),
    "not-utf8": _of(
        "A byte that is not UTF-8.",
        "YAML and Kubernetes are UTF-8; other encodings would be guessed.",
        "Save the file as UTF-8.",
    ),
    "unreadable-file": _of(
        "A file that cannot be read, or a symbolic link.",
        "A link could lead out of the repository.",
        "Put the file itself there, with read permission.",
    ),
    "yaml-alias": _of(
        "An anchor or an alias.",
        "A few aliases can stand for billions of values, and a change in one place changes others unseen.",
        "Repeat the value, or use an overlay.",
    ),
    "yaml-syntax": _of(
        "Text that is not YAML.", "Nothing in the file can be understood.", "Mend the line; indent with spaces."
    ),
    "yaml-tag": _of(
        "A tag such as !!python/object.", "Tags make readers do things; specs are plain data.", "Remove the tag."
    ),
    "yaml-too-deep": _of("Nesting deeper than any spec needs.", "Such files exist to exhaust readers.", "Flatten it."),
    # Specs
    "not-an-object": _of(
        "A spec that is a list or a scalar.",
        "Specs are maps with apiVersion, kind, metadata and spec.",
        "Begin the file with apiVersion: paddock/v1alpha1.",
    ),
    "misplaced-file": _of(
        "A YAML file in environments/ where no spec may lie.",
        "It would be ignored silently, though somebody meant something.",
        "Move it to its place; paddock names the legal ones.",
    ),
    "missing-platform": _of(
        "No environments/platform.yaml.", "Repository URL, hub, priorities and groups stand there.", "Write it."
    ),
    "missing-environment": _of(
        "A folder of an environment without environment.yaml.",
        "Its specs would be ignored silently.",
        "Write environments/<name>/environment.yaml.",
    ),
    "wrong-api-version": _of(
        "An apiVersion that this version does not read.",
        "Another format may mean other things by the same words.",
        "Write paddock/v1alpha1.",
    ),
    "wrong-kind": _of(
        "A kind that does not belong at this place.",
        "Place and kind must agree, so that a path says what a file is.",
        "Correct kind, or move the file.",
    ),
    "name-mismatch": _of(
        "metadata.name or metadata.team differs from the file's place.",
        "Two names for one thing make every reference uncertain.",
        "Correct the name, or move the file.",
    ),
    "invalid-name": _of(
        "A key that is no legal name.",
        "Kubernetes or AWS would refuse what is derived from it.",
        "Follow the pattern in the message.",
    ),
    "invalid-value": _of(
        "A value of the wrong type, or outside what is legal.",
        "What it renders would be refused, or mean something else.",
        "Write a legal value; the message names them.",
    ),
    "missing-field": _of(
        "A required field is absent, or an overlay deleted it.", "There is no safe default for it.", "Add it."
    ),
    "unknown-field": _of(
        "A field that does not exist.",
        "A misspelt field would be ignored, and its default used.",
        "Take the suggestion, or remove it.",
    ),
    "overlay-without-base": _of(
        "An overlay for an object that does not exist.",
        "It changes nothing.",
        "Write the base object, or delete the overlay.",
    ),
    "overlay-not-listed": _of(
        "An overlay for an environment in which the workload does not run.",
        "It changes nothing.",
        "Add the environment to spec.environments of the base, or delete the overlay.",
    ),
    "schema-syntax": _of(
        "A schema file that is not a JSON Schema of draft 2020-12.",
        "Without it nothing can be validated.",
        "Mend the line.",
    ),
    # References
    "unknown-bucket": _of(
        "A bucket that the team does not have in this environment.",
        "Checkpoints would have no place.",
        "Add it to spec.buckets of the team.",
    ),
    "unknown-cluster": _of(
        "A cluster that does not exist in this environment.",
        "The workload would run nowhere.",
        "Name an existing one, or set spec.clusters in the environment's overlay.",
    ),
    "unknown-component": _of(
        "A component that does not exist.",
        "The cluster would lack what was asked for.",
        "Correct the name; components are folders of templates/components/.",
    ),
    "unknown-environment": _of(
        "An environment that does not exist.", "The workload would run nowhere.", "Correct the name."
    ),
    "unknown-flavor": _of(
        "A quota for a node pool that the cluster does not have.",
        "Kueue would leave the ClusterQueue inactive for ever.",
        "Name a node pool of the cluster.",
    ),
    "unknown-hub": _of(
        "The hub is no cluster of the environment named.",
        "Nothing would be synced.",
        "Correct spec.argoCD.hub of the platform.",
    ),
    "unknown-identity-group": _of(
        "An identity group that the platform does not map.",
        "Nobody would have access, or the wrong people.",
        "Add it to spec.identityGroups of the platform.",
    ),
    "unknown-node-pool": _of(
        "A node pool that the cluster does not have.",
        "The pods would wait for ever.",
        "Name a node pool of the cluster.",
    ),
    "unknown-port": _of(
        "An ingress to a port that the workload does not have.", "Every request would fail.", "Name one of spec.ports."
    ),
    "unknown-priority": _of(
        "A priority that the platform does not define.",
        "Kueue would refuse the run.",
        "Name one of the platform's priorities.",
    ),
    "unknown-queue": _of(
        "A queue that does not exist in the team's namespace on the cluster.",
        "The run would stay suspended for ever.",
        "Use the team's queue, and give the team a quota (flavors) on the cluster.",
    ),
    "unknown-secret": _of(
        "A variable from a secret, or a key of it, that the workload does not declare.",
        "The container would never start.",
        "Declare it in spec.secrets.",
    ),
    "unknown-team": _of(
        "A workload of a team that does not exist.",
        "It has no namespace, quota or owner.",
        "Write environments/base/teams/<team>.yaml.",
    ),
    "unknown-topology-level": _of(
        "A topology level that the cluster does not have.",
        "Kueue would never admit the run.",
        "Name one of the cluster's topologyLevels.",
    ),
    "team-not-on-cluster": _of(
        "A workload on a cluster on which its team has no namespace.",
        "There is no quota and no access there.",
        "Add the cluster with a quota to the team.",
    ),
    "lending-above-nominal": _of(
        "A lendingLimit above the nominalQuota.", "Kueue's webhook refuses the ClusterQueue.", "Lower it."
    ),
    "borrow-preemption-with-fair-sharing": _of(
        "borrowWithinCohort beside fair sharing.",
        "Kueue reads it only without fair sharing: whoever wrote it believes in a preemption that never happens.",
        "Remove it and set weights, or switch fairSharing off.",
    ),
    "borrow-preemption-without-reclaim": _of(
        "borrowWithinCohort with reclaimWithinCohort: Never.",
        "Kueue's webhook refuses the ClusterQueues.",
        "Let reclaimWithinCohort be LowerPriority or Any.",
    ),
    "buffer-above-pool-limit": _of(
        "A buffer of pause pods that is larger than its node pool may grow.",
        "Some of its pods would wait for ever, and real pods would find the pool full.",
        "Lower replicas or resources, or raise the pool's limit.",
    ),
    "buffer-not-preemptible": _of(
        "A buffer whose priority class has no negative value.",
        "Pods without a class have 0: they would wait beside the room that is kept for them.",
        "Use a class with a negative value.",
    ),
    "two-priority-classes": _of(
        "Two priority classes for the same pods.",
        "A pod has one, and Kubernetes allows one default.",
        "Remove it from one of them.",
    ),
    "topology-without-pool": _of(
        "A workload that wants topology-aware placement on pools without it.",
        "Kueue admits it to no flavor without a topology: the run would wait for ever.",
        "Remove topology, or set it on a pool whose nodes are always there.",
    ),
    "unknown-priority-class": _of(
        "A priority class that platform.yaml does not have.",
        "Kubernetes refuses pods whose class does not exist.",
        "Correct the name, or add it to priorityClasses.",
    ),
    "cohort-cycle": _of(
        "Cohorts that are above each other in a circle.",
        "Kueue disables every ClusterQueue below them.",
        "Remove one parent.",
    ),
    "incompatible-versions": _of(
        "Chart pins of two components that run together and do not work together.",
        "The older one lacks what the newer one reads or writes: runs stay suspended, and nothing says why.",
        "Pin both to versions that belong together.",
    ),
    "limit-without-cohort": _of(
        "A borrowing or lending limit on the root of the cohorts.",
        "There is nothing above it to borrow from or to lend to, and Kueue's webhook refuses it.",
        "Remove the limit.",
    ),
    "preference-without-next-flavor": _of(
        "flavorFungibility.preference where the search may stop at the first flavor.",
        "Kueue compares flavors only if it looks at all of them, and its webhook refuses the ClusterQueues.",
        "Let whenCanBorrow and whenCanPreempt be TryNextFlavor, or remove preference.",
    ),
    "queue-too-large": _of(
        "More flavors or resources than one resource group of Kueue holds.",
        "Kueue's webhook refuses the ClusterQueue.",
        "Leave out flavors or resources that the team does not use.",
    ),
    "quota-above-pool-limit": _of(
        "Nominal quota in a node pool that adds up to more than the pool's limit.",
        "Kueue admits runs up to the quota, Karpenter starts no node beyond the limit: admitted runs wait, lose their "
        "quota and are queued again. Borrowing may promise a GPU twice, nominal quota may not.",
        "Lower a nominalQuota and allow borrowing, or raise the limit.",
    ),
    "resource-without-quota": _of(
        "A workload that asks for a resource of which its queue has no quota.",
        "Kueue holds back a run that asks for anything its queue does not cover.",
        "Add the resource to the team's flavor.",
    ),
    "unknown-cohort": _of(
        "A cohort that the cluster's Kueue settings do not have.",
        "Kueue would make an empty one: the team could borrow from nobody.",
        "Correct the name, or add the cohort.",
    ),
    "promotion-cycle": _of(
        "Environments that are promoted after each other in a circle.",
        "None of them would be first.",
        "Remove one promotion.after.",
    ),
    "duplicate-cluster": _of(
        "Two Cluster specs of one EKS cluster, or two identities that are equal.",
        "Argo CD does not support two registrations of one API server (argo-cd#9606).",
        "Keep one.",
    ),
    # Names, pools, components
    "name-too-long": _of(
        "A workload name that is too long for the names derived from it.",
        "Pods or Services could not be created, long after the merge.",
        "Shorten it.",
    ),
    "unknown-instance-type": _of(
        "An instance type that is not in the instance table.", "Karpenter would find no offering.", "Correct it."
    ),
    "gpu-model-mismatch": _of(
        "An instance type with another GPU than the pool states.",
        "Workloads would land on the wrong GPU.",
        "One pool for each GPU model.",
    ),
    "zone-outside-region": _of(
        "A zone of another region.", "No subnet would match.", "Use zones of the cluster's region."
    ),
    "efa-in-several-zones": _of(
        "An EFA pool over several zones.", "EFA does not cross a zone; the job would hang.", "One pool for each zone."
    ),
    "instance-without-efa": _of(
        "EFA on an instance type that has none.",
        "Pods that ask for EFA would wait for ever.",
        "Set efa: false, or change the type.",
    ),
    "reserved-without-reservation": _of(
        "Reserved capacity without a capacity reservation.",
        "Karpenter uses only reservations that the EC2NodeClass selects.",
        "Add capacityReservations.",
    ),
    "pool-limit-below-instance": _of(
        "A GPU limit below what one instance has.", "Karpenter never starts a node.", "Raise it."
    ),
    "pool-limit-below-replicas": _of(
        "A static pool with a limit below its replicas.", "Karpenter never starts the rest.", "Raise limits.nodes."
    ),
    "dynamic-field-on-static-pool": _of(
        "A limit of anything but nodes, or a weight, on a pool with replicas.",
        "The API server refuses the NodePool.",
        "Take the field away.",
    ),
    "min-values-above-instance-types": _of(
        "minValues above the number of instance types.", "No launch could ever satisfy it.", "Lower it."
    ),
    "volume-throughput-above-iops": _of(
        "A gp3 volume with more throughput than its operations allow.",
        "EC2 refuses the launch: a gp3 volume gives a quarter MiB for each operation.",
        "Raise iops or lower throughput.",
    ),
    "reservation-outside-zone": _of(
        "A capacity reservation in a zone that its pool does not use.",
        "It is paid for, and no node ever comes from it.",
        "Give the pool the zone, or the reservation a pool of its own.",
    ),
    "reservation-instance-type": _of(
        "A capacity reservation of an instance type that its pool does not make.",
        "It is paid for, and no node ever comes from it.",
        "Give the pool the instance type, or the reservation a pool of its own.",
    ),
    "reservation-without-reserved": _of(
        "Capacity reservations on a pool without the capacity type reserved.",
        "They are paid for and not used.",
        "Add reserved to capacityTypes.",
    ),
    "several-capacity-blocks": _of(
        "More than one capacity block in a pool.",
        "Karpenter does not tell blocks of one type and zone apart (karpenter-provider-aws#8514).",
        "One pool for each block.",
    ),
    "capacity-block-without-end": _of(
        "A capacity block that does not say when it ends.",
        "Its nodes go at that time, whatever runs on them.",
        "Add ends, as AWS states it with the block.",
    ),
    "limit-below-reservation": _of(
        "A pool's limit below what is reserved for it.",
        "What is above the limit is paid for and never used.",
        "Raise the limit.",
    ),
    "replicas-above-reservation": _of(
        "A static pool of reserved capacity alone with more replicas than reserved instances.",
        "The rest would never start.",
        "Lower replicas, reserve more, or add on-demand.",
    ),
    "pool-without-device-plugin": _of(
        "A GPU pool on a cluster without a device plugin.",
        "Nodes never offer nvidia.com/gpu, and Karpenter waits for ever (karpenter-provider-aws#1914).",
        "Enable gpu-operator or nvidia-device-plugin.",
    ),
    "efa-without-device-plugin": _of(
        "An EFA pool on a cluster without the EFA device plugin.",
        "Nodes never offer vpc.amazonaws.com/efa, and pods wait for ever.",
        "Enable aws-efa-k8s-device-plugin.",
    ),
    "driver-too-old": _of(
        "An instance type that wants a newer NVIDIA driver than EKS' images have.",
        "Its GPUs would not work.",
        "Use another family.",
    ),
    "unsupported-mig": _of(
        "A MIG profile on a GPU model without MIG.", "The MIG manager fails on every node.", "Use timeSlicing."
    ),
    "mig-without-manager": _of(
        "A MIG profile on a cluster without the MIG manager.",
        "Nobody cuts the GPUs; pods get whole ones.",
        "Enable gpu-operator.",
    ),
    "mig-without-strategy": _of(
        "A MIG profile on a cluster whose device plugin does not look at slices.",
        "GPUs are cut, and nothing is offered to pods.",
        "Set mig.strategy of gpu-operator to single.",
    ),
    "unknown-time-slicing": _of(
        "A pool whose timeSlicing names no setting of the cluster's device plugin.",
        "The device plugin does not start on its nodes.",
        "Correct the name, or add the setting.",
    ),
    "grace-period-below-deadline": _of(
        "A run that may take longer than a drain of its node.",
        "Drift and expiry end a drain by force after terminationGracePeriod; the run loses what it did since its last "
        "checkpoint.",
        "Raise the pool's terminationGracePeriod, or lower the deadline.",
    ),
    "topology-without-levels": _of(
        "Topology-aware placement on a cluster without topologyLevels.",
        "Kueue would have no Topology.",
        "Add spec.topologyLevels to the cluster.",
    ),
    "gpu-does-not-fit": _of(
        "No node pool of the cluster can hold one node of the workload.",
        "The run would wait for ever, and only after the merge.",
        "Ask for what a pool has, or add a pool; the finding says for each pool what is missing.",
    ),
    "missing-requirement": _of(
        "A component without one that it requires.",
        "It would never become healthy.",
        "Enable the other, or disable this one.",
    ),
    "component-conflict": _of(
        "Two components that cannot run together.", "They would fight over the same objects.", "Disable one."
    ),
    "two-crd-owners": _of(
        "A CRD that two components install.", "They overwrite each other for ever.", "Let one install it."
    ),
    "workload-needs-component": _of(
        "A workload type whose controller does not run on the cluster.",
        "Its objects could not even be created.",
        "Enable the component, or run it elsewhere.",
    ),
    "missing-fsx-network": _of(
        "The FSx driver on a cluster whose network names no subnet or security groups for file systems.",
        "Its StorageClasses could not create a volume.",
        "Add network.fsxSubnetId and network.fsxSecurityGroupIds, or disable the component.",
    ),
    "argo-cd-beside-capability": _of(
        "The argo-cd component where Argo CD is the EKS capability.",
        "Two Argo CDs would fight over the same Applications.",
        "Disable the component.",
    ),
    "replicas-reversed": _of("A maximum below the minimum.", "The autoscaler would be refused.", "Swap them."),
    "efa-without-gpu": _of(
        "EFA without a GPU.", "EFA interfaces are on GPU pools.", "Add resources.gpu, or remove efa."
    ),
    "duplicate-port": _of(
        "Two ports with the same number and protocol.", "Server-side apply refuses them (argo-cd#25474).", "Change one."
    ),
    # Provisioning
    "incomplete-provisioning": _of(
        "A fact that is missing of a cluster that exists, or that ACK or Terraform are to make.",
        "Who makes the cluster could not begin, or would begin in the wrong place.",
        "Write the field that the finding names, or change eks.provisioner.",
    ),
    "hub-not-by-terraform": _of(
        "A hub that ACK is to make.",
        "ACK and Argo CD run on the hub: what they stand on must be there before them.",
        "Set eks.provisioner of the hub to terraform, or to existing.",
    ),
    "vpc-outside-hub": _of(
        "A VPC to be made for a cluster that is not the hub, or not made by Terraform.",
        "Only the bootstrap stack of the hub makes a network; other clusters live in networks that exist.",
        "Name the VPC and its private subnets.",
    ),
    "group-without-role": _of(
        "An identity group with access to a cluster, but without an IAM role.",
        "EKS admits IAM principals, not groups of an identity provider: nobody would get in.",
        "Add the role to the group in platform.yaml.",
    ),
    "unsupported-by-provider": _of(
        "A setting that the chosen version of Terraform's AWS provider has no argument for.",
        "The stack would be applied without it, and nobody would notice.",
        "Choose a newer provider in platform.yaml, or leave the setting out.",
    ),
    "cluster-without-nodes": _of(
        "A cluster that is made without a managed node group.",
        "Karpenter makes nodes, but has to run on one that it did not make.",
        "Add a node group of two or three small nodes.",
    ),
    "zone-without-subnet": _of(
        "A node group in a zone where the cluster has no subnet.",
        "EKS would refuse the group.",
        "Use a zone of network.subnetIds, or add its subnet there.",
    ),
    "capacity-block-shape": _of(
        "A node group of a capacity block without reservation, or with several types or zones.",
        "A capacity block is one instance type in one zone; EKS refuses anything else.",
        "State the reservation, one type and one zone.",
    ),
    "sizes-reversed": _of(
        "A node group whose largest size is below its smallest.",
        "EKS refuses it.",
        "Write maxSize of at least minSize.",
    ),
    "wildcard-permission": _of(
        "A right to every action of a service, or to pass on or assume roles, on every resource.",
        "Whoever takes over one pod would have the whole account.",
        "Name the actions and the ARNs that are needed.",
    ),
    # Storage
    "bucket-name-taken": _of(
        "Two buckets of the platform with one name: of teams, environments or MLflow.",
        "Bucket names are one space for all of AWS: two owners would write into one, or the second fails.",
        "Rename one, e.g. with the environment and the team in its name.",
    ),
    "bucket-not-shared": _of(
        "A mount of another team's bucket that this team may not read, or may only read.",
        "Every access would be denied, or a team's data would leave it unasked.",
        "Let the owner add the team to access.readOnlyTeams of the bucket; write to a bucket of the own team.",
    ),
    "bucket-outside-residency": _of(
        "A bucket, or a workload that mounts it, in a region where its data may not lie.",
        "Recorded data of people must not leave the regions that law or consent names.",
        "Let the bucket lie beside a cluster of a legal region, and run what reads it there.",
    ),
    "checkpoints-on-mountpoint": _of(
        "Checkpoints written to a bucket through Mountpoint for Amazon S3.",
        "They are written under another name and renamed, which Mountpoint cannot do: the run fails at its first one.",
        "Use spec.checkpoint, a volume of FSx for Lustre.",
    ),
    "expiry-before-lock-ends": _of(
        "A lifecycle that deletes objects while they are locked.",
        "A locked version is never deleted by a lifecycle: it stays, and costs, longer than the spec says.",
        "Shorten retention.objectLockDays, or let objects expire later.",
    ),
    "expiry-under-legal-hold": _of(
        "A bucket on legal hold that states when its objects are deleted.",
        "One of the two is not meant; what must be kept could be lost when the other is believed.",
        "Remove the expiry; state it again when the hold is lifted.",
    ),
    "fsx-size-not-offered": _of(
        "A size that FSx for Lustre does not offer: it has 1200Gi and multiples of 2400Gi.",
        "FSx rounds up: quota, cost and the reader count another size than is paid for.",
        "Write the size that FSx makes of it, or the one below.",
    ),
    "mount-path-taken": _of(
        "Two mounts at one path, or one inside another.",
        "Kubernetes refuses the pod, or one hides what is in the other.",
        "Give each mount a folder of its own.",
    ),
    "object-lock-without-versioning": _of(
        "A bucket that locks objects but keeps no versions.",
        "Object Lock protects versions; AWS refuses the bucket.",
        "Set versioning: true.",
    ),
    "retention-after-deletion-date": _of(
        "A bucket that is deleted after the date by which its class of data must be gone, or never.",
        "The data would outlive the licence or consent behind it.",
        "State retention.deleteBy with that date or an earlier one; or put the bucket on legal hold.",
    ),
    "retention-too-long": _of(
        "A bucket that keeps recorded data longer than its class allows, noncurrent versions counted.",
        "An expired object of a bucket with versioning lives on as a version: the limit holds for both together.",
        "Shorten lifecycle.expireAfterDays or noncurrentExpireAfterDays; or put the bucket on legal hold.",
    ),
    "transitions-out-of-order": _of(
        "A lifecycle that S3 refuses: a move to a storage class that is not cheaper, too early, or after the expiry.",
        "The bucket would keep its old lifecycle, or none, and cost what nobody planned.",
        "Order the moves by age and class; STANDARD_IA and ONEZONE_IA want 30 days before, and 30 in them.",
    ),
    "unknown-file-system": _of(
        "A mount of an FSx file system that the cluster does not have for this team.",
        "The pod would wait for ever for its volume.",
        "Add it to fileSystems in the settings of aws-fsx-csi-driver, or correct the name.",
    ),
    "unknown-storage-class": _of(
        "A storage class that no component of the cluster provides.",
        "The claim would wait for ever, and so would the pod.",
        "Name a class that is there, or enable the component that provides it.",
    ),
    # Templates and components
    "component-cycle": _of(
        "Components that require each other in a circle.",
        "None of them could be first, so their sync waves are undefined.",
        "Remove one of the requirements.",
    ),
    "unknown-requirement": _of(
        "A component.yaml that requires or conflicts with a component that does not exist.",
        "The component could run nowhere, or would run beside what it must not meet.",
        "Correct the name; components are folders of templates/components/.",
    ),
    "contradictory-requirement": _of(
        "A component that conflicts with itself, or with one that it requires or that requires it.",
        "One of them could run nowhere.",
        "Remove the conflict or the requirement.",
    ),
    "incomplete-component": _of(
        "A component folder without component.yaml or one of its schemas.",
        "Its settings and values could not be validated.",
        "Add the file.",
    ),
    "shadowed-file": _of(
        "A template or schema that differs from the one of the same name that ships with paddock.",
        "An upgrade of paddock would change nothing, silently.",
        "Rename it, or write replaces: true into its component.yaml.",
    ),
    "template-syntax": _of(
        "A template that Jinja cannot read.", "Nothing of its kind can be rendered.", "Mend the line."
    ),
    "template-unsafe-place": _of(
        "An expression or tag at a place where a value could break out of its scalar.",
        "A spec could then write any YAML.",
        "Let the expression fill the whole value; a tag stands alone on its line.",
    ),
    "template-undefined": _of(
        "A variable that the view-model does not give.",
        "The template and its view-model disagree.",
        "Correct the name.",
    ),
    "template-error": _of(
        "An expression that failed.",
        "The template and its view-model disagree.",
        "Mend the expression; compute in the view-model.",
    ),
    "template-output-not-yaml": _of(
        "A template whose output is not strict YAML.",
        "It would be committed and fail in Argo CD.",
        "Mend the template.",
    ),
    "not-a-kubernetes-object": _of(
        "A resource template whose output is no object.",
        "Argo CD would skip it silently.",
        "Render apiVersion, kind and metadata.name.",
    ),
    "unrepresentable-value": _of(
        "A value that YAML or Kubernetes cannot carry unchanged.",
        "It would arrive as something else.",
        "Change the value; the message says what is wrong.",
    ),
    "invalid-object": _of(
        "A rendered object that the schema of its kind refuses.",
        "The API server would refuse it, or drop the field silently.",
        "Mend the spec line; where it is right, the template.",
    ),
    "invalid-values": _of(
        "Helm values that the chart's schema refuses.",
        "43 of 47 charts ignore a wrong key silently.",
        "Mend the setting; where it is right, the template.",
    ),
    "not-deterministic": _of(
        "Helm values with which a chart renders something else each time.",
        "Argo CD would never find it in sync, or rotate a key or certificate at every sync.",
        "Give the value that the component's `deterministic` names, in the setting or the template.",
    ),
    "missing-object-schema": _of(
        "An object of a kind without a schema for the cluster's Kubernetes version.",
        "It cannot be validated, or that version does not serve it.",
        "Add the schema, or use a served API version.",
    ),
    # Trees
    "duplicate-file": _of("Two objects with one path.", "One would be lost.", "Rename one."),
    "duplicate-object": _of(
        "An object that is rendered twice.",
        "Two Applications would overwrite each other for ever.",
        "Rename one of the two specs.",
    ),
    "folder-too-large": _of(
        "A folder larger than Argo CD reads.", "The Application would fail (argo-cd#17799).", "Split the workload."
    ),
    "object-too-large": _of(
        "An object near etcd's limit.", "The API server would refuse it.", "Move large content out of the spec."
    ),
    "policy-blocks-pod": _of(
        "A policy of Kyverno that refuses what the tree renders.",
        "The objects would be applied and their pods never made; a rollout would hang half-way.",
        "Change the workload or image so that it fits, or the policy: its values are spec.admission of the platform, "
        "its action is a setting of the component kyverno.",
    ),
    "secret-in-tree": _of("A Secret with data.", "Whoever reads the repository reads it.", "Use an ExternalSecret."),
    "edited-file": _of(
        "A file in the rendered folder that somebody changed, or that is not paddock's.",
        "It would be lost with the next render.",
        "Move the change into a spec or template; then render with --overwrite.",
    ),
    "engine-count": _of(
        "kubeconform saw another number of objects than were rendered.", "Something was not validated.", "Report it."
    ),
    "kubeconform": _of(
        "kubeconform refuses an object that the embedded engine accepts.", "One of the two is wrong.", "Report it."
    ),
    # Publishing
    "unannounced-removal": _of(
        "A team, cluster, component or workload would vanish from an environment without a tombstone.",
        "A bug or a bad merge must never delete production.",
        "Add it to spec.removed of environment.yaml, with a reason.",
    ),
    "foreign-branch": _of(
        "A deploy branch whose tip paddock did not commit.",
        "Somebody's work would be overwritten.",
        "Look at the branch; move it away, or delete it, then publish again.",
    ),
    "diverged-source": _of(
        "The deployed commit and the one to publish have different histories.",
        "Neither is newer: publishing would revert the other.",
        "Merge the two, and publish the merge.",
    ),
    "stale-codeowners": _of(
        ".github/CODEOWNERS is not what the team specs say.",
        "The wrong people would be asked to approve.",
        "Run paddock codeowners.",
    ),
    # Faults of paddock
    "check-crashed": _of(
        "A check met a bug of paddock.", "What it would have found is unknown.", "Report it with the specs."
    ),
    "render-crashed": _of(
        "A view-model met a bug of paddock.", "The spec could not be rendered.", "Report it with the spec."
    ),
}
