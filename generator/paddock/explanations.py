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
