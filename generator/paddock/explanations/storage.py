"""Findings about buckets, volumes and mounts."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"

EXPLANATIONS = {
    "backup-below-retention": explain(
        "A bucket that is locked or on legal hold, whose last backup is gone before what it holds may be.",
        "Whoever relies on the backup for evidence finds it expired.",
        "Add a rule that keeps backups as long, or let the bucket's lock alone protect it.",
    ),
    "backup-copy-in-same-region": explain(
        "Copies of backups in the region of the backups.",
        "They would be lost with them.",
        "Name another region.",
    ),
    "backup-outlives-data": explain(
        "Backups that keep a bucket's objects longer than their class of data may be kept.",
        "What the lifecycle deletes in time lives on in the backups.",
        "Keep backups for fewer days, let objects expire earlier, or take the purpose out of bucketPurposes.",
    ),
    "backup-without-versioning": explain(
        "A bucket without versioning that a rule of the cluster would back up.",
        "AWS Backup needs versions: every job for this bucket would fail.",
        "Set versioning: true, or take its purpose out of bucketPurposes.",
    ),
    "backup-of-linked-file-system": explain(
        "Automatic backups of a file system that is linked to a bucket.",
        "FSx makes none of such file systems: who relies on them finds nothing to restore.",
        "Remove backupRetentionDays and let autoExport write to the bucket what must stay, or remove repositories.",
    ),
    "bucket-name-taken": explain(
        "Two buckets of the platform with one name: of teams, environments or MLflow.",
        "Bucket names are one space for all of AWS: two owners would write into one, or the second fails.",
        "Rename one, e.g. with the environment and the team in its name.",
    ),
    "bucket-not-shared": explain(
        "A mount of another team's bucket that this team may not read, or may only read.",
        "Every access would be denied, or a team's data would leave it unasked.",
        "Let the owner add the team to access.readOnlyTeams of the bucket; write to a bucket of the own team.",
    ),
    "bucket-outside-residency": explain(
        "A bucket, or a workload that mounts it, in a region where its data may not lie.",
        "Recorded data of people must not leave the regions that law or consent names.",
        "Let the bucket lie beside a cluster of a legal region, and run what reads it there.",
    ),
    "checkpoints-on-mountpoint": explain(
        "Checkpoints written to a bucket through Mountpoint for Amazon S3.",
        "They are written under another name and renamed, which Mountpoint cannot do: the run fails at its first one.",
        "Use spec.checkpoint, a volume of FSx for Lustre.",
    ),
    "expiry-before-lock-ends": explain(
        "A lifecycle that deletes objects while they are locked.",
        "A locked version is never deleted by a lifecycle: it stays, and costs, longer than the spec says.",
        "Shorten retention.objectLockDays, or let objects expire later.",
    ),
    "expiry-under-legal-hold": explain(
        "A bucket on legal hold that states when its objects are deleted.",
        "One of the two is not meant; what must be kept could be lost when the other is believed.",
        "Remove the expiry; state it again when the hold is lifted.",
    ),
    "file-system-capacity": explain(
        "A file system with one size in eks.fileSystems and another in the settings of aws-fsx-csi-driver.",
        "The volume of Kubernetes would show a size that the file system does not have.",
        "Write the size of eks.fileSystems.",
    ),
    "file-system-in-other-zone": explain(
        "A workload mounts an FSx for Lustre file system of a zone in which none of the nodes that can hold it are.",
        "It works, but every byte crosses zones: reads take longer, and AWS charges for the transfer.",
        "Give the pool the file system's zone, or make the file system in the pool's.",
    ),
    "fsx-size-not-offered": explain(
        "A size that FSx for Lustre does not offer: it has 1200Gi and multiples of 2400Gi.",
        "FSx rounds up: quota, cost and the reader count another size than is paid for.",
        "Write the size that FSx makes of it, or the one below.",
    ),
    "mount-path-taken": explain(
        "Two mounts at one path, or one inside another.",
        "Kubernetes refuses the pod, or one hides what is in the other.",
        "Give each mount a folder of its own.",
    ),
    "object-lock-without-versioning": explain(
        "A bucket that locks objects but keeps no versions.",
        "Object Lock protects versions; AWS refuses the bucket.",
        "Set versioning: true.",
    ),
    "replica-in-other-partition": explain(
        "A replica in a region of another partition of AWS than its bucket: commercial, GovCloud or China.",
        "S3 does not replicate between them: the bucket's configuration would be refused.",
        "Name a region of the same partition.",
    ),
    "replica-in-same-region": explain(
        "A replica in the region of its bucket.",
        "It would be lost with it, and versions of the bucket protect against the rest.",
        "Name another region.",
    ),
    "replication-without-versioning": explain(
        "A bucket that is replicated but keeps no versions.",
        "S3 replicates versions and refuses a bucket without.",
        "Set versioning: true, or remove replication.",
    ),
    "repository-in-other-region": explain(
        "A file system that imports the changes of a bucket in another region.",
        "FSx imports changes within a region only: it would refuse the link, after the file system was paid for.",
        "Link a bucket beside a cluster of this region, or write autoImport: [] and only export to it.",
    ),
    "repository-overlap": explain(
        "Two links of a file system of which one's folder or objects lie inside the other's.",
        "FSx refuses the second, and a file would belong to two objects.",
        "Give each folder a prefix of its own, and neither inside another.",
    ),
    "retention-after-deletion-date": explain(
        "A bucket that is deleted after the date by which its class of data must be gone, or never.",
        "The data would outlive the licence or consent behind it.",
        "State retention.deleteBy with that date or an earlier one; or put the bucket on legal hold.",
    ),
    "retention-too-long": explain(
        "A bucket that keeps recorded data longer than its class allows, noncurrent versions counted.",
        "An expired object of a bucket with versioning lives on as a version: the limit holds for both together.",
        "Shorten lifecycle.expireAfterDays or noncurrentExpireAfterDays; or put the bucket on legal hold.",
    ),
    "transitions-out-of-order": explain(
        "A lifecycle that S3 refuses: a move to a storage class that is not cheaper, too early, or after the expiry.",
        "The bucket would keep its old lifecycle, or none, and cost what nobody planned.",
        "Order the moves by age and class; STANDARD_IA and ONEZONE_IA want 30 days before, and 30 in them.",
    ),
    "unknown-file-system": explain(
        "A mount of an FSx file system that the cluster does not have for this team.",
        "The pod would wait for ever for its volume.",
        "Add it to fileSystems in the settings of aws-fsx-csi-driver, or correct the name.",
    ),
    "unknown-storage-class": explain(
        "A storage class that no component of the cluster provides.",
        "The claim would wait for ever, and so would the pod.",
        "Name a class that is there, or enable the component that provides it.",
    ),
}
