"""The same cluster under ack and under terraform declares the same resources. Both sides are read from the output."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infrastructure.fleet import inventory
from paddock import source
from repositories import reference, run

Json = Any
Identity = tuple[str, ...]

# Cluster of the reference platform; it has databases, pools with EFA, node groups and buckets.
CLUSTERS = ("dev-shared-iad", "staging-train-iad", "prod-train-iad", "prod-serve-fra")


def ack_identities(objects: list[Json]) -> Iterator[Identity]:
    """What AWS would call the resources behind the objects of ACK."""
    names = {(one["kind"], one["metadata"]["name"]): one["spec"] for one in objects}

    def name_of(kind: str, reference: Json, field: str = "name") -> str:
        return str(names[kind, reference["from"]["name"]][field])

    for one in objects:
        spec, annotations = one["spec"], one["metadata"]["annotations"]
        match one["kind"]:
            case "Namespace" | "IAMRoleSelector" | "NetworkPolicy":
                continue
            case "Cluster":
                yield "cluster", spec["name"], spec["version"], name_of("Role", spec["roleRef"])
                yield "cluster-subnets", *spec["resourcesVPCConfig"]["subnetIDs"]
                yield "cluster-public", *spec["resourcesVPCConfig"].get("publicAccessCIDRs", [])
                yield "cluster-logs", *spec["logging"]["clusterLogging"][0]["types"]
            case "Nodegroup":
                sizes = spec["scalingConfig"]
                yield "node-group", spec["name"], str(sizes["minSize"]), str(sizes["maxSize"]), spec["amiType"]
                yield "node-group-template", spec["name"], spec["launchTemplate"]["name"]
                yield "node-group-taints", spec["name"], *(f"{t['key']}:{t['effect']}" for t in spec.get("taints", []))
            case "Addon":
                yield "addon", spec["name"], spec.get("addonVersion", ""), spec.get("configurationValues", "")
                for identity in spec.get("podIdentityAssociations", []):
                    role = name_of("Role", identity["roleRef"])
                    yield "addon-identity", spec["name"], identity["serviceAccount"], role
            case "AccessEntry":
                yield "entry", spec["principalARN"], spec["type"], *spec.get("kubernetesGroups", [])
                for policy in spec.get("accessPolicies", []):
                    yield "entry-policy", spec["principalARN"], policy["policyARN"]
            case "PodIdentityAssociation":
                role = name_of("Role", spec["roleRef"])
                yield "identity", spec["namespace"], spec["serviceAccount"], role
            case "Role":
                yield "role", spec["name"], spec["assumeRolePolicyDocument"]
                for arn in spec.get("policies", []):
                    yield "role-managed", spec["name"], arn
                for name, document in spec.get("inlinePolicies", {}).items():
                    yield "role-inline", spec["name"], name, document
                if "permissionsBoundaryRef" in spec:
                    yield "role-boundary", spec["name"], name_of("Policy", spec["permissionsBoundaryRef"])
            case "Policy":
                yield "policy", spec["name"], spec["policyDocument"]
            case "Key":
                yield "key", spec["policy"], annotations.get("services.k8s.aws/region", "")
            case "Alias":
                yield "alias", spec["name"]
            case "LogGroup":
                yield "log-group", spec["name"], str(spec["retentionDays"])
            case "Repository":
                yield "repository", spec["name"], spec["imageTagMutability"], spec["lifecyclePolicy"]
            case "SecurityGroup":
                yield "group", spec["name"], spec["vpcID"]
                for direction in ("ingress", "egress"):
                    for rule in spec.get(f"{direction}Rules", []):
                        yield "group-rule", spec["name"], direction, rule["ipProtocol"], *_ack_rule(rule, name_of)
            case "LaunchTemplate":
                yield "template", spec["name"], str(spec["data"]["blockDeviceMappings"][0]["ebs"]["volumeSize"])
                yield "template-imds", spec["name"], spec["data"]["metadataOptions"]["httpTokens"]
            case "Queue":
                yield "queue", spec["queueName"], spec["messageRetentionPeriod"], spec["policy"]
            case "Rule":
                yield "rule", spec["name"], spec["eventPattern"]
                yield "rule-target", spec["name"], spec["targets"][0]["arn"].rpartition(":")[2]
            case "Bucket":
                yield "bucket", spec["name"], spec["policy"], annotations.get("services.k8s.aws/region", "")
                encryption = spec["encryption"]["rules"][0]["applyServerSideEncryptionByDefault"]
                yield "bucket-key", spec["name"], encryption["kmsMasterKeyID"]
                yield "bucket-versioning", spec["name"], spec.get("versioning", {}).get("status", "")
                yield "bucket-private", spec["name"], *map(str, spec["publicAccessBlock"].values())
                lock = spec.get("objectLockConfiguration", {}).get("rule", {}).get("defaultRetention", {})
                yield "bucket-lock", spec["name"], str(lock.get("days", ""))
                for rule in spec.get("replication", {}).get("rules", []):
                    role = name_of("Role", spec["replication"]["roleRef"])
                    to = rule["destination"]
                    keys = to["encryptionConfiguration"]["replicaKMSKeyID"], to.get("storageClass", "STANDARD")
                    markers = rule["deleteMarkerReplication"]["status"]
                    yield "bucket-replication", spec["name"], role, to["bucket"], *keys, markers
                for rule in spec.get("lifecycle", {}).get("rules", []):
                    yield "bucket-lifecycle", spec["name"], rule["id"], *_ack_lifecycle(rule)
            case "DBSubnetGroup":
                yield "db-subnets", spec["name"], *spec["subnetIDs"]
            case "DBInstance":
                yield "database", spec["dbInstanceIdentifier"], spec["dbInstanceClass"], spec["engineVersion"]
                yield "database-storage", spec["dbInstanceIdentifier"], str(spec["allocatedStorage"])
                yield "database-backup", spec["dbInstanceIdentifier"], str(spec["backupRetentionPeriod"])
                yield (
                    "database-safe",
                    spec["dbInstanceIdentifier"],
                    str(spec["deletionProtection"]),
                    str(spec["multiAZ"]),
                )
            case other:
                pytest.fail(f"{other} is not compared")


def _ack_rule(rule: Json, name_of: Any) -> list[str]:
    peer = (
        rule["ipRanges"][0]["cidrIP"]
        if "ipRanges" in rule
        else name_of("SecurityGroup", rule["userIDGroupPairs"][0]["groupRef"])
    )
    return [str(rule.get("fromPort", "")), str(rule.get("toPort", "")), peer]


def _ack_lifecycle(rule: Json) -> list[str]:
    return [
        *(f"{one['days']}:{one['storageClass']}" for one in rule.get("transitions", [])),
        str(rule.get("expiration", {}).get("days", "")),
        str(rule.get("expiration", {}).get("date", "")),
        str(rule.get("noncurrentVersionExpiration", {}).get("noncurrentDays", "")),
        str(rule.get("abortIncompleteMultipartUpload", {}).get("daysAfterInitiation", "")),
    ]


def terraform_identities(resource: Mapping[str, Mapping[str, Json]]) -> Iterator[Identity]:
    """What AWS would call the resources behind Terraform's blocks."""

    def follow(expression: Json, field: str) -> str:
        """The stated value behind a reference; a literal is itself."""
        text = str(expression)
        if not text.startswith("${"):
            return text
        type, key, _ = text[2:-1].split(".", 2)
        return str(resource[type][key][field])

    for type, blocks in resource.items():
        for one in blocks.values():
            yield from _terraform(type, one, follow)


def _terraform(type: str, one: Json, follow: Any) -> Iterator[Identity]:
    match type.removeprefix("aws_"):
        case "eks_cluster":
            yield "cluster", one["name"], one["version"], follow(one["role_arn"], "name")
            yield "cluster-subnets", *one["vpc_config"][0]["subnet_ids"]
            yield "cluster-public", *one["vpc_config"][0].get("public_access_cidrs", [])
            yield "cluster-logs", *one["enabled_cluster_log_types"]
        case "eks_node_group":
            sizes = one["scaling_config"][0]
            yield "node-group", one["node_group_name"], str(sizes["min_size"]), str(sizes["max_size"]), one["ami_type"]
            template = follow(one["launch_template"][0]["id"], "name")
            yield "node-group-template", one["node_group_name"], template
            taints = (f"{taint['key']}:{taint['effect']}" for taint in one.get("taint", []))
            yield "node-group-taints", one["node_group_name"], *taints
        case "eks_addon":
            yield "addon", one["addon_name"], one.get("addon_version", ""), one.get("configuration_values", "")
            for identity in one.get("pod_identity_association", []):
                role = follow(identity["role_arn"], "name")
                yield "addon-identity", one["addon_name"], identity["service_account"], role
        case "eks_access_entry":
            yield "entry", one["principal_arn"], one["type"], *one.get("kubernetes_groups", [])
        case "eks_access_policy_association":
            yield "entry-policy", follow(one["principal_arn"], "principal_arn"), one["policy_arn"]
        case "eks_pod_identity_association":
            yield "identity", one["namespace"], one["service_account"], follow(one["role_arn"], "name")
        case "iam_role":
            yield "role", one["name"], one["assume_role_policy"]
            if "permissions_boundary" in one:
                yield "role-boundary", one["name"], follow(one["permissions_boundary"], "name")
        case "iam_role_policy_attachment":
            yield "role-managed", follow(one["role"], "name"), one["policy_arn"]
        case "iam_role_policy":
            yield "role-inline", follow(one["role"], "name"), one["name"], one["policy"].replace("$${", "${")
        case "iam_policy":
            yield "policy", one["name"], one["policy"]
        case "kms_key":
            yield "key", one["policy"], one.get("provider", "").removeprefix("aws.")
        case "kms_alias":
            yield "alias", one["name"]
        case "cloudwatch_log_group":
            yield "log-group", one["name"], str(one["retention_in_days"])
        case "ecr_repository":
            pass  # with its lifecycle policy, below
        case "ecr_lifecycle_policy":
            mutability = follow(one["repository"], "image_tag_mutability")
            yield "repository", follow(one["repository"], "name"), mutability, one["policy"]
        case "security_group":
            yield "group", one["name"], one["vpc_id"]
        case "vpc_security_group_ingress_rule" | "vpc_security_group_egress_rule":
            peer = one.get("cidr_ipv4") or follow(one["referenced_security_group_id"], "name")
            ports = [str(one.get("from_port", "")), str(one.get("to_port", ""))]
            direction = type.split("_")[4]
            yield "group-rule", follow(one["security_group_id"], "name"), direction, one["ip_protocol"], *ports, peer
        case "launch_template":
            yield "template", one["name"], str(one["block_device_mappings"][0]["ebs"][0]["volume_size"])
            yield "template-imds", one["name"], one["metadata_options"][0]["http_tokens"]
        case "sqs_queue":
            pass  # with its policy, below
        case "sqs_queue_policy":
            seconds = follow(one["queue_url"], "message_retention_seconds")
            yield "queue", follow(one["queue_url"], "name"), seconds, one["policy"]
        case "cloudwatch_event_rule":
            yield "rule", one["name"], one["event_pattern"]
        case "cloudwatch_event_target":
            yield "rule-target", follow(one["rule"], "name"), follow(one["arn"], "name")
        case "fsx_lustre_file_system":
            sizes = str(one["storage_capacity"]), str(one["per_unit_storage_throughput"])
            keys = follow(one["kms_key_id"], "description"), follow(one["security_group_ids"][0], "name")
            yield "file-system", one["tags"]["Name"], *sizes, *one["subnet_ids"], *keys
        case "fsx_data_repository_association":
            yield "file-system-link", one["file_system_path"], one["data_repository_path"], str(one.get("s3"))
        case "backup_vault":
            yield "vault", one["name"], follow(one["kms_key_arn"], "description"), one.get("provider", "")
        case "backup_plan":
            rule = one["rule"][0]
            yield "backup", one["name"], rule["schedule"], str(rule.get("lifecycle")), str(rule.get("copy_action"))
        case "backup_selection":
            yield "backup-of", follow(one["plan_id"], "name"), follow(one["iam_role_arn"], "name"), *one["resources"]
        case "placement_group":
            yield "placement-group", one["name"]
        case "db_subnet_group":
            yield "db-subnets", one["name"], *one["subnet_ids"]
        case "db_instance":
            yield "database", one["identifier"], one["instance_class"], one["engine_version"]
            yield "database-storage", one["identifier"], str(one["allocated_storage"])
            yield "database-backup", one["identifier"], str(one["backup_retention_period"])
            yield "database-safe", one["identifier"], str(one["deletion_protection"]), str(one["multi_az"])
        case name if name.startswith("s3_bucket"):
            yield from _bucket(name, one, follow)
        case other:
            pytest.fail(f"{other} is not compared")


def _bucket(type: str, one: Json, follow: Any) -> Iterator[Identity]:
    name = one["bucket"] if type == "s3_bucket" else follow(one["bucket"], "bucket")
    match type.removeprefix("s3_bucket"):
        case "_policy":
            yield "bucket", name, one["policy"], one.get("provider", "").removeprefix("aws.")
        case "_server_side_encryption_configuration":
            default = one["rule"][0]["apply_server_side_encryption_by_default"][0]
            yield "bucket-key", name, default["kms_master_key_id"]
        case "_versioning":
            yield "bucket-versioning", name, one["versioning_configuration"][0]["status"]
        case "_public_access_block":
            yield "bucket-private", name, *(str(value) for value in one.values() if isinstance(value, bool))
        case "_object_lock_configuration":
            yield "bucket-lock", name, str(one["rule"][0]["default_retention"][0]["days"])
        case "_replication_configuration":
            for rule in one["rule"]:
                to = rule["destination"][0]
                keys = to["encryption_configuration"][0]["replica_kms_key_id"], to.get("storage_class", "STANDARD")
                markers = rule["delete_marker_replication"][0]["status"]
                yield "bucket-replication", name, follow(one["role"], "name"), to["bucket"], *keys, markers
        case "_lifecycle_configuration":
            for rule in one["rule"]:
                steps = (f"{step['days']}:{step['storage_class']}" for step in rule.get("transition", []))
                ends = (
                    str(rule.get(block, [{}])[0].get(field, ""))
                    for block, field in (
                        ("expiration", "days"),
                        ("expiration", "date"),
                        ("noncurrent_version_expiration", "noncurrent_days"),
                        ("abort_incomplete_multipart_upload", "days_after_initiation"),
                    )
                )
                yield "bucket-lifecycle", name, rule["id"], *steps, *ends


@pytest.mark.parametrize("identity", CLUSTERS)
def test_ack_and_terraform_declare_the_same(identity: str) -> None:
    by_ack, by_terraform = inventory(identity, "ack"), inventory(identity, "terraform")
    name = identity.split("-", 1)[1]
    beside = [json.loads(text)["resource"] for text in by_ack.stacks.values()]
    declared = Counter(ack_identities(by_ack.objects))
    for resource in beside:
        declared += Counter(terraform_identities(resource))
    # ACK states what is absent, Terraform does not.
    declared = Counter(
        {one: count for one, count in declared.items() if one[-1] or one[0] not in ("bucket-lock", "bucket-versioning")}
    )
    wanted = Counter(terraform_identities(json.loads(by_terraform.stacks[name])["resource"]))
    assert declared - wanted == Counter()
    assert wanted - declared == Counter()
    assert declared["cluster", f"av-{identity}", *_version(by_terraform.stacks[name])] == 1
    assert len(declared) > 50


def _version(text: str) -> tuple[str, str]:
    found = json.loads(text)["resource"]["aws_eks_cluster"]["cluster"]
    return found["version"], json.loads(text)["resource"]["aws_iam_role"]["cluster"]["name"]


def test_argo_cd_compares_on_the_server() -> None:
    """gpu-platform.md 8 #20: a field that AWS fills in late has no owner of ours, so it is no difference."""
    result = run(reference(), environments=["prod"])
    path = "argocd/applications/train-iad/application-prod-train-iad-infrastructure.yaml"
    application, _ = source.parse(result.trees["prod"][path].encode(), path)
    assert application["metadata"]["annotations"]["argocd.argoproj.io/compare-options"] == "ServerSideDiff=true"
    options = set(application["spec"]["syncPolicy"]["syncOptions"])
    assert {"ServerSideApply=true", "RespectIgnoreDifferences=true"} <= options
    assert application["spec"]["destination"] == {
        "name": "prod-hub-iad",
        "namespace": "infrastructure-prod-train-iad",
    }
    assert application["spec"]["project"] == "infrastructure-prod"


def test_what_holds_data_stays_when_its_object_goes() -> None:
    objects = inventory("prod-train-iad", "ack").objects
    kept = {one["kind"] for one in objects if one["metadata"]["annotations"].get("services.k8s.aws/deletion-policy")}
    assert kept == {"Alias", "Bucket", "Cluster", "DBInstance", "Key", "LogGroup", "Repository"}
    assert all(
        one["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=confirm,Delete=confirm"
        for one in objects
    )


def test_only_what_ack_lacks_is_in_the_stack_beside_it() -> None:
    """Placement groups, AWS Backup and FSx have no kind of ACK; what belongs to them comes with them."""
    beside = inventory("prod-train-iad", "ack").stacks
    assert list(beside) == ["train-iad-beside-ack"]
    resources = json.loads(beside["train-iad-beside-ack"])["resource"]
    assert {type for type in resources if type.startswith(("aws_backup", "aws_fsx", "aws_placement"))} == {
        "aws_backup_plan",
        "aws_backup_selection",
        "aws_backup_vault",
        "aws_fsx_data_repository_association",
        "aws_fsx_lustre_file_system",
        "aws_placement_group",
    }
    by_ack = {one["metadata"]["name"] for one in inventory("prod-train-iad", "ack").objects}
    assert by_ack.isdisjoint(resources["aws_kms_key"])
    assert by_ack.isdisjoint(resources["aws_security_group"])
    assert inventory("dev-shared-iad", "ack").stacks == {}
